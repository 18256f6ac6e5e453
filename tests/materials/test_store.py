"""The store and its sweeps: what is in use is never lost, whoever comes when."""

import asyncio
import hashlib
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from tests.materials.conftest import Cast
from tongke_courses.materials import service, tasks
from tongke_courses.materials.models import StoredFile
from tongke_courses.materials.repository import StoredFileRepository
from tongke_courses.materials.store import FileStore, StoreTrouble, key_of, trouble_of
from tongke_platform.frame import Frame


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "file.txt"
    found.write_bytes("学习单 ".encode() * 400_000)
    return found


def later(frame: Frame, **more: float) -> None:
    at = frame.now() + timedelta(**more)
    frame.now = lambda: at


async def row(frame: Frame, stored: StoredFile) -> StoredFile | None:
    async with frame.database.read() as session:
        return await StoredFileRepository(session).by_id(stored.id)


async def test_the_same_content_is_kept_once(frame: Frame, path: Path) -> None:
    store = FileStore(frame)
    first, second = await asyncio.gather(store.put_path(path), store.put_path(path))
    assert first.id == second.id
    assert first.size == path.stat().st_size == await store.size(first.key)
    parts = [one async for one in await store.open_range(first.key, 5, first.size - 5)]
    assert b"".join(parts) == path.read_bytes()[5:-5]
    assert len(parts) > 1, "not all at once"
    with pytest.raises(FileNotFoundError):
        await store.open_range("files/00/none", 0, 1)


async def test_what_nobody_uses_goes_after_a_day(frame: Frame, path: Path, cast: Cast) -> None:
    store = FileStore(frame)
    stored = await store.put_path(path)
    later(frame, hours=23)
    assert await tasks.sweep_files(frame) == 0
    await store.put_path(path)
    later(frame, hours=23)
    assert await tasks.sweep_files(frame) == 0, "wanted again meanwhile"
    async with frame.database.write() as session:
        made = await service.add_file(
            session, frame, lesson_id=cast.lesson.id, name="a.txt", stored=stored
        )
    later(frame, days=400)
    assert await tasks.sweep_files(frame) == 0
    async with frame.database.write() as session:
        await service.remove(session, frame, await service.to_change(session, made.id))
    assert await tasks.sweep_files(frame) == 0, "taken away, and may be brought back"
    other = path.with_name("other.txt")
    other.write_text("另一张")
    unused = await store.put_path(other)
    later(frame, days=2)
    assert await tasks.sweep_files(frame) == 1
    assert await row(frame, unused) is None
    assert await store.size(unused.key) is None
    assert await store.size(stored.key) == stored.size


async def test_brought_again_while_it_is_swept(
    frame: Frame, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sweep has let go of the row's object, somebody brings the same content in that moment."""
    store = FileStore(frame)
    await store.put_path(path)
    later(frame, days=2)
    delete = FileStore.delete
    putting: list[asyncio.Task[StoredFile]] = []

    async def delete_slowly(self: FileStore, key: str) -> None:
        putting.append(asyncio.create_task(store.put_path(path)))
        done, _ = await asyncio.wait(putting, timeout=0.3)
        assert not done, "it waits for the row"
        await delete(self, key)

    monkeypatch.setattr(FileStore, "delete", delete_slowly)
    assert await tasks.sweep_files(frame) == 1
    stored = await putting[0]
    assert await row(frame, stored) is not None
    assert await store.size(stored.key) == stored.size


async def put_and_rolled_back(frame: Frame, path: Path) -> None:
    with suppress(ZeroDivisionError):
        async with frame.database.write() as session:
            await FileStore(frame).put_path(path, session)
            _ = 1 / 0


async def test_objects_without_a_row(frame: Frame, path: Path) -> None:
    """A transaction that was rolled back after its file was put."""
    store = FileStore(frame)
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    await put_and_rolled_back(frame, path)
    assert await store.size(key_of(sha256)) == path.stat().st_size
    assert await tasks.sweep_objects(frame, sha256[:2]) == 0, "may be about to be used"
    later(frame, days=2)
    assert await tasks.sweep_objects(frame, sha256[:2]) == 1
    assert await store.size(key_of(sha256)) is None
    kept = await store.put_path(path)
    later(frame, days=2)
    assert await tasks.sweep_objects(frame, kept.sha256[:2]) == 0


async def test_a_store_that_lost_its_object_is_given_it_again(frame: Frame, path: Path) -> None:
    store = FileStore(frame)
    stored = await store.put_path(path)
    await store.delete(stored.key)
    await store.put_path(path)
    assert await store.size(stored.key) == stored.size


def test_troubles() -> None:
    full = trouble_of(OSError(28, "No space left on device"))
    assert isinstance(full, StoreTrouble)
    assert (full.status, trouble_of(ValueError("x")).status) == (507, 503)
