"""Resumable uploads over the real application."""

import asyncio
import hashlib
import json
import random
from datetime import timedelta
from uuid import UUID

import httpx2
import pytest
from fastapi import FastAPI

from tests.makers import Makers, Someone
from tests.materials.tus_client import Tus, checksum, metadata
from tongke_courses.materials import spool, tasks, uploading
from tongke_courses.materials.repository import UploadRepository
from tongke_courses.materials.store import FileStore, key_of
from tongke_platform.frame import Frame
from tongke_platform.people.roles import Role


@pytest.fixture
async def teacher(make: Makers) -> Someone:
    return await make.person(await make.school(), Role.LEAD_TEACHER)


@pytest.fixture
async def tus(app: FastAPI, make: Makers, teacher: Someone) -> Tus:
    return Tus(app, await make.bearer(teacher))


def words(size: int) -> bytes:
    return random.Random(size).randbytes(size // 2).hex().encode()[:size]


async def test_anonymous(app: FastAPI) -> None:
    answer = await Tus(app).create(5)
    assert answer.status == 401
    assert answer.headers["tus-resumable"] == "1.0.0"


async def test_without_a_post(app: FastAPI, make: Makers) -> None:
    newcomer = Tus(app, await make.bearer(await make.person(role=None)))
    assert (await newcomer.create(5)).status == 403


async def test_what_the_server_can(tus: Tus) -> None:
    answer = await tus.said("OPTIONS", tus.path, {"tus-resumable": ""})
    assert answer.status == 204
    assert answer.headers["tus-version"] == "1.0.0"
    assert set(answer.headers["tus-extension"].split(",")) == {
        "creation", "creation-with-upload", "termination", "checksum", "expiration",
    }  # fmt: skip
    assert answer.headers["tus-max-size"] == str(2 << 30)
    other = await tus.said("HEAD", f"{tus.path}/x", {"tus-resumable": "0.2.2"})
    assert (other.status, other.headers["tus-version"]) == (412, "1.0.0")


async def test_fifty_interruptions(tus: Tus, frame: Frame) -> None:
    """More than the limit of other requests, cut off again and again, is the same file at last."""
    data = words(3 << 20)
    dice = random.Random(7)
    where = await tus.begin(len(data), "课文.txt")
    for _ in range(50):
        at = await tus.offset(where)
        some = data[at : at + dice.randrange(1, len(data) // 60)]
        cut = dice.randrange(len(some) + 1)
        await tus.patch(where, at, some[: cut // 2], some[cut // 2 : cut], cut=True)
        assert await tus.offset(where) == at + cut, "what arrived is kept"
    at = await tus.offset(where)
    rest = [data[one : one + 65536] for one in range(at, len(data), 65536)]
    answer = await tus.patched(where, at, *rest)
    assert (answer.status, answer.headers["upload-offset"]) == (204, str(len(data)))
    found = json.loads((await tus.said("GET", where)).body)
    assert (found["ready"], found["received"], found["name"]) == (True, len(data), "课文.txt")
    assert found["media_type"] == "text/plain; charset=utf-8"
    key = key_of(hashlib.sha256(data).hexdigest())
    assert await FileStore(frame).size(key) == len(data)
    assert not any(uploading.spool_of(frame).root.iterdir())


async def test_a_body_of_more_than_a_mebibyte(
    client: httpx2.AsyncClient, make: Makers, teacher: Someone
) -> None:
    data = words(5 << 20)
    headers = {**await make.bearer(teacher), "Tus-Resumable": "1.0.0"}
    made = await client.post("/api/uploads", headers={**headers, "Upload-Length": str(len(data))})
    part = {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    answer = await client.patch(made.headers["location"], headers=headers | part, content=data)
    assert answer.status_code == 204
    other = await client.post("/api/lessons", headers=headers, content=b"x" * (2 << 20))
    assert other.status_code == 413, "only uploads are that large"


async def test_another_person_knows_nothing_of_it(tus: Tus, app: FastAPI, make: Makers) -> None:
    where = await tus.begin(10)
    await tus.patched(where, 0, b"01234")
    for other in (
        await make.person(await make.school(), Role.LEAD_TEACHER),
        await make.person(role=Role.ADMIN),
    ):
        stranger = Tus(app, await make.bearer(other))
        assert (await stranger.said("HEAD", where)).status == 404
        assert (await stranger.said("GET", where)).status == 404
        assert (await stranger.patched(where, 5, b"56789")).status == 404
        assert (await stranger.said("DELETE", where)).status == 404
    assert await tus.offset(where) == 5


async def test_wrong_offset_type_and_length(tus: Tus) -> None:
    where = await tus.begin(10)
    assert (await tus.patched(where, 3, b"x")).status == 409
    wrong = {"content-type": "text/plain"}
    assert (await tus.patched(where, 0, b"x", **wrong)).status == 415
    assert (await tus.patched(where, 0, b"x" * 11)).status == 413
    hidden = {"content-length": ""}
    assert (await tus.patched(where, 0, b"01234", b"567890", **hidden)).status == 413
    assert await tus.offset(where) == 0
    assert (await tus.patched(where, 0, b"ok", **{"upload-offset": "-1"})).status == 400
    assert (await tus.patched(where, 0, b"ok")).headers["upload-offset"] == "2"


@pytest.mark.parametrize("length", ["", "-1", "1e3", "٣", "9" * 30])
async def test_nonsense_lengths(tus: Tus, length: str) -> None:
    answer = await tus.said("POST", tus.path, {"upload-length": length})
    assert answer.status == 400


async def test_empty_and_too_large(tus: Tus, frame: Frame) -> None:
    empty = await tus.create(0)
    assert (empty.status, json.loads(empty.body)["code"]) == (422, "empty_file")
    frame.settings.upload_max_bytes = 1000
    large = await tus.create(1001)
    assert (large.status, json.loads(large.body)["code"]) == (413, "file_too_large")
    frame.settings.upload_person_bytes = 1500
    await tus.begin(1000)
    assert (await tus.create(501)).status == 409
    assert (await tus.create(500)).status == 201


async def test_checksums(tus: Tus) -> None:
    where = await tus.begin(10)
    right = {"upload-checksum": checksum(b"01234")}
    assert (await tus.patched(where, 0, b"01X34", **right)).status == 460
    assert await tus.offset(where) == 0
    await tus.patch(where, 0, b"012", cut=True, **right)
    assert await tus.offset(where) == 0, "an unchecked part does not count"
    assert (await tus.patched(where, 0, b"01234", **right)).status == 204
    sha1 = {"upload-checksum": checksum(b"56789", "sha1")}
    assert (await tus.patched(where, 5, b"56789", **sha1)).headers["upload-offset"] == "10"
    for bad in ("md5 xxxx", "sha256 AAAA", "sha256 !", "sha256"):
        answer = await tus.patched(where, 10, **{"upload-checksum": bad})
        assert answer.status == 400, bad


async def test_begun_with_the_first_part(tus: Tus) -> None:
    headers = {"upload-length": "10", "content-type": "application/offset+octet-stream"}
    answer = await tus.said("POST", tus.path, headers, [b"01234"])
    assert (answer.status, answer.headers["upload-offset"]) == (201, "5")
    assert (await tus.patched(answer.headers["location"], 5, b"56789")).status == 204
    more = await tus.said("POST", tus.path, headers, [b"0123456789X"])
    assert more.status == 413


async def test_two_devices_at_once(tus: Tus) -> None:
    """The one that came first goes on; the other is told, and nothing is mixed."""
    where = await tus.begin(10)
    said: list[int] = []

    async def other(number: int) -> None:
        if number == 1:
            said.append((await tus.patched(where, 0, b"XXXXX")).status)
            said.append((await tus.said("DELETE", where)).status)

    headers = {"upload-offset": "0", "content-type": "application/offset+octet-stream"}
    answer = await tus.said("PATCH", where, headers, [b"01234", b"56789"], before_each=other)
    assert answer.status == 204
    assert said == [423, 423]
    found = json.loads((await tus.said("GET", where)).body)
    assert found["ready"]


async def test_a_silent_device_gives_its_turn_back(
    tus: Tus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploading, "IDLE_S", 0.01)
    where = await tus.begin(10)
    silence = asyncio.Event()

    async def wait(number: int) -> None:
        if number == 1:
            await silence.wait()

    headers = {"upload-offset": "0", "content-type": "application/offset+octet-stream"}
    answer = await tus.said("PATCH", where, headers, [b"01234", b"5"], before_each=wait)
    assert answer.headers["upload-offset"] == "5"
    assert (await tus.patched(where, 5, b"56789")).status == 204


async def test_given_up(tus: Tus, frame: Frame) -> None:
    where = await tus.begin(10)
    await tus.patched(where, 0, b"01234")
    assert (await tus.said("DELETE", where)).status == 204
    assert (await tus.said("HEAD", where)).status == 404
    assert not any(uploading.spool_of(frame).root.iterdir())


async def test_by_another_method(tus: Tus) -> None:
    """A proxy that lets only GET and POST through."""
    where = await tus.begin(5)
    part = {
        "x-http-method-override": "PATCH",
        "upload-offset": "0",
        "content-type": "application/offset+octet-stream",
    }
    assert (await tus.said("POST", where, part, [b"01234"])).headers["upload-offset"] == "5"
    assert (await tus.said("POST", where, {"x-http-method-override": "PUT"})).status == 400
    assert (await tus.said("POST", where, {"x-http-method-override": "DELETE"})).status == 204


async def test_expired(tus: Tus, frame: Frame) -> None:
    where = await tus.begin(10)
    await tus.patched(where, 0, b"01234")
    later = frame.now() + uploading.EXPIRES_AFTER + timedelta(minutes=1)
    assert await tasks.sweep_uploads(frame) == 0
    frame.now = lambda: later
    assert (await tus.said("HEAD", where)).status == 410
    assert await tasks.sweep_uploads(frame) == 1
    assert (await tus.said("HEAD", where)).status == 404
    assert not any(uploading.spool_of(frame).root.iterdir())


async def test_a_full_disk(tus: Tus, frame: Frame, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said in a sentence, what arrived stays, and it goes on when there is room."""
    data = words(1 << 20)
    where = await tus.begin(len(data))
    full = True
    monkeypatch.setattr(spool.UploadSpool, "has_room", lambda self, size=0: not full)
    answer = await tus.patched(where, 0, data[:1000], data[1000 : 1 << 19], data[1 << 19 :])
    assert answer.status == 507
    assert json.loads(answer.body)["code"] == "no_room"
    refused = await tus.create(10)
    assert refused.status == 507
    full = False
    at = await tus.offset(where)
    assert (await tus.patched(where, at, data[at:])).status == 204


async def test_a_dead_server_between_the_last_byte_and_the_store(tus: Tus, frame: Frame) -> None:
    """All bytes are there, nothing was looked at: an empty part finishes it."""
    where = await tus.begin(5)
    key = UUID(where.rpartition("/")[2])
    uploading.spool_of(frame).path(key).write_bytes(b"01234")
    assert await tus.offset(where) == 5
    assert not json.loads((await tus.said("GET", where)).body)["ready"]
    assert (await tus.patched(where, 5)).status == 204
    assert json.loads((await tus.said("GET", where)).body)["ready"]


async def test_programs_are_refused(tus: Tus) -> None:
    named = await tus.create(10, "课件.exe")
    assert (named.status, json.loads(named.body)["code"]) == (422, "program")
    where = await tus.begin(12, "课件.pdf")
    answer = await tus.patched(where, 0, b"MZ\x90\x00" + b"\0" * 8)
    assert (answer.status, json.loads(answer.body)["code"]) == (422, "file_refused")
    again = await tus.patched(where, 12)
    assert again.status == 422


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("a\0b\nc\x1b.txt", "ab c.txt"),
        ("题目\u202efdp.txt", "题目fdp.txt"),
        ("长" * 300 + ".docx", "长" * 175 + ".docx"),
        ("C:\\课件\\一 元.pptx", "一 元.pptx"),
        ("", "file"),
        (" ... ", "file"),
        ('a"b<c>.pdf', "a_b_c_.pdf"),
    ],
)
async def test_names(tus: Tus, frame: Frame, sent: str, kept: str) -> None:
    where = await tus.begin(5, sent)
    async with frame.database.read() as session:
        found = await UploadRepository(session).by_id(UUID(where.rpartition("/")[2]))
    assert found is not None
    assert found.name == kept


async def test_broken_metadata(tus: Tus) -> None:
    for bad in ("filename !!!", "filename /w==", metadata(filename="ä") + ",x y"):
        answer = await tus.said("POST", tus.path, {"upload-length": "5", "upload-metadata": bad})
        assert answer.status == 400, bad
