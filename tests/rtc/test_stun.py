"""Answers to connectivity checks, held against aioice's own packer."""

from aioice.stun import Class, Message, Method
from hypothesis import given
from hypothesis import strategies as st

from tongke_streaming.rtc import stun

PASSWORD = "p" * 24


@given(
    host=st.ip_addresses(v=4).map(str),
    port=st.integers(1, 65535),
    transaction=st.binary(min_size=12, max_size=12),
)
def test_success_is_what_aioice_would_say(host: str, port: int, transaction: bytes) -> None:
    check = Message(Method.BINDING, Class.REQUEST, transaction)
    expected = Message(Method.BINDING, Class.RESPONSE, transaction)
    expected.attributes["XOR-MAPPED-ADDRESS"] = (host, port)
    expected.add_message_integrity(PASSWORD.encode())
    assert stun.success(check, (host, port, bytes(4)), PASSWORD) == bytes(expected)
