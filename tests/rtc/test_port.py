"""Enemies at the media port: nothing raises, nothing unauthenticated is answered, lessons go on.

The ``rig`` fixture fails a test when any exception reaches the event loop.
"""

import os
from collections.abc import Callable

import pytest
from aioice import stun
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.rtc.peer import DELTA, H264, KEYFRAME, SPS, Peer, Track, offer, rtp
from tests.rtc.rig import Rig
from tongke_streaming.rtc.dtls import Dtls, Identity

Make = Callable[[], Peer]


class Lesson:
    """A publisher and a viewer; ``goes_on`` proves that a packet still crosses."""

    def __init__(self, rig: Rig, publisher: Peer, viewer: Peer, track: Track) -> None:
        self.rig, self.publisher, self.viewer, self.track = rig, publisher, viewer, track
        self._count = 0

    async def goes_on(self) -> None:
        self._count += 1
        payload = DELTA + self._count.to_bytes(4, "big")
        self.publisher.send_rtp(rtp(self.track, payload))
        await self.viewer.rtp.until(lambda p: p.payload == payload)
        assert not self.rig.failures


@pytest.fixture
async def lesson(rig: Rig, peer: Make) -> Lesson:
    publisher = await peer().publish(rig, offer("video"))
    track = Track(0x1111, H264)
    publisher.send_rtp(rtp(track, SPS, marker=False))
    publisher.send_rtp(rtp(track, KEYFRAME, step=0))
    await rig.packets.count(2)
    viewer = await peer().watch(rig, offer("video", direction="recvonly"))
    return Lesson(rig, publisher, viewer, track)


@pytest.fixture
async def stranger(rig: Rig, peer: Make, lesson: Lesson) -> Peer:
    """A socket nobody has invited, that knows the port and, if it likes, the user name."""
    found = await peer().open()
    found.take_answer(lesson.publisher.answer)
    return found


stun_like = st.builds(
    lambda kind, rest: (
        kind.to_bytes(2, "big")
        + len(rest).to_bytes(2, "big")
        + b"\x21\x12\xa4\x42"
        + bytes(12)
        + rest
    ),
    st.sampled_from([0x0001, 0x0101, 0x0011, 0x0111, 0x0003, 0x3FFF]),
    st.lists(
        st.builds(
            lambda t, v: t.to_bytes(2, "big") + len(v).to_bytes(2, "big") + v + bytes(-len(v) % 4),
            st.sampled_from([6, 8, 9, 0x20, 0x24, 0x25, 0x8028, 0x802A, 0x1, 0x9999]),
            st.binary(max_size=40),
        )
    ).map(b"".join),
)
datagrams = (
    st.binary(max_size=1500)
    | stun_like
    | st.binary(min_size=1, max_size=200).map(lambda b: b"\x16\xfe\xfd" + b)
    | st.binary(min_size=1, max_size=200).map(lambda b: b"\x80\x60" + b)
    | st.binary(min_size=1, max_size=200).map(lambda b: b"\x80\xc8" + b)
)
in_one_lesson = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


async def test_garbage_from_strangers_is_not_answered(lesson: Lesson, stranger: Peer) -> None:
    loop_batches: list[list[bytes]] = []

    @in_one_lesson
    @given(st.lists(datagrams, min_size=1, max_size=20))
    def gather(batch: list[bytes]) -> None:
        loop_batches.append(batch)

    gather()
    for batch in loop_batches:
        for data in batch:
            stranger.send(data)
        await lesson.goes_on()
    assert stranger.raw.seen == []


async def test_garbage_from_a_checked_address_stops_nothing(lesson: Lesson) -> None:
    """The same, from where real peers are: after DTLS, on both sessions."""
    batches: list[list[bytes]] = []

    @in_one_lesson
    @given(st.lists(datagrams, min_size=1, max_size=20))
    def gather(batch: list[bytes]) -> None:
        batches.append(batch)

    gather()
    for batch in batches:
        for data in batch:
            lesson.publisher.send(data)
            lesson.viewer.send(data)
        await lesson.goes_on()


async def test_rtcp_fuzz_with_the_right_keys(lesson: Lesson) -> None:
    bodies: list[bytes] = []

    @in_one_lesson
    @given(
        st.integers(0, 31), st.sampled_from([200, 201, 202, 203, 204, 205, 206, 207]),
        st.binary(max_size=400).map(lambda b: b[: len(b) // 4 * 4]), st.binary(max_size=3),
    )  # fmt: skip
    def gather(count: int, kind: int, body: bytes, tail: bytes) -> None:
        head = bytes([0x80 | count, kind]) + (len(body) // 4).to_bytes(2, "big")
        bodies.append(head + bytes(4) + body[4:] + tail)

    gather()
    for body in bodies:
        for each in (lesson.publisher, lesson.viewer):
            each.send_rtcp(body)
        await lesson.goes_on()


async def test_rtp_fuzz_with_the_right_keys(lesson: Lesson) -> None:
    tails: list[bytes] = []

    @in_one_lesson
    @given(st.binary(max_size=300))
    def gather(tail: bytes) -> None:
        tails.append(tail)

    gather()
    for number, tail in enumerate(tails):
        head = bytes([0x80, H264 + number % 3]) + number.to_bytes(2, "big")
        lesson.publisher.send_rtp(head + bytes(4) + (0xABC).to_bytes(4, "big") + tail)
        lesson.viewer.send_rtp(head + bytes(4) + (0xABC).to_bytes(4, "big") + tail)
        await lesson.goes_on()


async def test_truncated_replayed_and_forged_media(lesson: Lesson, stranger: Peer) -> None:
    sent = lesson.publisher.send_rtp(rtp(lesson.track, DELTA + b"once"))
    await lesson.viewer.rtp.until(lambda p: p.payload == DELTA + b"once")
    for size in range(2, len(sent)):
        lesson.publisher.send(sent[:size])
    for _ in range(50):
        lesson.publisher.send(sent)
        stranger.send(sent)
    changed = bytearray(sent)
    changed[20] ^= 1
    lesson.publisher.send(bytes(changed))
    await lesson.goes_on()
    again = [p for p in lesson.viewer.rtp.seen if p.payload == DELTA + b"once"]
    assert len(again) == 1
    assert stranger.raw.seen == []


def _request(user: str, password: str | None) -> bytes:
    message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    message.attributes["USERNAME"] = user
    if password is not None:
        message.add_message_integrity(password.encode())
    message.add_fingerprint()
    return bytes(message)


async def test_checks_without_the_password_are_not_answered(lesson: Lesson, stranger: Peer) -> None:
    user = f"{stranger.ufrag}:abcd"
    stranger.send(_request(user, None))
    stranger.send(_request(user, "wrong password"))
    stranger.send(_request("nobody:abcd", stranger.password))
    stranger.send(_request("", stranger.password))
    forged = bytearray(_request(user, stranger.password))
    forged[30] ^= 1
    stranger.send(bytes(forged))
    await lesson.goes_on()
    assert stranger.raw.seen == []


async def test_authentic_check_is_answered_with_integrity_and_fingerprint(lesson: Lesson) -> None:
    answer = await lesson.viewer.checked()
    assert answer.message_class == stun.Class.RESPONSE
    assert answer.check_message_integrity(lesson.viewer.password.encode())
    assert "FINGERPRINT" in answer.attributes
    host, port = lesson.viewer.transport.get_extra_info("sockname")[:2]
    assert answer.attributes["XOR-MAPPED-ADDRESS"] == (host, port)


async def test_check_without_priority_is_answered(lesson: Lesson) -> None:
    """FFmpeg 8 sends none."""
    viewer = lesson.viewer
    request = _request(f"{viewer.ufrag}:abcd", viewer.password)
    viewer.send(request)
    await viewer.stun.until(lambda m: m.transaction_id == request[8:20])


async def test_dtls_from_an_unchecked_address_is_not_answered(
    rig: Rig, lesson: Lesson, stranger: Peer
) -> None:
    answer = await rig.request(
        "publish", lesson="L2", source="lead", holder="me", sdp=offer("video")
    )
    client = Dtls(Identity(), ("sha-256", stranger.fingerprint), client=True)
    for hello in client.start():
        stranger.send(hello)
    await lesson.goes_on()
    assert stranger.raw.seen == []
    assert answer["session"]


async def test_wrong_certificate_ends_the_session(rig: Rig, peer: Make) -> None:
    text = offer("video", fingerprint=":".join(["AB"] * 32))
    answer = await rig.request("publish", lesson="L1", source="lead", holder="me", sdp=text)
    impostor = await peer().open()
    impostor.take_answer(answer["sdp"])
    impostor.dtls = Dtls(Identity(), ("sha-256", impostor.fingerprint), client=True)
    await impostor.checked()
    for hello in impostor.dtls.start():
        impostor.send(hello)
    ended = await rig.events.until(lambda e: e["ev"] == "session" and e["state"] == "ended")
    assert "certificate" in ended["reason"]


async def test_media_moves_only_after_authenticated_media(lesson: Lesson) -> None:
    viewer = lesson.viewer
    old = viewer.transport
    await viewer.open()
    new = viewer.transport
    await viewer.checked()  # a check alone moves nothing
    viewer.send(os.urandom(60).replace(b"\x00", b"\x01"))
    viewer.send(b"\x80\xc9" + os.urandom(40))
    before = len(viewer.ciphered)
    await lesson.goes_on()
    assert len(viewer.ciphered) > before
    address = lesson.rig.relay._sessions[viewer.session].address
    assert address is not None
    assert address[1] == old.get_extra_info("sockname")[1]
    viewer.send_rtcp(b"\x80\xc9\x00\x01\x00\x00\x00\x01")
    await lesson.goes_on()
    address = lesson.rig.relay._sessions[viewer.session].address
    assert address is not None
    assert address[1] == new.get_extra_info("sockname")[1]


async def test_phone_whose_address_changes_all_the_time_stays(lesson: Lesson) -> None:
    for _ in range(40):
        await lesson.viewer.open()
        await lesson.viewer.checked()
        lesson.viewer.send_rtcp(b"\x80\xc9\x00\x01\x00\x00\x00\x01")
        await lesson.goes_on()
    session = lesson.rig.relay._sessions[lesson.viewer.session]
    assert len(session.checked) <= 16
    assert len(lesson.rig.relay.port._by_address) <= 17


async def test_address_in_use_is_not_given_to_another_session(
    rig: Rig, lesson: Lesson, peer: Make
) -> None:
    """Whoever may watch could otherwise cut the teacher off by checks from her address."""
    answer = await rig.request(
        "watch", lesson="L1", label="", room=None, sdp=offer("video", direction="recvonly")
    )
    forger = peer()
    forger.take_answer(answer["sdp"])
    forger.transport = lesson.publisher.transport
    forger.check()
    await lesson.goes_on()
    session = rig.relay._sessions[answer["session"]]
    assert not session.checked


async def test_restarts_keep_the_session_and_few_credentials(rig: Rig, lesson: Lesson) -> None:
    viewer = lesson.viewer
    for number in range(20):
        text = f"a=ice-ufrag:new{number}\r\na=ice-pwd:{'n' * 24}\r\n"
        answer = await rig.request(
            "patch", session=viewer.session, act="watch", sdp=text, if_match="*"
        )
        assert answer["status"] == 200
        assert answer["etag"] != viewer.etag
        fields = dict(line[2:].split(":", 1) for line in answer["sdp"].splitlines() if ":" in line)
        viewer.ufrag, viewer.password = fields["ice-ufrag"], fields["ice-pwd"]
        await viewer.checked()
        await lesson.goes_on()
    assert len(rig.relay.port._by_ufrag) <= 5


async def test_nothing_is_kept_of_sessions_that_ended(rig: Rig, peer: Make) -> None:
    for _ in range(3):
        publisher = await peer().publish(rig, offer("video"))
        track = Track(1, H264)
        publisher.send_rtp(rtp(track, SPS))
        await rig.source("live")
        viewer = await peer().watch(rig, offer("video", direction="recvonly"))
        await viewer.rtp.count(1)
        for each, act in ((viewer, "watch"), (publisher, "publish")):
            await rig.request("drop", session=each.session, act=act)
        rig.events.seen.clear()
    relay, port = rig.relay, rig.relay.port
    assert not port._by_address
    assert not port._by_ufrag
    assert not relay._sessions
    assert not relay._lesson_of
    assert not relay._source_of
    assert not relay._slot_source
    assert all(not s.slots for s in relay._sources.values())
    await rig.request("end", lesson="L1")
    assert not relay._sources
