"""In-place SRTP against pylibsrtp's public calls: the pinned private handle does the same."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pylibsrtp import Policy, Session

from tongke_streaming.rtc.srtp import PROFILES, Error, Inbound, Outbound, Pad, Profile, protect

every_profile = pytest.mark.parametrize("profile", PROFILES, ids=lambda p: p.name.decode())


def public(profile: Profile, key: bytes, direction: int) -> Session:
    return Session(Policy(key=key, ssrc_type=direction, srtp_profile=profile.number))


def packet(seq: int, payload: bytes) -> bytes:
    return b"\x80\x60" + seq.to_bytes(2, "big") + bytes(4) + b"\x00\x00\x00\x07" + payload


def pair(profile: Profile) -> tuple[bytes, Session, Session]:
    key = os.urandom(profile.key + profile.salt)
    return (
        key,
        public(profile, key, Policy.SSRC_ANY_OUTBOUND),
        public(profile, key, Policy.SSRC_ANY_INBOUND),
    )


@every_profile
def test_protect_in_place_is_the_public_call(profile: Profile) -> None:
    key, theirs, _ = pair(profile)
    ours, pad = Outbound(profile, key), Pad(4096)
    for seq in (65534, 65535, 0, 1):  # across the roll-over
        plain = packet(seq, os.urandom(100))
        pad.bytes[700 : 700 + len(plain)] = plain
        pad.length[0] = len(plain)
        assert protect(ours.handle, pad.pointer + 700, pad.length) == 0
        assert pad.length[0] == len(plain) + profile.tag
        assert bytes(pad.bytes[700 : 700 + pad.length[0]]) == theirs.protect(plain)


@every_profile
def test_unprotect_in_place_is_the_public_call(profile: Profile) -> None:
    key, theirs, _ = pair(profile)
    ours, buffer = Inbound(profile, key), bytearray(2048)
    for seq in range(20):
        plain = packet(seq, os.urandom(seq * 50))
        sent = theirs.protect(plain)
        buffer[: len(sent)] = sent
        assert bytes(buffer[: ours.rtp_in_place(buffer, len(sent))]) == plain


@every_profile
def test_rtcp_both_ways(profile: Profile) -> None:
    key, sender, receiver = pair(profile)
    report = b"\x80\xc9\x00\x01\x00\x00\x00\x07"
    assert Inbound(profile, key).rtcp(sender.protect_rtcp(report)) == report
    assert receiver.unprotect_rtcp(Outbound(profile, key).rtcp(report)) == report


@every_profile
def test_same_packet_again_is_allowed_and_identical(profile: Profile) -> None:
    ours = Outbound(profile, os.urandom(profile.key + profile.salt))
    plain = packet(9, b"again")
    assert ours.rtp(plain) == ours.rtp(plain)


@every_profile
@given(st.binary(max_size=300))
def test_forged_packets_are_refused(profile: Profile, data: bytes) -> None:
    ours = Inbound(profile, bytes(profile.key + profile.salt))
    buffer = bytearray(2048)
    buffer[: len(data)] = data
    with pytest.raises(Error):
        ours.rtp_in_place(buffer, len(data))
    with pytest.raises(Error):
        ours.rtcp(data)


@every_profile
def test_replayed_and_changed_packets_are_refused(profile: Profile) -> None:
    key, theirs, _ = pair(profile)
    ours = Inbound(profile, key)
    sent = theirs.protect(packet(5, b"payload"))
    for place in range(len(sent)):
        changed = bytearray(2048)
        changed[: len(sent)] = sent
        changed[place] ^= 1
        with pytest.raises(Error):
            ours.rtp_in_place(changed, len(sent))
    buffer = bytearray(2048)
    buffer[: len(sent)] = sent
    ours.rtp_in_place(buffer, len(sent))
    buffer[: len(sent)] = sent
    with pytest.raises(Error):
        ours.rtp_in_place(buffer, len(sent))
