"""iCalendar (RFC 5545) of a group's activities: pure text, nothing of a database."""

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

MOST_OCTETS = 75
# What ends a line for one program and not for another, and what cannot be in text at all.
_CONTROLS = frozenset({"Cc", "Cs", "Zl", "Zp"})


@dataclass(frozen=True)
class Event:
    """Times are aware. ``sequence`` grows with every change (section 3.8.7.4)."""

    uid: str
    starts_at: datetime
    ends_at: datetime
    changed_at: datetime
    sequence: int
    summary: str
    location: str = ""
    description: str = ""
    url: str = ""
    cancelled: bool = False


def escape(text: str) -> str:
    r"""TEXT of section 3.3.11: ``\``, ``;``, ``,`` and line ends; other controls become spaces."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    plain = "".join(
        one if one in "\n\t" or unicodedata.category(one) not in _CONTROLS else " " for one in text
    )
    for mark in ("\\", ";", ","):
        plain = plain.replace(mark, "\\" + mark)
    return plain.replace("\n", "\\n")


def fold(line: str) -> str:
    """Lines of at most 75 octets without their end, never within a character (section 3.1)."""
    parts, part, size = [], "", 0
    for one in line:
        octets = len(one.encode())
        if size + octets > MOST_OCTETS:
            parts.append(part)
            # The blank that marks the line as going on counts as well.
            part, size = " ", 1
        part += one
        size += octets
    return "\r\n".join([*parts, part])


def write(name: str, events: Iterable[Event]) -> bytes:
    """The whole stream, UTF-8, each line ended by CRLF."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Tongke//Groups//ZH",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"NAME:{escape(name)}",
        f"X-WR-CALNAME:{escape(name)}",
        "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
        "X-PUBLISHED-TTL:PT1H",
    ]
    for event in events:
        lines += _lines(event)
    lines.append("END:VCALENDAR")
    return "".join(f"{fold(line)}\r\n" for line in lines).encode()


def _lines(event: Event) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{escape(event.uid)}"
    yield f"DTSTAMP:{_utc(event.changed_at)}"
    yield f"LAST-MODIFIED:{_utc(event.changed_at)}"
    yield f"SEQUENCE:{event.sequence}"
    yield f"DTSTART:{_utc(event.starts_at)}"
    yield f"DTEND:{_utc(event.ends_at)}"
    yield f"SUMMARY:{escape(event.summary)}"
    if event.location:
        yield f"LOCATION:{escape(event.location)}"
    if event.description:
        yield f"DESCRIPTION:{escape(event.description)}"
    if event.url:
        yield f"URL:{event.url}"
    yield f"STATUS:{'CANCELLED' if event.cancelled else 'CONFIRMED'}"
    yield "END:VEVENT"


def _utc(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
