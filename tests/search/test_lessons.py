"""Lessons are found by those who may watch them, and nobody else learns how many there are."""

from typing import Any
from uuid import UUID

import httpx2
import pytest

from tests.makers import Makers, Someone
from tongke_courses.lessons import indexing, service
from tongke_courses.lessons.repository import LessonRepository, LessonRoomRepository
from tongke_courses.lessons.visibility import Visibility
from tongke_courses.search.query import find
from tongke_platform.accounts import service as accounts
from tongke_platform.frame import Frame
from tongke_platform.organisations.models import OrganisationKind
from tongke_platform.partnerships import service as partnerships
from tongke_platform.partnerships.models import Act
from tongke_platform.people.roles import Role


async def search(
    client: httpx2.AsyncClient, words: str, headers: dict[str, str] | None = None, **wanted: Any
) -> dict[str, Any]:
    answer = await client.get("/api/search", params={"q": words, **wanted}, headers=headers)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def see(frame: Frame, lesson_id: UUID, visibility: Visibility) -> None:
    async with frame.database.write() as session:
        lesson = await service.get(session, lesson_id)
        lesson.visibility = visibility
        await indexing.refresh(session, lesson_id)


async def test_anonymous(client: httpx2.AsyncClient, make: Makers, frame: Frame) -> None:
    lesson = await make.lesson()
    nothing = await search(client, "圆的面积", counts=True)
    assert (nothing["results"], nothing["total"], nothing["more"]) == ([], 0, False)
    assert not any(nothing["facets"].values())
    await see(frame, lesson.id, Visibility.PUBLIC)
    (one,) = (await search(client, "圆的面积"))["results"]
    assert (one["kind"], one["id"], one["title"]) == ("lesson", str(lesson.id), "圆的面积")
    assert one["title_marks"] == [[0, 4]]
    assert one["href"] == f"/lessons/{lesson.id}"


@pytest.mark.parametrize(
    "wanted", [{"limit": 0}, {"limit": 101}, {"offset": -1}, {"offset": 1001}, {"limit": "x"}]
)
async def test_numbers_out_of_range(client: httpx2.AsyncClient, wanted: dict[str, Any]) -> None:
    answer = await client.get("/api/search", params={"q": "圆", **wanted})
    assert answer.status_code == 422


class County:
    """Schools around one that leads, and who works there."""

    def __init__(self, make: Makers, frame: Frame) -> None:
        self.make, self.frame = make, frame
        self.askers: dict[str, Someone | None] = {"anonymous": None}
        self.lessons: dict[Visibility, UUID] = {}

    async def build(self) -> "County":
        make = self.make
        upper = await make.region()
        here, there = await make.region(upper), await make.region()
        lead, other = await make.school(here), await make.school(there)
        taught, paused = await make.school(there), await make.school(there)
        point = await make.school(there, OrganisationKind.TEACHING_POINT, taught)
        rooms = [await make.room(one) for one in (taught, paused)]
        admin = await make.person(role=Role.ADMIN)
        teacher = await make.person(lead)
        self.askers |= {
            "admin": admin,
            "teacher": teacher,
            "colleague": await make.person(lead, Role.LOCAL_TEACHER),
            "partner": await make.person(taught, Role.LOCAL_TEACHER),
            "partner's point": await make.person(point, Role.LOCAL_TEACHER),
            "paused": await make.person(paused, Role.LOCAL_TEACHER),
            "unrelated": await make.person(other, Role.LEAD_TEACHER),
            "region": await make.person(role=Role.SUPERVISOR, region=here),
            "upper region": await make.person(role=Role.BUREAU_ADMIN, region=upper),
            "other region": await make.person(role=Role.RESEARCHER, region=there),
            "newcomer": await make.person(role=None),
        }
        for visibility in Visibility:
            delivered = rooms if visibility is Visibility.ROOMS else []
            lesson = await make.lesson(teacher, delivered)
            self.lessons[visibility] = lesson.id
            await see(self.frame, lesson.id, visibility)
        await make.partnership(lead, taught)
        along = await make.partnership(lead, paused)
        async with self.frame.database.write() as session:
            by = await accounts.principal_of(session, admin.id, self.frame.today())
            assert by is not None
            await partnerships.change(
                self.frame, session, by, along.id, Act.PAUSE, reason="网络改造", side_id=paused.id
            )
        return self


EVERYTHING = set(Visibility)
FOR_ALL = {Visibility.PUBLIC, Visibility.SIGNED_IN}
EXPECTED = {
    "anonymous": {Visibility.PUBLIC},
    "admin": EVERYTHING,
    "teacher": EVERYTHING,
    "colleague": EVERYTHING,
    "partner": EVERYTHING,
    # The lesson of its centre's classroom is not its own; what partners may see is.
    "partner's point": FOR_ALL | {Visibility.PARTNERSHIP},
    "paused": FOR_ALL,
    "unrelated": FOR_ALL,
    "region": EVERYTHING,
    "upper region": EVERYTHING,
    "other region": EVERYTHING,
    "newcomer": FOR_ALL,
}


async def test_every_visibility_for_every_asker(make: Makers, frame: Frame) -> None:
    county = await County(make, frame).build()
    assert set(county.askers) == set(EXPECTED)
    for name, someone in county.askers.items():
        async with frame.database.read() as session:
            principal = None
            if someone is not None:
                principal = await accounts.principal_of(session, someone.id, frame.today())
                assert principal is not None
            found = await find(session, principal, "圆 面积", counts=True)
            expected = {str(county.lessons[one]) for one in EXPECTED[name]}
            assert {str(one.id) for one in found.results} == expected, name
            assert (found.total, found.more) == (len(expected), False), name
            assert sum(found.facet_counts["subject"].values()) == len(expected), name
            if principal is not None:  # and that is what they may watch
                for lesson_id in county.lessons.values():
                    may = await LessonRepository(session).is_readable(principal, lesson_id)
                    assert may == (str(lesson_id) in expected), name


async def test_a_label_that_says_too_much_shows_nothing(make: Makers, frame: Frame) -> None:
    lesson = await make.lesson()
    await see(frame, lesson.id, Visibility.PUBLIC)
    async with frame.database.write() as session:
        (await service.get(session, lesson.id)).visibility = Visibility.ROOMS
    async with frame.database.read() as session:
        found = await find(session, None, "圆", counts=True)
    assert (list(found.results), found.total, found.more) == ([], 0, False)
    assert not any(found.facet_counts.values())


async def test_what_happens_to_a_lesson_is_indexed(
    client: httpx2.AsyncClient, make: Makers, frame: Frame
) -> None:
    school = await make.school()
    teacher, invited = await make.person(school), await make.school()
    room, guest = await make.room(invited), await make.person(invited, Role.SCHOOL_ADMIN)
    lesson = await make.lesson(teacher)
    mine, theirs = await make.bearer(teacher), await make.bearer(guest)
    words = f"{school.name} {teacher.display_name}"
    assert (await search(client, words, mine, subject="数学"))["total"] == 1
    assert (await search(client, words, mine, subject="语文"))["total"] == 0
    assert (await search(client, "ydmj", mine))["total"] == 1
    assert (await search(client, words, theirs))["total"] == 0

    made = await client.post(
        f"/api/lessons/{lesson.id}/rooms",
        json={"room_ids": [str(room.id)], "invite": True},
        headers=mine,
    )
    assert made.status_code < 300, made.text
    assert (await search(client, words, theirs))["total"] == 1
    async with frame.database.read() as session:
        (invitation,) = (await LessonRoomRepository(session).of_lesson(lesson.id)).values()
    declined = await client.post(f"/api/lesson-invitations/{invitation.id}/decline", headers=theirs)
    assert declined.status_code < 300, declined.text
    assert (await search(client, words, theirs))["total"] == 0
