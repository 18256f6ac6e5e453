"""What is in a media file, and what of it WebRTC can carry as it is (RFC 7742, RFC 7874)."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import FFmpegError
from av.video.stream import VideoStream

LONGEST_GOP_S = 4.0
HIGHEST_BITRATE = 8_000_000
SCAN_BUDGET_S = 3.0

_PROFILES = {"Constrained Baseline", "Baseline", "Main", "High"}
_PIXELS = {"yuv420p", "yuvj420p"}


class NotMedia(Exception):
    """The file has neither moving picture nor sound; the text is one sentence for a person."""


@dataclass(frozen=True)
class Picture:
    """The picture of a file; ``rotation`` in degrees as the player has to turn it."""

    codec: str
    profile: str
    pixels: str
    width: int
    height: int
    fps: float
    rotation: int = 0
    sample_aspect: Fraction = Fraction(1)
    interlaced: bool = False
    reordered: bool = False
    timed: bool = True
    longest_gop_s: float = 0.0
    bitrate: int = 0

    def obstacles(self) -> list[str]:
        """Why it cannot be sent untouched; empty when it can."""
        portrait = self.height > self.width
        short, long = (self.width, self.height) if portrait else (self.height, self.width)
        checks = [
            (self.codec != "h264", f"{self.codec} is not H.264"),
            (self.codec == "h264" and self.profile not in _PROFILES, f"profile {self.profile}"),
            (self.pixels not in _PIXELS, f"pixels {self.pixels}"),
            (self.reordered, "B-frames"),
            (not self.timed, "no timestamps"),
            (self.longest_gop_s > LONGEST_GOP_S, f"keyframes {self.longest_gop_s:.1f} s apart"),
            (self.rotation % 360 != 0, f"turned by {self.rotation}°"),
            (self.sample_aspect != 1, "pixels not square"),
            (self.interlaced, "interlaced"),
            (short > 1088 or long > 1920, f"{self.width}x{self.height} is over 1080p"),
            (self.bitrate > HIGHEST_BITRATE, f"{self.bitrate / 1e6:.0f} Mbit/s"),
        ]
        return [reason for hinders, reason in checks if hinders]


@dataclass(frozen=True)
class Sound:
    codec: str
    rate: int
    channels: int

    def obstacles(self) -> list[str]:
        """Why it cannot be sent untouched; FFmpeg's WHIP takes only stereo Opus."""
        checks = [
            (self.codec != "opus", f"{self.codec} is not Opus"),
            (self.rate != 48000, f"{self.rate} Hz"),
            (self.channels != 2, f"{self.channels} channels"),
        ]
        return [reason for hinders, reason in checks if hinders]


@dataclass(frozen=True)
class MediaFile:
    """``picture_index`` and ``sound_index`` are stream indexes of the container."""

    path: Path
    duration_s: float | None
    picture: Picture | None = None
    picture_index: int | None = None
    sound: Sound | None = None
    sound_index: int | None = None


@dataclass
class _PacketScan:
    """Presentation order, keyframe distances and bytes, seen packet by packet."""

    time_base: Fraction
    reordered: bool = False
    longest: int = 0
    size: int = 0
    first: int | None = None
    last: int | None = None
    keyframe: int | None = None
    _max_pts: int | None = field(default=None, repr=False)

    def see(self, packet: "av.Packet[VideoStream]") -> None:
        pts = packet.pts
        if pts is None:
            return
        self.size += packet.size
        if self._max_pts is not None and pts < self._max_pts:
            self.reordered = True
        self._max_pts = pts if self._max_pts is None else max(pts, self._max_pts)
        self.first = pts if self.first is None else self.first
        self.last = pts
        if packet.is_keyframe:
            self._close_gop(pts)
            self.keyframe = pts

    def _close_gop(self, pts: int) -> None:
        if self.keyframe is not None:
            self.longest = max(self.longest, pts - self.keyframe)

    def longest_gop_s(self) -> float:
        if self.last is not None:
            self._close_gop(self.last)
        return float(self.longest * self.time_base)

    def bitrate(self) -> int:
        if self.first is None or self.last is None or self.last <= self.first:
            return 0
        return round(self.size * 8 / float((self.last - self.first) * self.time_base))


def inspect(path: Path) -> MediaFile:
    """Open and scan a file. Raises NotMedia with the sentence to show."""
    if not path.exists():
        raise NotMedia(f"{path}: there is no such file")
    if not path.is_file():
        raise NotMedia(f"{path}: not a file")
    with _opened(path) as container:
        picture_stream = _picture_stream(container)
        sound_stream = next((s for s in container.streams.audio if s.codec_context), None)
        if picture_stream is None and sound_stream is None:
            raise NotMedia(f"{path}: no video or sound in it")
        return MediaFile(
            path=path.resolve(),
            duration_s=container.duration / av.time_base if container.duration else None,
            sound=_sound(sound_stream) if sound_stream else None,
            sound_index=sound_stream.index if sound_stream else None,
            picture_index=picture_stream.index if picture_stream else None,
            picture=_picture(container, picture_stream) if picture_stream else None,
        )


@contextmanager
def _opened(path: Path) -> Iterator[InputContainer]:
    try:
        container = av.open(str(path.resolve()))
    except (FFmpegError, ValueError, OSError) as error:
        raise NotMedia(f"{path}: not a video or sound file") from error
    with container:
        try:
            yield container
        except FFmpegError as error:
            raise NotMedia(f"{path}: the file is damaged ({error.strerror})") from error


def _picture_stream(container: InputContainer) -> VideoStream | None:
    """The first moving picture; cover pictures of sound files and photos are none."""
    if container.format.name.endswith("_pipe") or container.format.name in {"image2", "gif", "tty"}:
        raise NotMedia(f"{container.name}: not a video or sound file")
    for stream in container.streams.video:
        if not stream.disposition & stream.disposition.attached_pic and stream.codec_context:
            return stream
    return None


def _sound(stream: AudioStream) -> Sound:
    context = stream.codec_context
    return Sound(context.name, context.sample_rate, context.layout.nb_channels)


def _picture(container: InputContainer, stream: VideoStream) -> Picture:
    context = stream.codec_context
    frame = _first_frame(container, stream)
    container.seek(0)
    scan = _scan(container, stream)
    fps = stream.average_rate or stream.guessed_rate or Fraction(25)
    return Picture(
        codec=context.codec.canonical_name,
        profile=str(context.profile or ""),
        pixels=str(context.pix_fmt or ""),
        width=frame.width,
        height=frame.height,
        fps=float(fps),
        rotation=int(frame.rotation) % 360,
        sample_aspect=stream.sample_aspect_ratio or Fraction(1),
        interlaced=bool(frame.interlaced_frame),
        reordered=scan.reordered,
        timed=scan.first is not None,
        longest_gop_s=scan.longest_gop_s(),
        bitrate=scan.bitrate(),
    )


def _first_frame(container: InputContainer, stream: VideoStream) -> Any:
    for frame in container.decode(stream):
        return frame
    raise NotMedia(f"{container.name}: its picture cannot be decoded")


def _scan(container: InputContainer, stream: VideoStream) -> _PacketScan:
    """The packets of the whole file, or of as much as can be read in SCAN_BUDGET_S."""
    scan = _PacketScan(stream.time_base or Fraction(1, 1000))
    until = time.monotonic() + SCAN_BUDGET_S
    for packet in container.demux(stream):
        scan.see(packet)
        if time.monotonic() > until:
            break
    return scan
