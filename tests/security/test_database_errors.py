"""What the database refuses, whichever it is: values no column takes, and rows that are there already."""

import asyncio
from datetime import datetime, timedelta, timezone
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import Integer, String, literal, select, text, update
from sqlalchemy.exc import DataError

from tests.makers import Makers
from tongke_platform.app.problems import ALREADY_THERE
from tongke_platform.database import Database, UTCDateTime
from tongke_platform.frame import Frame, Reading
from tongke_platform.organisations.models import Region
from tongke_platform.people.roles import Role


@pytest.mark.parametrize(
    "value",
    [
        literal("\ud800", String()),
        literal(10**30, Integer()),
        literal(datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))), UTCDateTime()),
        literal(
            datetime(9999, 12, 31, 23, 59, tzinfo=timezone(-timedelta(hours=14))), UTCDateTime()
        ),
    ],
    ids=["surrogate", "number", "first year", "last year"],
)
async def test_values_no_column_takes(frame: Frame, value: Any) -> None:
    async with frame.database.read() as session:
        with pytest.raises(DataError):
            await session.execute(select(value))


async def test_a_nul_is_refused_where_it_cannot_be_kept(frame: Frame) -> None:
    async with frame.database.read() as session:
        question = select(Region.id).where(Region.name == "a\0b")
        if frame.database.is_sqlite:
            assert (await session.execute(question)).all() == []
            return
        with pytest.raises(DataError):
            await session.execute(question)


async def test_no_value_is_repeated(frame: Frame) -> None:
    """It may be a password."""
    async with frame.database.read() as session:
        with pytest.raises(DataError) as caught:
            await session.execute(select(Region.id).where(Region.name == "secret\ud800"))
    assert "secret" not in str(caught.value)


async def test_an_unfit_value_is_a_problem(app: FastAPI, client: httpx2.AsyncClient) -> None:
    @app.get("/api/unfit")
    async def unfit(session: Reading) -> None:
        await session.execute(select(Region.id).where(Region.name == "\ud800"))

    answer = await client.get("/api/unfit")
    assert (answer.status_code, answer.json()["code"]) == (422, "unfit_value")
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_row_that_is_there_already_is_a_conflict(
    app: FastAPI, client: httpx2.AsyncClient, frame: Frame, make: Makers
) -> None:
    region = await make.region()

    @app.get("/api/twice")
    async def twice() -> None:
        async with frame.database.write() as session:
            session.add(Region(code=region.code, name="x", path=region.path))

    answer = await client.get("/api/twice")
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    assert answer.json()["detail"] == ALREADY_THERE


@pytest.mark.parametrize(
    ("address", "body"),
    [
        ("/api/regions", {"code": "TWICE", "name": "云县"}),
        ("/api/organisations", {"code": "TWICE", "name": "第二小学"}),
    ],
)
async def test_of_several_at_once_one_is_entered(
    client: httpx2.AsyncClient, make: Makers, address: str, body: dict[str, str]
) -> None:
    headers = await make.bearer(await make.person(role=Role.ADMIN))
    asked = (client.post(address, json=body, headers=headers) for _ in range(4))
    answers = await asyncio.gather(*asked)
    assert sorted(one.status_code for one in answers) == [201, 409, 409, 409]


async def test_a_year_is_entered_once(client: httpx2.AsyncClient, make: Makers) -> None:
    headers = await make.bearer(await make.person(role=Role.ADMIN))
    year = {"name": "2040", "starts_on": "2040-09-01", "ends_on": "2041-08-31"}
    region = {"region_id": str((await make.region()).id)}
    found = [
        await client.post("/api/years", json=one, headers=headers)
        for one in (year, year, year | region, year | region)
    ]
    assert [one.status_code for one in found] == [201, 409, 201, 409]
    assert found[1].json()["code"] == "year_there"


@pytest.mark.parametrize("days", [("0001-01-01", "0002-01-01"), ("9999-01-01", "9999-12-31")])
async def test_days_at_the_ends_of_the_calendar(
    client: httpx2.AsyncClient, make: Makers, days: tuple[str, str]
) -> None:
    """The year after could not be asked for."""
    headers = await make.bearer(await make.person(role=Role.ADMIN))
    year = {"name": "far", "starts_on": days[0], "ends_on": days[1]}
    assert (await client.post("/api/years", json=year, headers=headers)).status_code == 422


async def test_what_others_hold_for_long_is_to_be_tried_again(
    app: FastAPI, client: httpx2.AsyncClient, frame: Frame, make: Makers
) -> None:
    """By another server, or by somebody at the database's own shell."""
    region = await make.region()
    other = Database(frame.database.url)

    @app.post("/api/held")
    async def held() -> None:
        async with frame.database.write() as session:
            if not other.is_sqlite:
                await session.execute(text("SET LOCAL lock_timeout = 1"))
            await session.execute(update(Region).values(name="x"))

    if other.is_sqlite:
        # Its one writing connection keeps this.
        async with frame.database.write() as session:
            await session.execute(text("PRAGMA busy_timeout = 1"))
    async with other.write() as session:
        await session.execute(update(Region).values(name="y"))
        answer = await client.post("/api/held")
    await other.close()
    assert (answer.status_code, answer.json()["code"]) == (503, "busy")
    assert answer.headers["retry-after"] == "1"
    async with frame.database.read() as reading:
        assert (await reading.get_one(Region, region.id)).name == "y"
