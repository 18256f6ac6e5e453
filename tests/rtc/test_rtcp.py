"""RTCP against aiortc's classes, and against arbitrary bytes."""

import contextlib

import pytest
from aiortc.rtp import (
    RtcpByePacket,
    RtcpPacket,
    RtcpPsfbPacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtcpSdesPacket,
    RtcpSenderInfo,
    RtcpSrPacket,
    pack_remb_fci,
)
from hypothesis import example, given
from hypothesis import strategies as st

from tongke_streaming.rtc import rtcp

u16, u32 = st.integers(0, 0xFFFF), st.integers(0, 0xFFFFFFFF)
u64 = st.integers(0, (1 << 64) - 1)

reports = st.builds(
    RtcpReceiverInfo,
    ssrc=u32,
    fraction_lost=st.integers(0, 255),
    packets_lost=st.integers(-0x800000, 0x7FFFFF),
    highest_sequence=u32,
    jitter=u32,
    lsr=u32,
    dlsr=u32,
)


def same(ours: rtcp.Report, theirs: RtcpReceiverInfo) -> bool:
    return (
        (ours.ssrc, ours.lost * 256, ours.cumulative_lost, ours.highest, ours.jitter)
        == (theirs.ssrc, theirs.fraction_lost, theirs.packets_lost, theirs.highest_sequence, theirs.jitter)
        and (ours.lsr, ours.dlsr) == (theirs.lsr, theirs.dlsr)
    )  # fmt: skip


@given(st.binary(max_size=300))
@example(b"\x81\xce\x00\x00")
@example(b"\xa0\xc9\x00\x01\x00\x00\x00\xff")
def test_anything_is_items_or_a_value_error(data: bytes) -> None:
    with contextlib.suppress(ValueError):
        rtcp.parse(data)


@given(
    st.integers(0, 31),
    st.sampled_from([200, 201, 202, 203, 205, 206]),
    st.binary(max_size=120).map(lambda b: b[: len(b) // 4 * 4]),
)
def test_any_body_of_a_known_kind_is_read(count: int, kind: int, body: bytes) -> None:
    head = bytes([0x80 | count, kind]) + (len(body) // 4).to_bytes(2, "big")
    rtcp.parse(head + body)


@given(u32, u64, u32, u32, u32, st.lists(reports, max_size=6))
def test_reads_sender_reports(
    ssrc: int, ntp: int, ts: int, count: int, octets: int, blocks: list[RtcpReceiverInfo]
) -> None:
    info = RtcpSenderInfo(ntp, ts, count, octets)
    (item,) = rtcp.parse(bytes(RtcpSrPacket(ssrc, info, blocks)))
    assert isinstance(item, rtcp.SenderReport)
    assert (item.ssrc, item.ntp, item.rtp) == (ssrc, ntp, ts)
    assert (item.packets, item.octets) == (count, octets)
    assert all(same(*pair) for pair in zip(item.reports, blocks, strict=True))


@given(u32, st.lists(reports, max_size=6))
def test_reads_receiver_reports(ssrc: int, blocks: list[RtcpReceiverInfo]) -> None:
    (item,) = rtcp.parse(bytes(RtcpRrPacket(ssrc, blocks)))
    assert isinstance(item, rtcp.ReceiverReport)
    assert item.ssrc == ssrc
    assert all(same(*pair) for pair in zip(item.reports, blocks, strict=True))


@given(u32, u32, st.sets(u16, min_size=1, max_size=60))
def test_reads_and_writes_nacks(ssrc: int, media: int, lost: set[int]) -> None:
    line = sorted(lost)
    (item,) = rtcp.parse(bytes(RtcpRtpfbPacket(1, ssrc, media, line)))
    assert isinstance(item, rtcp.Nack)
    assert item.media_ssrc == media
    assert set(item.lost) == lost
    (theirs,) = RtcpPacket.parse(rtcp.nack(ssrc, media, line))
    assert isinstance(theirs, RtcpRtpfbPacket)
    assert (theirs.fmt, theirs.ssrc, theirs.media_ssrc) == (1, ssrc, media)
    assert set(theirs.lost) == lost


def test_nack_across_the_wrap_is_one_entry() -> None:
    data = rtcp.nack(1, 2, [65534, 65535, 0, 1])
    assert len(data) == 16
    assert rtcp.parse(data) == [rtcp.Nack(2, (65534, 65535, 0, 1))]


@given(u32, u32)
def test_keyframe_requests(ssrc: int, media: int) -> None:
    assert rtcp.parse(bytes(RtcpPsfbPacket(1, ssrc, media))) == [rtcp.KeyframeRequest(media)]
    (theirs,) = RtcpPacket.parse(rtcp.pli(ssrc, media))
    assert isinstance(theirs, RtcpPsfbPacket)
    assert (theirs.fmt, theirs.ssrc, theirs.media_ssrc) == (1, ssrc, media)
    fir = RtcpPsfbPacket(4, ssrc, 0, media.to_bytes(4, "big") + b"\x07\x00\x00\x00")
    assert rtcp.parse(bytes(fir)) == [rtcp.KeyframeRequest(media)]


@given(st.integers(1, (1 << 40)))
def test_remb_is_read_within_its_mantissa(bitrate: int) -> None:
    (item,) = rtcp.parse(bytes(RtcpPsfbPacket(15, 1, 0, pack_remb_fci(bitrate, [5]))))
    assert isinstance(item, rtcp.Remb)
    assert bitrate * (1 - 2**-17) <= item.bitrate <= bitrate


@given(st.lists(u32, min_size=1, max_size=31))
def test_bye(ssrcs: list[int]) -> None:
    assert rtcp.parse(bytes(RtcpByePacket(ssrcs))) == [rtcp.Bye(tuple(ssrcs))]
    (theirs,) = RtcpPacket.parse(rtcp.bye(ssrcs))
    assert isinstance(theirs, RtcpByePacket)
    assert theirs.sources == ssrcs


@given(u32, st.integers(0, 1 << 60), u32, st.integers(0, 1 << 40), st.integers(0, 1 << 40))
def test_aiortc_reads_our_sender_reports(
    ssrc: int, ntp: int, ts: int, packets: int, octets: int
) -> None:
    (theirs,) = RtcpPacket.parse(rtcp.sender_report(ssrc, ntp, ts, packets, octets))
    assert isinstance(theirs, RtcpSrPacket)
    info = theirs.sender_info
    assert (theirs.ssrc, info.ntp_timestamp, info.rtp_timestamp) == (ssrc, ntp, ts)
    assert (info.packet_count, info.octet_count) == (packets % 2**32, octets % 2**32)


@given(u32, st.lists(st.builds(
    rtcp.Report, u32, st.floats(0, 1), st.integers(-(1 << 30), 1 << 30), u32, u32, u32, u32
), max_size=6))  # fmt: skip
def test_aiortc_reads_our_receiver_reports(ssrc: int, blocks: list[rtcp.Report]) -> None:
    (theirs,) = RtcpPacket.parse(rtcp.receiver_report(ssrc, blocks))
    assert isinstance(theirs, RtcpRrPacket)
    assert theirs.ssrc == ssrc
    for found, sent in zip(theirs.reports, blocks, strict=True):
        assert found.fraction_lost == min(255, int(sent.lost * 256))
        assert found.packets_lost == max(-0x800000, min(0x7FFFFF, sent.cumulative_lost))
        assert (found.ssrc, found.lsr, found.dlsr) == (sent.ssrc, sent.lsr, sent.dlsr)


@given(u32, st.binary(min_size=1, max_size=40).filter(lambda b: b.isascii()))
def test_aiortc_reads_our_cname(ssrc: int, cname: bytes) -> None:
    data = rtcp.sdes_cname(ssrc, cname)
    assert len(data) % 4 == 0
    (theirs,) = RtcpPacket.parse(data)
    assert isinstance(theirs, RtcpSdesPacket)
    assert [(c.ssrc, c.items) for c in theirs.chunks] == [(ssrc, [(1, cname)])]


@given(st.integers(0, 4_000_000_000_000_000))
def test_ntp_round_trip(us: int) -> None:
    assert abs(rtcp.us_from_ntp(rtcp.ntp_from_us(us)) - us) <= 1


def test_ntp_of_the_unix_epoch() -> None:
    assert rtcp.ntp_from_us(500_000) == (2_208_988_800 << 32) + (1 << 31)


@pytest.mark.parametrize("data", [b"\x80", b"\x40\xc8\x00\x00", b"\x80\xc8\x00\x09" + bytes(8)])
def test_malformed(data: bytes) -> None:
    with pytest.raises(ValueError, match="RTCP"):
        rtcp.parse(data)
