"""A viewer without a screen for WHEP (draft-ietf-wish-whep), on aiortc."""

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx2
from aiortc import MediaStreamTrack, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError
from aiortc.rtp import RtcpSrPacket, RtpPacket

from tongke_streaming.probe.hls import check
from tongke_streaming.probe.viewing import FreezeMeter, NothingSeen, Viewing

START_WITHIN_S = 15.0
_NTP_EPOCH_S = 2_208_988_800  # 1900 to 1970, RFC 5905


@dataclass
class Arrivals:
    """RTP as it came in of one medium: sequence numbers, bytes, clock."""

    rate: int
    bytes: int = 0
    retransmitted: int = 0
    latencies: list[float] = field(default_factory=list)
    _main_ssrc: int | None = None
    _highest: int = 0
    _first: int | None = None
    _seen: set[int] = field(default_factory=set)
    _report: tuple[float, int] | None = None

    def report(self, packet: RtcpSrPacket) -> None:
        if packet.ssrc == self._main_ssrc:
            ntp = packet.sender_info.ntp_timestamp
            self._report = (ntp / (1 << 32) - _NTP_EPOCH_S, packet.sender_info.rtp_timestamp)

    def see(self, packet: RtpPacket) -> None:
        self.bytes += len(packet.payload) + packet.padding_size + 12
        if self._main_ssrc is None:
            self._main_ssrc = packet.ssrc
        if packet.ssrc != self._main_ssrc:
            self.retransmitted += 1
            return
        if self._first is None:
            self._first = self._highest = packet.sequence_number
        step = (packet.sequence_number - self._highest + 0x8000) % 0x10000 - 0x8000
        number = self._highest + step
        self._highest = max(self._highest, number)
        if number >= self._first:
            if number in self._seen:
                self.retransmitted += 1
            self._seen.add(number)
        if packet.marker or self.rate == 48000:
            self._clock(packet.timestamp)

    def _clock(self, timestamp: int) -> None:
        """Latency of the picture this packet ends, by the last sender report (RFC 3550, 6.4.1)."""
        if self._report is not None:
            at, reported = self._report
            ticks = (timestamp - reported + 0x80000000) % 0x100000000 - 0x80000000
            self.latencies.append(time.time() - at - ticks / self.rate)

    @property
    def expected(self) -> int:
        return self._highest - self._first + 1 if self._first is not None else 0

    @property
    def lost(self) -> int:
        return self.expected - len(self._seen)


class WhepViewer:
    def __init__(self, url: str, token: str | None) -> None:
        self._url = url
        self._headers = {"authorization": f"Bearer {token}"} if token else {}
        self._meter = FreezeMeter()
        self._viewing = Viewing("whep")
        self._arrivals = {"video": Arrivals(90000), "audio": Arrivals(48000)}
        self._first = {"video": asyncio.Event(), "audio": asyncio.Event()}
        self._ended = asyncio.Event()
        self._began = time.monotonic()

    async def watch(self, seconds: float) -> Viewing:
        """Raises NothingSeen."""
        connection = RTCPeerConnection()
        tasks: list[asyncio.Task[None]] = []
        connection.on("track", lambda track: tasks.append(asyncio.create_task(self._take(track))))
        session: str | None = None
        async with httpx2.AsyncClient(headers=self._headers, timeout=10.0) as client:
            try:
                session = await self._connect(client, connection)
                await self._start()
                await self._until_ended(seconds)
            finally:
                now = time.monotonic()
                if session is not None:
                    with suppress(httpx2.HTTPError):
                        await client.delete(session, timeout=3.0)
                await connection.close()
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
        return self._result(now)

    async def _connect(self, client: httpx2.AsyncClient, connection: RTCPeerConnection) -> str:
        """The session's address."""
        for kind in ("audio", "video"):
            transceiver = connection.addTransceiver(kind, direction="recvonly")
            self._tap(transceiver.receiver, self._arrivals[kind])
        await connection.setLocalDescription(await connection.createOffer())
        try:
            answer = await client.post(
                self._url,
                content=connection.localDescription.sdp,
                headers={"content-type": "application/sdp"},
            )
        except httpx2.HTTPError as error:
            host = urlsplit(self._url).netloc
            raise NothingSeen(f"cannot reach {host}: {error or 'no answer'}") from error
        check(answer)
        if answer.status_code != 201 or "location" not in answer.headers:
            raise NothingSeen(f"{self._url} is no WHEP address", refused=True)
        await connection.setRemoteDescription(RTCSessionDescription(answer.text, "answer"))
        return urljoin(str(answer.url), answer.headers["location"])

    def _tap(self, receiver: Any, arrivals: Arrivals) -> None:
        """Look at packets before aiortc does: its statistics have no RTP clock and no bytes."""
        take_rtp, take_rtcp = receiver._handle_rtp_packet, receiver._handle_rtcp_packet

        async def see_rtp(packet: RtpPacket, arrival_time_ms: int) -> None:
            arrivals.see(packet)
            await take_rtp(packet, arrival_time_ms)

        async def see_rtcp(packet: Any) -> None:
            if isinstance(packet, RtcpSrPacket):
                arrivals.report(packet)
            await take_rtcp(packet)

        receiver._handle_rtp_packet, receiver._handle_rtcp_packet = see_rtp, see_rtcp

    async def _take(self, track: MediaStreamTrack) -> None:
        with suppress(MediaStreamError):
            while True:
                frame: Any = await track.recv()
                self._first[track.kind].set()
                if track.kind == "video":
                    now = time.monotonic()
                    if self._viewing.pictures == 0:
                        self._viewing.start_s = now - self._began
                    self._viewing.pictures += 1
                    self._viewing.width, self._viewing.height = frame.width, frame.height
                    self._meter.see(now)
                else:
                    self._viewing.sound = True
        self._ended.set()

    async def _start(self) -> None:
        """Until the first picture; sound alone is enough when no picture comes."""
        try:
            async with asyncio.timeout(START_WITHIN_S):
                await self._first["video"].wait()
        except TimeoutError:
            if not self._first["audio"].is_set():
                raise NothingSeen("the server answered, but no media came") from None
            self._viewing.start_s = time.monotonic() - self._began

    async def _until_ended(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._ended.wait()
                self._viewing.ended = True

    def _result(self, now: float) -> Viewing:
        viewing, arrivals = self._viewing, self._arrivals.values()
        viewing.seconds = now - self._began - (viewing.start_s or 0.0)
        if not viewing.ended:
            self._meter.close(now)
        viewing.freezes, viewing.frozen_s = self._meter.freezes, self._meter.frozen_s
        expected = sum(one.expected for one in arrivals) or 1
        viewing.loss = sum(one.lost for one in arrivals) / expected
        viewing.repaired = sum(one.retransmitted for one in arrivals) / expected
        viewing.kbps = sum(one.bytes for one in arrivals) * 8 / 1000 / max(viewing.seconds, 0.001)
        viewing.fps = viewing.pictures / max(viewing.seconds, 0.001)
        latencies = self._arrivals["video"].latencies or self._arrivals["audio"].latencies
        if latencies:
            viewing.latency_s = sorted(latencies)[len(latencies) // 2]
        return viewing
