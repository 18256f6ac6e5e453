"""Who may see people, change them, and give or end which posts."""

from collections.abc import Iterable

from tongke_platform.errors import N_, Forbidden
from tongke_platform.organisations.models import Organisation, Region
from tongke_platform.organisations.rights import over_region
from tongke_platform.people.models import Membership
from tongke_platform.people.roles import SCOPES, Role, Scope
from tongke_platform.rights import Principal, Rule

READ = Rule(
    "people.read",
    N_("See the people of an organisation and their posts"),
    frozenset(
        {
            Role.ADMIN,
            Role.BUREAU_ADMIN,
            Role.SUPERVISOR,
            Role.SCHOOL_ADMIN,
            Role.PRINCIPAL,
            Role.ACADEMIC_OFFICE,
        }
    ),
    entrustable=True,
)
MANAGE = Rule(
    "people.manage",
    N_("Add people to an organisation, change them, give and end their posts"),
    frozenset({Role.ADMIN, Role.BUREAU_ADMIN, Role.SCHOOL_ADMIN}),
    entrustable=True,
)
APPOINT = Rule(
    "people.appoint_school_admin",
    N_("Make somebody a school administrator"),
    frozenset({Role.ADMIN, Role.BUREAU_ADMIN, Role.SCHOOL_ADMIN}),
)
RULES = (READ, MANAGE, APPOINT)

NOT_ABOVE = N_("This person holds posts that you do not manage.")
NOT_THIS_POST = N_("You may not give or end this post.")

# What a school's own administrator may give within the school.
ORGANISATION_ROLES = tuple(role for role in Role if Scope.ORGANISATION in SCOPES[role])
REGION_ROLES = tuple(role for role in Role if Scope.REGION in SCOPES[role])


def may_grant(
    principal: Principal,
    role: Role,
    organisation: Organisation | None,
    region: Region | None,
) -> bool:
    """Posts of a school by who manages its people; of a region by who manages that whole region."""
    if organisation is not None:
        rule = APPOINT if role is Role.SCHOOL_ADMIN else MANAGE
        return Scope.ORGANISATION in SCOPES[role] and rule.allows(principal, organisation)
    if region is not None:
        return Scope.REGION in SCOPES[role] and over_region(MANAGE, principal, region)
    return Scope.PLATFORM in SCOPES[role] and MANAGE.allows_everywhere(principal)


def check_grant(
    principal: Principal,
    role: Role,
    organisation: Organisation | None,
    region: Region | None,
) -> None:
    """Raises Forbidden ``not_this_post``."""
    if not may_grant(principal, role, organisation, region):
        raise Forbidden(NOT_THIS_POST, code="not_this_post")


def may_end(principal: Principal, post: Membership) -> bool:
    """Posts in a group or a lesson are ended there; ``post`` has its places loaded."""
    if post.scope in (Scope.GROUP, Scope.LESSON):
        return MANAGE.allows_everywhere(principal)
    return may_grant(principal, post.role, post.organisation, post.region)


def may_change(principal: Principal, posts: Iterable[Membership]) -> bool:
    """Name, sign-in names and whether someone may sign in at all belong to those who manage every
    post they hold: who manages one school of a person must not be able to become them in another.
    """
    return all(may_end(principal, post) for post in weighing(posts)) or MANAGE.allows_everywhere(
        principal
    )


def weighing(posts: Iterable[Membership]) -> list[Membership]:
    """All but those in groups and lessons, which open no more than these: who takes part in a group
    of several schools is still their own school's to help.
    """
    return [post for post in posts if post.scope not in (Scope.GROUP, Scope.LESSON)]


def check_change(principal: Principal, posts: Iterable[Membership]) -> None:
    """Raises Forbidden ``not_above``."""
    if not may_change(principal, posts):
        raise Forbidden(NOT_ABOVE, code="not_above")


def may_see(principal: Principal, post: Membership) -> bool:
    if post.organisation is not None:
        return READ.allows(principal, post.organisation)
    if post.region is not None:
        return over_region(READ, principal, post.region)
    return READ.allows_everywhere(principal)
