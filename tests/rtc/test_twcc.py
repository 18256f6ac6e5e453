"""Transport-wide feedback, read by a decoder written from the draft (holmer-01 §3.1)."""

from hypothesis import given
from hypothesis import strategies as st

from tongke_streaming.rtc.twcc import TransportFeedback, build_feedback


def _symbols(data: bytes, at: int, count: int) -> tuple[list[int], int]:
    symbols: list[int] = []
    while len(symbols) < count:
        chunk = int.from_bytes(data[at : at + 2], "big")
        at += 2
        if chunk >> 15 == 0:
            symbols += [chunk >> 13 & 3] * (chunk & 0x1FFF)
        elif chunk >> 14 & 1:
            symbols += [chunk >> shift & 3 for shift in range(12, -1, -2)]
        else:
            symbols += [chunk >> shift & 1 for shift in range(13, -1, -1)]
    assert not any(symbols[count:])
    return symbols[:count], at


def decode(data: bytes) -> tuple[int, dict[int, int | None], int]:
    """Feedback count, {sequence number: µs modulo the reference's wrap or None}, media SSRC."""
    assert data[0] & 0xC0 == 0x80
    assert (data[0] & 31, data[1]) == (15, 205)
    assert len(data) == 4 * (int.from_bytes(data[2:4], "big") + 1)
    end = len(data) - (data[-1] if data[0] & 0x20 else 0)
    base, count = int.from_bytes(data[12:14], "big"), int.from_bytes(data[14:16], "big")
    now = int.from_bytes(data[16:19], "big") * 64_000
    symbols, at = _symbols(data, 20, count)
    found: dict[int, int | None] = {}
    for place, symbol in enumerate(symbols):
        assert symbol in (0, 1, 2)
        size = symbol
        signed = symbol == 2
        if symbol:
            now += 250 * int.from_bytes(data[at : at + size], "big", signed=signed)
            at += size
        found[(base + place) & 0xFFFF] = now if symbol else None
    assert at == end
    return data[19], found, int.from_bytes(data[8:12], "big")


WRAP = (1 << 24) * 64_000

arrivals = st.lists(
    st.none() | st.integers(-40_000, 40_000) | st.integers(-9_000_000, 9_000_000), max_size=500
)


@given(st.integers(0, 0xFFFF), st.integers(1_700_000_000_000_000, 1_900_000_000_000_000), arrivals)
def test_every_packet_is_told_once_and_right(
    first: int, start: int, moves: list[int | None]
) -> None:
    feedback = TransportFeedback(7)
    now, truth, number = start, {first: start}, first
    feedback.received(first, start)
    for move in moves:
        number += 1
        if move is not None:
            now += move
            truth[number] = now
            feedback.received(number & 0xFFFF, now)
    told: dict[int, int | None] = {}
    for index, data in enumerate(feedback.packets(9)):
        assert len(data) <= 1400
        count, found, media = decode(data)
        assert (count, media) == (index & 0xFF, 9)
        assert not told.keys() & found.keys()
        told |= found
    arrived = {seq & 0xFFFF: us for seq, us in truth.items()}
    assert {seq for seq, us in told.items() if us is not None} == arrived.keys()
    for seq, us in arrived.items():
        found_us = told[seq]
        assert found_us is not None
        assert (us - found_us) % WRAP < 250
    assert feedback.packets(9) == []


@given(st.permutations(range(60)))
def test_reordering_within_one_report(order: list[int]) -> None:
    feedback = TransportFeedback(7)
    feedback.received(65500, 0)
    for place, number in enumerate(order):
        feedback.received((65501 + number) & 0xFFFF, 1000 * place)
    (data,) = feedback.packets(9)
    _, found, _ = decode(data)
    assert found == {65500: 0} | {(65501 + n) & 0xFFFF: 1000 * p for p, n in enumerate(order)}


def test_loss_between_two_reports_is_told_in_the_second() -> None:
    feedback = TransportFeedback(7)
    feedback.received(10, 0)
    feedback.packets(9)
    feedback.received(13, 500)
    (data,) = feedback.packets(9)
    assert decode(data)[1] == {11: None, 12: None, 13: 500}


def test_runs_are_short() -> None:
    data, covered = build_feedback(1, 2, 0, 0, [i * 1000 for i in range(400)])
    assert covered == 400
    assert len(data) < 20 + 2 + 400 + 4


def test_jumps_cost_little_and_leave_nothing_behind() -> None:
    """A peer that skips thousands of numbers a packet must not make long lines to lay out."""
    feedback = TransportFeedback(7)
    for step in range(3000):
        feedback.received(step * 2999 & 0xFFFF, step)
    packets = feedback.packets(9)
    assert sum(us is not None for data in packets for us in decode(data)[1].values()) == 3000
    assert all(len(data) < 100 for data in packets)


def test_what_nobody_collects_is_forgotten() -> None:
    feedback = TransportFeedback(7)
    for number in range(20_000):
        feedback.received(number & 0xFFFF, number)
    told = {seq for data in feedback.packets(9) for seq in decode(data)[1]}
    assert 0 < len(told) <= 4000
    assert 19_999 in told
