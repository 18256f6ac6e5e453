"""What may become a folder, and what may not."""

from pathlib import Path

import pytest

from tongke_streaming.archive.names import BadName, check_key, check_lesson, source_of
from tongke_streaming.archive.spool import LessonFolder, Spool

BAD = ["", "..", ".", "a/b", "../x", ".keys", "a\0b", "a b", "课", "a\n", "-a", "x" * 65]


@pytest.mark.parametrize("name", BAD)
def test_bad_lessons(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadName):
        check_lesson(name)
    with pytest.raises(BadName):
        LessonFolder(tmp_path, name)


@pytest.mark.parametrize("name", [*BAD, "lead", "lead-v", "lead-v-", "lead-x", "lead-v-../h"])
def test_bad_renditions(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadName):
        source_of(name)
    with pytest.raises(BadName):
        LessonFolder(tmp_path, "lesson").segment_path(name, 1)


@pytest.mark.parametrize("key", [*BAD[:-1], "k" * 21, "k" * 129, "../" + "k" * 22, "k" * 22 + "\n"])
def test_bad_keys(tmp_path: Path, key: str) -> None:
    with pytest.raises(BadName):
        check_key(key)
    with pytest.raises(BadName):
        Spool(tmp_path, 0).lesson_of(key)


@pytest.mark.parametrize(
    ("name", "source"),
    [("lead-v-h", "lead"), ("lead-a", "lead"), ("room-3-v-f", "room-3"), ("room-a-a", "room-a")],
)
def test_sources(name: str, source: str) -> None:
    assert source_of(name) == source


def test_keys_are_found_again(tmp_path: Path) -> None:
    Spool(tmp_path, 0).set_key("k" * 22, "lesson")
    spool = Spool(tmp_path, 0)
    assert spool.lesson_of("k" * 22) == "lesson"
    assert spool.lesson_of("j" * 22) is None
