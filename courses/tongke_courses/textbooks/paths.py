"""A list's path taken apart: its names without what downloads put behind them, and its stage."""

import re
from functools import lru_cache

from tongke_courses.textbooks import titles, words

_MERGED = re.compile(r"\.pdf_merge_folder$")
# With what downloads put behind a name: the moment, the year, a copy's number.
_SUFFIX = re.compile(r"(?:_\d{4,}|（\d{1,2}）)?\.(?:pdf|PDF)(?:\.\d+)?$|_\d{10,}$")


def parts(line: str) -> list[str]:
    """Of a folder whose files were merged, the name is said twice."""
    kept: list[str] = []
    for part in (one.strip() for one in line.split("/")):
        name = _SUFFIX.sub("", _MERGED.sub("", part)).strip()
        if name not in ("", ".") and not (kept and kept[-1] == name):
            kept.append(name)
    return kept


@lru_cache(64)
def stage(part: str) -> tuple[str, str | None] | None:
    """Stage and the system said with it: ``初中（五•四学制）``."""
    inside = titles.BRACKET.findall(part)
    name = titles.BRACKET.sub("", part).strip()
    known = words.STAGES.get(name)
    if known is None or len(inside) > 1:
        return None
    if not inside:
        return known, None
    system = words.system_of(inside[0])
    return (known, system) if system else None
