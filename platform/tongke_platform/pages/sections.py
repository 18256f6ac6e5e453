"""The parts of the administration: who may open one sees it in the menu."""

from dataclasses import dataclass

from tongke_platform.rights import Principal, Rule


@dataclass(frozen=True)
class Section:
    """``key`` names it to the template; ``label`` is a message; ``icon`` is one of macros/icons."""

    key: str
    label: str
    href: str
    icon: str
    rule: Rule


_sections: list[Section] = []
# From where somebody is to what is kept of them; what is not named comes last.
ORDER = (
    "organisations", "regions", "people", "invitations", "import", "rooms", "devices", "classes",
    "partnerships", "consent", "audit",
)  # fmt: skip


def add_section(section: Section) -> Section:
    """Called at import by the slice whose pages it leads to; the menu has the order of ORDER."""
    if section not in _sections:
        _sections.append(section)
    return section


def sections_for(principal: Principal) -> tuple[Section, ...]:
    shown = (one for one in _sections if one.rule.allows_anywhere(principal))
    return tuple(sorted(shown, key=lambda one: ORDER.index(one.key) if one.key in ORDER else 99))
