"""Who looks at a page, for its header."""

from dataclasses import dataclass

from tongke_platform.pages.sections import Section, sections_for
from tongke_platform.rights import Principal


@dataclass(frozen=True)
class Viewer:
    """``sections`` are the parts of the administration they may open; none: no link to it."""

    name: str
    school: str = ""
    id: str = ""
    sections: tuple[Section, ...] = ()


def viewer_of(principal: Principal) -> Viewer:
    school = principal.school.name if principal.school else ""
    return Viewer(principal.name, school, str(principal.id), sections_for(principal))
