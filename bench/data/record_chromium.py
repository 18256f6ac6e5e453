"""Record the packets of Chromium's WebRTC sender as sizes and times.

``python -m bench.data.record_chromium KBPS SECONDS FILE`` publishes a drawn, moving 1280×720 canvas
and a voice-like noise into a relay of its own and writes what the feed brings, one packet a line:

    arrival (µs since the first), v or a, payload bytes, marker, keyframe, RTP timestamp step, head

``head`` is the first four payload bytes of a picture's packet (NAL and fragment headers, what opens the
slice): a replay needs them so that keyframes are seen. It begins at a keyframe and ends before one.
"""

import asyncio
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from playwright.async_api import async_playwright

from tongke_streaming.frames import Link, Message, StandingLink
from tongke_streaming.ingest.h264 import starts_idr
from tongke_streaming.rtc.client import RelayClient
from tongke_streaming.rtc.process import RelayConfig, run_relay
from tongke_streaming.rtc.rtp import parse, ts_delta

_WARM_S = 8  # the sender's estimate has reached its limit by then

# A lesson's picture: a page with text, a hand that writes, a teacher who moves.
_PUBLISH = r"""
async kbps => {
  const make = (w, h) => Object.assign(document.createElement('canvas'), {width: w, height: h});
  const canvas = make(1280, 720), noise = make(320, 400);
  const g = canvas.getContext('2d'), n = noise.getContext('2d');
  const pixels = n.createImageData(320, 400);
  for (let i = 0; i < pixels.data.length; i += 4) {
    const x = i / 4 % 320, y = Math.floor(i / 1280);
    const v = 128 + 60 * Math.sin(x / 17) * Math.cos(y / 23) + 24 * Math.random();
    pixels.data.set([v, v * 0.8, v * 0.7, 255], i);
  }
  n.putImageData(pixels, 0, 0);
  let t = 0;
  setInterval(() => {
    t += 1 / 30;
    g.fillStyle = '#f4f1e8'; g.fillRect(0, 0, 1280, 720);
    g.fillStyle = '#222'; g.font = '28px sans-serif';
    for (let i = 0; i < 18; i++)
      g.fillText(`f(x) = ${i + 1}x² + ${3 * i}x − ${7 - i}`, 60, 60 + 36 * i);
    g.strokeStyle = '#1447a8'; g.lineWidth = 4; g.beginPath();
    for (let i = 0; i < t * 40 % 500; i++)
      g.lineTo(420 + i, 360 + 120 * Math.sin(i / 30) * Math.cos(t / 9));
    g.stroke();
    g.drawImage(noise, 900 + 40 * Math.sin(t * 1.3), 250 + 25 * Math.cos(t * 2.1));
    g.fillStyle = '#a33';
    g.fillRect(930 + 60 * Math.sin(t * 3), 420 + 30 * Math.cos(t * 5), 90, 40);
  }, 1000 / 30);

  const audio = new AudioContext(), out = audio.createMediaStreamDestination();
  const hiss = audio.createBuffer(1, 48000 * 4, 48000), samples = hiss.getChannelData(0);
  for (let i = 0, low = 0; i < samples.length; i++) {
    low = 0.9 * low + 0.1 * (Math.random() * 2 - 1);
    const syllable = 0.1 + Math.max(0, Math.sin(i / 48000 * 2 * Math.PI * 3));
    samples[i] = syllable * (low + 0.3 * Math.sin(i / 48000 * 2 * Math.PI * 140));
  }
  const voice = new AudioBufferSourceNode(audio, {buffer: hiss, loop: true});
  voice.connect(out); voice.start();

  const pc = window.pc = new RTCPeerConnection({bundlePolicy: 'max-bundle'});
  pc.addTransceiver(out.stream.getAudioTracks()[0], {direction: 'sendonly'});
  const video = pc.addTransceiver(canvas.captureStream(30).getVideoTracks()[0],
    {direction: 'sendonly', sendEncodings: [{maxBitrate: kbps * 1000}]});
  video.setCodecPreferences(
    RTCRtpSender.getCapabilities('video').codecs.filter(c => /h264|rtx/i.test(c.mimeType)));
  await pc.setLocalDescription();
  const sdp = await window.publish(pc.localDescription.sdp);
  await pc.setRemoteDescription({type: 'answer', sdp});
}"""
_FLAGS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--autoplay-policy=no-user-gesture-required",
]


@dataclass
class Recorder:
    """Lines of the feed, from the first keyframe after ``_WARM_S`` seconds of media on."""

    lines: list[str] = field(default_factory=list)
    keyframes: list[int] = field(default_factory=list)
    _kinds: dict[int, str] = field(default_factory=dict)
    _last: dict[str, int] = field(default_factory=dict)
    _warm_us: int = 0
    _begun_us: int = 0

    def event(self, _: Link, message: Message) -> None:
        if message["ev"] == "track":
            self._kinds[message["track"]] = message["kind"][0]

    def packet(self, track: int, us: int, data: bytes) -> None:
        kind, packet = self._kinds[track], parse(data)
        step = ts_delta(packet.timestamp, self._last.get(kind, packet.timestamp))
        self._last[kind] = packet.timestamp
        key = kind == "v" and starts_idr(packet.payload)
        self._warm_us = self._warm_us or us + _WARM_S * 1_000_000
        if not self._begun_us and not (key and us > self._warm_us):
            return
        self._begun_us = self._begun_us or us
        if key and (step or not self.lines):
            self.keyframes.append(len(self.lines))
        head = packet.payload[:4].hex() if kind == "v" else "-"
        values = (
            us - self._begun_us,
            kind,
            len(packet.payload),
            int(packet.marker),
            int(key),
            step,
        )
        self.lines.append("\t".join(map(str, (*values, head))))


async def _publish(relay: RelayClient, kbps: int, seconds: float) -> None:
    async def publish(sdp: str) -> str:
        answer = await relay.request("publish", lesson="L", source="lead", holder="me", sdp=sdp)
        return str(answer["sdp"])

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=_FLAGS)
        page = await browser.new_page()
        await page.expose_function("publish", publish)
        await page.evaluate(_PUBLISH, kbps)
        await asyncio.sleep(seconds)
        await browser.close()


async def record(kbps: int, seconds: float) -> list[str]:
    """Lines of about ``seconds``, whole groups of pictures."""
    folder, ready, recorder = Path(tempfile.mkdtemp()), asyncio.Event(), Recorder()
    config = RelayConfig(folder / "relay.sock", folder / "state")
    serving = asyncio.create_task(run_relay(config, ready=lambda _: ready.set()))
    await ready.wait()

    async def pull(link: Link) -> None:
        await link.request("pull")

    relay = RelayClient(config.control_socket)
    feed = StandingLink(
        config.control_socket, on_event=recorder.event, on_packet=recorder.packet, on_up=pull
    )
    relay.start()
    feed.start()
    await _publish(relay, kbps, _WARM_S + seconds + 4)
    await feed.stop()
    await relay.stop()
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)
    return recorder.lines[: recorder.keyframes[-1]]


if __name__ == "__main__":
    taken = asyncio.run(record(int(sys.argv[1]), float(sys.argv[2])))
    Path(sys.argv[3]).write_text("\n".join(taken) + "\n", encoding="ascii")
