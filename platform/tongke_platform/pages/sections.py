"""The parts of the administration: who may open one sees it in the menu and on the front page."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from tongke_platform.database import ReadSession
from tongke_platform.rights import Principal, Rule

Count = Callable[[ReadSession, Principal, datetime], Awaitable[int]]


@dataclass(frozen=True)
class Waiting:
    """What waits for somebody in a part: ``words`` is a message with %(count)s.

    ``count`` is one cheap query, asked only for those ``rule`` allows somewhere.
    """

    words: str
    href: str
    rule: Rule
    count: Count


@dataclass(frozen=True)
class Section:
    """``key`` names it to the template; ``icon`` is one of macros/icons.

    ``label`` and ``about``, half a sentence that says what it is for, are messages.
    """

    key: str
    label: str
    href: str
    icon: str
    rule: Rule
    about: str = ""
    waiting: tuple[Waiting, ...] = ()


_sections: list[Section] = []
# From where somebody is to what is kept of them; what is not named comes last.
ORDER = (
    "organisations", "regions", "people", "invitations", "import", "rooms", "devices", "classes",
    "years", "partnerships", "lessons", "invited", "approvals", "consent", "chats", "audit",
)  # fmt: skip


def add_section(section: Section) -> Section:
    """Called at import by the slice whose pages it leads to; the menu has the order of ORDER."""
    if section not in _sections:
        _sections.append(section)
    return section


def sections_for(principal: Principal) -> tuple[Section, ...]:
    shown = (one for one in _sections if one.rule.allows_anywhere(principal))
    return tuple(sorted(shown, key=lambda one: ORDER.index(one.key) if one.key in ORDER else 99))
