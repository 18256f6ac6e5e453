"""Every slice's rules in one place, and the page that shows them: who may do what."""

import importlib
import importlib.util
import pkgutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from types import ModuleType

from fastapi import APIRouter, Request
from starlette.responses import Response

import tongke_courses
import tongke_platform
from tongke_platform.accounts.rights import RequiredPrincipal
from tongke_platform.errors import N_
from tongke_platform.pages.rendering import ThePages
from tongke_platform.pages.viewer import viewer_of
from tongke_platform.people.roles import NAMES, Role
from tongke_platform.rights import Principal, Rule

router = APIRouter(include_in_schema=False)

# What the part of a rule's name before the dot is called; the order is the page's.
AREAS = {
    "lesson": N_("Lessons"),
    "course": N_("Courses"),
    "materials": N_("Lessons"),
    "room": N_("Classrooms"),
    "rooms": N_("Classrooms"),
    "device": N_("Classrooms"),
    "devices": N_("Classrooms"),
    "organisation": N_("Schools and other organisations"),
    "organisations": N_("Schools and other organisations"),
    "regions": N_("Schools and other organisations"),
    "years": N_("Schools and other organisations"),
    "people": N_("People and their accounts"),
    "accounts": N_("People and their accounts"),
    "imports": N_("People and their accounts"),
    "invitations": N_("People and their accounts"),
    "classes": N_("Classes and pupils"),
    "pupils": N_("Classes and pupils"),
    "textbooks": N_("Textbooks"),
    "group": N_("Groups of teachers"),
    "partnerships": N_("Partnerships"),
    "partnership": N_("Partnerships"),
    "consent": N_("Consent and personal data"),
    "privacy": N_("Consent and personal data"),
    "audit": N_("Consent and personal data"),
    "facts": N_("Numbers and notices"),
    "notices": N_("Numbers and notices"),
}
OTHER = N_("More")


@dataclass(frozen=True)
class Shown:
    """A rule for the page; ``mine``: the viewer may, somewhere."""

    rule: Rule
    roles: tuple[str, ...]
    mine: bool


@cache
def all_rules() -> tuple[Rule, ...]:
    """Of every ``rights`` module below our packages. Raises ValueError for a name used twice."""
    found = [rule for module in _rights_modules() for rule in getattr(module, "RULES", ())]
    names = [rule.name for rule in found]
    if len(names) != len(set(names)):
        raise ValueError(f"rules share a name: {sorted(names)}")
    return tuple(found)


def _rights_modules() -> Iterator[ModuleType]:
    for package in (tongke_platform, tongke_courses):
        for slice_ in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            if slice_.ispkg and _has_rights(slice_.name):
                yield importlib.import_module(f"{slice_.name}.rights")


def _has_rights(package: str) -> bool:
    return importlib.util.find_spec(f"{package}.rights") is not None


def by_area(principal: Principal) -> dict[str, list[Shown]]:
    """Rules by the name of their area, in the order of ``AREAS``."""
    found: dict[str, list[Shown]] = {one: [] for one in dict.fromkeys([*AREAS.values(), OTHER])}
    for rule in all_rules():
        area = AREAS.get(rule.name.partition(".")[0], OTHER)
        roles = tuple(NAMES[role] for role in Role if role in rule.roles)
        found[area].append(Shown(rule, roles, rule.allows_anywhere(principal)))
    return {area: rules for area, rules in found.items() if rules}


@router.get("/rights")
async def who_may_do_what(
    request: Request, pages: ThePages, principal: RequiredPrincipal
) -> Response:
    return pages.render(
        request, "rights/rules.html", viewer=viewer_of(principal), areas=by_area(principal)
    )
