"""Chromium publishes three layers and another page climbs to the top one."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from playwright.async_api import Page, async_playwright

from tests.rtc.rig import Rig
from tests.rtc.web import web
from tongke_streaming.frames import Message

PUBLISH = """
async () => {
  const media = await navigator.mediaDevices.getUserMedia(
    {video: {width: 1280, height: 720, frameRate: 30}, audio: true});
  const pc = window.pc = new RTCPeerConnection({bundlePolicy: 'max-bundle'});
  pc.addTransceiver(media.getAudioTracks()[0], {direction: 'sendonly'});
  const video = pc.addTransceiver(media.getVideoTracks()[0], {direction: 'sendonly',
    sendEncodings: [{rid: 'q', scaleResolutionDownBy: 4, maxBitrate: 150000},
                    {rid: 'h', scaleResolutionDownBy: 2, maxBitrate: 500000},
                    {rid: 'f', maxBitrate: 1800000}]});
  video.setCodecPreferences(RTCRtpSender.getCapabilities('video').codecs
    .filter(c => /h264|rtx/i.test(c.mimeType)));
  return await exchange('/live/L1/whip', 'L1-publish-me');
}"""
WATCH = """
async () => {
  const pc = window.pc = new RTCPeerConnection({bundlePolicy: 'max-bundle'});
  const video = document.createElement('video'), stream = new MediaStream();
  video.muted = video.autoplay = true;
  video.srcObject = stream;
  document.body.append(video);
  pc.ontrack = event => stream.addTrack(event.track);
  pc.addTransceiver('audio', {direction: 'recvonly'});
  pc.addTransceiver('video', {direction: 'recvonly'});
  const status = await exchange('/live/L1/whep', 'L1-watch-room');
  await new Promise(resolve => video.requestVideoFrameCallback(resolve));
  return status;
}"""
EXCHANGE = """
window.exchange = async (address, token) => {
  await pc.setLocalDescription();
  const answer = await fetch(address, {method: 'POST', body: pc.localDescription.sdp,
    headers: {'Content-Type': 'application/sdp', 'Authorization': 'Bearer ' + token}});
  window.place = answer.headers.get('Location');
  if (answer.ok)
    await pc.setRemoteDescription({type: 'answer', sdp: await answer.text()});
  return answer.status;
};
window.until = async wanted => {
  let found;
  while (!(found = await wanted()))
    await new Promise(resolve => setTimeout(resolve, 200));
  return found;
};"""
ESTIMATE = """
() => pc.getStats().then(stats => {
  for (const s of stats.values())
    if (s.type == 'candidate-pair' && s.nominated && s.availableOutgoingBitrate > 2000000)
      return true;
})"""
# A restart as a page does it: new credentials of ours by PATCH, the server's put into its answer.
RESTART = """
async () => {
  pc.restartIce();
  await pc.setLocalDescription();
  const own = pc.localDescription.sdp;
  const line = name => own.match(new RegExp('a=' + name + ':.*'))[0] + '\\r\\n';
  const answer = await fetch(place, {method: 'PATCH', headers: {'If-Match': '*',
    'Content-Type': 'application/trickle-ice-sdpfrag'}, body: line('ice-ufrag') + line('ice-pwd')});
  const fragment = await answer.text();
  const value = name => fragment.match(new RegExp('a=' + name + ':(\\\\S+)'))[1];
  let sdp = pc.remoteDescription.sdp;
  for (const name of ['ice-ufrag', 'ice-pwd'])
    sdp = sdp.replace(new RegExp('a=' + name + ':\\\\S+', 'g'), 'a=' + name + ':' + value(name));
  await pc.setRemoteDescription({type: 'answer', sdp});
  return answer.status;
}"""
PAIR = """
() => pc.getStats().then(stats => {
  let id = null;
  for (const s of stats.values())
    if (s.type == 'transport') id = s.selectedCandidatePairId;
  return id && stats.get(id).state == 'succeeded' ? id : null;
})"""


@pytest.fixture
async def pages(rig: Rig) -> AsyncIterator[list[Page]]:
    async with web(rig) as base, async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=[
                "--no-sandbox",
                "--disable-background-networking",
                "--use-fake-device-for-media-stream",
                "--use-fake-ui-for-media-stream",
                "--autoplay-policy=no-user-gesture-required",
            ],
        )
        found = []
        for _ in range(2):
            page = await browser.new_page()
            await page.add_init_script(EXCHANGE)
            await page.goto(base.replace("127.0.0.1", "localhost"))
            found.append(page)
        yield found
        await browser.close()


async def test_estimate_climbs_and_the_viewer_gets_the_top_layer(
    rig: Rig, pages: list[Page]
) -> None:
    publisher, viewer = pages
    assert await publisher.evaluate(PUBLISH) == 201
    for layer in ("q", "h", "f"):
        await rig.feed.until(is_layer(layer), timeout=30)
    assert await viewer.evaluate(WATCH) == 201
    # Without feedback it stays at 300 kbit/s for ever; a busy machine may take longer than 10 s.
    await until(publisher, ESTIMATE, 30)
    await rig.events.until(
        lambda e: e["ev"] == "stats" and "f" in layers_seen(e),
        after=len(rig.events.seen),
        timeout=30,
    )
    await until(viewer, "() => document.querySelector('video').videoWidth == 1280", 15)
    before = await until(viewer, PAIR, 5)
    assert await viewer.evaluate(RESTART) == 200
    after = await until(viewer, f"() => ({PAIR})().then(id => id != '{before}' && id)", 10)
    assert after != before
    frames = "document.querySelector('video').getVideoPlaybackQuality().totalVideoFrames"
    seen = await viewer.evaluate(frames)
    await until(viewer, f"() => {frames} > {seen + 10}", 10)


def layers_seen(stats: Message) -> set[str]:
    return {v["layer"] for lesson in stats["lessons"].values() for v in lesson["viewers"]}


def is_layer(name: str) -> Callable[[Message], bool]:
    return lambda e: e["ev"] == "track" and (e["kind"], e["layer"]) == ("video", name)


async def until(page: Page, wanted: str, seconds: float) -> Any:
    """What the page's function gives once it is not nothing."""
    async with asyncio.timeout(seconds):
        return await page.evaluate(f"() => until({wanted})")
