"""The lines of a day's digest, in its reader's language."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from tongke_courses.boards.digest_repository import Happened
from tongke_courses.boards.words import CHIPS
from tongke_platform.pages.languages import Language, translations

MOST_TOPICS = 10
MOST_GROUPS = 9
MOST_NAMES = 2
TITLE_CHARS = 40


@dataclass
class News:
    """What is new in a topic for one person: how many posts, by whom (the last first), and whether it
    is one they have read in or follow.
    """

    topic: Happened
    known: bool
    posts: int = 0
    names: dict[str, None] = field(default_factory=dict)


@dataclass(frozen=True)
class FilesNews:
    """Names of new files of ``group`` (its name), the first first."""

    group: str
    names: Sequence[str]


def lines_of(found: Sequence[News], files: Sequence[FilesNews], language: Language) -> list[str]:
    """A line for each topic, one for how many are left out, and one for the new files of each group."""
    say = translations(language)
    lines = [_line(one, language) for one in found[:MOST_TOPICS]]
    if more := max(0, len(found) - MOST_TOPICS):
        said = say.ngettext("and %(num)s more topic", "and %(num)s more topics", more)
        lines.append(said % {"num": more})
    return [*lines, *(_files_line(one, language) for one in files[:MOST_GROUPS])]


def _line(news: News, language: Language) -> str:
    say = translations(language)
    parts = [short(news.topic.title), say.gettext(CHIPS[news.topic.state])]
    if news.posts:
        names = [one for one in news.names if one]
        comma = "、" if language == "zh_CN" else ", "
        who = comma.join(names[:MOST_NAMES]) + ("…" if len(names) > MOST_NAMES else "")
        said = say.ngettext("%(num)s new post: %(who)s", "%(num)s new posts: %(who)s", news.posts)
        parts.append(said % {"num": news.posts, "who": who})
    return " · ".join(parts)


def short(title: str) -> str:
    return title if len(title) <= TITLE_CHARS else title[: TITLE_CHARS - 1] + "…"


def _files_line(news: FilesNews, language: Language) -> str:
    number = len(news.names)
    said = translations(language).ngettext(
        "%(num)s new file: %(names)s", "%(num)s new files: %(names)s", number
    )
    comma = "、" if language == "zh_CN" else ", "
    names = comma.join(short(one) for one in news.names[:MOST_NAMES])
    more = "…" if number > MOST_NAMES else ""
    return f"{short(news.group)} · {said % {'num': number, 'names': names + more}}"
