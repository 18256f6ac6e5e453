"""The load the relay is measured with is honest: every packet counted, checked and in order."""

import pytest

from bench import replay
from bench.relay import relay, run
from bench.rtc_client import Track


@pytest.mark.parametrize("size", [3, 15, 16, 1200])
@pytest.mark.parametrize("kind", ["a", "v"])
def test_damage_is_noticed(kind: str, size: int) -> None:
    head = b"\x7c\x05\x01\x02" if kind == "v" else b""
    payload = replay.fill(head, size, 1_800_000_000_000_000, 77)
    assert len(payload) == size
    stamped = size >= len(head) + 12
    assert replay.check(kind, payload) == ((1_800_000_000_000_000, 77) if stamped else (0, 0))
    if size > len(head) + 12:
        assert replay.check(kind, payload[:-1] + bytes((payload[-1] ^ 1,))) is None


def test_gaps_are_counted_and_late_packets_close_them() -> None:
    track = Track(1)
    for seq in (65534, 65535, 2, 1, 3, 5):
        if seq == track.next:
            track.next = (seq + 1) & 0xFFFF
        else:
            track.jumped(seq)
    assert (track.lost, track.late) == (2, 1)  # 0 and 4 never came


@pytest.mark.parametrize("name", ["chromium_600k", "chromium_1200k"])
def test_recordings_are_a_lesson(name: str) -> None:
    capture = replay.load(name)
    seconds = capture[-1].due_us / 1e6
    rates = {kind: sum(p.size for p in capture if p.kind == kind) * 8 / seconds for kind in "av"}
    assert 20 < seconds < 30
    assert rates["v"] == pytest.approx(1000 * int(name[9:-1]), rel=0.1)
    assert 16_000 < rates["a"] < 40_000
    assert [p.due_us for p in capture] == sorted(p.due_us for p in capture)


def test_viewers_get_and_check_what_was_published() -> None:
    result = run("relay", relay("chromium_600k"), 4, slices=1, checking=2)
    assert (result.lost, result.damaged) == (0, 0)
    assert result.checked > 100
    assert result.packets == pytest.approx(2 * result.checked, rel=0.1)
    assert result.packet_us > 0
    assert all(delay > 0 for delay in result.delays_us)
