"""Playlists as text: pure functions of what a rendition holds (draft-pantos-hls-rfc8216bis).

A media playlist is a header, the segments from the lesson's first one on, and a foot. There is no
EXT-X-PLAYLIST-TYPE: EVENT would forbid taking part tags out again (clause 6.2.1).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tongke_streaming.hls.model import PART_TARGET_US, TARGET_DURATION_S

VERSION = 9  # EXT-X-SKIP needs it, clause 8
TARGET_US = TARGET_DURATION_S * 1_000_000
PARTS_LISTED_US = 3 * TARGET_US
SKIP_UNTIL_US = 6 * TARGET_US
HOLD_BACK_US = 3 * TARGET_US
PART_HOLD_BACK_US = 3 * PART_TARGET_US

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class PartView:
    duration_us: int
    independent: bool


@dataclass(frozen=True, slots=True)
class SegmentView:
    """One segment; ``init`` is the number of its init segment, None while there is none."""

    msn: int
    start_us: int
    duration_us: int
    init: int | None
    discontinuity: bool = False
    gap: bool = False
    closed: bool = True
    parts: tuple[PartView, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """How far another rendition has come: its last segment and last part (None: a whole one)."""

    rendition: str
    last_msn: int
    last_part: int | None


@dataclass(frozen=True, slots=True)
class RenditionView:
    """``segments`` are all there are, oldest first; only the last may be open."""

    segments: Sequence[SegmentView]
    first_discontinuity: int = 0
    reports: tuple[Report, ...] = ()
    ended: bool = False


def seconds(us: int) -> str:
    return f"{us // 1_000_000}.{us % 1_000_000:06d}"


def date_time(us: int) -> str:
    """ISO 8601 with milliseconds, UTC."""
    return (_EPOCH + timedelta(microseconds=us)).isoformat(timespec="milliseconds")[:-6] + "Z"


def segment_address(msn: int) -> str:
    return f"{msn}.m4s"


def part_address(msn: int, index: int) -> str:
    return f"{msn}.{index}.m4s"


def init_address(number: int) -> str:
    return f"init-{number}.mp4"


def header(first_msn: int, first_discontinuity: int) -> str:
    return (
        "#EXTM3U\n"
        f"#EXT-X-VERSION:{VERSION}\n"
        f"#EXT-X-TARGETDURATION:{TARGET_DURATION_S}\n"
        "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES"
        f",PART-HOLD-BACK={PART_HOLD_BACK_US / 1e6}"
        f",HOLD-BACK={HOLD_BACK_US / 1e6}"
        f",CAN-SKIP-UNTIL={SKIP_UNTIL_US / 1e6}\n"
        f"#EXT-X-PART-INF:PART-TARGET={PART_TARGET_US / 1e6}\n"
        f"#EXT-X-MEDIA-SEQUENCE:{first_msn}\n"
        f"#EXT-X-DISCONTINUITY-SEQUENCE:{first_discontinuity}\n"
    )


def skip(count: int) -> str:
    return f"#EXT-X-SKIP:SKIPPED-SEGMENTS={count}\n"


def segment_text(segment: SegmentView, previous_init: int | None, *, list_parts: bool) -> str:
    """The lines of one segment; EXT-X-MAP where the init segment differs from the one before."""
    parts = segment.parts if list_parts and not segment.gap else ()
    if not segment.closed and not parts:
        return ""
    lines = []
    if segment.discontinuity:
        lines.append("#EXT-X-DISCONTINUITY")
    if segment.init is not None and segment.init != previous_init:
        lines.append(f'#EXT-X-MAP:URI="{init_address(segment.init)}"')
    lines.append(f"#EXT-X-PROGRAM-DATE-TIME:{date_time(segment.start_us)}")
    lines.extend(_part_line(segment.msn, index, part) for index, part in enumerate(parts))
    if segment.closed:
        if segment.gap:
            lines.append("#EXT-X-GAP")
        lines.append(f"#EXTINF:{seconds(segment.duration_us)},")
        lines.append(segment_address(segment.msn))
    return "\n".join(lines) + "\n"


def _part_line(msn: int, index: int, part: PartView) -> str:
    line = f'#EXT-X-PART:DURATION={seconds(part.duration_us)},URI="{part_address(msn, index)}"'
    return line + ",INDEPENDENT=YES" if part.independent else line


def hinted(last: SegmentView | None) -> tuple[int, int] | None:
    """The part expected next (msn, index); None where none can be told: in an open gap."""
    if last is None or last.closed:
        return (last.msn + 1, 0) if last is not None else None
    return None if last.gap else (last.msn, len(last.parts))


def foot(hint: tuple[int, int] | None, reports: Iterable[Report], *, ended: bool) -> str:
    if ended:
        return "#EXT-X-ENDLIST\n"
    lines = []
    if hint is not None:
        lines.append(f'#EXT-X-PRELOAD-HINT:TYPE=PART,URI="{part_address(*hint)}"')
    for report in reports:
        line = (
            f'#EXT-X-RENDITION-REPORT:URI="../{report.rendition}/index.m3u8"'
            f",LAST-MSN={report.last_msn}"
        )
        lines.append(line if report.last_part is None else f"{line},LAST-PART={report.last_part}")
    return "".join(line + "\n" for line in lines)


def length_us(segment: SegmentView) -> int:
    """What the segment adds to the playlist's duration; of an open one, what its parts do."""
    if segment.closed:
        return segment.duration_us
    return sum(part.duration_us for part in segment.parts)


def skippable(segments: Sequence[SegmentView]) -> int:
    """How many segments at the start end before the skip boundary (clause 6.2.5.1)."""
    after = 0
    for index in range(len(segments) - 1, -1, -1):
        if after > SKIP_UNTIL_US:
            return index + 1
        after += length_us(segments[index])
    return 0


def recent_text(segments: Sequence[SegmentView], previous_init: int | None) -> str:
    """The text of the newest segments; parts for those within the last 3 target durations."""
    texts = []
    from_end = 0
    for index in range(len(segments) - 1, -1, -1):
        before = segments[index - 1].init if index else previous_init
        from_end += length_us(segments[index])
        listed = from_end <= PARTS_LISTED_US or index == len(segments) - 1
        texts.append(segment_text(segments[index], before, list_parts=listed))
    return "".join(reversed(texts))


def media_playlist(view: RenditionView, *, delta: bool = False) -> str:
    """The whole playlist, or a delta update. ``hls.rendition`` makes the same text piece by piece.

    Raises ValueError for a view without segments: there is nothing to play yet.
    """
    if not view.segments:
        raise ValueError("no segments")
    segments = view.segments
    skipped = skippable(segments) if delta else 0
    text = header(segments[0].msn, view.first_discontinuity)
    if skipped:
        text += skip(skipped)
    previous = segments[skipped - 1].init if skipped else None
    text += recent_text(segments[skipped:], previous)
    return text + foot(hinted(segments[-1]), view.reports, ended=view.ended)


@dataclass(frozen=True, slots=True)
class Variant:
    """One rendition as a multivariant playlist names it; rates in bit/s as measured."""

    name: str
    kind: str
    codecs: str
    peak_bps: int
    average_bps: int
    width: int = 0
    height: int = 0
    channels: int = 0
    frame_rate: float = 0.0


def multivariant_playlist(variants: Sequence[Variant], base: str = "") -> str:
    """All layers, highest rate first, with their sound as a group, and the sound alone.

    ``base`` goes before each address: the lesson's media path with a slash at the end, or nothing.
    """
    sounds = [variant for variant in variants if variant.kind == "audio"]
    pictures = sorted(
        (variant for variant in variants if variant.kind == "video"),
        key=lambda variant: -variant.peak_bps,
    )
    lines = ["#EXTM3U", "#EXT-X-VERSION:6"]
    lines += [_sound_line(sound, index == 0, base) for index, sound in enumerate(sounds)]
    for picture in pictures:
        lines += _stream_lines(picture, sounds, base)
    for sound in sounds:
        lines += _stream_lines(sound, [sound], base)
    return "\n".join(lines) + "\n"


def _sound_line(sound: Variant, default: bool, base: str) -> str:
    return (
        f'#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="sound",NAME="{sound.name}"'
        f",DEFAULT={'YES' if default else 'NO'},AUTOSELECT=YES"
        f',CHANNELS="{max(sound.channels, 1)}",URI="{base}{sound.name}/index.m3u8"'
    )


def _stream_lines(stream: Variant, sounds: Sequence[Variant], base: str) -> list[str]:
    """BANDWIDTH is the highest sum of any playable combination (clause 4.4.6.2)."""
    others = [] if stream.kind == "audio" else sounds
    peak = stream.peak_bps + max((sound.peak_bps for sound in others), default=0)
    average = stream.average_bps + max((sound.average_bps for sound in others), default=0)
    codecs = ",".join([stream.codecs, *dict.fromkeys(sound.codecs for sound in others)])
    attributes = f'BANDWIDTH={peak},AVERAGE-BANDWIDTH={average},CODECS="{codecs}"'
    if stream.width and stream.height:
        attributes += f",RESOLUTION={stream.width}x{stream.height}"
    if stream.frame_rate:
        attributes += f",FRAME-RATE={stream.frame_rate:.3f}"
    if sounds:
        attributes += ',AUDIO="sound"'
    return [f"#EXT-X-STREAM-INF:{attributes}", f"{base}{stream.name}/index.m3u8"]
