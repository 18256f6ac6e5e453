"""The editor of a course, on a phone: its teachers, its picture, the order of its materials."""

import io
import re
from typing import Any
from uuid import UUID

import httpx2
from PIL import Image

from tests.catalogue.stage import Headers, Stage
from tests.catalogue.test_pages import BROWSER, page, send
from tests.makers import Makers
from tongke_platform.people.roles import Role

NAMES = re.compile(r'class="name">(?:<a[^>]*>)?([^<]+)<')


def photo(side: int = 1600, kind: str = "JPEG") -> bytes:
    made = io.BytesIO()
    exif = Image.Exif()
    exif[0x010F] = "一台相机"
    Image.new("RGB", (side, side // 2), (14, 124, 102)).save(made, kind, exif=exif)
    return made.getvalue()


async def sent(stage: Stage, course: dict[str, Any], data: bytes, **said: Any) -> httpx2.Response:
    return await stage.ask(
        "POST", f"/courses/{course['id']}/edit/cover", {**stage.headers, **BROWSER},
        data={"act": "put"}, files={"file": ("a.jpg", data, "image/jpeg")},
        follow_redirects=False, **said,
    )  # fmt: skip


async def test_anonymous(stage: Stage) -> None:
    course = await stage.course(visibility="public")
    for path in ("teachers", "cover"):
        await page(stage, f"/courses/{course['id']}/edit/{path}", {}, 303)
        assert (await send(stage, f"/courses/{course['id']}/edit/{path}", {})).status_code == 303


async def test_teachers_are_added_and_taken_out(stage: Stage, make: Makers) -> None:
    course = await stage.course()
    here = f"/courses/{course['id']}/edit/teachers"
    partner = await stage.far(partner=True)
    stranger = await stage.far()
    other = await make.person(partner.school, Role.LEAD_TEACHER)
    unknown = await make.person(stranger.school, Role.LEAD_TEACHER)
    shown = await page(stage, here)
    assert other.display_name in shown
    assert partner.school.name in shown
    assert unknown.display_name not in shown
    found = await page(stage, f"{here}?q={other.display_name}")
    assert other.display_name in found
    assert partner.office.display_name not in found
    added = await send(stage, here, act="co", person=str(other.id))
    assert (added.status_code, added.headers["location"]) == (303, here)
    there = (await stage.ask("GET", f"/api/courses/{course['id']}")).json()["teachers"]
    assert [one["part"] for one in there] == ["lead", "co"]
    refused = await send(stage, here, act="co", person=str(unknown.id))
    assert refused.status_code == 422
    assert "只有本校" in refused.text
    headers = await make.bearer(other)
    assert (await send(stage, here, headers, act="lead", person=str(other.id))).status_code == 403
    gone = await send(stage, here, act="remove", person=str(other.id))
    assert gone.status_code == 303
    there = (await stage.ask("GET", f"/api/courses/{course['id']}")).json()["teachers"]
    assert [one["person"]["id"] for one in there] == [str(stage.teacher.id)]


async def test_a_course_keeps_a_lead_teacher(stage: Stage, make: Makers) -> None:
    course = await stage.course()
    here = f"/courses/{course['id']}/edit/teachers"
    alone = await send(stage, here, act="remove", person=str(stage.teacher.id))
    assert alone.status_code == 409
    colleague = await make.person(stage.school, Role.LOCAL_TEACHER)
    await send(stage, here, act="lead", person=str(colleague.id))
    left = await send(stage, here, act="remove", person=str(stage.teacher.id))
    # Who has taken themself out is led to what they may still see.
    assert left.headers["location"] == f"/courses/{course['id']}"


async def test_nonsense_is_no_teacher(stage: Stage) -> None:
    course = await stage.course()
    here = f"/courses/{course['id']}/edit/teachers"
    for said in ({"act": "burn", "person": str(stage.teacher.id)}, {"act": "co", "person": "x"}):
        assert (await send(stage, here, **said)).status_code == 404
    assert (await stage.ask("GET", f"{here}?q=%00")).status_code == 200


async def test_cover_is_small_and_says_nothing_of_the_camera(stage: Stage) -> None:
    course = await stage.course(visibility="public")
    where = f"/courses/{course['id']}/cover"
    assert (await stage.ask("GET", where)).status_code == 404
    assert (await sent(stage, course, photo())).status_code == 303
    got = await stage.client.get(where)
    assert got.headers["content-type"] == "image/jpeg"
    with Image.open(io.BytesIO(got.content)) as picture:
        assert picture.size == (800, 400)
        assert not picture.getexif()
    again = await stage.client.get(where, headers={"If-None-Match": got.headers["etag"]})
    assert again.status_code == 304
    assert (await stage.ask("GET", f"/api/courses/{course['id']}")).json()["cover"] == where
    for path in ("/catalogue", f"/courses/{course['id']}", "/shelf", f"{where[:-6]}/edit"):
        assert f'src="{where}"' in await page(stage, path)
    assert f'src="{where}"' in await page(stage, "/catalogue?q=分数")


async def test_cover_is_for_who_sees_the_course(stage: Stage) -> None:
    course, far = await stage.course(), await stage.far()
    assert (await sent(stage, course, photo())).status_code == 303
    where = f"/courses/{course['id']}/cover"
    assert (await stage.ask("GET", where, far.headers)).status_code == 404
    assert (await stage.ask("GET", where, {})).status_code == 401
    path = f"/courses/{course['id']}/edit/cover"
    partner = await stage.far(partner=True)
    assert (await stage.ask("POST", path, partner.headers)).status_code == 403
    await send(stage, path, act="remove")
    assert (await stage.ask("GET", where)).status_code == 404
    assert (await stage.ask("GET", f"/api/courses/{course['id']}")).json()["cover"] == ""


async def test_what_is_no_picture_is_refused(stage: Stage) -> None:
    course = await stage.course()
    for data in (b"", b"%PDF-1.7", photo()[:200], b"<svg xmlns='http://www.w3.org/2000/svg'/>"):
        refused = await sent(stage, course, data)
        assert refused.status_code == 422
        assert "照片" in refused.text
    assert (await stage.ask("GET", f"/api/courses/{course['id']}")).json()["cover_id"] is None


async def test_cover_over_the_api(stage: Stage) -> None:
    course, partner = await stage.course(), await stage.far(partner=True)
    where = f"/api/courses/{course['id']}/cover"
    files = {"file": ("a.jpg", photo(), "image/jpeg")}
    for headers, status in (({}, 401), (partner.headers, 403)):
        for method in ("PUT", "DELETE"):
            said = {"files": files} if method == "PUT" else {}
            assert (await stage.ask(method, where, headers, **said)).status_code == status
    put = await stage.ask("PUT", where, files=files)
    assert (put.status_code, put.json()["version"]) == (200, course["version"] + 1)
    assert put.headers["etag"] == f'"{put.json()["version"]}"'
    got = await stage.ask("GET", put.json()["cover"], partner.headers)
    with Image.open(io.BytesIO(got.content)) as picture:
        assert (picture.size, picture.format) == ((800, 400), "JPEG")
        assert not picture.getexif()
    for data in (b"", b"%PDF-1.7", photo()[:200]):
        refused = await stage.ask("PUT", where, files={"file": ("a.jpg", data, "image/jpeg")})
        assert (refused.status_code, refused.json()["code"]) == (422, "no_picture")
    assert (await stage.ask("PUT", where)).status_code == 422, "no file at all"
    assert (await stage.ask("GET", f"/courses/{course['id']}/cover")).status_code == 200
    for _ in range(2):
        gone = await stage.ask("DELETE", where)
        assert (gone.status_code, gone.json()["cover"]) == (200, "")
    nowhere = where.replace(course["id"], str(stage.teacher.id))
    assert (await stage.ask("DELETE", nowhere)).status_code == 404


async def linked(stage: Stage, here: str, *titles: str) -> None:
    for title in titles:
        said = await send(stage, here, act="link", url=f"https://example.org/{title}", title=title)
        assert said.status_code == 303


async def shown(stage: Stage, here: str, headers: Headers | None = None) -> list[str]:
    text = await page(stage, here, headers)
    return NAMES.findall(text[text.index("<main") :])


async def test_materials_move_up_and_down(stage: Stage) -> None:
    course = await stage.course()
    lesson = await stage.lesson(course)
    for place in (f"/lessons/{lesson['id']}", f"/courses/{course['id']}"):
        here = f"{place}/edit/materials"
        await linked(stage, here, "甲", "乙", "丙")
        found = (await stage.ask("GET", f"/api{place}/materials")).json()
        keys = {one["title"]: one["id"] for one in found}
        assert await shown(stage, here) == ["甲", "乙", "丙"]
        await send(stage, here, act="up", material=keys["丙"])
        assert await shown(stage, here) == ["甲", "丙", "乙"]
        # What is taken away is no step in between, and where it stood is not missed.
        await send(stage, here, act="remove", material=keys["丙"])
        await send(stage, here, act="down", material=keys["甲"])
        listed = (await stage.ask("GET", f"/api{place}/materials")).json()
        assert [one["title"] for one in listed] == ["乙", "甲"]
        # At the end it stays.
        await send(stage, here, act="down", material=keys["甲"])
        await send(stage, here, act="up", material=keys["乙"])
        listed = (await stage.ask("GET", f"/api{place}/materials")).json()
        assert [one["title"] for one in listed] == ["乙", "甲"]
        gone = await send(stage, here, act="up", material=keys["丙"])
        assert gone.status_code == 404


async def test_a_material_moves_at_its_own_place_only(stage: Stage) -> None:
    course = await stage.course()
    one, other = await stage.lesson(course), await stage.lesson(course)
    await linked(stage, f"/lessons/{one['id']}/edit/materials", "甲")
    key = (await stage.ask("GET", f"/api/lessons/{one['id']}/materials")).json()[0]["id"]
    refused = await send(stage, f"/lessons/{other['id']}/edit/materials", act="up", material=key)
    assert refused.status_code == 404
    assert UUID(key)
