"""Who may see and change classrooms."""

from tongke_platform.errors import N_
from tongke_platform.rights import Role, Rule

READ = Rule(
    "rooms.read",
    N_("See the classrooms of an organisation"),
    frozenset(
        {
            Role.ADMIN,
            Role.BUREAU_ADMIN,
            Role.SUPERVISOR,
            Role.SCHOOL_ADMIN,
            Role.PRINCIPAL,
            Role.ACADEMIC_OFFICE,
            Role.IT,
        }
    ),
    entrustable=True,
)
MANAGE = Rule(
    "rooms.manage",
    N_("Add and change classrooms; see and revoke the address that opens one"),
    frozenset({Role.ADMIN, Role.BUREAU_ADMIN, Role.SCHOOL_ADMIN, Role.IT}),
    entrustable=True,
)
RULES = (READ, MANAGE)
