"""CMAF made in memory by PyAV's own muxer, cut into parts of half a second."""

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from tongke_streaming.hls.model import InitInfo

FPS = 20
FRAMES_A_PART = FPS // 2
PARTS_A_SEGMENT = 4
SOUND_FRAMES_A_PART = 23  # of 1024 samples at 48 kHz: 490.7 ms


@dataclass(frozen=True)
class MadePart:
    data: bytes
    duration_us: int
    independent: bool


@dataclass(frozen=True)
class Made:
    init: bytes
    info: InitInfo
    parts: tuple[MadePart, ...]


def boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Top-level boxes of a file: kind and the whole box."""
    at = 0
    while at < len(data):
        (size,) = struct.unpack_from(">I", data, at)
        yield data[at + 4 : at + 8], data[at : at + size]
        at += size


def _fragments(data: bytes) -> tuple[bytes, list[bytes]]:
    """The init segment and one moof+mdat per frame."""
    init, fragments, moof = b"", list[bytes](), b""
    for kind, whole in boxes(data):
        if kind in (b"ftyp", b"moov"):
            init += whole
        elif kind == b"moof":
            moof = whole
        elif kind == b"mdat":
            fragments.append(moof + whole)
    return init, fragments


def _open(buffer: io.BytesIO) -> OutputContainer:
    flags = "frag_every_frame+empty_moov+default_base_moof"
    return av.open(buffer, "w", format="mp4", options={"movflags": flags})


@cache
def picture(seconds: int, width: int = 320, height: int = 180) -> Made:
    """Moving picture, an IDR every 2 s."""
    buffer = io.BytesIO()
    with _open(buffer) as container:
        options = {"preset": "ultrafast", "tune": "zerolatency", "profile": "baseline"}
        stream = container.add_stream("libx264", rate=FPS, options=options)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.gop_size = FRAMES_A_PART * PARTS_A_SEGMENT
        stream.bit_rate = 300_000
        for index in range(seconds * FPS):
            container.mux(stream.encode(_frame(width, height, index)))
        container.mux(stream.encode(None))
    init, fragments = _fragments(buffer.getvalue())
    groups = [
        b"".join(fragments[at : at + FRAMES_A_PART])
        for at in range(0, len(fragments), FRAMES_A_PART)
    ]
    parts = tuple(
        MadePart(data, 500_000, index % PARTS_A_SEGMENT == 0) for index, data in enumerate(groups)
    )
    at = init.index(b"avcC") + 5
    codecs = f"avc1.{init[at : at + 3].hex().upper()}"
    return Made(init, InitInfo("video", codecs, FPS * 512, width, height), parts)


def _frame(width: int, height: int, index: int) -> VideoFrame:
    frame = VideoFrame(width, height, "yuv420p")
    luma = frame.planes[0]
    row = bytes((x * 2 + index * 5) & 255 for x in range(luma.line_size))
    luma.update(row * luma.height)
    for plane in frame.planes[1:]:
        plane.update(bytes([128]) * plane.buffer_size)
    frame.pts, frame.time_base = index, Fraction(1, FPS)
    return frame


@cache
def sound(seconds: int) -> Made:
    """A quiet AAC track."""
    buffer = io.BytesIO()
    with _open(buffer) as container:
        stream = container.add_stream("aac", rate=48_000)
        assert isinstance(stream, AudioStream)
        stream.bit_rate = 48_000
        stream.layout = "mono"
        for index in range(seconds * 48_000 // 1024):
            frame = AudioFrame("fltp", "mono", 1024)
            frame.planes[0].update(struct.pack("<1024f", *(0.01 * (i % 64) for i in range(1024))))
            frame.sample_rate, frame.pts = 48_000, index * 1024
            frame.time_base = Fraction(1, 48_000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    init, fragments = _fragments(buffer.getvalue())
    count = SOUND_FRAMES_A_PART
    parts = tuple(
        MadePart(b"".join(fragments[at : at + count]), count * 1024 * 125 // 6, True)
        for at in range(0, len(fragments) - count, count)
    )
    return Made(init, InitInfo("audio", "mp4a.40.2", 48_000, channels=1), parts)
