"""Who may read, write and moderate on a group's boards.

One's part in the group decides, as it is now: former members, people of other groups and those who
oversee groups find nothing. Guests read, vote for nothing and write nothing; they may report a post.
"""

from uuid import UUID

from tongke_courses.groups.rights import HEAD, PLAN, TAKE_PART
from tongke_platform.errors import N_
from tongke_platform.people.roles import Scope
from tongke_platform.rights import Principal, Role, Rule

READ = Rule(
    "group.read",
    N_("Read a group's topics, and report a post"),
    TAKE_PART.roles,
    also=N_("Only in the group one belongs to"),
)
WRITE = Rule(
    "group.write",
    N_("Write in a group's topics, vote, and offer to try what a topic says"),
    TAKE_PART.roles - {Role.OBSERVER},
    also=N_("Only in the group one belongs to; one's own posts one may change and take out"),
)
MODERATE = Rule(
    "group.moderate",
    N_(
        "Adopt topics and ask people to try them; pin, close, move, merge and split them; take "
        "posts out with a reason, and answer reports"
    ),
    HEAD.roles | PLAN.roles,
    also=N_(
        "Only in the group one holds this part in; reports on one's own posts somebody else answers: "
        "where there is nobody, the administrators who oversee the group are told"
    ),
)
EXPORT = Rule(
    "group.export",
    N_("Take a group home as a folder of readable files"),
    TAKE_PART.roles - {Role.OBSERVER},
    also=N_("Only the group one belongs to"),
)
RULES = (READ, WRITE, MODERATE, EXPORT)

NO_TOPIC = N_("There is no such topic.")
NO_POST = N_("This topic has no such post.")


def groups_read(principal: Principal) -> frozenset[UUID]:
    """Groups whose boards they read, by the posts they held when they began to ask."""
    return frozenset(
        post.scope_id
        for post in READ.posts(principal)
        if post.scope is Scope.GROUP and post.scope_id is not None
    )


def may_write_in(principal: Principal, group_id: UUID) -> bool:
    """By the posts they held when they began to ask."""
    return any(
        post.scope is Scope.GROUP and post.scope_id == group_id for post in WRITE.posts(principal)
    )


def may_export(principal: Principal, group_id: UUID) -> bool:
    """By the posts they held when they began to ask."""
    return any(
        post.scope is Scope.GROUP and post.scope_id == group_id for post in EXPORT.posts(principal)
    )
