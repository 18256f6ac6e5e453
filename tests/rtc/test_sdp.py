"""Offers of real clients and of enemies; answers as aiortc reads them."""

import contextlib

import pytest
from aiortc import RTCPeerConnection
from aiortc.sdp import SessionDescription
from hypothesis import example, given
from hypothesis import strategies as st

from tests.rtc.peer import H264, RTX, offer
from tongke_streaming.frames import Refused
from tongke_streaming.rtc import publisher, sdp, viewer

LOCAL = sdp.Local(
    "uuuu", "w" * 32, ":".join(["AB"] * 32), "passive",
    (("127.0.0.1", 4000), ("192.0.2.7", 4000)), "tongke",
)  # fmt: skip
GOOD = offer("audio", "video", rids=("q", "h", "f"))

lines = st.sampled_from([*GOOD.splitlines(), "a=rtpmap:²³ H264/90000", "m=video ٣ X 96", "a=mid:"])


@given(st.text(max_size=300) | st.lists(lines | st.text(max_size=60)).map("\r\n".join))
@example("v=0\nm=video 9999999999999999 UDP/TLS/RTP/SAVPF 96")
@example("v=0\nm=video 9 UDP/TLS/RTP/SAVPF")
@example("v=0\na=ice-ufrag:abcd\nm=audio 9 x 1\na=rtcp-fb:999999999999 nack\na=fmtp:x")
def test_any_text_is_an_offer_or_bad_sdp(text: str) -> None:
    with contextlib.suppress(sdp.BadSdp):
        sdp.parse_offer(text)
    with contextlib.suppress(sdp.BadSdp):
        sdp.parse_offer(GOOD[:120] + text)


@given(st.data())
def test_offer_with_a_line_changed(data: st.DataObject) -> None:
    parts = GOOD.splitlines()
    place = data.draw(st.integers(0, len(parts) - 1))
    parts[place : place + 1] = data.draw(st.lists(lines | st.text(max_size=40), max_size=2))
    with contextlib.suppress(sdp.BadSdp, Refused):
        found = sdp.parse_offer("\n".join(parts))
        for sections in (publisher.accept(found), viewer.accept(found, {"video": ["lead"]})[0]):
            text = sdp.write_answer(1, sections, LOCAL)
            assert text.count("\r\nm=") == len(found.media)
            assert len(text.splitlines()) == text.count("\r\n")


@given(st.text(max_size=200))
def test_any_text_is_a_fragment_or_bad_sdp(text: str) -> None:
    with contextlib.suppress(sdp.BadSdp):
        sdp.parse_fragment(text)


def test_publishers_answer_is_read_by_aiortc() -> None:
    found = sdp.parse_offer(GOOD)
    assert [m.kind for m in found.media] == ["audio", "video"]
    assert found.media[1].send_rids == ["q", "h", "f"]
    text = sdp.write_answer(7, publisher.accept(found), LOCAL)
    answer = SessionDescription.parse(text)
    audio, video = answer.media
    assert (audio.kind, video.kind, answer.group[0].items) == ("audio", "video", ["0", "1"])
    assert video.direction == "recvonly"
    assert [c.mimeType for c in video.rtp.codecs] == ["video/H264", "video/rtx"]
    assert [c.payloadType for c in video.rtp.codecs] == [H264, RTX]
    assert video.rtp.codecs[0].parameters["profile-level-id"] == "42e01f"
    assert {(f.type, f.parameter) for f in video.rtp.codecs[0].rtcpFeedback} == {
        ("nack", None), ("nack", "pli"), ("transport-cc", None),
    }  # fmt: skip
    assert video.ice is not None
    assert (video.ice.usernameFragment, video.ice.password) == ("uuuu", "w" * 32)
    assert video.ice.iceLite
    assert [(c.ip, c.port, c.type) for c in video.ice_candidates] == [
        ("127.0.0.1", 4000, "host"), ("192.0.2.7", 4000, "host"),
    ]  # fmt: skip
    assert video.ice_candidates_complete
    assert video.dtls is not None
    assert (video.dtls.role, video.dtls.fingerprints[0].value) == ("server", LOCAL.fingerprint)
    assert "a=simulcast:recv q;h;f" in text


def test_viewers_answer_names_what_is_sent() -> None:
    found = sdp.parse_offer(offer("video", "audio", direction="recvonly"))
    sections, owners = viewer.accept(found, {"video": ["lead"], "audio": ["lead"]})
    assert owners == ["lead", "lead"]
    video, audio = SessionDescription.parse(sdp.write_answer(7, sections, LOCAL)).media
    assert (video.direction, audio.direction) == ("sendonly", "sendonly")
    assert len(video.ssrc) == 2
    assert [g.semantic for g in video.ssrc_group] == ["FID"]
    assert video.ssrc_group[0].items == [s.ssrc for s in video.ssrc]
    assert len(audio.ssrc) == 1


async def test_aiortcs_own_offer() -> None:
    connection = RTCPeerConnection()
    connection.addTransceiver("video", direction="recvonly")
    connection.addTransceiver("audio", direction="recvonly")
    text = (await connection.createOffer()).sdp
    await connection.setLocalDescription()
    found = sdp.parse_offer(connection.localDescription.sdp)
    assert sdp.choose_h264(found.media[0]) is not None
    assert sdp.choose_opus(found.media[1]) is not None
    assert "H264" in text
    await connection.close()


def test_bundle_only_sections_are_taken() -> None:
    """Firefox writes port 0 for all but the first section under max-bundle (RFC 9143 §6)."""
    text = offer("audio", "video").replace("m=video 9 ", "m=video 0 ")
    text = text.replace("a=mid:1", "a=mid:1\r\na=bundle-only")
    sections = publisher.accept(sdp.parse_offer(text))
    assert [s.codec is not None for s in sections] == [True, True]


def test_refused_section_stays_refused() -> None:
    text = offer("audio", "video").replace("m=video 9 ", "m=video 0 ")
    sections = publisher.accept(sdp.parse_offer(text))
    assert [s.codec is not None for s in sections] == [True, False]
    answer = sdp.write_answer(1, sections, LOCAL)
    assert "m=video 0 UDP/TLS/RTP/SAVPF 96" in answer
    assert "a=group:BUNDLE 0\r\n" in answer


def test_section_without_mid() -> None:
    text = offer("audio").replace("a=mid:0\r\n", "").replace("a=group:BUNDLE 0\r\n", "")
    answer = sdp.write_answer(1, publisher.accept(sdp.parse_offer(text)), LOCAL)
    assert "mid" not in answer
    assert "BUNDLE" not in answer


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (("v=0", "v=1"), "v=0"),
        (("a=ice-ufrag:abcd\r\n", ""), "ice-ufrag"),
        (("a=ice-pwd:" + "p" * 24, "a=ice-pwd:short"), "ice-pwd"),
        (("sha-256", "sha-1"), "fingerprint"),
        (("a=setup:actpass", "a=setup:holdconn"), "setup"),
        (("m=audio 9", "m=audio nine"), "m= line"),
        (("s=-", "hello"), "x="),
    ],
)
def test_broken_offers_say_where(change: tuple[str, str], sentence: str) -> None:
    with pytest.raises(sdp.BadSdp, match=sentence):
        sdp.parse_offer(offer("audio").replace(*change))


def test_offers_too_large() -> None:
    with pytest.raises(sdp.BadSdp, match="64 KiB"):
        sdp.parse_offer(GOOD + "a=x\r\n" * 20_000)
    with pytest.raises(sdp.BadSdp, match="16"):
        sdp.parse_offer(offer(*["audio"] * 17))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (offer("video").replace("H264/90000", "VP8/90000"), "no_h264"),
        (offer("video").replace("packetization-mode=1", "packetization-mode=0"), "no_h264"),
        (offer("audio").replace("opus/48000/2", "PCMU/8000"), "no_opus"),
        (offer("video", "video"), "too_many_tracks"),
        (offer("video", direction="recvonly"), "nothing_sent"),
    ],
)
def test_offers_we_cannot_take(text: str, code: str) -> None:
    with pytest.raises(Refused) as no:
        publisher.accept(sdp.parse_offer(text))
    assert (no.value.status, no.value.code) == (422, code)


def test_constrained_baseline_is_chosen_first() -> None:
    text = offer("video", rtx=False).replace(
        "m=video 9 UDP/TLS/RTP/SAVPF 96", "m=video 9 UDP/TLS/RTP/SAVPF 100 96"
    )
    text += "a=rtpmap:100 H264/90000\r\na=fmtp:100 packetization-mode=1;profile-level-id=640c1f\r\n"
    chosen = sdp.choose_h264(sdp.parse_offer(text).media[0])
    assert chosen is not None
    assert chosen.payload_type == H264


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a=ice-ufrag:EsAw\r\na=ice-pwd:" + "P" * 24 + "\r\n", ("EsAw", "P" * 24)),
        ("m=audio 9 RTP/AVP 0\r\na=mid:0\r\na=candidate:1 1 udp 1 192.0.2.1 1 typ host\r\n", None),
        ("a=end-of-candidates\r\n", None),
    ],
)
def test_fragments(text: str, found: tuple[str, str] | None) -> None:
    assert sdp.parse_fragment(text) == found


@pytest.mark.parametrize("text", ["", "hello", "v=0\r\n", "a=ice-ufrag:x y\r\na=ice-pwd:short"])
def test_bad_fragments(text: str) -> None:
    with pytest.raises(sdp.BadSdp):
        sdp.parse_fragment(text)


def test_our_fragment_is_one() -> None:
    text = sdp.write_fragment([("video", "0")], LOCAL)
    assert sdp.parse_fragment(text) == ("uuuu", "w" * 32)
    assert "a=mid:0\r\n" in text
    assert text.count("a=candidate:") == 2
