"""Who may do what with a lesson.

A lesson that exists answers 403 to those it is not for and 404 is kept for ids that name nothing:
that a lesson exists is no secret, what is said in it is.
"""

from tongke_courses.lessons.models import Lesson
from tongke_platform.errors import N_, Forbidden
from tongke_platform.organisations.models import Room
from tongke_platform.people.models import Person
from tongke_platform.rights import STAFF, Principal, Role, Rule

WATCH = Rule(
    "lesson.watch",
    N_("Watch a lesson, live or again"),
    STAFF | {Role.ADMIN, Role.BUREAU_ADMIN, Role.SUPERVISOR, Role.RESEARCHER},
    entrustable=True,
    also=N_(
        "The lesson's teacher; a classroom it is delivered to; staff of that classroom's school"
    ),
)
LEAD = Rule(
    "lesson.lead",
    N_("Lead a lesson: go live, see its rooms, end it"),
    frozenset({Role.ADMIN, Role.SCHOOL_ADMIN}),
    entrustable=True,
    also=N_("The lesson's teacher"),
)
CREATE = Rule(
    "lesson.create",
    N_("Plan a lesson for oneself"),
    frozenset({Role.ADMIN, Role.SCHOOL_ADMIN, Role.LEAD_TEACHER}),
    entrustable=True,
)
ASSIGN = Rule(
    "lesson.assign",
    N_("Plan a lesson for another teacher of the school"),
    frozenset({Role.ADMIN, Role.SCHOOL_ADMIN, Role.ACADEMIC_OFFICE}),
    entrustable=True,
)
RULES = (WATCH, LEAD, CREATE, ASSIGN)

NO_LESSON = N_("There is no such lesson.")
NOT_YOURS = N_("This lesson is not delivered to your school.")
NOT_LEADING = N_("Only the lead teacher and the lead school's administrators may do this.")


def may_lead(principal: Principal, lesson: Lesson) -> bool:
    """Publish into it, see its rooms, end it."""
    return principal.id == lesson.teacher_id or LEAD.allows(principal, lesson.school)


def may_watch(principal: Principal, lesson: Lesson) -> bool:
    """Its leaders, its school, and the schools of the rooms it is delivered to."""
    if may_lead(principal, lesson):
        return True
    places = [lesson.school, *(room.school for room in lesson.rooms)]
    return any(WATCH.allows(principal, place) for place in places)


def room_may_watch(room: Room, lesson: Lesson) -> bool:
    return room.revoked_at is None and any(one.id == room.id for one in lesson.rooms)


def check_watch(principal: Principal, lesson: Lesson) -> None:
    if not may_watch(principal, lesson):
        raise Forbidden(NOT_YOURS, code="not_your_lesson")


def check_lead(principal: Principal, lesson: Lesson) -> None:
    if not may_lead(principal, lesson):
        raise Forbidden(NOT_LEADING, code="not_leading")


def holder_of(person: Person | Principal) -> str:
    """Who holds a source they publish: the same person's new page takes it over."""
    return f"person:{person.id}"
