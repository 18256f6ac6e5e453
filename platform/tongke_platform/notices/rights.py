"""Who may do what with notices: everybody with their own; a school's groups by its administrators."""

from tongke_platform.errors import N_
from tongke_platform.rights import Role, Rule

CHATS = Rule(
    "notices.chats",
    N_("Connect a chat group of the school to its notices"),
    frozenset({Role.ADMIN, Role.SCHOOL_ADMIN, Role.IT}),
    entrustable=True,
)
RULES = (CHATS,)
