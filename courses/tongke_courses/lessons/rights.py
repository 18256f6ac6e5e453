"""Who may do what with a lesson.

A lesson that exists answers 403 to those it is not for and 404 is kept for ids that name nothing:
that a lesson exists is no secret, what is said in it is.
"""

from datetime import date
from uuid import UUID

from tongke_courses.lessons.models import Lesson, LessonRoom
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
ANSWER = Rule(
    "lesson.answer",
    N_("See and decline invitations of the school's classrooms to a lesson"),
    frozenset({Role.ADMIN, Role.SCHOOL_ADMIN, Role.PRINCIPAL, Role.ACADEMIC_OFFICE}),
    entrustable=True,
)
# Who of a school may be named to teach a lesson.
TEACHING = STAFF
RULES = (WATCH, LEAD, CREATE, ASSIGN, ANSWER)

NO_LESSON = N_("There is no such lesson.")
NOT_YOURS = N_("This lesson is not delivered to your school.")
NOT_LEADING = N_("Only the lead teacher and the lead school's administrators may do this.")


def may_lead(principal: Principal, lesson: Lesson) -> bool:
    """Publish into it, see its rooms, end it."""
    return principal.id == lesson.teacher_id or LEAD.allows(principal, lesson.school)


def may_watch_own(principal: Principal, lesson: Lesson) -> bool:
    """Its leaders, its school, and the schools of the rooms it reaches today.

    ``LessonRepository.concerning`` says the same. Those its visibility lets in besides are known by
    ``seeing.may_watch``.
    """
    if may_lead(principal, lesson):
        return True
    places = [lesson.school, *(room.school for room in rooms_reached(lesson, principal.today))]
    return any(WATCH.allows(principal, place) for place in places)


def rooms_reached(lesson: Lesson, day: date) -> list[Room]:
    """Those whose delivery counts on ``day``."""
    return [one.room for one in lesson.deliveries if reaches(lesson, one, day)]


def reaches(lesson: Lesson, delivery: LessonRoom, day: date) -> bool:
    """Whether a delivery counts on ``day``; ``repository.reaching`` says the same."""
    if delivery.declined_at is not None:
        return False
    along = delivery.partnership
    return along is None or along.in_force(day) or lesson.held_under(along)


def room_may_watch(room: Room, lesson: Lesson, day: date) -> bool:
    reached = any(one.id == room.id for one in rooms_reached(lesson, day))
    return room.revoked_at is None and room.school.closed_on is None and reached


def check_lead(principal: Principal, lesson: Lesson) -> None:
    if not may_lead(principal, lesson):
        raise Forbidden(NOT_LEADING, code="not_leading")


def holder_of(person: Person | Principal) -> str:
    """Who holds a source they publish: the same person's new page takes it over."""
    return f"person:{person.id}"


def person_of(holder: str) -> UUID | None:
    """The person ``holder_of`` made it from; None for other holders."""
    kind, _, key = holder.partition(":")
    return UUID(key) if kind == "person" else None
