"""Who may see and change regions, organisations and academic years."""

from sqlalchemy import ColumnElement, false, or_, true

from tongke_platform.errors import N_, Forbidden
from tongke_platform.organisations.models import Region
from tongke_platform.people.roles import Scope
from tongke_platform.rights import Principal, Role, Rule

READ = Rule(
    "organisations.read",
    N_("See an organisation with its numbers and its history"),
    frozenset(
        {
            Role.ADMIN,
            Role.BUREAU_ADMIN,
            Role.SUPERVISOR,
            Role.PROGRAMME_OFFICER,
            Role.SCHOOL_ADMIN,
            Role.PRINCIPAL,
            Role.ACADEMIC_OFFICE,
            Role.IT,
        }
    ),
    entrustable=True,
)
MANAGE = Rule(
    "organisations.manage",
    N_("Add, change, merge and close the organisations of a region, and the regions below it"),
    frozenset({Role.ADMIN, Role.BUREAU_ADMIN}),
)
YEARS = Rule(
    "years.manage",
    N_("Set the academic years of a region"),
    frozenset({Role.ADMIN, Role.BUREAU_ADMIN}),
)
RULES = (READ, MANAGE, YEARS)


def over_region(rule: Rule, principal: Principal, region: Region | None) -> bool:
    """Whether the rule is held over a whole region; None is the root of all regions."""
    if rule.allows_everywhere(principal):
        return True
    paths = (post.region_path for post in rule.posts(principal) if post.scope is Scope.REGION)
    return region is not None and any(path and region.path.startswith(path) for path in paths)


def check_region(rule: Rule, principal: Principal, region: Region | None) -> None:
    """Raises Forbidden."""
    if not over_region(rule, principal, region):
        raise Forbidden


def regions(rule: Rule, principal: Principal) -> ColumnElement[bool]:
    """The same as a condition on Region."""
    if rule.allows_everywhere(principal):
        return true()
    paths = {p.region_path for p in rule.posts(principal) if p.scope is Scope.REGION}
    inside = [Region.path.startswith(path, autoescape=True) for path in paths if path]
    return or_(*inside) if inside else false()
