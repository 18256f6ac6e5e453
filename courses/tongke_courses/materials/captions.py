"""Captions: WebVTT (W3C) and SubRip as they are found in the world, and clean WebVTT made of them.

Pure text in, cues out; broken cues are left out, and nothing in a file can make this slow.
"""

import html
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

MAX_BYTES = 16 << 20
MAX_CUES = 100_000
MAX_CUE_CHARS = 2000
MAX_SECONDS = 100 * 3600.0

# Hours may be missing, milliseconds follow a point or (SubRip) a comma, or are missing as well.
_TIME = r"(?:(\d{1,3}):)?(\d{1,2}):(\d{1,2})(?:[.,](\d{1,3}))?"
_TIMING = re.compile(rf"\s{{0,20}}{_TIME}\s{{0,20}}--?>\s{{0,20}}{_TIME}(?=\s|$)")
_TAG = re.compile(r"<[^<>]{0,200}>|\{\\[^{}]{0,200}\}")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class Cue:
    """``start`` and ``end`` in seconds of the recording; ``text`` plain, lines parted by ``\\n``."""

    start: float
    end: float
    text: str


def decode(data: bytes) -> str:
    """UTF-8, UTF-16 with its mark, or GBK; what cannot be read becomes a replacement character."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    for charset in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(charset)
        except UnicodeDecodeError:
            continue
    return data.decode("utf-8-sig", "replace")


def looks_like_srt(text: str) -> bool:
    """Whether it begins with a number and a timing line, or with a timing line."""
    lines = [line for line in text.splitlines() if line.strip()][:2]
    return any(_TIMING.match(line) and "," in line for line in lines) and (
        _TIMING.match(lines[0]) is not None or lines[0].strip().isdigit()
    )


def parse(data: bytes) -> list[Cue]:
    """The cues of a VTT or SRT file in the order of their time; at most MAX_CUES of MAX_BYTES."""
    text = decode(data[:MAX_BYTES]).replace("\r\n", "\n").replace("\r", "\n")
    cues: list[Cue] = []
    for cue in _cues(text.split("\n")):
        cues.append(cue)
        if len(cues) == MAX_CUES:
            break
    return sorted(cues, key=lambda one: (one.start, one.end))


def _cues(lines: Sequence[str]) -> Iterator[Cue]:
    at, count = 0, len(lines)
    while at < count:
        timing = _TIMING.match(lines[at]) if "-" in lines[at] and ">" in lines[at] else None
        at += 1
        if timing is None:
            continue
        start, end = _seconds(timing.groups()[:4]), _seconds(timing.groups()[4:])
        began = at
        while at < count and lines[at].strip() and not _begins(lines, at):
            at += 1
        text = _plain(lines[began:at])
        if text and 0 <= start < end <= MAX_SECONDS:
            yield Cue(start, end, text)


def _begins(lines: Sequence[str], at: int) -> bool:
    """A cue that follows without the blank line: its timing, or its number above its timing."""
    if "->" in lines[at]:
        return _TIMING.match(lines[at]) is not None
    following = lines[at + 1] if at + 1 < len(lines) else ""
    return lines[at].strip().isdigit() and "->" in following and bool(_TIMING.match(following))


def _seconds(parts: Sequence[str | None]) -> float:
    hours, minutes, seconds, fraction = (part or "0" for part in parts)
    whole = int(hours) * 3600 + int(minutes) * 60 + int(seconds)
    return whole + int(fraction.ljust(3, "0")) / 1000


def _plain(lines: Iterable[str]) -> str:
    kept: list[str] = []
    room = MAX_CUE_CHARS
    for line in lines:
        line = html.unescape(_TAG.sub("", line[: 2 * MAX_CUE_CHARS]))
        line = _CONTROL.sub("", line).strip()[:room]
        room -= len(line)
        if line:
            kept.append(line)
        if room <= 0:
            break
    return "\n".join(kept)


def to_vtt(cues: Iterable[Cue]) -> str:
    """WebVTT that holds cues and nothing else: no styles, no regions, every letter escaped."""
    blocks = (
        f"{_stamp(one.start)} --> {_stamp(one.end)}\n{html.escape(one.text, quote=False)}"
        for one in cues
    )
    return "WEBVTT\n\n" + "\n\n".join(blocks) + "\n"


def _stamp(seconds: float) -> str:
    ms = round(seconds * 1000)
    return f"{ms // 3_600_000:02}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02}.{ms % 1000:03}"


def passages(cues: Iterable[Cue], seconds: float = 30.0) -> Iterator[tuple[int, str]]:
    """Cues put together into stretches of about ``seconds``: the second each begins at, its words."""
    began: float | None = None
    words: list[str] = []
    for cue in cues:
        if began is not None and cue.start - began >= seconds:
            yield int(began), " ".join(words)
            began, words = None, []
        began = cue.start if began is None else began
        words.append(cue.text.replace("\n", " "))
    if began is not None:
        yield int(began), " ".join(words)
