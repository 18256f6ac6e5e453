"""Classes move up once a year, and can be moved back."""

from datetime import UTC, datetime
from typing import Any

import httpx2

from tests.makers import Makers
from tongke_platform.classes.promotion import renamed
from tongke_platform.classes.service import parse_list, usual_year
from tongke_platform.people.roles import Role


async def test_a_year_later(client: httpx2.AsyncClient, make: Makers) -> None:
    make.frame.now = lambda: datetime(2026, 10, 1, tzinfo=UTC)
    school = await make.school()
    admin = await make.bearer(await make.person(school, Role.SCHOOL_ADMIN))
    place = f"/api/organisations/{school.id}"
    keys: list[str] = []
    for grade in (1, 6):
        body = {"grade": grade, "name": "2班", "size": 30}
        answer = await client.post(f"{place}/classes", headers=admin, json=body)
        assert answer.status_code == 201, answer.text
        keys.append(answer.json()["id"])
    assert answer.json()["cohort"] == "2021级2班"
    pupils = f"/api/classes/{keys[1]}/pupils"
    await client.post(pupils, headers=admin, json={"pupils": [{"name": "小刚"}]})

    make.frame.now = lambda: datetime(2027, 8, 1, tzinfo=UTC)
    plan = (await client.get(f"{place}/promotion", headers=admin)).json()
    assert [(one["now"], one["grade"], one["name"]) for one in plan["steps"]] == [
        ("一年级2班", 2, "二年级2班"), ("六年级2班", None, ""),
    ]  # fmt: skip
    first = await client.post(f"{place}/promotion", headers=admin)
    assert first.status_code == 200
    again = await client.post(f"{place}/promotion", headers=admin)
    assert again.json()["code"] == "nothing_to_promote", "twice is once"

    make.frame.now = lambda: datetime(2027, 9, 10, tzinfo=UTC)

    async def classes(state: str = "open") -> list[tuple[Any, Any]]:
        page = (await client.get("/api/classes", headers=admin, params={"state": state})).json()
        return [(one["name"], one["pupils"]) for one in page["items"]]

    assert await classes() == [("二年级2班", 0)]
    assert await classes("ended") == [(None, 0)]
    make.frame.now = lambda: datetime(2027, 8, 1, 0, 5, tzinfo=UTC)
    undone = await client.post(f"/api/undo/{first.json()['undo']}", headers=admin)
    assert undone.status_code == 204
    assert sorted(await classes()) == [("一年级2班", 0), ("六年级2班", 1)]


async def test_names_of_children_are_for_few(client: httpx2.AsyncClient, make: Makers) -> None:
    region = await make.region()
    school = await make.school(region)
    admin = await make.bearer(await make.person(school, Role.SCHOOL_ADMIN))
    place = f"/api/organisations/{school.id}"
    made = await client.post(f"{place}/classes", headers=admin, json={"grade": 1, "name": "1班"})
    pupils = f"/api/classes/{made.json()['id']}/pupils"
    assert (await client.get(pupils, headers=admin)).status_code == 200
    for role in (Role.BUREAU_ADMIN, Role.SUPERVISOR):
        other = await make.bearer(await make.person(role=role, region=region))
        assert (await client.get(pupils, headers=other)).status_code == 403
    principal = await make.bearer(await make.person(school, Role.PRINCIPAL))
    assert (await client.get(pupils, headers=principal)).status_code == 403
    teacher = await make.bearer(await make.person(school))
    assert (await client.get(pupils, headers=teacher)).status_code == 404


async def test_the_class_of_another_school_in_a_room(
    client: httpx2.AsyncClient, make: Makers
) -> None:
    mine, other = await make.school(), await make.school()
    admins = [await make.bearer(await make.person(one, Role.SCHOOL_ADMIN)) for one in (mine, other)]
    foreign = await client.post(
        f"/api/organisations/{other.id}/classes",
        headers=admins[1],
        json={"grade": 1, "name": "1班"},
    )
    body = {"name": "一1", "class_id": foreign.json()["id"]}
    answer = await client.post(f"/api/organisations/{mine.id}/rooms", headers=admins[0], json=body)
    assert answer.json()["code"] == "wrong_class"


def test_names_of_years_and_grades() -> None:
    assert usual_year(datetime(2026, 8, 31).date())[0] == "2025–2026"
    assert usual_year(datetime(2026, 9, 1).date())[0] == "2026–2027"
    assert renamed("三年级1班", 3) == "四年级1班"
    assert renamed("向日葵班", 3) == "向日葵班"
    assert renamed("高二(3)班", 11) == "高三(3)班"


def test_lists_as_they_are_typed() -> None:
    assert [(one.name, one.number) for one in parse_list("小明，01\n\n 小红\t02\r\n小刚")] == [
        ("小明", "01"), ("小红", "02"), ("小刚", None),
    ]  # fmt: skip
