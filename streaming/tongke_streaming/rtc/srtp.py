"""SRTP on libsrtp, in place (RFC 3711, RFC 7714).

pylibsrtp's public calls copy every packet twice; at hundreds of viewers that is most of the cost.
This file alone reaches for its cffi handle (``_binding`` and ``Session._srtp``), so the version is
pinned in pyproject.toml and tests/rtc/test_srtp.py holds the result against the public calls.
"""

from dataclasses import dataclass
from typing import Any

from pylibsrtp import Error, Policy, Session
from pylibsrtp._binding import ffi, lib

__all__ = ["PROFILES", "Error", "Inbound", "Outbound", "Profile"]


@dataclass(frozen=True)
class Profile:
    """One SRTP protection profile; lengths in bytes, ``tag`` what ``protect`` adds to RTP."""

    name: bytes
    number: int
    key: int
    salt: int
    tag: int


# AEAD first: one pass instead of cipher and HMAC. CM_SHA1_80 is what FFmpeg's WHIP takes.
PROFILES = (
    Profile(b"SRTP_AEAD_AES_128_GCM", Policy.SRTP_PROFILE_AEAD_AES_128_GCM, 16, 12, 16),
    Profile(b"SRTP_AEAD_AES_256_GCM", Policy.SRTP_PROFILE_AEAD_AES_256_GCM, 32, 12, 16),
    Profile(b"SRTP_AES128_CM_SHA1_80", Policy.SRTP_PROFILE_AES128_CM_SHA1_80, 16, 14, 10),
)


def split_keys(profile: Profile, material: bytes) -> tuple[bytes, bytes]:
    """Client and server master key + salt out of the DTLS exporter's bytes (RFC 5764 §4.2)."""
    k, s = profile.key, profile.salt
    client = material[:k] + material[2 * k : 2 * k + s]
    server = material[k : 2 * k] + material[2 * k + s : 2 * k + 2 * s]
    return client, server


def _session(profile: Profile, key: bytes, ssrc_type: int) -> Session:
    policy = Policy(key=key, ssrc_type=ssrc_type, srtp_profile=profile.number)
    out = ssrc_type == Policy.SSRC_ANY_OUTBOUND
    # libsrtp shifts the whole window for each packet, which at hundreds of viewers shows.
    policy.window_size = 256 if out else 1024
    # A plain retransmission to a viewer without RTX is the same packet again, byte for byte.
    policy.allow_repeat_tx = out
    return Session(policy)


class Inbound:
    """Decrypts what one peer sends. Raises Error on forged, replayed or truncated packets."""

    def __init__(self, profile: Profile, key: bytes) -> None:
        self._session = _session(profile, key, Policy.SSRC_ANY_INBOUND)
        self._handle: Any = self._session._srtp[0]
        self._length: Any = ffi.new("int *")

    def rtp_in_place(self, buffer: bytearray, size: int) -> int:
        """Decrypt ``buffer[:size]`` where it lies; returns the length of the RTP packet."""
        self._length[0] = size
        status = lib.srtp_unprotect(self._handle, ffi.from_buffer(buffer), self._length)
        if status:
            raise Error(f"SRTP refused: status {status}")
        return int(self._length[0])

    def rtcp(self, data: bytes) -> bytes:
        result: bytes = self._session.unprotect_rtcp(data)
        return result


class Outbound:
    """Encrypts what one peer is sent."""

    def __init__(self, profile: Profile, key: bytes) -> None:
        self._session = _session(profile, key, Policy.SSRC_ANY_OUTBOUND)
        self.profile = profile
        # Taken apart for the packet path: protect(handle, pointer, length) == 0.
        self.handle: Any = self._session._srtp[0]

    def rtp(self, data: bytes) -> bytes:
        result: bytes = self._session.protect(data)
        return result

    def rtcp(self, data: bytes) -> bytes:
        result: bytes = self._session.protect_rtcp(data)
        return result


class Pad:
    """A writable scratch buffer shared by all viewers of a relay; the loop is its only user."""

    def __init__(self, size: int) -> None:
        self.bytes = bytearray(size)
        self.view = memoryview(self.bytes)
        self.pointer: Any = ffi.from_buffer(self.bytes)
        self.length: Any = ffi.new("int *")


protect: Any = lib.srtp_protect
