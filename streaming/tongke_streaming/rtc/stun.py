"""Connectivity checks of an ICE-lite agent (RFC 8445 §7.3, RFC 8489)."""

import struct

from aioice.stun import Class, Message, Method, parse_message

__all__ = ["Address", "Message", "is_authentic", "is_stun", "read_check", "success"]

# A peer's host and port, and our own address it spoke to (4 bytes): answers must come from there.
Address = tuple[str, int, bytes]


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
    """The answer to an authentic check. Call only after ``is_authentic``."""
    response = Message(Method.BINDING, Class.RESPONSE, message.transaction_id)
    response.attributes["XOR-MAPPED-ADDRESS"] = address[:2]
    response.add_message_integrity(password.encode())
    return bytes(response)
