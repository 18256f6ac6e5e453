"""Who may read facts and their sums."""

from tongke_platform.errors import N_
from tongke_platform.rights import Role, Rule

READ = Rule(
    "facts.read",
    N_("Read what was recorded of a school's lessons and hours"),
    frozenset(
        {
            Role.ADMIN,
            Role.BUREAU_ADMIN,
            Role.SUPERVISOR,
            Role.PRINCIPAL,
            Role.ACADEMIC_OFFICE,
            Role.SCHOOL_ADMIN,
        }
    ),
    entrustable=True,
    also=N_("The same people of the school at the other end"),
)
RULES = (READ,)
