"""Notices as words in a language."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date

from tongke_platform.errors import N_
from tongke_platform.notices.kinds import known, named
from tongke_platform.pages.languages import Language, named_language, translations
from tongke_platform.pages.times import clock, local

SENTENCE = "_said"
GONE = N_("A notice of a kind there is no longer")


@dataclass(frozen=True)
class Words:
    title: str
    body: str


class _Params(dict[str, str]):
    def __missing__(self, key: str) -> str:
        # A notice that was sent before its kind learnt a new place.
        return "…"


def words(kind: str, params: Mapping[str, Any], language: Language, zone: ZoneInfo) -> Words:
    say = translations(language).gettext
    if not known(kind):
        return Words(say(GONE), "")
    filled = _Params({name: _shown(name, one, language, zone) for name, one in params.items()})
    for name in params:
        if name.endswith(SENTENCE):
            filled[name] = say(filled[name]) % filled
    found = named(kind)
    return Words(say(found.title) % filled, say(found.body) % filled)


def _shown(name: str, value: Any, language: Language, zone: ZoneInfo) -> str:
    if name.endswith("_at"):
        return moment(datetime.fromisoformat(str(value)), language, zone)
    return str(value)


def moment(instant: datetime, language: Language, zone: ZoneInfo) -> str:
    """11月24日 周二 10:05: true whenever it is read."""
    pattern = "M月d日 EEE" if language == "zh_CN" else "EEE d MMM"
    return f"{format_date(local(instant, zone).date(), pattern, locale=language)} " + clock(
        instant, zone
    )


def language_for(preferred: str, default: Language) -> Language:
    return named_language(preferred) or default
