"""Schools that close or merge keep their row, their history and every reference."""

from datetime import timedelta
from typing import Any

import httpx2
import pytest

from tests.makers import Makers, Someone
from tongke_platform.organisations.models import Organisation, OrganisationKind, Region
from tongke_platform.people.roles import Role


class County:
    def __init__(self, client: httpx2.AsyncClient, make: Makers) -> None:
        self.client, self.make = client, make

    async def set_up(self) -> "County":
        self.region: Region = await self.make.region()
        self.gone: Organisation = await self.make.school(self.region)
        self.into: Organisation = await self.make.school(self.region)
        self.bureau = await self.make.bearer(
            await self.make.person(role=Role.BUREAU_ADMIN, region=self.region)
        )
        self.head: Someone = await self.make.person(self.gone, Role.SCHOOL_ADMIN)
        return self

    async def post(self, address: str, body: Any = None, **headers: Any) -> httpx2.Response:
        return await self.client.post(
            f"/api/{address}", headers=headers.get("as_", self.bureau), json=body or {}
        )

    async def get(self, address: str, as_: dict[str, str] | None = None) -> Any:
        return (await self.client.get(f"/api/{address}", headers=as_ or self.bureau)).json()


@pytest.fixture
async def county(client: httpx2.AsyncClient, make: Makers) -> County:
    return await County(client, make).set_up()


async def test_closing_ends_posts_on_the_last_day(county: County) -> None:
    yesterday = county.make.frame.today() - timedelta(days=1)
    head = await county.make.bearer(county.head)
    assert (await county.get("rooms", head))["total"] == 0
    answer = await county.post(
        f"organisations/{county.gone.id}/close", {"day": str(yesterday), "reason": "撤点"}
    )
    assert answer.status_code == 200
    posts = (await county.get(f"people/{county.head.id}"))["posts"]
    assert [one["ends_on"] for one in posts] == [str(yesterday)]
    assert (await county.get(f"organisations/{county.gone.id}", head))["status"] == 404
    [change, *_] = await county.get(f"organisations/{county.gone.id}/changes")
    assert change["kind"] == "closed"
    assert change["after"] == {"reason": "撤点"}
    again = await county.post(f"organisations/{county.gone.id}/close")
    assert again.json()["code"] == "closed"
    undone = await county.post(f"undo/{answer.json()['undo']}")
    assert undone.status_code == 204
    assert (await county.get(f"organisations/{county.gone.id}", head))["closed_on"] is None
    posts = (await county.get(f"people/{county.head.id}"))["posts"]
    assert [one["ends_on"] for one in posts] == [None]


async def test_a_merger_takes_all_along_and_can_be_taken_back(county: County) -> None:
    make = county.make
    room = await make.room(county.gone)
    teacher = await make.person(county.gone)
    lesson = await make.lesson(teacher, [room])
    point = await make.school(county.region, OrganisationKind.TEACHING_POINT, county.gone)
    made = await county.post(
        f"organisations/{county.gone.id}/classes", {"grade": 3, "name": "1班", "size": 2}
    )
    assert made.status_code == 201, made.text
    head = await make.bearer(county.head)
    for school, admin in ((county.gone, head),):
        listed = await county.post(
            f"classes/{made.json()['id']}/pupils", {"pupils": [{"name": "小明", "number": "7"}]},
            as_=admin,
        )  # fmt: skip
        assert listed.status_code == 201, school.name
    merged = await county.post(
        f"organisations/{county.gone.id}/merge", {"into_id": str(county.into.id)}
    )
    assert merged.status_code == 200, merged.text
    successor = await county.get(f"organisations?q={county.into.code}")
    [row] = successor["items"]
    assert (row["rooms"], row["classes"], row["people"]) == (1, 1, 2)
    gone = await county.get(f"organisations/{county.gone.id}")
    assert gone["merged_into_id"] == str(county.into.id)
    assert (await county.get(f"rooms/{room.id}"))["school"]["id"] == str(county.into.id)
    assert (await county.get(f"organisations/{point.id}"))["parent_id"] == str(county.into.id)
    kept = await county.client.get(f"/api/lessons/{lesson.id}", headers=await make.bearer(teacher))
    assert kept.status_code == 200, "the teacher still has the lesson"
    changes = await county.get(f"organisations/{county.into.id}/changes")
    assert changes[0]["other_id"] == str(county.gone.id)
    assert (await county.post(f"undo/{merged.json()['undo']}")).status_code == 204
    assert (await county.get(f"rooms/{room.id}"))["school"]["id"] == str(county.gone.id)
    [row] = (await county.get(f"organisations?q={county.into.code}"))["items"]
    assert (row["rooms"], row["classes"], row["people"]) == (0, 0, 0)


async def test_numbers_of_both_schools_survive_a_merger(county: County) -> None:
    heads = [
        await county.make.bearer(county.head),
        await county.make.bearer(await county.make.person(county.into, Role.SCHOOL_ADMIN)),
    ]
    keys = []
    for school, head in zip((county.gone, county.into), heads, strict=True):
        made = await county.post(f"organisations/{school.id}/classes", {"grade": 1, "name": "1班"})
        keys.append(made.json()["id"])
        await county.post(
            f"classes/{keys[-1]}/pupils", {"pupils": [{"name": "小红", "number": "1"}]}, as_=head
        )
    merged = await county.post(
        f"organisations/{county.gone.id}/merge", {"into_id": str(county.into.id)}
    )
    assert merged.status_code == 200
    [pupil] = await county.get(f"classes/{keys[0]}/pupils", heads[1])
    assert pupil["number"] == f"{county.gone.code}-1"
    await county.post(f"undo/{merged.json()['undo']}")
    [pupil] = await county.get(f"classes/{keys[0]}/pupils", heads[0])
    assert pupil["number"] == "1"


async def test_what_cannot_be_merged(county: County) -> None:
    elsewhere = await county.make.school(await county.make.region())
    point = await county.make.school(county.region, OrganisationKind.TEACHING_POINT, county.gone)
    for into, code in (
        (county.gone, "merge_itself"), (point, "wrong_kind"), (elsewhere, "no_organisation"),
    ):  # fmt: skip
        answer = await county.post(
            f"organisations/{county.gone.id}/merge", {"into_id": str(into.id)}
        )
        assert answer.json()["code"] == code
    tomorrow = str(county.make.frame.today() + timedelta(days=1))
    answer = await county.post(f"organisations/{county.into.id}/close", {"day": tomorrow})
    assert answer.json()["code"] == "wrong_days"
    answer = await county.post(f"organisations/{county.gone.id}/close")
    assert answer.json()["code"] == "has_points"
    head = await county.make.bearer(county.head)
    answer = await county.post(f"organisations/{county.gone.id}/close", as_=head)
    assert answer.status_code == 403


@pytest.mark.parametrize("how", ["close", "merge"])
async def test_a_closed_school_is_told_and_its_rooms_open_nothing(county: County, how: str) -> None:
    told: list[dict[str, Any]] = []
    county.make.frame.events.listen("organisation.closed", told.append)
    room = await county.make.room(county.gone)
    page = f"/room/{room.token}"
    assert (await county.client.get(page)).status_code == 200
    body, into = {}, {}
    if how == "merge":
        county.bureau = await county.make.bearer(await county.make.person(role=Role.ADMIN))
        body, into = {"into_id": str(county.into.id)}, {"into": str(county.into.id)}
    answer = await county.post(f"organisations/{county.gone.id}/{how}", body)
    assert answer.status_code == 200
    assert told == [{"organisation": str(county.gone.id), **into}]
    # The rooms of a school that was merged are its successor's.
    assert (await county.client.get(page)).status_code == (404 if how == "close" else 200)
    assert (await county.post(f"undo/{answer.json()['undo']}")).status_code == 204
    assert (await county.client.get(page)).status_code == 200
