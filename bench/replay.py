"""Replay a recording of Chromium's packets in real time, into our relay or as plain RTP.

A process of its own: ``python -m bench.replay {"capture": …, "relay": SOCKET}`` or, for plain RTP to
another server, ``{"capture": …, "rtp": {"a": PORT, "v": PORT}}``; it plays on until it is ended.

Each payload keeps the recorded size and NAL headers; behind them come the time it was sent, a number
that grows by one, and bytes that follow from that number, so that a viewer can check all of it.
"""

import asyncio
import itertools
import json
import random
import socket
import struct
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tongke_streaming.frames import Link, connect
from tongke_streaming.rtc import rtcp
from tongke_streaming.rtc.dtls import Identity
from tongke_streaming.rtc.rtp import HEADER

from .rtc_client import TYPES, Peer, offer, read_remote

_FOLDER = Path(__file__).parent / "data"
_STAMP = struct.Struct("!QI")  # UTC µs, number
_NOISE = random.Random(0).randbytes(4096)
_TICKS = {"a": 48, "v": 90}
_SSRC = {"a": 0x0A0A0A0A, "v": 0x0B0B0B0B}


@dataclass(frozen=True)
class Recorded:
    """One line of the capture; ``due_us`` since its start."""

    due_us: int
    kind: str
    size: int
    marker: bool
    step: int
    head: bytes


def load(name: str) -> list[Recorded]:
    """A capture of bench/data by its name, ``chromium_1200k`` for one."""
    found = []
    for line in (_FOLDER / f"{name}.tsv").read_text(encoding="ascii").splitlines():
        due, kind, size, marker, _, step, head = line.split("\t")
        data = b"" if head == "-" else bytes.fromhex(head)
        found.append(Recorded(int(due), kind, int(size), marker == "1", int(step), data))
    return found


def fill(head: bytes, size: int, us: int, number: int) -> bytes:
    """A payload of ``size`` bytes; one too small for the stamp holds what fits."""
    at = number % 2048
    return (head + _STAMP.pack(us, number) + _NOISE[at : at + size])[:size]


def check(kind: str, payload: bytes) -> tuple[int, int] | None:
    """(µs, number) of a payload, (0, 0) of one too small to hold them; None if it was damaged."""
    start = 4 if kind == "v" else 0
    if len(payload) < start + _STAMP.size:
        return 0, 0
    us, number = _STAMP.unpack_from(payload, start)
    whole = fill(payload[:start], len(payload), us, number) == payload
    return (us, number) if whole else None


class Sink(Protocol):
    """Where packets go; ``idle`` is called between them with the monotonic time in seconds."""

    def send(self, kind: str, packet: bytes) -> None: ...

    def idle(self, now: float) -> None: ...


class PlainRtp:
    """To a server that takes RTP on a port per track."""

    def __init__(self, ports: dict[str, int]) -> None:
        self._ports = ports
        self._sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

    def send(self, kind: str, packet: bytes) -> None:
        self._sock.sendto(packet, ("127.0.0.1", self._ports[kind]))

    def idle(self, now: float) -> None:
        """Nothing comes back."""


class Publisher:
    """A WHIP publisher's transport: SRTP, a transport-wide number on each packet, reports."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self._number = itertools.count()
        self._sent: dict[str, list[int]] = {}
        self._next_report = 0.0

    def send(self, kind: str, packet: bytes) -> None:
        assert self._peer.outbound is not None
        extension = struct.pack("!HHBHB", 0xBEDE, 1, 3 << 4 | 1, next(self._number) & 0xFFFF, 0)
        data = bytes((packet[0] | 0x10,)) + packet[1:12] + extension + packet[12:]
        self._peer.send(self._peer.outbound.rtp(data))
        sent = self._sent.setdefault(kind, [0, 0, 0])
        sent[0] = int.from_bytes(packet[4:8], "big")
        sent[1] += 1
        sent[2] += len(packet) - 12

    def idle(self, now: float) -> None:
        self._peer.drain()
        if now < self._next_report or self._peer.outbound is None:
            return
        self._next_report = now + 1
        self._peer.check()
        ntp = rtcp.ntp_from_us(time.time_ns() // 1000)
        for kind, (timestamp, packets, octets) in self._sent.items():
            report = rtcp.sender_report(_SSRC[kind], ntp, timestamp, packets, octets)
            self._peer.send(self._peer.outbound.rtcp(report))


def endless(capture: list[Recorded]) -> Iterator[tuple[float, Recorded]]:
    """The capture again and again, with the second each packet is due."""
    length_us = capture[-1].due_us + 10_000
    for turn in itertools.count():
        for packet in capture:
            yield (turn * length_us + packet.due_us) / 1e6, packet


def play(capture: list[Recorded], sink: Sink) -> None:
    """For ever; a process that was late catches up as a stalled sender would."""
    begun = time.monotonic()
    sequence, numbers, timestamps = {"a": 100, "v": 200}, {"a": 0, "v": 0}, {"a": 7, "v": 9}
    for due, packet in endless(capture):
        sink.idle(time.monotonic())
        while (wait := begun + due - time.monotonic()) > 0:
            time.sleep(min(wait, 0.05))
            sink.idle(time.monotonic())
        kind = packet.kind
        sequence[kind] = (sequence[kind] + 1) & 0xFFFF
        numbers[kind] = (numbers[kind] + 1) & 0xFFFFFFFF
        timestamps[kind] = (timestamps[kind] + packet.step) & 0xFFFFFFFF
        second = TYPES[kind] | (0x80 if packet.marker else 0)
        head = HEADER.pack(0x80, second, sequence[kind], timestamps[kind], _SSRC[kind])
        payload = fill(packet.head, packet.size, time.time_ns() // 1000, numbers[kind])
        sink.send(kind, head + payload)


async def _join(path: Path, identity: Identity) -> Peer:
    link = await connect(path, Link)
    peer = Peer(identity)
    text = offer(peer, "sendonly")
    answer = await link.request("publish", lesson="bench", source="lead", holder="me", sdp=text)
    link.close()
    peer.connect(read_remote(answer["sdp"]))
    async with asyncio.timeout(10):
        while peer.outbound is None:
            peer.drain()
            peer.poll()
            await asyncio.sleep(0.005)
    return peer


def run(options: dict[str, object]) -> None:
    capture = load(str(options["capture"]))
    ports = options.get("rtp")
    sink: Sink
    if isinstance(ports, dict):
        sink = PlainRtp(ports)
    else:
        sink = Publisher(asyncio.run(_join(Path(str(options["relay"])), Identity())))
    print("publishing", flush=True)
    play(capture, sink)


if __name__ == "__main__":
    run(json.loads(sys.argv[1]))
