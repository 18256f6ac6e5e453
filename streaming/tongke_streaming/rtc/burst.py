"""What one read of the socket brought for one stream, laid out once for all viewers.

A viewer's copy differs from the template only in sequence number, timestamp and SSRC, which are
packed in, and in the cipher text. Packets of a run have one size, padded by RTP padding where the
viewer's retransmissions allow it, so that the kernel cuts the run apart (UDP_SEGMENT, GSO).
"""

import struct
from dataclasses import dataclass
from typing import NamedTuple

from .rtp import Packet

MAX_SEGMENTS = 64
_MAX_RUN_BYTES = 63 << 10
_MAX_PADDING = 255
_HEAD = struct.Struct("!BBHII")


class Shape(NamedTuple):
    """What viewers that share a template have in common.

    ``extension`` is the id of abs-send-time or 0; ``tag`` the SRTP tag's bytes. A viewer without
    RTX gets lost packets again under the same number, so they must come out the same byte for byte
    (a second plaintext under one GCM nonce gives the key away): no padding, no send time.
    """

    payload_type: int
    extension: int
    tag: int
    padded: bool


@dataclass(frozen=True, slots=True)
class Run:
    """``template`` holds the packets ``stride`` bytes apart, each followed by room for its tag.

    ``items`` are (offset, length before the tag, sequence number, timestamp).
    """

    template: bytes
    stride: int
    items: tuple[tuple[int, int, int, int], ...]
    payload_bytes: int


def abs_send_time(us: int) -> bytes:
    """24 bits of seconds, 18 of them fraction (the abs-send-time extension)."""
    return ((us * (1 << 18) // 1_000_000) & 0xFFFFFF).to_bytes(3, "big")


def split(packets: list[Packet], padded: bool, room: int) -> list[list[Packet]]:
    """Runs the kernel can cut: one size but a shorter last; ``room`` is what a packet adds."""
    runs: list[list[Packet]] = []
    current: list[Packet] = []
    largest = smallest = 0
    for packet in packets:
        size = len(packet.payload)
        fits = bool(current) and len(current) < MAX_SEGMENTS
        if fits and padded:
            low, high = min(smallest, size), max(largest, size)
            # Padding a tail up to a full packet would waste the link: a short one ends its run.
            fits = high - low <= min(_MAX_PADDING, 48 + high // 16)
            fits = fits and (len(current) + 1) * (high + room) <= _MAX_RUN_BYTES
            fits = fits or (size < smallest and _closes(current, size, largest, room))
        elif fits:
            equal = len(current[-1].payload) == largest
            fits = size <= largest and equal
            fits = fits and (len(current) + 1) * (largest + room) <= _MAX_RUN_BYTES
        if not fits:
            current = []
            runs.append(current)
            largest = smallest = size
        current.append(packet)
        if padded and largest - size > min(_MAX_PADDING, 48 + largest // 16):
            largest = smallest = 1 << 20  # closed: nothing fits behind a short last one
        else:
            largest, smallest = max(largest, size), min(smallest, size)
    return runs


def _closes(current: list[Packet], size: int, largest: int, room: int) -> bool:
    return (
        size < largest < 1 << 20
        and len(current) < MAX_SEGMENTS
        and (len(current) + 1) * (largest + room) <= _MAX_RUN_BYTES
    )


def lay_out(packets: list[Packet], shape: Shape, now_us: int) -> list[Run]:
    """The templates of a burst for one shape."""
    head = b""
    if shape.extension:
        head = struct.pack("!HHB", 0xBEDE, 1, shape.extension << 4 | 2) + abs_send_time(now_us)
    room = 12 + len(head) + shape.tag
    return [
        _run(run, shape, head)
        for run in split(packets, shape.padded, room + (1 if shape.padded else 0))
    ]


def _run(packets: list[Packet], shape: Shape, head: bytes) -> Run:
    sizes = [len(p.payload) for p in packets]
    largest = max(sizes)
    stride = 12 + len(head) + largest + shape.tag
    out = bytearray()
    items = []
    last = len(packets) - 1
    for index, packet in enumerate(packets):
        padding = largest - sizes[index] if shape.padded and index != last else 0
        first = 0x80 | (0x10 if head else 0) | (0x20 if padding else 0)
        second = shape.payload_type | (0x80 if packet.marker else 0)
        items.append(
            (
                len(out),
                12 + len(head) + sizes[index] + padding,
                packet.seq,
                packet.timestamp,
            )
        )
        out += _HEAD.pack(first, second, 0, 0, 0) + head + packet.payload
        if padding:
            out += bytes(padding - 1) + bytes([padding])
        out += bytes(shape.tag)
    return Run(bytes(out), stride, tuple(items), sum(sizes))
