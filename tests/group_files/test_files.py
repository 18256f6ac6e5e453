"""Who brings what into a group, who sees it, and who takes it away."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from tests.group_files.conftest import Shelf
from tests.groups.stage import code
from tests.materials import files as samples
from tongke_courses.boards import files
from tongke_courses.boards.models import GroupFile
from tongke_courses.materials import tasks
from tongke_courses.materials.models import StoredFile
from tongke_courses.materials.repository import UploadRepository
from tongke_platform.accounts import service as accounts
from tongke_platform.frame import Frame
from tongke_platform.rights import Principal


async def test_anonymous(shelf: Shelf) -> None:
    made = await shelf.brought(shelf.stage.head)
    for method, path in (
        ("GET", shelf.path),
        ("POST", shelf.path),
        ("GET", f"{shelf.path}/{made['id']}"),
        ("DELETE", f"{shelf.path}/{made['id']}"),
        ("GET", made["href"]),
    ):
        body = {"upload_id": str(uuid4())} if method == "POST" else None
        assert (await shelf.stage.ask(None, method, path, json=body)).status_code == 401, path


async def test_brought_seen_and_listed(shelf: Shelf) -> None:
    stage = shelf.stage
    made = await shelf.brought(stage.member)
    same = {"id": 0, "at": 0}
    assert {**made, **same} == {
        **same,
        "group_id": stage.key,
        "post_id": None,
        "name": "评课表.txt",
        "kind": "document",
        "media_type": "text/plain; charset=utf-8",
        "size": 5,
        "by_id": str(stage.member.id),
        "by": stage.member.display_name,
        "href": f"/groups/{stage.key}/files/{made['id']}",
        "inline": True,
        "small": None,
        "width": None,
        "height": None,
        "may_remove": True,
    }
    named = await shelf.brought(stage.head, b"second", "量规.txt")
    assert await shelf.listed(stage.member) == ["量规.txt", "评课表.txt"]
    seen = await stage.of(stage.member, "GET", f"{shelf.path}/{named['id']}")
    assert (seen["name"], seen["may_remove"]) == ("量规.txt", False)
    body = (await stage.ask(stage.head, "GET", made["href"])).content
    assert body == b"first"


async def test_pages_of_the_list(shelf: Shelf) -> None:
    for number in range(5):
        await shelf.brought(shelf.stage.head, f"{number}".encode(), f"{number}.txt")
    path, names = f"{shelf.path}?limit=2", []
    while path:
        found = await shelf.stage.of(shelf.stage.member, "GET", path)
        names.append([one["name"] for one in found["items"]])
        path = f"{shelf.path}?limit=2&before={found['next']}" if found["next"] else ""
    assert names == [["4.txt", "3.txt"], ["2.txt", "1.txt"], ["0.txt"]]


async def test_sent_twice_it_is_one(shelf: Shelf) -> None:
    client = await shelf.client(shelf.stage.head)
    key = await client.send(b"first", "a.txt")
    body = {"upload_id": key, "name": " b.txt "}
    answers = await asyncio.gather(*(client.json("POST", shelf.path, body) for _ in range(2)))
    assert {status for status, _ in answers} == {201}
    assert len({found["id"] for _, found in answers}) == 1
    assert await shelf.listed(shelf.stage.head) == ["b.txt"]


async def test_guests_look_only(shelf: Shelf) -> None:
    stage = shelf.stage
    guest = await stage.make.person(stage.far)
    researcher = await stage.make.person(stage.far)
    await stage.bring_in(guest, "observer")
    await stage.bring_in(researcher, "group_researcher")
    made = await shelf.brought(researcher)
    status, refused = await shelf.send(guest, b"guest's")
    assert (status, refused["code"]) == (403, "not_your_part")
    found = await stage.of(guest, "GET", shelf.path)
    assert (found["may_add"], len(found["items"])) == (False, 1)
    assert (await stage.ask(guest, "GET", made["href"])).content == b"first"
    answer = await stage.ask(guest, "DELETE", f"{shelf.path}/{made['id']}")
    assert code(answer) == (403, "not_your_part")
    page = await stage.ask(guest, "GET", f"/groups/{stage.key}/files")
    assert (page.status_code, 'id="files"' in page.text) == (200, False)


@pytest.mark.parametrize(("visibility", "status"), [("listed", 403), ("hidden", 404)])
async def test_outsiders(shelf: Shelf, visibility: str, status: int) -> None:
    stage = shelf.stage
    made = await shelf.brought(stage.head)
    await stage.of(stage.head, "PATCH", f"/api/groups/{stage.key}", json={"visibility": visibility})
    client = await shelf.client(stage.stranger)
    key = await client.send(b"x")
    for method, path, body in (
        ("GET", shelf.path, None),
        ("POST", shelf.path, {"upload_id": key}),
        ("GET", f"{shelf.path}/{made['id']}", None),
        ("DELETE", f"{shelf.path}/{made['id']}", None),
        ("GET", made["href"], None),
        ("GET", f"/groups/{stage.key}/files", None),
    ):
        assert (await stage.ask(stage.stranger, method, path, json=body)).status_code == status


async def test_who_left_sees_nothing_more(shelf: Shelf) -> None:
    stage = shelf.stage
    made = await shelf.brought(stage.member)
    await stage.of(stage.member, "DELETE", f"/api/groups/{stage.key}/members/{stage.member.id}")
    assert (await stage.ask(stage.member, "GET", made["href"])).status_code == 403
    assert await shelf.listed(stage.head) == ["评课表.txt"], "what they brought stays"


async def test_of_another_group(shelf: Shelf) -> None:
    stage = shelf.stage
    made = await shelf.brought(stage.head)
    other = await stage.group()
    for method, path in (
        ("GET", f"/api/groups/{other}/files/{made['id']}"),
        ("DELETE", f"/api/groups/{other}/files/{made['id']}"),
        ("GET", f"/groups/{other}/files/{made['id']}"),
        ("GET", f"/groups/{stage.key}/files/{uuid4()}"),
    ):
        assert code(await stage.ask(stage.head, method, path)) == (404, "no_file")
    form = {"act": "remove", "file": made["id"]}
    answer = await stage.ask(stage.head, "POST", f"/groups/{other}/files", data=form)
    assert answer.status_code == 404


async def test_uploads_that_are_no_good(shelf: Shelf) -> None:
    client = await shelf.client(shelf.stage.head)
    half = (await client.begin(10)).rpartition("/")[2]
    of_other = await (await shelf.client(shelf.stage.member)).send(b"x")
    whole = await client.send(b"whole")
    for body, status, said in (
        ({"upload_id": half}, 409, "not_whole"),
        ({"upload_id": of_other}, 422, "no_upload"),
        ({"upload_id": str(uuid4())}, 422, "no_upload"),
        ({"upload_id": "x"}, 422, "invalid"),
        ({}, 422, "invalid"),
        ({"upload_id": whole, "name": "a.exe"}, 422, "program"),
        ({"upload_id": whole, "name": "a\0b"}, 422, "invalid"),
        ({"upload_id": whole, "name": "x" * 300}, 422, "invalid"),
        ({"upload_id": whole, "post_id": str(uuid4())}, 422, "invalid"),
    ):
        found = await client.json("POST", shelf.path, body)
        assert (found[0], found[1]["code"]) == (status, said), body


async def test_taken_away_and_brought_back(shelf: Shelf) -> None:
    stage = shelf.stage
    mine, own = await shelf.brought(stage.head), await shelf.brought(stage.member, b"2", "b.txt")
    answer = await stage.ask(stage.member, "DELETE", f"{shelf.path}/{mine['id']}")
    assert code(answer) == (403, "not_your_part")
    await stage.of(stage.member, "DELETE", f"{shelf.path}/{own['id']}")
    again = await stage.ask(stage.member, "DELETE", f"{shelf.path}/{own['id']}")
    assert code(again) == (404, "no_file")
    assert (await stage.ask(stage.head, "GET", own["href"])).status_code == 404
    assert await shelf.listed(stage.head) == ["评课表.txt"]

    form = {"act": "remove", "file": mine["id"]}
    here = f"/groups/{stage.key}/files"
    gone = await stage.ask(stage.head, "POST", here, data=form)
    assert (gone.status_code, gone.headers["location"]) == (303, here)
    page = await stage.ask(stage.head, "GET", here)
    assert "评课表.txt is taken away." in page.text
    undo = page.text.partition('action="/admin/undo/')[2].partition('"')[0]
    assert (await stage.ask(stage.member, "POST", f"/api/undo/{undo}")).status_code == 404
    await stage.of(stage.head, "POST", f"/api/undo/{undo}")
    assert await shelf.listed(stage.head) == ["评课表.txt"]


async def test_taken_back_by_who_is_no_longer_in_it(shelf: Shelf) -> None:
    stage = shelf.stage
    made = await shelf.brought(stage.member)
    here = f"/groups/{stage.key}/files"
    form = {"act": "remove", "file": made["id"]}
    await stage.ask(stage.member, "POST", here, data=form)
    page = await stage.ask(stage.member, "GET", here)
    undo = page.text.partition('action="/admin/undo/')[2].partition('"')[0]
    await stage.of(stage.member, "DELETE", f"/api/groups/{stage.key}/members/{stage.member.id}")
    assert (await stage.ask(stage.member, "POST", f"/api/undo/{undo}")).status_code == 403
    assert await shelf.listed(stage.head) == []


async def test_planners_take_any_away(shelf: Shelf) -> None:
    stage = shelf.stage
    made = await shelf.brought(stage.head)
    planner = await stage.make.person(stage.far)
    await stage.bring_in(planner, "lead_planner")
    await stage.of(planner, "DELETE", f"{shelf.path}/{made['id']}")
    assert await shelf.listed(stage.head) == []


async def test_limits(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    head = shelf.stage.head
    monkeypatch.setattr(files, "MOST_BYTES", 1 << 20)
    status, refused = await shelf.send(head, bytes((1 << 20) + 1), "a.bin")
    assert (status, refused["code"]) == (413, "file_too_large")
    assert "1 MB" in refused["detail"]
    monkeypatch.setattr(files, "MOST_FILES", 2)
    monkeypatch.setattr(files, "MOST_GROUP_BYTES", 10)
    monkeypatch.setattr(files, "MOST_KEPT_BYTES", 18)
    first = await shelf.brought(head, b"123456", "1.txt")
    status, refused = await shelf.send(head, b"abcdef", "2.txt")
    assert (status, refused["code"]) == (409, "group_full")
    await shelf.stage.of(head, "DELETE", f"{shelf.path}/{first['id']}")
    await shelf.brought(head, b"abcdef", "2.txt")
    await shelf.brought(head, b"ghi", "3.txt")
    status, refused = await shelf.send(head, b"j", "4.txt")
    assert (status, refused["code"]) == (409, "too_many_files")
    monkeypatch.setattr(files, "MOST_FILES", 9)
    monkeypatch.setattr(files, "MOST_KEPT_BYTES", 15)
    status, refused = await shelf.send(head, b"j", "4.txt")
    assert (status, refused["code"]) == (409, "group_full"), "what was taken away is kept, too"


async def test_two_bring_the_last_one(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MOST_FILES", 1)
    answers = await asyncio.gather(
        shelf.send(shelf.stage.head, b"1", "1.txt"), shelf.send(shelf.stage.member, b"2", "2.txt")
    )
    assert sorted(status for status, _ in answers) == [201, 409]


async def test_what_a_group_has_is_not_swept(shelf: Shelf, frame: Frame) -> None:
    stage = shelf.stage
    made = await shelf.brought(stage.head)
    now = frame.now()
    frame.now = lambda: now + timedelta(days=20)
    await tasks.sweep_uploads(frame)
    assert await tasks.sweep_files(frame) == 0
    async with frame.database.read() as session:
        found, _ = await files.get(
            session, await _principal(shelf), UUID(stage.key), UUID(made["id"])
        )
        assert found.file.size == 5
    async with frame.database.write() as session:
        await files.remove(
            session, frame, await _principal(shelf), UUID(stage.key), UUID(made["id"])
        )
    assert await tasks.sweep_files(frame) == 0, "it may come back"
    frame.now = lambda: now + timedelta(days=51)
    assert await files.sweep(frame) == 1
    assert await tasks.sweep_files(frame) == 1
    async with frame.database.read() as session:
        assert (await session.execute(select(GroupFile.id))).all() == []
        assert (await session.execute(select(StoredFile.id))).all() == []


async def test_what_was_brought_is_not_on_its_way(shelf: Shelf, frame: Frame) -> None:
    head = shelf.stage.head
    await shelf.brought(head)
    await (await shelf.client(head)).send(b"not used yet")
    async with frame.database.read() as session:
        assert await UploadRepository(session).on_the_way(head.id) == (1, 12)


async def test_readable(shelf: Shelf, frame: Frame) -> None:
    stage = shelf.stage
    picture = await shelf.brought(stage.head, samples.picture(), "板书.png")
    gone = await shelf.brought(stage.head, b"gone", "b.txt")
    await stage.of(stage.head, "DELETE", f"{shelf.path}/{gone['id']}")
    other = await stage.group()
    keys = [UUID(picture["id"]), UUID(gone["id"]), uuid4()]
    async with frame.database.read() as session:
        found = await files.readable(session, UUID(stage.key), keys)
        assert {key: one.file.media_type for key, one in found.items()} == {keys[0]: "image/png"}
        assert await files.readable(session, UUID(other), keys) == {}
        assert await files.readable(session, UUID(stage.key), []) == {}


async def _principal(shelf: Shelf) -> Principal:
    frame = shelf.stage.frame
    async with frame.database.read() as session:
        found = await accounts.principal_of(session, shelf.stage.head.id, frame.today())
    assert found is not None
    return found
