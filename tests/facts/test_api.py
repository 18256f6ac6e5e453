"""Facts over the API: who may read them, and from every number to its records."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest
from typer.testing import CliRunner

from tests.facts.test_facts import stroll, tell
from tests.makers import Makers, Someone
from tongke_platform.cli.program import cli
from tongke_platform.facts.rollups import sum_up
from tongke_platform.frame import Frame
from tongke_platform.organisations.models import Organisation
from tongke_platform.people.roles import Role

NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)


@pytest.fixture
async def schools(make: Makers, frame: Frame) -> list[Organisation]:
    """Lead, partner, unrelated; the first two share three strolls on two days."""
    region = await make.region()
    found = [await make.school(region), await make.school(region), await make.school()]
    for number, day in enumerate((22, 23, 23)):
        await tell(
            frame,
            stroll(
                f"{number}",
                occurred_at=NOON.replace(day=day),
                quantity=10 + number,
                school_id=found[0].id,
                counterpart_id=found[1].id,
                person_id=(await make.person()).id,
            ),
        )
    await sum_up(frame.database, frame.settings.zone)
    return found


async def get(
    client: httpx2.AsyncClient, make: Makers, who: Someone, address: str
) -> httpx2.Response:
    return await client.get(address, headers=await make.bearer(who))


async def test_anonymous(client: httpx2.AsyncClient) -> None:
    for address in ("/api/facts", "/api/rollups"):
        assert (await client.get(address)).status_code == 401


async def test_who_reads_what(
    client: httpx2.AsyncClient, make: Makers, schools: list[Organisation]
) -> None:
    lead, partner, unrelated = schools
    readers = {
        3: [
            await make.person(lead, Role.PRINCIPAL),
            await make.person(partner, Role.ACADEMIC_OFFICE),
            await make.person(role=Role.ADMIN),
        ],
        0: [await make.person(unrelated, Role.SCHOOL_ADMIN)],
    }
    for number, people in readers.items():
        for who in people:
            found = (await get(client, make, who, "/api/facts")).json()["facts"]
            assert len(found) == number
            assert all("person" not in one for one in found)
            sums = (await get(client, make, who, "/api/rollups")).json()["rollups"]
            assert len(sums) == (2 if number else 0)
    for role in (Role.LEAD_TEACHER, Role.IT):
        who = await make.person(lead, role)
        assert (await get(client, make, who, "/api/facts")).status_code == 403
        assert (await get(client, make, who, "/api/rollups")).status_code == 403


async def test_every_number_opens(
    client: httpx2.AsyncClient, make: Makers, schools: list[Organisation]
) -> None:
    who = await make.person(schools[0], Role.PRINCIPAL)
    stranger = await make.person(schools[2], Role.PRINCIPAL)
    sums = (await get(client, make, who, "/api/rollups?limit=1")).json()
    [newest] = sums["rollups"]
    assert (newest["day"], newest["quantity"], newest["count"]) == ("2026-11-23", 23, 2)
    records = (await get(client, make, who, f"{newest['facts']}?limit=1")).json()
    assert [one["quantity"] for one in records["facts"]] == [12]
    rest = (await get(client, make, who, f"{newest['facts']}?before={records['next']}")).json()
    assert [one["quantity"] for one in rest["facts"]] == [11]
    assert rest["next"] is None
    older = (await get(client, make, who, f"/api/rollups?before={sums['next']}")).json()
    assert [one["day"] for one in older["rollups"]] == ["2026-11-22"]
    for address in (newest["facts"], f"/api/rollups/{newest['id']}"):
        assert (await get(client, make, stranger, address)).status_code == 404
    assert (await get(client, make, who, f"/api/rollups/{newest['id']}")).json() == newest


@pytest.mark.parametrize(
    ("query", "facts", "sums"),
    [
        ("kind=test.stroll", 3, 2),
        ("kind=test.nap", 0, 0),
        ("first_day=2026-11-23", 2, 1),
        ("last_day=2026-11-22", 1, 1),
        ("first_day=1900-01-01&last_day=2199-12-31", 3, 2),
        ("school={lead}", 3, 2),
        ("school={unrelated}", 0, 0),
    ],
)
async def test_filters(
    client: httpx2.AsyncClient,
    make: Makers,
    schools: list[Organisation],
    query: str,
    facts: int,
    sums: int,
) -> None:
    who = await make.person(role=Role.ADMIN)
    query = query.format(lead=schools[0].id, unrelated=schools[2].id)
    found = (await get(client, make, who, f"/api/facts?{query}")).json()
    assert len(found["facts"]) == facts
    summed = (await get(client, make, who, f"/api/rollups?{query}")).json()
    assert len(summed["rollups"]) == sums


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=201", "before=x", "first_day=x", "school=x", "kind=A%20B"]
)
async def test_bad_queries(client: httpx2.AsyncClient, make: Makers, query: str) -> None:
    who = await make.person(role=Role.ADMIN)
    for address in ("/api/facts", "/api/rollups"):
        assert (await get(client, make, who, f"{address}?{query}")).status_code == 422


async def test_the_command(
    schools: list[Organisation], frame: Frame, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TONGKE_DATABASE_URL", frame.settings.sql_url)
    run = CliRunner().invoke
    answer = await asyncio.to_thread(
        run, cli, ["rollups", "rebuild", "--json", "--data-dir", str(data_dir)]
    )
    assert answer.exit_code == 0, answer.output
    assert json.loads(answer.stdout) == {"days": 2, "added": 0}


def test_the_command_without_a_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TONGKE_DATABASE_URL", "postgresql+asyncpg://nobody@127.0.0.1:1/none")
    answer = CliRunner().invoke(cli, ["rollups", "rebuild"])
    assert answer.exit_code == 2
