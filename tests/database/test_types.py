"""Columns hold and give back the same on both databases."""

from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from typing import Any

import pytest
from sqlalchemy import JSON, Column, Integer, MetaData, Table, insert, select, text
from sqlalchemy.exc import StatementError

from tongke_platform.database import Database, EnumString, UTCDateTime
from tongke_platform.frame import Frame


class Mood(StrEnum):
    GLAD = "glad"
    CALM = "calm"


samples = Table(
    "samples",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("at", UTCDateTime),
    Column("mood", EnumString(Mood)),
    Column("data", JSON),
)
NOON = datetime(2026, 11, 23, 4, 0, 0, 123456, tzinfo=UTC)
CHINA = timezone(timedelta(hours=8))


@pytest.fixture
async def database(frame: Frame) -> Database:
    async with frame.database.write_engine.begin() as connection:
        await connection.run_sync(samples.metadata.create_all)
    return frame.database


async def put(database: Database, **values: Any) -> None:
    async with database.write() as session:
        await session.execute(insert(samples), values)


async def ids(database: Database, *conditions: Any) -> list[int]:
    async with database.read() as session:
        found = await session.execute(select(samples.c.id).where(*conditions).order_by("at"))
        return list(found.scalars())


async def test_times_keep_microseconds_and_compare_by_instant(database: Database) -> None:
    await put(database, id=1, at=NOON.astimezone(CHINA))
    await put(database, id=2, at=NOON - timedelta(microseconds=1))
    await put(database, id=3, at=None)
    async with database.read() as session:
        found = (await session.execute(select(samples.c.at).order_by(samples.c.id))).scalars().all()
    assert found == [NOON, NOON - timedelta(microseconds=1), None]
    assert {at.tzinfo for at in found if at is not None} == {UTC}
    assert await ids(database, samples.c.at >= NOON.astimezone(CHINA)) == [1]
    assert await ids(database, samples.c.at.is_not(None)) == [2, 1]


async def test_enums_are_their_values(database: Database) -> None:
    await put(database, id=1, mood=Mood.GLAD)
    await put(database, id=2, mood="calm")
    assert await ids(database, samples.c.mood == Mood.CALM) == [2]
    assert await ids(database, samples.c.mood.in_([Mood.GLAD])) == [1]
    async with database.read() as session:
        stored = (await session.execute(text("SELECT mood FROM samples WHERE id = 1"))).scalar_one()
        read = (await session.execute(select(samples.c.mood).where(samples.c.id == 1))).scalar_one()
    assert stored == "glad"
    assert read is Mood.GLAD


async def test_an_unknown_member_is_refused(database: Database) -> None:
    with pytest.raises(StatementError, match="angry"):
        await put(database, id=1, mood="angry")
    assert await ids(database) == []


@pytest.mark.parametrize(
    "data",
    [
        {"名": "王老师 𠮷", "n": [1, 2.5, None, True], "deep": {"a": {}}},
        [],
        "text",
        0,
        2**53,
        "quote ' \" \\ \n",
    ],
)
async def test_json_comes_back_as_it_went(database: Database, data: Any) -> None:
    await put(database, id=1, data=data)
    async with database.read() as session:
        found = (await session.execute(select(samples.c.data))).scalar_one()
    assert found == data
    assert type(found) is type(data)
