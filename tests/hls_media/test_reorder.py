"""The order of packets, whatever order they come in."""

from hypothesis import given
from hypothesis import strategies as st

from tongke_streaming.hls.reorder import WAIT_US, ReorderBuffer
from tongke_streaming.rtc.rtp import Packet

Order = list[tuple[int, bool]]


def packet(seq: int, now_us: int = 0) -> Packet:
    return Packet(96, False, seq & 0xFFFF, 0, 1, b"", {}, now_us)


def push(buffer: ReorderBuffer, seq: int, now_us: int = 0) -> Order:
    return [(p.seq, lost) for p, lost in buffer.push(packet(seq, now_us), now_us)]


def expire(buffer: ReorderBuffer, now_us: int) -> Order:
    return [(p.seq, lost) for p, lost in buffer.expire(now_us)]


def test_in_order_passes_at_once() -> None:
    buffer = ReorderBuffer()
    assert [push(buffer, seq) for seq in (5, 6, 7)] == [[(5, False)], [(6, False)], [(7, False)]]


def test_late_packet_is_waited_for() -> None:
    buffer = ReorderBuffer()
    push(buffer, 1)
    assert push(buffer, 3, 1000) == []
    assert push(buffer, 4, 2000) == []
    assert expire(buffer, 1000 + WAIT_US - 1) == []
    assert push(buffer, 2, 200_000) == [(2, False), (3, False), (4, False)]


def test_missing_packet_is_given_up_after_the_wait() -> None:
    buffer = ReorderBuffer()
    push(buffer, 1)
    push(buffer, 3, 1000)
    push(buffer, 5, 100_000)
    assert expire(buffer, 1000 + WAIT_US) == [(3, True)]
    assert expire(buffer, 99_999 + WAIT_US) == []
    assert expire(buffer, 100_000 + WAIT_US) == [(5, True)]
    assert push(buffer, 2, 500_000) == []
    assert push(buffer, 6, 500_000) == [(6, False)]


def test_doubled_packets_pass_once() -> None:
    buffer = ReorderBuffer()
    push(buffer, 1)
    assert push(buffer, 1) == []
    assert push(buffer, 3) == []
    assert push(buffer, 3) == []
    assert push(buffer, 2) == [(2, False), (3, False)]


def test_numbers_wrap() -> None:
    buffer = ReorderBuffer()
    got = [one for seq in (65534, 0, 65535, 1) for one in push(buffer, seq)]
    assert got == [(65534, False), (65535, False), (0, False), (1, False)]


def test_one_stray_number_changes_nothing() -> None:
    buffer = ReorderBuffer()
    push(buffer, 100)
    assert push(buffer, 40_000) == []
    assert push(buffer, 101) == [(101, False)]


def test_new_numbering_is_followed() -> None:
    buffer = ReorderBuffer()
    push(buffer, 100)
    assert push(buffer, 40_000) == []
    assert push(buffer, 40_001) == [(40_001, True)]
    assert push(buffer, 40_002) == [(40_002, False)]


def test_flush_gives_the_rest() -> None:
    buffer = ReorderBuffer()
    push(buffer, 1)
    push(buffer, 4)
    push(buffer, 3)
    assert [(p.seq, lost) for p, lost in buffer.flush()] == [(3, True), (4, False)]


@given(st.integers(0, 0xFFFF), st.permutations(range(30)))
def test_any_order_within_the_wait_comes_out_right(first: int, order: list[int]) -> None:
    buffer = ReorderBuffer()
    got = push(buffer, first - 1)
    for index in order:
        got += push(buffer, first + index, index)
    assert got == [((first + index) & 0xFFFF, False) for index in range(-1, 30)]


@given(st.lists(st.tuples(st.integers(0, 0xFFFF) | st.integers(0, 40), st.integers(0, 10**6))))
def test_takes_any_numbers(steps: list[tuple[int, int]]) -> None:
    buffer, now, got, pushed = ReorderBuffer(), 0, 0, 0
    for seq, later in steps:
        now += later
        got += len(push(buffer, seq, now))
        pushed += 1
        assert got <= pushed
    got += sum(1 for _ in buffer.flush())
    assert got <= pushed
