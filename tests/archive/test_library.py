"""Lessons that outlive their process: spool, store, replay."""

import asyncio
import shutil
from pathlib import Path

import httpx2
import pytest

from tests.hls.cmaf import picture, sound
from tests.hls.rig import KEY, LESSON, T0, Feeder, Rig, make_library, rig, stored
from tongke_streaming.archive import store
from tongke_streaming.archive.store import MediaStore, open_store
from tongke_streaming.frames import Refused

VIDEO, SOUND = "lead-v-f", "lead-a"


def feed(made: Rig, segments: int) -> Feeder:
    timeline = made.library.timeline(LESSON, "lead", T0)
    assert timeline.origin_us == T0
    feeder = Feeder(made.library.rendition(LESSON, VIDEO), picture(4))
    feeder.segments(segments)
    return feeder


async def everything(made: Rig, client: httpx2.AsyncClient, count: int) -> bytes:
    """The whole rendition as a player would fetch it."""
    names = ["init-0.mp4", *(f"{msn}.m4s" for msn in range(count))]
    answers = [await client.get(made.media(VIDEO, name)) for name in names]
    assert {answer.status_code for answer in answers} == {200}
    return b"".join(answer.content for answer in answers)


def expected(count: int) -> bytes:
    made = picture(4)
    parts = [made.parts[index % len(made.parts)].data for index in range(count * 4)]
    return made.init + b"".join(parts)


async def test_old_segments_move_to_the_store(tmp_path: Path) -> None:
    async with rig(tmp_path) as made, made.client() as client:
        await made.library.open(LESSON, KEY)
        feed(made, 20)
        await stored(made.library)
        spooled = {path.name for path in (tmp_path / "spool" / LESSON / VIDEO).iterdir()}
        assert "0.m4s" not in spooled
        assert "19.m4s" in spooled
        assert len(list((tmp_path / "store" / "lessons" / LESSON / VIDEO).iterdir())) == 21
        assert await everything(made, client, 20) == expected(20)
        response = await client.get(made.media(VIDEO, "0.0.m4s"))
        assert response.status_code == 404, "its parts are past fetching"


async def test_replay_from_a_fresh_process(tmp_path: Path) -> None:
    async with rig(tmp_path) as made, made.client() as client:
        await made.library.open(LESSON, KEY)
        feeder = feed(made, 5)
        made.library.ended(LESSON, feeder.at_us)
        live = await client.get(made.media(VIDEO))
        assert live.text.endswith("4.m4s\n#EXT-X-ENDLIST\n")
        await stored(made.library)
    assert (tmp_path / "spool" / LESSON / "archived").exists()
    async with rig(tmp_path) as made, made.client() as client:
        assert not made.library.lessons, "nothing is loaded before it is asked for"
        replay = await client.get(made.media(VIDEO))
        assert replay.text.endswith("4.m4s\n#EXT-X-ENDLIST\n")
        assert "EXT-X-PART:" not in replay.text
        assert await everything(made, client, 5) == expected(5)
        status = (await made.library.get(LESSON)).status()
        assert (status["duration_us"], status["gaps"], status["ended"]) == (10_000_000, [], True)


async def test_replay_from_the_store_alone(tmp_path: Path) -> None:
    async with rig(tmp_path) as made:
        await made.library.open(LESSON, KEY)
        feeder = feed(made, 3)
        made.library.ended(LESSON, feeder.at_us)
        await stored(made.library)
    shutil.rmtree(tmp_path / "spool")
    async with rig(tmp_path) as made, made.client() as client:
        text, _ = await made.library.multivariant(LESSON, KEY, "http://media", None)
        assert f"http://media/media/{KEY}/{VIDEO}/index.m3u8" in text
        assert await everything(made, client, 3) == expected(3)


async def test_uploads_go_on_after_a_restart(tmp_path: Path) -> None:
    library = make_library(tmp_path)  # its uploader never starts: as good as killed
    await library.open(LESSON, KEY)
    feeder = Feeder(library.rendition(LESSON, VIDEO), picture(4))
    feeder.segments(3)
    library.ended(LESSON, feeder.at_us)
    async with rig(tmp_path) as made:
        await stored(made.library)
        names = {path.name for path in (tmp_path / "store" / "lessons" / LESSON).rglob("*.*")}
        assert {"0.m4s", "1.m4s", "2.m4s", "init-0.mp4", "journal.jsonl"} <= names


async def test_uploads_are_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    warned = asyncio.Event()
    monkeypatch.setattr(store.log, "warning", lambda *_: warned.set())
    async with rig(tmp_path) as made:
        blocked = tmp_path / "store" / "lessons"
        blocked.write_text("a file where a folder should be")
        await made.library.open(LESSON, KEY)
        feed(made, 1)
        await warned.wait()
        blocked.unlink()
        await stored(made.library)
        assert (blocked / LESSON / VIDEO / "0.m4s").exists()
        assert made.library.uploader.failures


async def test_replay_while_the_store_is_away(tmp_path: Path) -> None:
    async with rig(tmp_path) as made, made.client() as client:
        await made.library.open(LESSON, KEY)
        feed(made, 20)
        await stored(made.library)
        (tmp_path / "store" / "lessons").rename(tmp_path / "away")
        (tmp_path / "store" / "lessons").touch()
        response = await client.get(made.media(VIDEO, "0.m4s"))
        assert response.status_code == 503
        assert response.headers["retry-after"] == "5"
        assert (await client.get(made.media(VIDEO, "19.m4s"))).status_code == 200


async def test_an_unfinished_lesson_goes_on(tmp_path: Path) -> None:
    library = make_library(tmp_path)
    await library.open(LESSON, KEY)
    library.timeline(LESSON, "lead", T0)
    before = Feeder(library.rendition(LESSON, VIDEO), picture(4))
    before.segments(2)
    for _ in range(3):
        before.one()
    silent = Feeder(library.rendition(LESSON, SOUND), sound(4))
    silent.segments(2)
    async with rig(tmp_path) as made, made.client() as client:
        timeline = made.library.timeline(LESSON, "lead", T0 + 99)
        assert timeline.origin_us == T0
        held = timeline.held[VIDEO]
        assert (held.next_msn, held.end_us, held.next_init) == (3, T0 + 5_500_000, 1)
        assert timeline.held[SOUND].next_msn == 2
        after = Feeder(made.library.rendition(LESSON, VIDEO), picture(4), T0 + 13_500_000)
        after.msn = 5
        after.segments(1)
        text = (await client.get(made.media(VIDEO))).text
        assert "#EXTINF:1.500000,\n2.m4s" in text
        assert "#EXT-X-GAP\n#EXTINF:4.000000,\n3.m4s" in text
        assert "#EXT-X-GAP\n#EXTINF:4.000000,\n4.m4s" in text
        assert text.index("5.3.m4s") < text.index("\n5.m4s")
        parts = [part.data for part in picture(4).parts]
        tail = await client.get(made.media(VIDEO, "2.m4s"))
        assert tail.content == b"".join(parts[:3])
        lesson = await made.library.get(LESSON)
        assert lesson.status()["gaps"] == [[T0 + 5_500_000, T0 + 13_500_000]]


async def test_a_changed_key_ends_the_old(tmp_path: Path) -> None:
    new = "n" * 32
    async with rig(tmp_path) as made, made.client() as client:
        await made.library.open(LESSON, KEY)
        feed(made, 1)
        await made.library.open(LESSON, new)
        assert (await client.get(made.media(VIDEO))).status_code == 410
        assert (await client.get(made.media(VIDEO).replace(KEY, new))).status_code == 200
        with pytest.raises(Refused) as refused:
            await made.library.open("lesson-2", new)
        assert refused.value.status == 409


@pytest.mark.parametrize("name", ["../x", "a/b", ""])
async def test_names_that_cannot_be(tmp_path: Path, name: str) -> None:
    library = make_library(tmp_path)
    with pytest.raises(Refused) as refused:
        await library.open(name, KEY)
    assert refused.value.status == 400
    with pytest.raises(Refused):
        await library.open(LESSON, "short")
    assert {path.name for path in tmp_path.iterdir()} <= {"spool", "store"}


async def test_idle_lessons_are_put_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tongke_streaming.hls.library._IDLE_S", -1.0)
    async with rig(tmp_path) as made, made.client() as client:
        await made.library.open(LESSON, KEY)
        feeder = feed(made, 2)
        await stored(made.library)
        await made.library.tidy()
        assert LESSON in made.library.lessons, "a live one stays"
        made.library.ended(LESSON, feeder.at_us)
        await stored(made.library)
        await made.library.tidy()
        assert not made.library.lessons
        assert await everything(made, client, 2) == expected(2)


async def test_store_folder_with_a_space(tmp_path: Path) -> None:
    media = MediaStore(open_store(f"file://{tmp_path}/a%20b"))
    await media.put("lesson", "x.m4s", b"1")
    assert (tmp_path / "a b" / "lessons" / "lesson" / "x.m4s").read_bytes() == b"1"
    assert await media.get("lesson", "x.m4s") == b"1"
    assert await media.get("lesson", "y.m4s") is None
