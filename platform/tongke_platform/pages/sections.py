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


def add_section(section: Section) -> Section:
    """Called at import by the slice whose pages it leads to; the menu keeps that order."""
    if section not in _sections:
        _sections.append(section)
    return section


def sections_for(principal: Principal) -> tuple[Section, ...]:
    return tuple(one for one in _sections if one.rule.allows_anywhere(principal))
