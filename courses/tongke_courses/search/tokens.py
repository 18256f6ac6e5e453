"""The rows an object is found by: which tokens in which tier, and where the row stands.

A row's number is the order of results: better tier first, then newer, then a piece of the id. What
an asker may see and what they filter by are tokens of the same row, written as no word can be.
"""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import IntEnum
from uuid import UUID

from tongke_courses.search.segmenter import tokens

FACETS = ("stage", "subject", "edition", "grade", "school")

_TIE_BITS = 19
_TIME_BITS = 42
_NUMBER_BITS = _TIME_BITS + _TIE_BITS
NUMBER = (1 << _NUMBER_BITS) - 1


class Tier(IntEnum):
    """What a query was found in. Each tier's row has the words of those before it as well."""

    TITLE = 0
    PINYIN = 1
    SUMMARY = 2
    BODY = 3


LAST_RANK = (max(Tier) << _NUMBER_BITS) | NUMBER


def number_of(at: datetime, key: UUID) -> int:
    """Where an object stands among all: newer ones first, those of a millisecond by a piece of
    their id. Two objects may get the same: the second takes the next that is free.
    """
    milliseconds = min(max(int(at.timestamp() * 1000), 0), (1 << _TIME_BITS) - 1)
    newest_first = (1 << _TIME_BITS) - 1 - milliseconds
    return (newest_first << _TIE_BITS) | (key.int & ((1 << _TIE_BITS) - 1))


def rank(tier: Tier, number: int) -> int:
    return (tier << _NUMBER_BITS) | number


def first_of(tier: int) -> int:
    """The lowest rank there may be in a tier."""
    return tier << _NUMBER_BITS


def last_of(tier: int) -> int:
    return first_of(tier) | NUMBER


def number_in(found: int) -> int:
    """The object's number in a row's rank."""
    return found & NUMBER


def tier_in(found: int) -> Tier:
    return Tier(found >> _NUMBER_BITS)


def kind_token(kind: str) -> str:
    return _mark("k", kind)


def facet_token(name: str, value: str) -> str:
    return _mark("f", f"{name}={value}")


def audience_token(who: str) -> str:
    return _mark("a", who)


def _mark(sort: str, value: str) -> str:
    """No word of a text begins with a colon."""
    return f":{sort}{hashlib.blake2s(value.encode(), digest_size=8).hexdigest()}"


def labels(kind: str, facets: Mapping[str, str], audience: Iterable[str]) -> frozenset[str]:
    """The tokens of a row that are no words."""
    chosen = {facet_token(name, value) for name, value in facets.items() if value}
    return frozenset({kind_token(kind), *chosen, *map(audience_token, audience)})


def rows(
    *, title: str, initials: Iterable[str], summary: str, body: str, labels: frozenset[str]
) -> dict[Tier, frozenset[str]]:
    """The tokens of an object's rows; a tier that adds nothing has none."""
    parts = {
        Tier.TITLE: tokens(title),
        Tier.PINYIN: set(initials),
        Tier.SUMMARY: tokens(summary),
        Tier.BODY: tokens(body),
    }
    made: dict[Tier, frozenset[str]] = {}
    words: set[str] = set()
    for tier, added in parts.items():
        if added <= words:
            continue
        words |= added
        made[tier] = labels | words
    return made
