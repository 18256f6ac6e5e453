"""Who may do what in a group. Inside, one's part in the group decides; for those a group is not for
it does not exist.
"""

from enum import StrEnum
from uuid import UUID

from tongke_courses.groups.models import Group, GroupVisibility
from tongke_platform.errors import N_
from tongke_platform.organisations.rights import over_region
from tongke_platform.rights import Principal, Role, Rule

CREATE = Rule(
    "group.create",
    N_("Found a group of teachers for the school or the region"),
    frozenset(
        {
            Role.ADMIN,
            Role.BUREAU_ADMIN,
            Role.RESEARCHER,
            Role.SCHOOL_ADMIN,
            Role.PRINCIPAL,
            Role.ACADEMIC_OFFICE,
            Role.LEAD_TEACHER,
            Role.LOCAL_TEACHER,
        }
    ),
)
APPOINT = Rule(
    "group.appoint",
    N_("See the school's groups, and appoint a head for one whose head is no longer there"),
    frozenset({Role.ADMIN, Role.BUREAU_ADMIN, Role.SCHOOL_ADMIN}),
)
HEAD = Rule(
    "group.head",
    N_("Change a group, answer requests, invite, give parts, hand over the head's chair"),
    frozenset({Role.GROUP_HEAD}),
    also=N_("Only in the group one is head of"),
)
PLAN = Rule(
    "group.plan",
    N_("Plan, change and cancel a group's activities, say who owes what, write the minutes"),
    frozenset({Role.GROUP_HEAD, Role.LEAD_PLANNER}),
    also=N_("Only in the group one holds this part in"),
)
SHARE = Rule(
    "group.share",
    N_("Bring files into a group"),
    frozenset({Role.GROUP_HEAD, Role.LEAD_PLANNER, Role.GROUP_MEMBER, Role.GROUP_RESEARCHER}),
    also=N_("Only in the group one holds this part in"),
)
TAKE_PART = Rule(
    "group.take_part",
    N_("See a group's people, activities and files, have its calendar, leave it"),
    frozenset(
        {
            Role.GROUP_HEAD,
            Role.LEAD_PLANNER,
            Role.GROUP_MEMBER,
            Role.GROUP_RESEARCHER,
            Role.OBSERVER,
        }
    ),
    also=N_("Only in the group one belongs to"),
)
RULES = (CREATE, APPOINT, HEAD, PLAN, SHARE, TAKE_PART)

# What somebody can be in a group, from the one with most to say to the one with least.
PARTS = (
    Role.GROUP_HEAD,
    Role.LEAD_PLANNER,
    Role.GROUP_MEMBER,
    Role.GROUP_RESEARCHER,
    Role.OBSERVER,
)
# The chair is handed over, not given by invitation.
INVITED_AS = PARTS[1:]

NO_GROUP = N_("There is no such group.")


class Sight(StrEnum):
    """``OUTSIDE``: its name, what it is about and its heads. ``OVERSEER``: and its people.
    ``INSIDE``: everything that is for its members.
    """

    OUTSIDE = "outside"
    OVERSEER = "overseer"
    INSIDE = "inside"


def sight(principal: Principal, group: Group) -> Sight | None:
    """None: for them it does not exist, unless they are invited. ``group`` with its home."""
    if principal.in_group(group.id):
        return Sight.INSIDE
    if may_appoint(principal, group):
        return Sight.OVERSEER
    return Sight.OUTSIDE if group.visibility is GroupVisibility.LISTED else None


def may_appoint(principal: Principal, group: Group) -> bool:
    if group.organisation is not None:
        return APPOINT.allows(principal, group.organisation)
    return over_region(APPOINT, principal, group.region)


def may_head(principal: Principal, group_id: UUID) -> bool:
    return _holds(principal, group_id, HEAD)


def may_plan(principal: Principal, group_id: UUID) -> bool:
    return _holds(principal, group_id, PLAN)


def _holds(principal: Principal, group_id: UUID, rule: Rule) -> bool:
    return any(post.scope_id == group_id for post in rule.posts(principal))
