"""Who may do what with courses. A course one may not see does not exist."""

from tongke_courses.catalogue.models import Course, CoursePart
from tongke_platform.errors import N_, Forbidden
from tongke_platform.rights import Principal, Role, Rule

CREATE = Rule(
    "course.create",
    N_("Make a course for the school"),
    frozenset({Role.ADMIN, Role.SCHOOL_ADMIN, Role.ACADEMIC_OFFICE, Role.LEAD_TEACHER}),
    entrustable=True,
)
MANAGE = Rule(
    "course.manage",
    N_("Change, publish and withdraw any course of the school"),
    frozenset({Role.ADMIN, Role.SCHOOL_ADMIN, Role.ACADEMIC_OFFICE}),
    entrustable=True,
    also=N_("The course's teachers change it; its lead teachers publish and withdraw it too"),
)
FOLLOW = Rule(
    "course.follow",
    N_("Let classes of the school follow a course"),
    frozenset(
        {
            Role.ADMIN,
            Role.SCHOOL_ADMIN,
            Role.ACADEMIC_OFFICE,
            Role.LEAD_TEACHER,
            Role.LOCAL_TEACHER,
        }
    ),
    entrustable=True,
)
LINK = Rule(
    "course.link",
    N_("Make and revoke links with which a class of the school learns at home"),
    FOLLOW.roles,
    entrustable=True,
)
# A school speaks for its own children: neither the platform nor a managing school does.
APPROVE = Rule(
    "course.approve",
    N_("Say whether a lesson in which a class of the school is heard or seen may become public"),
    frozenset({Role.SCHOOL_ADMIN, Role.PRINCIPAL, Role.ACADEMIC_OFFICE}),
)
RULES = (CREATE, MANAGE, FOLLOW, LINK, APPROVE)

NO_COURSE = N_("There is no such course.")
NOT_TEACHING = N_("Only the course's teachers and those who manage courses may do this.")


def may_edit(principal: Principal, course: Course) -> bool:
    """Its words, units and lessons; ``course`` with school and teachers."""
    mine = any(one.person_id == principal.id for one in course.teachers)
    return mine or MANAGE.allows(principal, course.school)


def may_manage(principal: Principal, course: Course) -> bool:
    """Its teachers and visibility; publish and withdraw it."""
    mine = any(
        one.person_id == principal.id and one.part is CoursePart.LEAD for one in course.teachers
    )
    return mine or MANAGE.allows(principal, course.school)


def check_edit(principal: Principal, course: Course) -> None:
    """Raises Forbidden ``not_teaching``."""
    if not may_edit(principal, course):
        raise Forbidden(NOT_TEACHING, code="not_teaching")


def check_manage(principal: Principal, course: Course) -> None:
    """Raises Forbidden ``not_teaching``."""
    if not may_manage(principal, course):
        raise Forbidden(NOT_TEACHING, code="not_teaching")
