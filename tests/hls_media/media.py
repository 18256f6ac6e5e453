"""H.264 and Opus made in memory, and packed into RTP the way publishers do."""

import array
import math
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType, VideoFrame


@dataclass(frozen=True)
class Encoded:
    """NAL units of one picture, and whether it is an IDR."""

    nals: tuple[bytes, ...]
    idr: bool


def split_annex_b(data: bytes) -> tuple[bytes, ...]:
    units = data.replace(b"\0\0\0\1", b"\0\0\1").split(b"\0\0\1")
    return tuple(unit for unit in units if unit)


def _picture(width: int, height: int, index: int) -> VideoFrame:
    frame = VideoFrame(width, height, "yuv420p")
    luma = frame.planes[0]
    row = bytes((x * 2 + index * 5) & 255 for x in range(luma.line_size))
    luma.update(b"".join(row[y % 7 :] + row[: y % 7] for y in range(luma.height)))
    for plane in frame.planes[1:]:
        plane.update(bytes([128]) * plane.buffer_size)
    return frame


@cache
def pictures(
    count: int,
    *,
    width: int = 160,
    height: int = 96,
    idr_every: int = 60,
    b_frames: int = 0,
    cabac: bool = False,
    only_p: bool = False,
) -> tuple[Encoded, ...]:
    """``only_p`` with ``b_frames``: as an encoder that could use B-frames and does not."""
    encoder = VideoCodecContext.create("libx264", "w")
    assert isinstance(encoder, VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, 30), Fraction(30)
    encoder.bit_rate = 200_000
    encoder.gop_size = 100_000
    encoder.profile = "Main" if cabac or b_frames else "Baseline"
    encoder.options = {
        "preset": "veryfast" if cabac else "ultrafast",
        "bf": str(b_frames),
        "x264-params": "scenecut=0",
        **({} if b_frames else {"tune": "zerolatency"}),
    }
    encoder.max_b_frames = b_frames
    packets = []
    for index in range(count):
        frame = _picture(width, height, index)
        frame.pts, frame.time_base = index, Fraction(1, 30)
        if index % idr_every == 0:
            frame.pict_type = PictureType.I
        elif only_p:
            frame.pict_type = PictureType.P
        packets += encoder.encode(frame)
    packets += encoder.encode(None)
    made = [split_annex_b(bytes(packet)) for packet in packets]
    return tuple(Encoded(nals, any(nal[0] & 31 == 5 for nal in nals)) for nals in made)


def samples(seconds: float, *, beep_every: float = 1.0, channels: int = 1) -> "array.array[float]":
    """A 1 kHz beep of 100 ms at each whole ``beep_every``, else silence."""
    out: array.array[float] = array.array("f")
    for k in range(int(seconds * 48000)):
        on = (k / 48000) % beep_every < 0.1
        value = 0.5 * math.sin(2 * math.pi * 1000 * k / 48000) if on else 0.0
        out.extend([value] * channels)
    return out


@cache
def opus(seconds: float, *, channels: int = 1) -> tuple[bytes, ...]:
    """Packets of 20 ms of ``samples``."""
    return opus_of(samples(seconds + 0.1, channels=channels), channels)[: int(seconds * 50)]


def opus_of(pcm: "array.array[float]", channels: int = 1) -> tuple[bytes, ...]:
    """The encoder's look-ahead (312 samples) is taken off the front."""
    encoder = AudioCodecContext.create("libopus", "w")
    assert isinstance(encoder, AudioCodecContext)
    encoder.sample_rate, encoder.format = 48000, "flt"
    encoder.layout = "mono" if channels == 1 else "stereo"
    encoder.bit_rate = 64000
    data, size = pcm[312 * channels :].tobytes(), 960 * 4 * channels
    packets: list[bytes] = []
    for index in range(len(data) // size):
        frame = AudioFrame("flt", encoder.layout.name, 960)
        frame.sample_rate, frame.pts, frame.time_base = 48000, index * 960, Fraction(1, 48000)
        frame.planes[0].update(data[index * size : (index + 1) * size])
        packets += [bytes(packet) for packet in encoder.encode(frame)]
    return tuple(packets)


def rtp(payload: bytes, seq: int, timestamp: int, *, marker: bool, pt: int = 96) -> bytes:
    return (
        struct.pack(
            "!BBHII", 0x80, pt | (0x80 if marker else 0), seq & 0xFFFF, timestamp & 0xFFFFFFFF, 7
        )
        + payload
    )


def payloads(nals: Sequence[bytes], mtu: int = 1200) -> Iterator[bytes]:
    """RFC 6184 as libwebrtc does it: small units together in a STAP-A, large ones in FU-A."""
    small: list[bytes] = []
    for nal in nals:
        if len(nal) <= 200:
            small.append(nal)
            continue
        yield from _together(small)
        small = []
        yield from _fragments(nal, mtu)
    yield from _together(small)


def _together(nals: list[bytes]) -> Iterator[bytes]:
    if len(nals) == 1:
        yield nals[0]
    elif nals:
        yield b"\x78" + b"".join(struct.pack("!H", len(nal)) + nal for nal in nals)


def _fragments(nal: bytes, mtu: int) -> Iterator[bytes]:
    if len(nal) <= mtu:
        yield nal
        return
    indicator, kind, body = nal[0] & 0xE0 | 28, nal[0] & 0x1F, nal[1:]
    pieces = [body[at : at + mtu] for at in range(0, len(body), mtu)]
    for index, piece in enumerate(pieces):
        edge = (0x80 if index == 0 else 0) | (0x40 if index == len(pieces) - 1 else 0)
        yield bytes((indicator, edge | kind)) + piece


def packetize(nals: Sequence[bytes], seq: int, timestamp: int, mtu: int = 1200) -> list[bytes]:
    parts = list(payloads(nals, mtu))
    return [
        rtp(part, seq + index, timestamp, marker=index == len(parts) - 1)
        for index, part in enumerate(parts)
    ]
