"""Courses over the API: made, changed by two, published, and seen by whom they are for."""

import asyncio
from uuid import uuid4

import pytest

from tests.catalogue.stage import COURSE, Headers, Stage
from tests.makers import Makers
from tongke_platform.people.roles import Role

WRITES = [
    ("POST", ""),
    ("PATCH", "/{id}"),
    ("POST", "/{id}/publish"),
    ("POST", "/{id}/withdraw"),
    ("POST", "/{id}/units"),
    ("PUT", "/{id}/units/order"),
    ("PUT", "/{id}/lessons/order"),
    ("POST", "/{id}/lessons"),
    ("GET", "/{id}/follows"),
    ("GET", "/{id}/teacher-choices"),
]


@pytest.mark.parametrize(("method", "path"), WRITES)
async def test_anonymous(stage: Stage, method: str, path: str) -> None:
    course = await stage.course(visibility="public")
    answer = await stage.ask(method, "/api/courses" + path.format(id=course["id"]), {}, json={})
    assert answer.status_code == 401


async def test_draft_to_withdrawn(stage: Stage, make: Makers) -> None:
    """Who sees it in each state, at each visibility."""
    colleague = await make.bearer(await make.person(stage.school, Role.LOCAL_TEACHER))
    partner, stranger = await stage.far(partner=True), await stage.far()
    course = await stage.course(published=False, visibility="rooms")
    where = f"/api/courses/{course['id']}"

    async def seen() -> list[int]:
        askers: tuple[Headers, ...] = (
            stage.headers,
            colleague,
            partner.headers,
            stranger.headers,
            {},
        )
        listed = [await stage.ask("GET", "/api/courses", one) for one in askers]
        found = [(await stage.ask("GET", where, one)).status_code for one in askers]
        assert [bool(one.json()["items"]) for one in listed] == [one == 200 for one in found]
        return found

    async def widen(visibility: str) -> None:
        version = (await stage.ask("GET", where)).json()["version"]
        changed = await stage.ask(
            "PATCH", where, json={"visibility": visibility, "version": version}
        )
        assert changed.status_code == 200

    assert await seen() == [200, 404, 404, 404, 401]
    assert (await stage.ask("POST", f"{where}/withdraw")).status_code == 409
    await stage.ask("POST", f"{where}/publish")
    assert await seen() == [200, 200, 404, 404, 401]
    await widen("partnership")
    assert await seen() == [200, 200, 200, 404, 401]
    await widen("signed_in")
    assert await seen() == [200, 200, 200, 200, 401]
    await widen("public")
    assert await seen() == [200, 200, 200, 200, 200]
    await stage.ask("POST", f"{where}/withdraw")
    assert await seen() == [200, 200, 404, 404, 401]


async def test_who_may_create(stage: Stage, make: Makers) -> None:
    local = await make.bearer(await make.person(stage.school, Role.LOCAL_TEACHER))
    assert (await stage.ask("POST", "/api/courses", local, json=COURSE)).status_code == 403
    elsewhere = {**COURSE, "school_id": str((await make.school()).id)}
    assert (await stage.ask("POST", "/api/courses", json=elsewhere)).status_code == 403
    nowhere = {**COURSE, "textbook_id": str(uuid4())}
    assert (await stage.ask("POST", "/api/courses", json=nowhere)).json()["code"] == "no_node"


async def test_two_editors(stage: Stage) -> None:
    """Of two who save what they read at the same time one is told, with the other's words."""
    course = await stage.course()
    where = f"/api/courses/{course['id']}"
    sent = [{"title": "甲", "version": 2}, {"description": "乙", "version": 2}]
    answers = await asyncio.gather(*(stage.ask("PATCH", where, json=one) for one in sent))
    assert sorted(one.status_code for one in answers) == [200, 409]
    saved = next(one for one in answers if one.status_code == 200).json()
    told = next(one for one in answers if one.status_code == 409).json()
    assert told["code"] == "changed_meanwhile"
    assert told["current"]["version"] == saved["version"] == 3
    assert told["current"]["title"] == saved["title"]
    assert told["current"]["description"] == saved["description"]
    assert (await stage.ask("PATCH", where, json={"title": "丙"})).json()["code"] == "no_version"
    by_header = await stage.ask(
        "PATCH", where, {**stage.headers, "If-Match": '"3"'}, json={"title": "丙"}
    )
    assert by_header.json()["version"] == 4


async def test_others_change_nothing(stage: Stage) -> None:
    course = await stage.course(visibility="public")
    where = f"/api/courses/{course['id']}"
    unit = (await stage.ask("POST", f"{where}/units", json={"title": "一"})).json()
    stranger = (await stage.far()).headers
    for method, path, body in (
        ("PATCH", where, {"title": "x", "version": 2}),
        ("POST", f"{where}/withdraw", None),
        ("POST", f"{where}/units", {"title": "x"}),
        ("PATCH", f"{where}/units/{unit['id']}", {"title": "x"}),
        ("DELETE", f"{where}/units/{unit['id']}", None),
        ("PUT", f"{where}/units/order", {"ids": [unit["id"]]}),
        ("PUT", f"{where}/teachers/{stage.teacher.id}", {"part": "co"}),
    ):
        answer = await stage.ask(method, path, stranger, json=body)
        assert answer.status_code == 403, path


async def test_co_teachers(stage: Stage, make: Makers) -> None:
    """Of a partner school; they edit, and watch its lessons, but do not publish."""
    partner, stranger = await stage.far(partner=True), await make.person(await make.school())
    helper = await make.person(partner.school, Role.LEAD_TEACHER)
    theirs = await make.bearer(helper)
    course = await stage.course(published=False, visibility="rooms")
    where = f"/api/courses/{course['id']}"
    put = await stage.ask("PUT", f"{where}/teachers/{stranger.id}", json={})
    assert put.json()["code"] == "no_teacher"
    offered = await stage.ask("GET", f"{where}/teacher-choices?q={helper.display_name}")
    assert [one["id"] for one in offered.json()] == [str(helper.id)]
    put = await stage.ask("PUT", f"{where}/teachers/{helper.id}", json={"part": "co"})
    assert {one["part"] for one in put.json()["teachers"]} == {"lead", "co"}
    lesson = await stage.lesson(course)
    assert (await stage.ask("GET", f"/api/lessons/{lesson['id']}", theirs)).status_code == 200
    edited = await stage.ask("PATCH", where, theirs, json={"title": "新名", "version": 1})
    assert edited.status_code == 200
    wider = {"visibility": "public", "version": 2}
    assert (await stage.ask("PATCH", where, theirs, json=wider)).status_code == 403
    assert (await stage.ask("POST", f"{where}/publish", theirs)).status_code == 403
    last = await stage.ask("DELETE", f"{where}/teachers/{stage.teacher.id}")
    assert last.json()["code"] == "no_lead"
    assert (await stage.ask("DELETE", f"{where}/teachers/{helper.id}")).status_code == 200
    assert (await stage.ask("GET", f"/api/lessons/{lesson['id']}", theirs)).status_code == 403


async def test_drafts_are_found_by_who_may_see_them(stage: Stage, make: Makers) -> None:
    """And what is in them: by their teachers, also those of a partner school, from when they are."""
    partner = await stage.far(partner=True)
    helper = await make.person(partner.school, Role.LEAD_TEACHER)
    bureau = await make.person(role=Role.ADMIN)
    colleague = await make.person(stage.school, Role.LOCAL_TEACHER)
    office = await make.person(stage.school, Role.ACADEMIC_OFFICE)
    seen = {one: await make.bearer(one) for one in (helper, bureau, colleague, office)}
    course = await stage.course(published=False, visibility="public")
    lesson = await stage.lesson(course)
    link = {"url": "https://example.org/", "title": "折纸视频"}
    for owner in (f"courses/{course['id']}", f"lessons/{lesson['id']}"):
        made = await stage.ask("POST", f"/api/{owner}/materials", json=link)
        assert made.status_code == 201, made.text

    async def found(headers: dict[str, str] | None) -> tuple[int, int, int]:
        while await stage.frame.jobs.run_due():
            pass
        kinds = []
        for words in ("分数的初步", "几分之一", "折纸视频"):
            answer = (await stage.ask("GET", f"/api/search?q={words}", headers)).json()
            assert answer["total"] == len(answer["results"])
            kinds.append(answer["total"])
        return kinds[0], kinds[1], kinds[2]

    assert await found(None) == (1, 1, 2)
    assert await found(seen[bureau]) == await found(seen[office]) == (1, 1, 2)
    # The lesson is of her school, its course is not for her yet.
    assert await found(seen[colleague]) == (0, 1, 1)
    for stranger in (seen[helper], partner.headers, {}):
        assert await found(stranger) == (0, 0, 0)
    where = f"/api/courses/{course['id']}/teachers/{helper.id}"
    assert (await stage.ask("PUT", where, json={"part": "co"})).status_code == 200
    assert await found(seen[helper]) == (1, 1, 2)
    assert await found(partner.headers) == (0, 0, 0)
    assert (await stage.ask("DELETE", where)).status_code == 200
    assert await found(seen[helper]) == (0, 0, 0)


async def test_facets_and_pages(stage: Stage) -> None:
    for subject, grade in (("数学", "三年级"), ("数学", "四年级"), ("语文", "三年级")):
        await stage.course(subject=subject, grade=grade, visibility="public")
    first = (await stage.ask("GET", "/api/courses?limit=2&facets=true", {})).json()
    assert [one["subject"] for one in first["items"]] == ["语文", "数学"]
    rest = (await stage.ask("GET", f"/api/courses?limit=2&before={first['next']}", {})).json()
    assert (len(rest["items"]), rest["next"], rest["facets"]) == (1, None, None)
    counts = {one["value"]: one["count"] for one in first["facets"]["subject"]}
    assert counts == {"数学": 2, "语文": 1}
    assert first["facets"]["school"][0]["label"] == stage.school.name
    # A facet counts what would be found with the other filters.
    chosen = (await stage.ask("GET", "/api/courses?subject=语文&facets=true", {})).json()
    assert {one["value"]: one["count"] for one in chosen["facets"]["grade"]} == {"三年级": 1}
    assert {one["value"]: one["count"] for one in chosen["facets"]["subject"]} == counts


async def test_units(stage: Stage) -> None:
    course = await stage.course()
    where = f"/api/courses/{course['id']}"
    one, two = [
        (await stage.ask("POST", f"{where}/units", json={"title": t})).json() for t in "一二"
    ]
    lesson = await stage.lesson(course, unit_id=one["id"])
    half = await stage.ask("PUT", f"{where}/units/order", json={"ids": [two["id"]]})
    assert half.json()["code"] == "changed_meanwhile"
    both = {"ids": [two["id"], one["id"]]}
    assert (await stage.ask("PUT", f"{where}/units/order", json=both)).status_code == 200
    found = (await stage.ask("GET", where)).json()["units"]
    assert [unit["title"] for unit in found] == ["二", "一"]
    renamed = {"title": "甲", "was": "一"}
    assert (await stage.ask("PATCH", f"{where}/units/{one['id']}", json=renamed)).json()[
        "title"
    ] == "甲"
    again = await stage.ask(
        "PATCH", f"{where}/units/{one['id']}", json={"title": "乙", "was": "一"}
    )
    assert again.status_code == 409
    other = await stage.course()
    foreign = await stage.ask("GET", f"/api/courses/{other['id']}/units/{one['id']}")
    assert foreign.status_code == 404
    assert (await stage.ask("DELETE", f"{where}/units/{one['id']}")).status_code == 204
    (left,) = (await stage.ask("GET", f"{where}/lessons")).json()
    assert (left["id"], left["unit_id"]) == (lesson["id"], None)
