"""Who may see and change classes; who may read the names of children."""

from tongke_platform.errors import N_
from tongke_platform.rights import Role, Rule

READ = Rule(
    "classes.read",
    N_("See the classes of an organisation and how many pupils they have"),
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
    "classes.manage",
    N_("Add and change classes, and move them up at the end of a year"),
    frozenset({Role.ADMIN, Role.BUREAU_ADMIN, Role.SCHOOL_ADMIN, Role.ACADEMIC_OFFICE}),
    entrustable=True,
)
PUPILS = Rule(
    "pupils.read",
    N_("Read and change the names on class lists"),
    frozenset({Role.SCHOOL_ADMIN, Role.ACADEMIC_OFFICE}),
)
RULES = (READ, MANAGE, PUPILS)
