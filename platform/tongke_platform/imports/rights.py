"""Who may bring people in."""

from tongke_platform.errors import N_
from tongke_platform.rights import Role, Rule

PEOPLE = Rule(
    "imports.people",
    N_("Bring people in from a spreadsheet or a roster"),
    frozenset({Role.ADMIN, Role.BUREAU_ADMIN, Role.SCHOOL_ADMIN}),
    entrustable=True,
)
EXPORT = Rule(
    "imports.export",
    N_("Take a roster out: classes and staff, and class lists where their names may be read"),
    frozenset({Role.ADMIN, Role.BUREAU_ADMIN, Role.SCHOOL_ADMIN, Role.ACADEMIC_OFFICE}),
)
RULES = (PEOPLE, EXPORT)
