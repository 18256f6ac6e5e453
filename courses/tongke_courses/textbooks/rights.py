"""Who may change the textbook tree, and say which book a class uses. Reading is for all signed in."""

from tongke_platform.errors import N_
from tongke_platform.rights import STAFF, Role, Rule

MANAGE = Rule(
    "textbooks.manage",
    N_("Change the units and lessons of textbooks"),
    frozenset({Role.RESEARCHER, Role.ADMIN}),
)
# A book's contents are the same for every school: a post anywhere is enough.
ADD = Rule(
    "textbooks.add",
    N_("Enter units and lessons of a textbook that has none yet, and name its knowledge points"),
    frozenset({Role.LEAD_TEACHER, Role.ACADEMIC_OFFICE}) | MANAGE.roles,
)
SEE_CLASS = Rule(
    "textbooks.see",
    N_("See which textbooks a class uses"),
    STAFF | {Role.ADMIN, Role.BUREAU_ADMIN, Role.SUPERVISOR, Role.RESEARCHER},
)
USE = Rule(
    "textbooks.use",
    N_("Say which textbooks a class uses and where it has come to"),
    frozenset(
        {
            Role.ADMIN,
            Role.BUREAU_ADMIN,
            Role.SCHOOL_ADMIN,
            Role.ACADEMIC_OFFICE,
            Role.LEAD_TEACHER,
            Role.LOCAL_TEACHER,
        }
    ),
    entrustable=True,
)
RULES = (MANAGE, ADD, SEE_CLASS, USE)
