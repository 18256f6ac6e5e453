"""Who may do what with classroom PCs."""

from tongke_platform.errors import N_
from tongke_platform.rights import STAFF, Role, Rule

SEE = Rule(
    "devices.see",
    N_("See which PCs have opened a classroom's page"),
    STAFF | {Role.BUREAU_ADMIN, Role.ADMIN},
    entrustable=True,
)
APPROVE = Rule(
    "devices.approve",
    N_("Pair a classroom's PC, see its address, renew or revoke it"),
    frozenset({Role.SCHOOL_ADMIN, Role.IT, Role.BUREAU_ADMIN, Role.ADMIN}),
    entrustable=True,
)
RULES = (SEE, APPROVE)
