"""Who may see and ask for the consent of guardians."""

from tongke_platform.errors import N_
from tongke_platform.rights import Role, Rule

READ = Rule(
    "consent.read",
    N_("See which guardians agreed to what"),
    frozenset({Role.SCHOOL_ADMIN, Role.ACADEMIC_OFFICE, Role.CHILD_PROTECTION}),
)
MANAGE = Rule(
    "consent.manage",
    N_("Ask guardians for consent, enter paper forms and withdrawals"),
    frozenset({Role.SCHOOL_ADMIN, Role.ACADEMIC_OFFICE}),
    also=N_("A guardian, through the link of their own child"),
)
RULES = (READ, MANAGE)
