"""WHIP (RFC 9725) and WHEP as their clients meet them: statuses, headers, restarts."""

import json
import re
from collections.abc import AsyncIterator, Callable

import httpx2
import pytest

from tests.rtc.peer import H264, KEYFRAME, SPS, Peer, Track, offer, rtp
from tests.rtc.rig import Rig
from tests.rtc.web import web
from tongke_streaming.rtc import sdp

Make = Callable[[], Peer]
SDP = {"Content-Type": "application/sdp"}
FRAGMENT = "application/trickle-ice-sdpfrag"
PUBLISH, WATCH = "L1-publish-me", "L1-watch-room"
WHIP, WHEP = "/live/L1/whip", "/live/L1/whep"
CANDIDATE = "a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n"
CREDENTIALS = f"a=ice-ufrag:abcd\r\na=ice-pwd:{'p' * 24}\r\n"
NEW_CREDENTIALS = f"a=ice-ufrag:efgh\r\na=ice-pwd:{'q' * 24}\r\n"


@pytest.fixture
async def http(rig: Rig) -> AsyncIterator[httpx2.AsyncClient]:
    async with web(rig) as base, httpx2.AsyncClient(base_url=base, trust_env=False) as client:
        yield client


def bearer(token: str, kind: str = "application/sdp") -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", "Content-Type": kind}


async def publish(http: httpx2.AsyncClient, token: str = PUBLISH) -> httpx2.Response:
    answer = await http.post(WHIP, content=offer("audio", "video"), headers=bearer(token))
    assert answer.status_code == 201
    return answer


async def on_air(http: httpx2.AsyncClient, rig: Rig, peer: Make) -> httpx2.Response:
    answer = await publish(http)
    publisher = await peer().open()
    await publisher.connect(answer.text)
    publisher.send_rtp(rtp(Track(1, H264), SPS))
    await rig.packets.count(1)
    return answer


async def patch(
    http: httpx2.AsyncClient, place: str, body: str, match: str | None, kind: str = FRAGMENT
) -> httpx2.Response:
    headers = {"Content-Type": kind} | ({"If-Match": match} if match is not None else {})
    return await http.patch(place, content=body, headers=headers)


async def test_anonymous(http: httpx2.AsyncClient) -> None:
    for address in (WHIP, WHEP):
        answer = await http.post(address, content=offer("video"), headers=SDP)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["code"] == "no_credential"


async def test_created(http: httpx2.AsyncClient) -> None:
    answer = await publish(http)
    assert answer.headers["content-type"].startswith("application/sdp")
    assert re.fullmatch(WHIP + r"/[A-Za-z0-9_\-]{20,}", answer.headers["location"])
    assert re.fullmatch(r'"[0-9a-f]+"', answer.headers["etag"])
    assert answer.headers["accept-patch"] == FRAGMENT
    assert answer.headers["link"].startswith("<turn:")
    assert 'rel="ice-server"' in answer.headers["link"]
    assert "a=end-of-candidates" in answer.text
    assert "a=recvonly" in answer.text


async def test_token_in_the_address(http: httpx2.AsyncClient) -> None:
    answer = await http.post(f"{WHIP}?token={PUBLISH}", content=offer("video"), headers=SDP)
    assert answer.status_code == 201
    assert "token" not in answer.headers["location"]


@pytest.mark.parametrize(
    ("address", "token", "status", "code"),
    [
        (WHIP, "L2-publish-me", 403, "not_for_this"),
        (WHIP, WATCH, 403, "not_for_this"),
        (WHEP, PUBLISH, 403, "not_for_this"),
        ("/live/unknown/whip", PUBLISH, 404, "no_lesson"),
        ("/live/unknown/whep", WATCH, 404, "no_lesson"),
        (WHIP, "L1-publish-late", 409, "over"),
    ],
)
async def test_refused_by_the_authorizer(
    http: httpx2.AsyncClient, address: str, token: str, status: int, code: str
) -> None:
    answer = await http.post(address, content=offer("video"), headers=bearer(token))
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize(
    ("body", "kind", "status", "code"),
    [
        (offer("video"), "text/plain", 415, "wrong_type"),
        (offer("video"), "", 415, "wrong_type"),
        ("nonsense", "application/sdp", 400, "bad_sdp"),
        ("", "application/sdp", 400, "bad_sdp"),
        (b"\xff\xfe", "application/sdp", 400, "bad_sdp"),
        ("v=0\r\n" + "a=x\r\n" * 20_000, "application/sdp", 413, "too_large"),
        (offer("video").replace("H264/90000", "VP8/90000"), "application/sdp", 422, "no_h264"),
        (offer("video", "video"), "application/sdp", 422, "too_many_tracks"),
    ],
)
async def test_bodies_we_cannot_take(
    http: httpx2.AsyncClient, body: str | bytes, kind: str, status: int, code: str
) -> None:
    answer = await http.post(WHIP, content=body, headers=bearer(PUBLISH, kind))
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["detail"]


async def test_content_type_may_carry_parameters(http: httpx2.AsyncClient) -> None:
    headers = bearer(PUBLISH, "Application/SDP; charset=utf-8")
    assert (await http.post(WHIP, content=offer("video"), headers=headers)).status_code == 201


async def test_not_live_asks_for_patience(http: httpx2.AsyncClient) -> None:
    text = offer("video", direction="recvonly")
    answer = await http.post(WHEP, content=text, headers=bearer(WATCH))
    assert (answer.status_code, answer.json()["code"]) == (409, "not_live")
    assert int(answer.headers["retry-after"]) >= 1


async def test_taken_by_another_holder(http: httpx2.AsyncClient, rig: Rig, peer: Make) -> None:
    await on_air(http, rig, peer)
    other = bearer("L1-publish-other")
    answer = await http.post(WHIP, content=offer("video"), headers=other)
    assert (answer.status_code, answer.json()["code"]) == (409, "source_taken")
    assert "retry-after" not in answer.headers
    await publish(http)  # the same holder
    screen = bearer("L1-publish-other-screen")
    assert (await http.post(WHIP, content=offer("video"), headers=screen)).status_code == 201


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT"])
async def test_other_methods_say_which_are_allowed(http: httpx2.AsyncClient, method: str) -> None:
    place = (await publish(http)).headers["location"]
    answer = await http.request(method, WHIP)
    assert answer.status_code == 405
    assert set(answer.headers["allow"].split(", ")) == {"POST", "OPTIONS"}
    answer = await http.request(method, place)
    assert answer.status_code == 405
    assert set(answer.headers["allow"].split(", ")) == {"PATCH", "DELETE", "OPTIONS"}


@pytest.mark.parametrize("address", [WHIP, WHEP, WHIP + "/session"])
async def test_options(http: httpx2.AsyncClient, address: str) -> None:
    answer = await http.options(address, headers={"Origin": "https://school.example"})
    assert answer.status_code == 204
    assert answer.headers["accept-post"] == "application/sdp"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "PATCH" in answer.headers["access-control-allow-methods"]
    assert "If-Match" in answer.headers["access-control-allow-headers"]
    exposed = answer.headers["access-control-expose-headers"]
    assert {"Location", "ETag", "Link"} <= set(exposed.split(", "))


async def test_delete_then_it_is_gone(http: httpx2.AsyncClient) -> None:
    place = (await publish(http)).headers["location"]
    assert (await http.delete(place.replace("whip", "whep"))).status_code == 404
    assert (await http.delete(place.replace("L1", "L2"))).status_code == 404
    assert (await http.delete(place)).status_code == 200
    assert (await http.delete(place)).status_code == 404
    assert (await patch(http, place, CANDIDATE, "*")).status_code == 404


async def test_trickle(http: httpx2.AsyncClient) -> None:
    created = await publish(http)
    place, etag = created.headers["location"], created.headers["etag"]
    for body in (CANDIDATE, CREDENTIALS + "m=audio 9 RTP/AVP 0\r\na=mid:0\r\n" + CANDIDATE):
        for match in (etag, "*"):
            answer = await patch(http, place, body, match)
            assert (answer.status_code, answer.content) == (204, b"")
    assert (await patch(http, place, CANDIDATE, None)).status_code == 428
    assert (await patch(http, place, CREDENTIALS + CANDIDATE, None)).status_code == 428
    assert (await patch(http, place, CANDIDATE, '"stale"')).status_code == 412
    assert (await patch(http, place, "hello", etag)).status_code == 400
    assert (await patch(http, place, CANDIDATE, etag, "application/sdp")).status_code == 415


async def test_restart_gives_new_credentials_and_keeps_the_session(
    http: httpx2.AsyncClient, rig: Rig, peer: Make
) -> None:
    created = await publish(http)
    place, etag = created.headers["location"], created.headers["etag"]
    publisher = await peer().open()
    await publisher.connect(created.text)
    answer = await patch(http, place, NEW_CREDENTIALS, "*")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith(FRAGMENT)
    assert answer.headers["etag"] not in (etag, "")
    found = sdp.parse_fragment(answer.text)
    assert found is not None
    assert found != (publisher.ufrag, publisher.password)
    assert "a=candidate:" in answer.text
    assert (await patch(http, place, CANDIDATE, etag)).status_code == 412
    assert (await patch(http, place, CANDIDATE, answer.headers["etag"])).status_code == 204
    await publisher.checked()  # a restart that fails keeps the session as it was
    publisher.ufrag, publisher.password = found
    await publisher.open()
    await publisher.checked()
    publisher.send_rtp(rtp(Track(1, H264), KEYFRAME))
    await rig.packets.count(1)
    # The same fragment once more is trickle of what is known.
    assert (await patch(http, place, NEW_CREDENTIALS, "*")).status_code == 204


async def test_viewer_over_http(http: httpx2.AsyncClient, rig: Rig, peer: Make) -> None:
    await on_air(http, rig, peer)
    text = offer("video", "audio", direction="recvonly")
    answer = await http.post(WHEP, content=text, headers=bearer(WATCH))
    assert answer.status_code == 201
    assert re.fullmatch(WHEP + r"/[A-Za-z0-9_\-]{20,}", answer.headers["location"])
    assert "a=sendonly" in answer.text
    viewer = await peer().open()
    await viewer.connect(answer.text)
    await viewer.rtp.until(lambda p: p.payload == SPS)
    assert (await http.delete(answer.headers["location"])).status_code == 200
    await viewer.closed.wait()


async def test_relay_away_asks_for_patience(http: httpx2.AsyncClient, rig: Rig) -> None:
    rig.client._link._link = None  # as while it restarts
    answer = await http.post(WHIP, content=offer("video"), headers=bearer(PUBLISH))
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"
    assert json.loads(answer.content)["code"] == "relay_restarting"
