"""The delivery directives and headers of a request, parsed without trust."""

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl

_NUMBER = re.compile(r"[0-9]{1,15}\Z", re.ASCII)
_RANGE = re.compile(r"bytes=([0-9]{0,15})-([0-9]{0,15})\Z", re.ASCII)


class BadRequest(ValueError):
    """What was asked makes no sense; the text may be shown to the client."""


@dataclass(frozen=True, slots=True)
class Directives:
    """``_HLS_msn``, ``_HLS_part`` and ``_HLS_skip`` (RFC 8216bis 6.2.5)."""

    msn: int | None = None
    part: int | None = None
    skip: bool = False


NO_DIRECTIVES = Directives()


def parse_directives(query: bytes) -> Directives:
    """Unknown parameters are passed over. Raises BadRequest for wrong or repeated directives."""
    if b"_HLS_" not in query:
        return NO_DIRECTIVES
    if len(query) > 2048:
        raise BadRequest("the query is too long")
    found: dict[str, str] = {}
    for name, value in parse_qsl(query.decode("latin-1"), keep_blank_values=True):
        if name in ("_HLS_msn", "_HLS_part", "_HLS_skip"):
            if name in found:
                raise BadRequest(f"{name} is given twice")
            found[name] = value
    msn, part = _number(found, "_HLS_msn"), _number(found, "_HLS_part")
    if part is not None and msn is None:
        raise BadRequest("_HLS_part without _HLS_msn")
    if found.get("_HLS_skip", "YES") not in ("YES", "v2"):
        raise BadRequest("_HLS_skip is YES or v2")
    return Directives(msn, part, "_HLS_skip" in found)


def _number(found: dict[str, str], name: str) -> int | None:
    value = found.get(name)
    if value is None:
        return None
    if _NUMBER.match(value) is None:
        raise BadRequest(f"{name} is not a decimal number")
    return int(value)


def parse_range(value: str, size: int) -> tuple[int, int] | None:
    """First and one past the last byte of a single range; None where the header is to be ignored.

    Raises BadRequest for a range beyond the end (RFC 9110 14.1.2: 416).
    """
    match = _RANGE.match(value.strip())
    if match is None or match.group(0) == "bytes=-":
        return None
    first, last = match.groups()
    if not first:
        start, end = max(size - int(last), 0), size
    else:
        start = int(first)
        end = min(int(last) + 1, size) if last else size
        if last and int(last) < start:
            return None
    if start >= size or start >= end:
        raise BadRequest("the range is beyond the end")
    return start, end


def accepts_gzip(value: str) -> bool:
    """Whether Accept-Encoding names gzip (or ``*``) with a weight above 0."""
    for item in value.split(","):
        name, _, weight = item.partition(";")
        if name.strip().lower() in ("gzip", "x-gzip", "*"):
            return weight.replace(" ", "").lower() not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False
