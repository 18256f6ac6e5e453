"""Materials of lessons and courses through the API, and as they are downloaded."""

import hashlib

import httpx2
import pytest

from tests.makers import Makers
from tests.materials import files
from tests.materials.conftest import Cast
from tests.materials.media import box
from tests.materials.tus_client import Tus
from tongke_courses.catalogue.models import Course, CourseState, CourseTeacher, Licence
from tongke_courses.lessons.models import Lesson
from tongke_courses.lessons.visibility import Visibility
from tongke_platform.frame import Frame

TEXT = "圆的面积，学习单".encode()


async def added(
    cast: Cast, data: bytes = TEXT, name: str = "学习单.txt", **more: str
) -> dict[str, object]:
    key = await cast.lead.send(data, name)
    status, made = await cast.lead.json("POST", cast.path, {"upload_id": key, **more})
    assert status == 201, made
    found: dict[str, object] = made
    return found


async def see(frame: Frame, cast: Cast, visibility: Visibility) -> None:
    async with frame.database.write() as session:
        lesson = await session.get(Lesson, cast.lesson.id)
        assert lesson is not None
        lesson.visibility = visibility


async def test_anonymous(cast: Cast) -> None:
    nobody = Tus(cast.lead.app)
    made = await added(cast)
    for method, path in (
        ("GET", cast.path),
        ("POST", cast.path),
        ("GET", f"/api/materials/{made['id']}"),
        ("DELETE", f"/api/materials/{made['id']}"),
        ("GET", str(made["href"])),
    ):
        body = {"url": "https://a.example"} if method == "POST" else None
        assert (await nobody.json(method, path, body))[0] == 401, path


async def test_a_file_becomes_a_material(cast: Cast) -> None:
    made = await added(cast)
    assert {**made, "id": 0, "href": 0, "version_id": 0, "updated_at": 0, "lesson_id": 0} == {
        "id": 0, "href": 0, "version_id": 0, "updated_at": 0, "lesson_id": 0, "course_id": None,
        "kind": "document", "title": "学习单", "name": "学习单.txt", "size": len(TEXT),
        "media_type": "text/plain; charset=utf-8", "licence": "schools", "credits": "",
        "position": 0, "url": "", "inline": True, "may_download": True, "may_edit": True,
        "removed": False,
    }  # fmt: skip
    status, listed = await cast.partner.json("GET", cast.path)
    assert status == 200
    assert [(one["name"], one["size"], one["may_edit"]) for one in listed] == [
        ("学习单.txt", len(TEXT), False)
    ]
    assert (await cast.stranger.json("GET", cast.path))[0] == 403
    assert (await cast.partner.json("POST", cast.path, {"url": "https://a.example"}))[0] == 403


async def test_sent_twice_it_is_one(cast: Cast) -> None:
    """The answer was lost, or two lessons have the same sheet."""
    key = await cast.lead.send(TEXT, "a.txt")
    first = await cast.lead.json("POST", cast.path, {"upload_id": key})
    again = await cast.lead.json("POST", cast.path, {"upload_id": key})
    assert first[1]["id"] == again[1]["id"]


async def test_uploads_that_are_no_good(cast: Cast) -> None:
    half = (await cast.lead.begin(10)).rpartition("/")[2]
    of_other = await cast.partner.send(TEXT)
    for key, status, code in (
        (half, 409, "not_whole"),
        (of_other, 422, "no_upload"),
        ("01234567-89ab-7def-8123-456789abcdef", 422, "no_upload"),
    ):
        found = await cast.lead.json("POST", cast.path, {"upload_id": key})
        assert (found[0], found[1]["code"]) == (status, code)


@pytest.mark.parametrize(
    ("url", "status"),
    [
        ("https://www.example.org/圆?x=1#a", 201),
        ("HTTP://example.org", 201),
        ("javascript:alert(1)", 422),
        ("https://", 422),
        ("https://a b", 422),
        ("https://user@bank.example", 422),
        ("file:///etc/passwd", 422),
        ("https://[::1", 422),
        ("//example.org", 422),
        ("https://a.example/\u202e", 422),
    ],
)
async def test_links(cast: Cast, url: str, status: int) -> None:
    answer = await cast.lead.json("POST", cast.path, {"url": url})
    assert answer[0] == status, answer


async def test_changes_versions_and_removal(cast: Cast) -> None:
    made = await added(cast)
    path = f"/api/materials/{made['id']}"
    change = {"title": "任务单", "licence": "cc-by", "credits": "李老师", "position": 3}
    _, changed = await cast.lead.json("PATCH", path, change)
    assert {name: changed[name] for name in change} == change
    _, changed = await cast.lead.json("PATCH", path, {"licence": None})
    assert (changed["licence"], changed["title"]) == ("schools", "任务单")

    key = await cast.lead.send(files.PDF, "任务单.pdf")
    status, newer = await cast.lead.json(
        "POST", f"{path}/versions", {"upload_id": key, "note": "改了第二题"}
    )
    assert status == 201
    assert [(one["number"], one["name"], one["note"]) for one in newer["versions"]] == [
        (2, "任务单.pdf", "改了第二题"),
        (1, "学习单.txt", ""),
    ]
    assert newer["versions"][0]["sha256"] == hashlib.sha256(files.PDF).hexdigest()
    _, seen = await cast.partner.json("GET", path)
    assert [one["number"] for one in seen["versions"]] == [2]
    assert seen["versions"][0]["by"] is None
    old = await cast.partner.said("GET", str(made["href"]))
    assert (old.status, old.headers["location"]) == (307, newer["href"])
    assert (await cast.lead.said("GET", str(made["href"]))).body == TEXT

    _, removed = await cast.lead.json("DELETE", path)
    assert removed["removed"]
    assert (await cast.partner.json("GET", path))[0] == 404
    assert (await cast.partner.said("GET", newer["href"])).status == 404
    assert (await cast.lead.json("GET", cast.path))[1] == []
    assert len((await cast.lead.json("GET", f"{cast.path}?removed=true"))[1]) == 1
    assert (await cast.partner.json("GET", f"{cast.path}?removed=true"))[1] == []
    assert (await cast.lead.json("POST", f"{path}/versions", {"upload_id": key}))[0] == 409
    assert not (await cast.lead.json("POST", f"{path}/restore"))[1]["removed"]
    assert (await cast.partner.json("GET", path))[0] == 200
    for method, rest in (("PATCH", ""), ("DELETE", ""), ("POST", "/restore")):
        body = {"title": "x"} if method == "PATCH" else None
        assert (await cast.partner.json(method, path + rest, body))[0] == 403


async def test_ranges(cast: Cast) -> None:
    # Larger than one step of the store.
    whole = box(b"ftyp", b"isom\0\0\2\0isomiso2") + box(b"mdat", bytes(range(256)) * 20_000)
    made = await added(cast, whole, "课.mp4")
    href = str(made["href"])
    first = await cast.partner.said("GET", href)
    assert (first.status, first.body == whole) == (200, True)
    etag = first.headers["etag"]
    assert first.headers["content-type"] == "video/mp4"
    assert first.headers["content-disposition"].startswith('inline; filename="_.mp4"; ')
    assert first.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    for asked, start, end in (
        ("bytes=0-0", 0, 1),
        ("bytes=100-", 100, len(whole)),
        ("bytes=-7", len(whole) - 7, len(whole)),
        (f"bytes=3000000-{len(whole) + 99}", 3_000_000, len(whole)),
    ):
        part = await cast.partner.said("GET", href, {"range": asked})
        assert part.status == 206
        assert part.headers["content-range"] == f"bytes {start}-{end - 1}/{len(whole)}"
        assert part.body == whole[start:end]
    for asked in ("bytes=5-3", "bytes=0-1,5-6", "lines=1-2", "bytes=a-b", "bytes=-"):
        assert (await cast.partner.said("GET", href, {"range": asked})).status == 200, asked
    outside = await cast.partner.said("GET", href, {"range": f"bytes={len(whole)}-"})
    assert (outside.status, outside.headers["content-range"]) == (416, f"bytes */{len(whole)}")
    other = {"range": "bytes=0-0", "if-range": '"other"'}
    assert (await cast.partner.said("GET", href, other)).status == 200
    same = {"range": "bytes=0-0", "if-range": etag}
    assert (await cast.partner.said("GET", href, same)).status == 206
    assert (await cast.partner.said("GET", href, {"if-none-match": etag})).status == 304
    head = await cast.partner.said("HEAD", href)
    assert (head.body, head.headers["content-length"]) == (b"", str(len(whole)))


HTML = b"<!doctype html><script>alert(document.cookie)</script>"


@pytest.mark.parametrize(
    ("data", "name", "kind", "media_type", "shown"),
    [
        (HTML, "课件.pdf", "other", "application/octet-stream", "attachment"),
        (HTML, "课件.html", "other", "application/octet-stream", "attachment"),
        (b"<svg onload='alert(1)'/>", "图.png", "other", "application/octet-stream", "attachment"),
        (files.picture() + HTML, "图.html", "picture", "image/png", "inline"),
        (
            files.picture("GIF") + files.zip_of({"a": "b"}),
            "图.gif",
            "picture",
            "image/gif",
            "inline",
        ),
        (files.PDF, "课件.txt", "document", "application/pdf", "inline"),
        (files.docx("圆"), "教案.docx", "document", files.DOCX, "attachment"),
    ],
)
async def test_wrong_types_behind_right_names(
    cast: Cast, data: bytes, name: str, kind: str, media_type: str, shown: str
) -> None:
    made = await added(cast, data, name)
    assert (made["kind"], made["media_type"]) == (kind, media_type)
    answer = await cast.partner.said("GET", str(made["href"]))
    assert answer.headers["content-type"] == media_type
    assert answer.headers["content-disposition"].startswith(shown)
    assert answer.headers["x-content-type-options"] == "nosniff"
    saved = await cast.partner.said("GET", f"{made['href']}?download=1")
    assert saved.headers["content-disposition"].startswith("attachment")


async def test_a_licence_to_watch_only(cast: Cast) -> None:
    video = await added(cast, files.MP4, "课.mp4", licence="view")
    sheet = await added(cast, files.docx("x"), "单.docx", licence="view")
    assert not (await cast.partner.json("GET", cast.path))[1][0]["may_download"]
    assert (await cast.partner.said("GET", str(video["href"]))).status == 200
    assert (await cast.partner.said("GET", f"{video['href']}?download=1")).status == 403
    assert (await cast.partner.said("GET", str(sheet["href"]))).status == 403
    assert (await cast.lead.said("GET", str(sheet["href"]))).status == 200


async def test_who_sees_it_follows_the_lesson(cast: Cast, frame: Frame) -> None:
    made = await added(cast, files.VTT, "字幕.vtt")
    nobody = Tus(cast.lead.app)
    where = (cast.path, f"/api/materials/{made['id']}", str(made["href"]))
    captions = f"/api/lessons/{cast.lesson.id}/captions.vtt"
    for visibility, stranger, anybody in (
        (Visibility.ROOMS, 403, 401),
        (Visibility.PARTNERSHIP, 403, 401),
        (Visibility.SIGNED_IN, 200, 401),
        (Visibility.PUBLIC, 200, 200),
    ):
        await see(frame, cast, visibility)
        for path in (*where, captions):
            assert (await cast.stranger.said("GET", path)).status == stranger, path
            assert (await nobody.said("GET", path)).status == anybody, path


async def test_captions_of_a_lesson(cast: Cast) -> None:
    path = f"/api/lessons/{cast.lesson.id}/captions.vtt"
    assert (await cast.partner.said("GET", path)).status == 404
    made = await added(cast, files.SRT * 30, "字幕.srt")
    assert made["kind"] == "captions"
    answer = await cast.partner.said("GET", path)
    assert answer.headers["content-type"] == "text/vtt; charset=utf-8"
    assert answer.body.decode().startswith("WEBVTT\n\n00:00:01.000 --> 00:00:03.500\n同学们好\n")
    room = Tus(cast.lead.app)
    assert (await room.said("GET", f"{path}?token={cast.room.token}")).status == 200
    assert (await room.said("GET", f"{path}?token=x")).status == 401


async def test_materials_of_a_course(cast: Cast, frame: Frame, make: Makers) -> None:
    async with frame.database.write() as session:
        course = Course(
            school_id=cast.lesson.school_id, title="圆", subject="数学", grade="六年级",
            licence=Licence.VIEW, visibility=Visibility.PARTNERSHIP,
        )  # fmt: skip
        session.add(course)
        await session.flush()
        session.add(CourseTeacher(course_id=course.id, person_id=cast.teacher.id))
    path = f"/api/courses/{course.id}/materials"
    key = await cast.lead.send(TEXT, "大纲.txt")
    status, made = await cast.lead.json("POST", path, {"upload_id": key})
    assert (status, made["course_id"], made["licence"]) == (201, str(course.id), "view")
    assert (await cast.partner.json("GET", path))[0] == 403, "a draft"
    for state, visibility, partner, stranger, anybody in (
        (CourseState.PUBLISHED, Visibility.ROOMS, 403, 403, 401),
        (CourseState.PUBLISHED, Visibility.PARTNERSHIP, 200, 403, 401),
        (CourseState.PUBLISHED, Visibility.SIGNED_IN, 200, 200, 401),
        (CourseState.PUBLISHED, Visibility.PUBLIC, 200, 200, 200),
        (CourseState.WITHDRAWN, Visibility.PUBLIC, 403, 403, 401),
    ):
        async with frame.database.write() as session:
            changed = await session.get(Course, course.id)
            assert changed is not None
            changed.state, changed.visibility = state, visibility
        for who, expected in (
            (cast.partner, partner),
            (cast.stranger, stranger),
            (Tus(cast.lead.app), anybody),
        ):
            assert (await who.json("GET", path))[0] == expected
            assert (await who.said("GET", str(made["href"]))).status == expected
    assert (await cast.stranger.json("POST", path, {"url": "https://a.example"}))[0] == 403


@pytest.mark.parametrize(
    "path", ["/materials/x/y", "/api/materials/01234567-89ab-7def-8123-456789abcdef"]
)
async def test_nothing_there(client: httpx2.AsyncClient, path: str) -> None:
    assert (await client.get(path)).status_code == 404
