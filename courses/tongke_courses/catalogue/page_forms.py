"""Forms two people may have open at the same time: what both changed is shown side by side."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

WAS = "was_"
# What arrows are called, and how many places they move.
STEPS = {"up": -1, "down": 1}


@dataclass(frozen=True)
class Clash:
    """A field that somebody else has changed since it was read, to ``theirs``."""

    name: str
    theirs: str


def clashes(values: Mapping[str, str], now: Mapping[str, str]) -> list[Clash]:
    """``values`` as typed, each beside what it was read as; what only one of both changed is none."""
    return [
        Clash(name, theirs)
        for name, theirs in now.items()
        if name in values
        and _even(theirs) != _even(values.get(WAS + name, theirs))
        and _even(theirs) != _even(values[name])
        and _even(values[name]) != _even(values.get(WAS + name, theirs))
    ]


def changed(values: Mapping[str, str], now: Mapping[str, str]) -> dict[str, str]:
    """What the form changes: not what it only repeats as it was read."""
    return {
        name: values[name].strip()
        for name in now
        if name in values and _even(values[name]) != _even(values.get(WAS + name, now[name]))
    }


def kept(values: Mapping[str, str], now: Mapping[str, str]) -> dict[str, str]:
    """What the form shows again: what was typed, and where nothing was, what it is by now."""
    mine = changed(values, now)
    return {name: mine.get(name, theirs) for name, theirs in now.items()}


def _even(text: str) -> str:
    """Forms send other line ends than were written."""
    return text.replace("\r\n", "\n").strip()


def moved(keys: Sequence[str], key: str, step: int) -> list[str]:
    """``key`` one place further up (-1) or down (1); at the end it stays."""
    found = list(keys)
    at = found.index(key)
    to = min(max(at + step, 0), len(found) - 1)
    found[at], found[to] = found[to], found[at]
    return found
