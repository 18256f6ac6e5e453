"""RTP against aiortc's classes, and against arbitrary bytes."""

import pytest
from aiortc.rtp import RtpPacket
from hypothesis import example, given
from hypothesis import strategies as st

from tongke_streaming.rtc import rtp

u16, u32 = st.integers(0, 0xFFFF), st.integers(0, 0xFFFFFFFF)


@given(st.binary(max_size=200))
@example(b"\x90" + bytes(11) + b"\xbe\xde\xff\xff")
@example(b"\xa0" + bytes(11) + b"\xff")
@example(b"\xbf" + bytes(80))
def test_anything_is_a_packet_or_a_value_error(data: bytes) -> None:
    try:
        packet = rtp.parse(data)
    except ValueError:
        return
    assert packet.payload in data


@given(
    st.integers(0, 127), st.booleans(), u16, u32, u32, st.binary(max_size=1200),
    st.integers(0, 255), st.lists(u32, max_size=15),
)  # fmt: skip
def test_reads_what_aiortc_writes(
    kind: int, marker: bool, seq: int, ts: int, ssrc: int, payload: bytes, pad: int, csrc: list[int]
) -> None:
    theirs = RtpPacket(kind, int(marker), seq, ts, ssrc, payload)
    theirs.csrc, theirs.padding_size = csrc, pad
    ours = rtp.parse(theirs.serialize())
    assert (ours.payload_type, ours.marker, ours.seq) == (kind, marker, seq)
    assert (ours.timestamp, ours.ssrc, ours.payload) == (ts, ssrc, payload)


@given(st.integers(0, 127), st.booleans(), u16, u32, u32, st.binary(max_size=1200))
def test_aiortc_reads_what_goes_to_packagers(
    kind: int, marker: bool, seq: int, ts: int, ssrc: int, payload: bytes
) -> None:
    ours = rtp.Packet(kind, marker, seq, ts, ssrc, payload, {5: b"left out"})
    theirs = RtpPacket.parse(ours.to_bytes())
    assert (theirs.payload_type, theirs.marker, theirs.sequence_number) == (kind, marker, seq)
    assert (theirs.timestamp, theirs.ssrc, theirs.payload) == (ts, ssrc, payload)


def _with_extension(profile: int, block: bytes) -> bytes:
    block += bytes(-len(block) % 4)
    words = (len(block) // 4).to_bytes(2, "big")
    return b"\x90" + bytes(11) + profile.to_bytes(2, "big") + words + block


@given(st.dictionaries(st.integers(1, 14), st.binary(min_size=1, max_size=16), max_size=14))
def test_one_byte_extensions(elements: dict[int, bytes]) -> None:
    block = b"".join(bytes([i << 4 | len(v) - 1]) + v for i, v in elements.items())
    assert rtp.parse(_with_extension(0xBEDE, block)).extensions == elements


@given(st.dictionaries(st.integers(1, 255), st.binary(max_size=60), max_size=14))
def test_two_byte_extensions(elements: dict[int, bytes]) -> None:
    block = b"".join(bytes([i, len(v)]) + v for i, v in elements.items())
    assert rtp.parse(_with_extension(0x1000, block)).extensions == elements


@pytest.mark.parametrize(
    ("block", "found"),
    [
        (b"\x10\xaa\x00\x00", {1: b"\xaa"}),
        (b"\xf0\xaa\x10\xbb", {}),  # 15 ends the list (RFC 8285 §4.2)
        (b"\x10\xaa\x2f\xbb", {1: b"\xaa"}),  # the second runs past the end
    ],
)
def test_truncated_and_ending_elements(block: bytes, found: dict[int, bytes]) -> None:
    assert rtp.parse(_with_extension(0xBEDE, block)).extensions == found


@given(u16, st.integers(-0x8000, 0x7FFF))
def test_sequence_distance_survives_the_wrap(a: int, distance: int) -> None:
    assert rtp.seq_delta((a + distance) & 0xFFFF, a) == distance


@given(u32, st.integers(-0x80000000, 0x7FFFFFFF))
def test_timestamp_distance_survives_the_wrap(a: int, distance: int) -> None:
    assert rtp.ts_delta((a + distance) & 0xFFFFFFFF, a) == distance


@given(u16, st.binary(min_size=1, max_size=100), st.booleans())
def test_rtx_is_unwrapped(seq: int, payload: bytes, marker: bool) -> None:
    wrapped = rtp.Packet(97, marker, 9, 1234, 2, seq.to_bytes(2, "big") + payload, {}, 77)
    found = rtp.unwrap_rtx(wrapped, 96, 1)
    assert found == rtp.Packet(96, marker, seq, 1234, 1, payload, {}, 77)


@given(st.binary(max_size=2))
def test_rtx_padding_is_nothing(payload: bytes) -> None:
    assert rtp.unwrap_rtx(rtp.Packet(97, False, 9, 0, 2, payload, {}), 96, 1) is None
