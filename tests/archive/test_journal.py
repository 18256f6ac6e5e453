"""Journals, torn and whole, and what is read out of them."""

import os
from collections.abc import Callable
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from tongke_streaming.archive.coverage import Coverage
from tongke_streaming.archive.history import LessonHistory, read_history, settle
from tongke_streaming.archive.journal import Journal, Record, read_records
from tongke_streaming.archive.segments import Segment

LINES: list[Record] = [
    {"t": "key", "key": "k" * 22},
    {"t": "origin", "source": "lead", "us": 5},
    {"t": "rendition", "r": "lead-a", "dseq": 1},
    {"t": "seg", "r": "lead-a", "n": 3, "us": 100, "i": None},
    {"t": "part", "r": "lead-a", "n": 3, "o": 0, "s": 10, "d": 500, "f": 15, "k": True},
    {"t": "part", "r": "lead-a", "n": 3, "o": 10, "s": 20, "d": 500, "f": 15},
    {"t": "close", "r": "lead-a", "n": 3, "s": 30, "d": 1000},
    {"t": "seg", "r": "lead-a", "n": 4, "us": 1100, "i": None, "gap": True},
    {"t": "close", "r": "lead-a", "n": 4, "s": 0, "d": 4000},
    {"t": "seg", "r": "lead-a", "n": 5, "us": 5100, "i": None, "d": True},
    {"t": "part", "r": "lead-a", "n": 5, "o": 0, "s": 7, "d": 500, "f": 15, "k": True},
]


def written(tmp_path: Path) -> Path:
    path = tmp_path / "lesson" / "journal.jsonl"
    journal = Journal(path)
    for line in LINES:
        journal.append(line)
    journal.close()
    return path


def history(data: bytes) -> LessonHistory:
    return read_history(read_records(data))


def sizes(**of: int) -> Callable[[int], int]:
    return lambda msn: of.get(f"s{msn}", 0)


def settled(data: bytes, size_of: Callable[[int], int]) -> list[Segment]:
    return settle(history(data).renditions["lead-a"], size_of)


def test_read_back(tmp_path: Path) -> None:
    data = written(tmp_path).read_bytes()
    found = history(data)
    assert (found.keys, found.origins, found.ended_us) == (["k" * 22], {"lead": 5}, None)
    assert found.renditions["lead-a"].first_discontinuity == 1
    first, gap, last = settled(data, sizes(s3=30, s5=7))
    assert (first.msn, first.size, first.duration_us, first.frames) == (3, 30, 1000, 30)
    assert first.spooled
    assert not first.absent
    assert gap.gap
    assert gap.duration_us == 4000
    assert (last.msn, last.discontinuity, last.duration_us) == (5, True, 500)
    assert not last.closed, "the journal does not say it is; whoever takes it up will"


def test_parts_beyond_the_file_are_left_out(tmp_path: Path) -> None:
    data = written(tmp_path).read_bytes()
    first, _, last = settled(data, sizes(s3=29, s5=6))
    assert (first.size, first.duration_us, first.absent) == (10, 500, False)
    assert (last.size, last.kept) == (0, False)


def test_a_closed_segment_without_its_file_is_a_gap(tmp_path: Path) -> None:
    first = settled(written(tmp_path).read_bytes(), sizes())[0]
    first.closed = True
    assert first.absent
    assert first.duration_us == 1000


def test_torn_last_line_does_not_swallow_the_next(tmp_path: Path) -> None:
    path = written(tmp_path)
    os.truncate(path, path.stat().st_size - 5)
    journal = Journal(path)
    journal.append({"t": "end", "us": 9})
    journal.close()
    found = history(path.read_bytes())
    assert found.ended_us == 9
    assert len(found.renditions["lead-a"].segments[5].parts) == 0


@settings(deadline=None)
@given(st.integers(0, 2000), st.binary(max_size=8))
def test_any_damage_is_survived(at: int, junk: bytes) -> None:
    import json

    data = b"".join(json.dumps(line).encode() + b"\n" for line in LINES)
    damaged = data[:at] + junk + data[at + len(junk) :]
    found = history(damaged)
    for rendition in found.renditions.values():
        settle(rendition, lambda _: 100)


spans = st.lists(st.tuples(st.integers(0, 100), st.integers(1, 20)), max_size=30)


@settings(deadline=None)
@given(spans)
def test_coverage_is_the_union(lengths: list[tuple[int, int]]) -> None:
    coverage = Coverage(join_us=0)
    covered = set[int]()
    for start, length in lengths:
        coverage.add(start, start + length)
        covered |= set(range(start, start + length))
    if not covered:
        assert coverage.span is None
        return
    assert coverage.span == (min(covered), max(covered) + 1)
    holes = {at for gap in coverage.gaps() for at in range(*gap)}
    assert holes == set(range(min(covered), max(covered))) - covered


def test_short_breaks_are_no_gaps() -> None:
    coverage = Coverage()
    coverage.add(0, 2_000_000)
    coverage.add(2_400_000, 4_000_000)
    coverage.add(9_000_000, 9_500_000)
    assert coverage.gaps() == [(4_000_000, 9_000_000)]
