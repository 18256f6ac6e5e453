"""A read's packets laid out for the kernel to cut apart."""

import pytest
from aiortc.rtp import RtpPacket
from hypothesis import given
from hypothesis import strategies as st

from tongke_streaming.rtc.burst import Run, Shape, abs_send_time, lay_out, split
from tongke_streaming.rtc.rtp import Packet

sizes = st.lists(
    st.integers(0, 1400) | st.integers(1150, 1200) | st.just(1180), min_size=1, max_size=150
)


def packets_of(lengths: list[int]) -> list[Packet]:
    return [
        Packet(
            96, place % 3 == 0, (65500 + place) & 0xFFFF, place * 7, 1, bytes([place % 251]) * n, {}
        )
        for place, n in enumerate(lengths)
    ]


def datagrams(run: Run, tag: int) -> list[bytes]:
    """As the kernel cuts them (UDP_SEGMENT), without the room for their tags."""
    cut = [run.template[at : at + run.stride] for at in range(0, len(run.template), run.stride)]
    return [d[: len(d) - tag] for d in cut]


@given(sizes, st.booleans(), st.sampled_from([10, 16]), st.sampled_from([0, 6]))
def test_every_packet_once_and_in_order(
    lengths: list[int], padded: bool, tag: int, extension: int
) -> None:
    packets = packets_of(lengths)
    shape = Shape(102, extension if padded else 0, tag, padded)
    runs = lay_out(packets, shape, 1_700_000_000_000_000)
    found = []
    for run in runs:
        cut = datagrams(run, tag)
        assert len(cut) == len(run.items) <= 64
        assert len(run.template) <= 64 << 10
        for data, (at, length, seq, timestamp) in zip(cut, run.items, strict=True):
            assert at % run.stride == 0
            assert length == len(data)
            read = RtpPacket.parse(data)
            assert (read.payload_type, read.ssrc) == (102, 0)
            found.append((seq, timestamp, bool(read.marker), read.payload))
            assert read.padding_size <= 255
            assert padded or not data[0] & 0x20
    assert found == [(p.seq, p.timestamp, p.marker, p.payload) for p in packets]
    assert sum(run.payload_bytes for run in runs) == sum(lengths)


@given(sizes)
def test_all_of_a_run_but_the_last_have_one_size(lengths: list[int]) -> None:
    for run in lay_out(packets_of(lengths), Shape(102, 6, 16, True), 0):
        assert {item[1] for item in run.items[:-1]} <= {run.stride - 16}
        assert run.items[-1][1] <= run.stride - 16


@given(sizes)
def test_unpadded_bytes_do_not_depend_on_the_burst(lengths: list[int]) -> None:
    """A retransmission must be the same plaintext: one nonce never covers two."""
    shape = Shape(102, 0, 16, False)
    packets = packets_of(lengths)
    together = [d for run in lay_out(packets, shape, 1) for d in datagrams(run, 16)]
    alone = [d for p in packets for run in lay_out([p], shape, 2) for d in datagrams(run, 16)]
    assert together == alone


def test_chromiums_packets_share_few_runs() -> None:
    lengths = [1187, 1187, 1188, 1188, 1187, 1188, 400]
    assert len(split(packets_of(lengths), True, 40)) == 1
    assert len(split(packets_of(lengths), False, 28)) <= 4


@pytest.mark.parametrize(("us", "value"), [(0, 0), (1_000_000, 1 << 18), (64_000_000, 0)])
def test_abs_send_time_is_six_bits_of_seconds(us: int, value: int) -> None:
    assert int.from_bytes(abs_send_time(us), "big") == value
