"""Connectivity checks of an ICE-lite agent (RFC 8445 §7.3, RFC 8489)."""

import binascii
import hmac
import socket
import struct

from aioice.stun import Class, Message, Method, parse_message

__all__ = ["Address", "Message", "is_authentic", "is_stun", "read_check", "success"]

# A peer's host and port, and our own address it spoke to (4 bytes): answers must come from there.
Address = tuple[str, int, bytes]

_COOKIE = 0x2112A442
_HEAD = struct.Struct("!HHI12s")


def is_stun(data: bytes) -> bool:
    """RFC 7983: first byte 0–3, and the magic cookie."""
    return len(data) >= 20 and data[0] < 4 and data[4:8] == b"\x21\x12\xa4\x42"


def read_check(data: bytes) -> tuple[Message, str] | None:
    """A binding request and the local part of its USERNAME; None for anything else.

    Nothing is verified yet: see ``is_authentic``.
    """
    try:
        message = parse_message(data)
    except (ValueError, KeyError, IndexError, struct.error):
        return None
    if message.message_class != Class.REQUEST or message.message_method != Method.BINDING:
        return None
    return message, str(message.attributes.get("USERNAME", "")).partition(":")[0]


def is_authentic(message: Message, password: str) -> bool:
    """aioice's parser does not check MESSAGE-INTEGRITY; this does."""
    return bool(message.check_message_integrity(password.encode()))


def success(message: Message, address: Address, password: str) -> bytes:
    """The answer to an authentic check. Call only after ``is_authentic``.

    Written out (RFC 8489 §14.2, §14.5, §14.7): hundreds of rooms check every few seconds, and
    aioice's general packer takes eight times as long for the same bytes.
    """
    host, port = address[0], address[1]
    mapped = struct.pack("!HHBBH", 0x0020, 8, 0, 1, port ^ (_COOKIE >> 16))
    mapped += (int.from_bytes(socket.inet_aton(host), "big") ^ _COOKIE).to_bytes(4, "big")
    # Lengths as they must stand while integrity, then fingerprint, are computed.
    head = _HEAD.pack(0x0101, len(mapped) + 24, _COOKIE, message.transaction_id)
    digest = hmac.digest(password.encode(), head + mapped, "sha1")
    body = mapped + b"\x00\x08\x00\x14" + digest
    head = _HEAD.pack(0x0101, len(body) + 8, _COOKIE, message.transaction_id)
    check = binascii.crc32(head + body) ^ 0x5354554E
    return head + body + struct.pack("!HHI", 0x8028, 4, check)
