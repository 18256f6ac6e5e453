"""H.264 payloads: real encoders' and hostile ones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hls_media.media import packetize, payloads, pictures
from tongke_streaming.ingest.h264 import (
    AccessUnit,
    Depacketizer,
    has_b_slice,
    has_idr_slice,
    parse_sps,
    sps_of,
    starts_idr,
)
from tongke_streaming.rtc.rtp import Packet, parse


def packets(count: int = 12, mtu: int = 300) -> list[Packet]:
    found: list[Packet] = []
    for index, picture in enumerate(pictures(count, idr_every=5)):
        found += [parse(p) for p in packetize(picture.nals, len(found), index * 3000, mtu)]
    return found


def feed(found: list[Packet]) -> list[AccessUnit]:
    depacketizer = Depacketizer()
    return [unit for packet in found for unit in depacketizer.push(packet)]


def avcc(nals: tuple[bytes, ...]) -> bytes:
    return b"".join(len(nal).to_bytes(4, "big") + nal for nal in nals)


def packet(payload: bytes, timestamp: int = 0, *, marker: bool = False, seq: int = 0) -> Packet:
    return Packet(96, marker, seq, timestamp, 1, payload, {})


@pytest.mark.parametrize("mtu", [100, 300, 1200, 60_000])
def test_access_units_are_what_was_encoded(mtu: int) -> None:
    units = feed(packets(mtu=mtu))
    for unit, picture in zip(units, pictures(12, idr_every=5), strict=True):
        kinds = [nal[0] & 31 for nal in picture.nals]
        assert unit.data == avcc(tuple(n for n in picture.nals if n[0] & 31 not in (7, 8)))
        assert unit.idr == picture.idr == (5 in kinds)
        assert len(unit.sps) == len(unit.pps) == kinds.count(7)


def test_keyframes_are_reported_once_by_the_slice() -> None:
    found = packets()
    assert [p.timestamp for p in found if has_idr_slice(p.payload)] == [0, 15000, 30000]
    assert {p.timestamp for p in found if starts_idr(p.payload)} == {0, 15000, 30000}
    first = {p.timestamp: p for p in reversed(found)}
    assert all(starts_idr(first[at].payload) for at in (0, 15000, 30000))


def test_idr_slices_after_the_first_start_nothing() -> None:
    assert starts_idr(b"\x65\x88\x80")
    assert not starts_idr(b"\x65\x48\x80")  # first_mb_in_slice is not 0
    assert not starts_idr(b"\x7c\x05\x88")  # FU-A, not its start
    assert starts_idr(memoryview(b"\x7c\x85\x88"))
    assert starts_idr(b"\x78\x00\x02\x68\xce\x00\x03\x65\x88\x80")
    assert not starts_idr(b"\x78\x00\x02\x68\xce")
    assert not starts_idr(b"")


def test_b_slices_are_seen() -> None:
    def count(b_frames: int) -> int:
        made = pictures(30, b_frames=b_frames)
        return sum(has_b_slice(part) for p in made for part in payloads(p.nals, 100))

    assert count(0) == 0
    assert count(2) > 10


@pytest.mark.parametrize(
    ("width", "height"), [(160, 96), (320, 180), (640, 360), (1920, 1080), (1366, 768), (90, 50)]
)
def test_sps_sizes_are_cropped(width: int, height: int) -> None:
    for cabac in (False, True):
        nals = pictures(1, width=width, height=height, cabac=cabac)[0].nals
        sps = sps_of(next(payloads(nals)))
        assert sps is not None
        assert (sps.width, sps.height) == (width, height)
        assert sps.codecs.startswith("avc1.4D" if cabac else "avc1.42")


def test_high_profile_sps() -> None:
    # x264 high, 1280x720, from a phone's file
    nal = bytes.fromhex("6764001facd9405005bb011000000300100000030300f1831960")
    sps = parse_sps(nal)
    assert (sps.codecs, sps.width, sps.height) == ("avc1.64001F", 1280, 720)


@pytest.mark.parametrize(
    "nal", [b"", b"\x67", b"\x68\x42\x00\x1f\xff", b"\x67\x42\x00\x1f" + bytes(9)]
)
def test_broken_sps_is_a_value_error(nal: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_sps(nal)


@pytest.mark.parametrize("missing", range(8))
def test_picture_with_a_missing_packet_is_left_out(missing: int) -> None:
    found = packets()
    units = {u.timestamp: u for u in feed(found)}
    assert sum(p.timestamp == 15000 for p in found) > 4
    index = [p.timestamp for p in found].index(15000) + missing - 2
    depacketizer = Depacketizer()
    got: list[AccessUnit] = []
    for at, one in enumerate(found):
        if at == index:
            depacketizer.lost()
        else:
            got += depacketizer.push(one)
    lost = found[index].timestamp
    # A lost parameter set leaves the picture behind it whole.
    slices = [u for u in got if u.timestamp == lost]
    assert all(u.data == units[lost].data or not u.sps for u in slices)
    assert {u.timestamp for u in got} >= {u for u in units if u != lost}
    if missing > 3:
        assert not slices


def test_picture_whose_first_slice_is_lost_is_left_out() -> None:
    depacketizer = Depacketizer()
    depacketizer.push(packet(b"\x41\x9a\x01", 0, marker=True))
    depacketizer.lost()
    assert depacketizer.push(packet(b"\x41\x48\x01", 3000, marker=True)) == []
    assert len(depacketizer.push(packet(b"\x41\x9a\x01", 6000, marker=True))) == 1


def test_lost_marker_ends_with_the_next_timestamp() -> None:
    depacketizer = Depacketizer()
    assert depacketizer.push(packet(b"\x41\x9a\x01", 0)) == []
    (unit,) = depacketizer.push(packet(b"\x41\x9a\x02", 3000))
    assert (unit.timestamp, unit.data) == (0, b"\0\0\0\x03\x41\x9a\x01")
    assert [u.timestamp for u in depacketizer.flush()] == [3000]
    assert depacketizer.flush() == []


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\x00",
        b"\x78\x00\xff\x65",  # STAP-A longer than the packet
        b"\x78\x00\x00",
        b"\x7c\x05\x88",  # FU-A that never started
        b"\x7c\xc5\x88",  # start and end at once
        b"\x7c\x85",
        b"\x79\x00\x01\x02",  # STAP-B: not negotiated
        b"\x1f\x01",
    ],
)
def test_hostile_payload_spoils_only_its_picture(payload: bytes) -> None:
    depacketizer = Depacketizer()
    assert depacketizer.push(packet(payload, 0)) == []
    assert depacketizer.push(packet(b"\x65\x88\x80", 0, marker=True)) == []
    assert depacketizer.dropped == 1
    assert len(depacketizer.push(packet(b"\x65\x88\x80", 3000, marker=True))) == 1


def test_endless_picture_is_given_up() -> None:
    depacketizer = Depacketizer()
    depacketizer.push(packet(b"\x7c\x85\x88"))
    for _ in range(80):
        depacketizer.push(packet(b"\x7c\x05" + bytes(60_000)))
    assert depacketizer.push(packet(b"\x7c\x45\x00", marker=True)) == []
    assert depacketizer.dropped == 1


@given(st.binary(max_size=60))
def test_no_payload_raises(payload: bytes) -> None:
    starts_idr(payload)
    has_idr_slice(memoryview(payload))
    has_b_slice(payload)
    sps_of(payload)


@given(st.binary(max_size=40))
def test_sps_raises_nothing_but_value_error(body: bytes) -> None:
    try:
        sps = parse_sps(b"\x67" + body)
    except ValueError:
        return
    assert 0 < sps.width <= 16384
    assert 0 < sps.height <= 16384


@given(
    st.lists(
        st.tuples(
            st.sampled_from([b"", b"\x7c\x85", b"\x7c\x05", b"\x7c\x45", b"\x78\x00\x02", b"\x65"]),
            st.binary(max_size=20),
            st.integers(0, 3),
            st.booleans(),
            st.booleans(),
        ),
        max_size=40,
    )
)
def test_depacketizer_takes_anything(steps: list[tuple[bytes, bytes, int, bool, bool]]) -> None:
    depacketizer = Depacketizer()
    units: list[AccessUnit] = []
    for head, body, timestamp, marker, lost in steps:
        if lost:
            depacketizer.lost()
        units += depacketizer.push(packet(head + body, timestamp, marker=marker))
    for unit in units + depacketizer.flush():
        assert lengths_fit(unit.data)


def lengths_fit(data: bytes) -> bool:
    at = 0
    while at < len(data):
        at += 4 + int.from_bytes(data[at : at + 4], "big")
    return at == len(data)
