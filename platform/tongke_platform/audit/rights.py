"""Who may read the log."""

from tongke_platform.errors import N_
from tongke_platform.people.roles import Role
from tongke_platform.rights.rules import Rule

READ = Rule(
    "audit.read",
    N_("Read the audit log"),
    frozenset({Role.ADMIN, Role.BUREAU_ADMIN, Role.SCHOOL_ADMIN}),
)
RULES = (READ,)
