"""Reading HLS playlists as a client does (RFC 8216bis); tags it does not know are skipped."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urljoin

_ATTRIBUTE = re.compile(r'([A-Z0-9-]+)=("[^"]*"|[^,]*)')


class BadPlaylist(ValueError):
    """Not a playlist, or one whose numbers cannot be read."""


@dataclass(frozen=True)
class Variant:
    uri: str
    bandwidth: int
    audio: str | None
    resolution: str | None


@dataclass(frozen=True)
class Multivariant:
    """``audio``: group id → address of its first rendition that has one."""

    variants: list[Variant]
    audio: dict[str, str]


@dataclass(frozen=True)
class Piece:
    """A segment (``part`` None) or a part. ``start_s`` is UTC where ``dated``, else from zero."""

    msn: int
    part: int | None
    uri: str
    init: str | None
    start_s: float
    duration_s: float
    independent: bool
    gap: bool


@dataclass
class Media:
    """``next_msn``/``next_part``: what a blocking reload asks for."""

    target_s: float = 0.0
    part_target_s: float | None = None
    hold_back_s: float | None = None
    part_hold_back_s: float | None = None
    can_block: bool = False
    dated: bool = False
    ended: bool = False
    next_msn: int = 0
    next_part: int = 0
    segments: list[Piece] = field(default_factory=list)
    parts: list[Piece] = field(default_factory=list)

    @property
    def edge_s(self) -> float:
        ends = [
            piece.start_s + piece.duration_s for piece in (*self.segments[-1:], *self.parts[-1:])
        ]
        return max(ends, default=0.0)

    def after(self, msn: int, part: int) -> Piece | None:
        """The next piece at or after (msn, part): a part when listed, else a whole segment."""
        for piece in self.parts:
            if piece.part is not None and (piece.msn, piece.part) >= (msn, part):
                if piece.msn == msn or not self._has_segment(msn, part, piece.msn):
                    return piece
                break
        for segment in self.segments:
            if segment.msn > msn or (segment.msn == msn and part == 0):
                return segment
        return None

    def _has_segment(self, msn: int, part: int, before: int) -> bool:
        first = msn if part == 0 else msn + 1
        return any(first <= segment.msn < before for segment in self.segments)


def attributes(text: str) -> dict[str, str]:
    return {name: value.strip('"') for name, value in _ATTRIBUTE.findall(text)}


def is_multivariant(text: str) -> bool:
    return "#EXT-X-STREAM-INF" in text


def read_multivariant(text: str, base: str) -> Multivariant:
    variants: list[Variant] = []
    audio: dict[str, str] = {}
    pending: dict[str, str] | None = None
    for line in _lines(text):
        tag, _, value = line.partition(":")
        if tag == "#EXT-X-STREAM-INF":
            pending = attributes(value)
        elif tag == "#EXT-X-MEDIA":
            media = attributes(value)
            if media.get("TYPE") == "AUDIO" and "URI" in media:
                audio.setdefault(media.get("GROUP-ID", ""), urljoin(base, media["URI"]))
        elif not line.startswith("#") and pending is not None:
            variants.append(
                Variant(
                    urljoin(base, line),
                    int(pending.get("BANDWIDTH", "0")),
                    pending.get("AUDIO"),
                    pending.get("RESOLUTION"),
                )
            )
            pending = None
    if not variants:
        raise BadPlaylist("a multivariant playlist without variants")
    return Multivariant(variants, audio)


def read_media(text: str, base: str) -> Media:
    """Raises BadPlaylist."""
    try:
        return _Reader(base).read(text)
    except ValueError as error:
        raise BadPlaylist(str(error)) from error


def _lines(text: str) -> list[str]:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines or lines[0] != "#EXTM3U":
        raise BadPlaylist("not a playlist")
    return lines[1:]


class _Reader:
    def __init__(self, base: str) -> None:
        self._base = base
        self._media = Media()
        self._msn = 0
        self._part = 0
        self._init: str | None = None
        self._at = 0.0
        self._part_at: float | None = None
        self._duration = 0.0
        self._gap = False

    def read(self, text: str) -> Media:
        for line in _lines(text):
            if line.startswith("#"):
                self._tag(*line.partition(":")[::2])
            else:
                self._segment(line)
        self._media.next_msn, self._media.next_part = self._msn, self._part
        return self._media

    def _tag(self, tag: str, value: str) -> None:
        media = self._media
        match tag:
            case "#EXT-X-TARGETDURATION":
                media.target_s = float(value)
            case "#EXT-X-PART-INF":
                media.part_target_s = float(attributes(value)["PART-TARGET"])
            case "#EXT-X-SERVER-CONTROL":
                self._control(attributes(value))
            case "#EXT-X-MEDIA-SEQUENCE":
                self._msn = int(value)
            case "#EXT-X-SKIP":
                self._msn += int(attributes(value)["SKIPPED-SEGMENTS"])
            case "#EXT-X-MAP":
                self._init = urljoin(self._base, attributes(value)["URI"])
            case "#EXT-X-PROGRAM-DATE-TIME":
                moment = datetime.fromisoformat(value)
                self._at = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
                media.dated = True
            case "#EXTINF":
                self._duration = float(value.split(",")[0])
            case "#EXT-X-GAP":
                self._gap = True
            case "#EXT-X-PART":
                self._take_part(attributes(value))
            case "#EXT-X-ENDLIST":
                media.ended = True

    def _control(self, values: dict[str, str]) -> None:
        self._media.can_block = values.get("CAN-BLOCK-RELOAD") == "YES"
        if "HOLD-BACK" in values:
            self._media.hold_back_s = float(values["HOLD-BACK"])
        if "PART-HOLD-BACK" in values:
            self._media.part_hold_back_s = float(values["PART-HOLD-BACK"])

    def _take_part(self, values: dict[str, str]) -> None:
        start = self._at if self._part_at is None else self._part_at
        duration = float(values["DURATION"])
        self._media.parts.append(
            Piece(
                self._msn,
                self._part,
                urljoin(self._base, values["URI"]),
                self._init,
                start,
                duration,
                values.get("INDEPENDENT") == "YES",
                values.get("GAP") == "YES",
            )
        )
        self._part += 1
        self._part_at = start + duration

    def _segment(self, uri: str) -> None:
        address = urljoin(self._base, uri)
        self._media.segments.append(
            Piece(self._msn, None, address, self._init, self._at, self._duration, True, self._gap)
        )
        self._at += self._duration
        self._msn, self._part, self._part_at, self._gap = self._msn + 1, 0, None, False
