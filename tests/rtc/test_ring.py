"""What is kept for retransmission and for who joins."""

from hypothesis import given
from hypothesis import strategies as st

from tongke_streaming.rtc.ring import SIZE, Gop, Ring
from tongke_streaming.rtc.rtp import Packet


def packet(seq: int, *, keyframe: bool = False, us: int = 0, size: int = 10) -> Packet:
    return Packet(96, False, seq & 0xFFFF, 0, 1, bytes(size), {}, us, keyframe)


@given(st.integers(0, 0xFFFF), st.integers(1, 5000))
def test_the_newest_are_there_across_the_wrap(first: int, count: int) -> None:
    ring = Ring()
    for number in range(count):
        assert ring.put(packet(first + number))
    kept = min(count, SIZE)
    for number in range(count - kept, count):
        found = ring.get((first + number) & 0xFFFF)
        assert found is not None
        assert found.seq == (first + number) & 0xFFFF
    if count > SIZE:
        assert ring.get((first + count - SIZE - 1) & 0xFFFF) is None


def test_duplicates_and_the_too_old_are_refused() -> None:
    ring = Ring()
    ring.put(packet(5000))
    assert not ring.put(packet(5000))
    assert ring.put(packet(4999))
    assert not ring.put(packet(4999))
    assert not ring.put(packet(5000 - SIZE))
    assert ring.highest == 5000


class Kept:
    """A ring and its group of pictures, filled as a publisher does it."""

    def __init__(self) -> None:
        self.ring, self.gop = Ring(), Gop()

    def put(self, found: Packet) -> None:
        self.ring.put(found)
        self.gop.put(found, self.ring)

    def numbers(self) -> list[int]:
        return [p.seq for p in self.gop.packets()]


def test_gop_is_whole_or_nothing() -> None:
    kept = Kept()
    kept.put(packet(65533))
    assert kept.numbers() == []
    kept.put(packet(65534, keyframe=True))
    kept.put(packet(0))
    assert kept.numbers() == []  # 65535 is missing
    kept.put(packet(65535))
    assert kept.numbers() == [65534, 65535, 0]


def test_keyframe_repaired_behind_others_begins_the_group() -> None:
    kept = Kept()
    for number in (65533, 65535, 0, 1):
        kept.put(packet(number))
    kept.put(packet(65534, keyframe=True))
    assert kept.numbers() == [65534, 65535, 0, 1]
    kept.put(packet(2, keyframe=True))
    kept.put(packet(3))
    kept.put(packet(65532, keyframe=True))  # an older one changes nothing any more
    assert kept.numbers() == [2, 3]


def test_gop_too_long_or_too_large_is_dropped() -> None:
    kept = Kept()
    kept.put(packet(1, keyframe=True))
    kept.put(packet(2, us=2_600_000))
    assert kept.numbers() == []
    kept.put(packet(3, keyframe=True))
    for number in range(400):
        kept.put(packet(4 + number, size=1100))
    assert kept.numbers() == []
    kept.put(packet(404, keyframe=True))
    assert kept.numbers() == [404]
