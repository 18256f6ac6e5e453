"""What lessons leave behind as facts: held, minutes by carrier, classrooms present."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from tongke_courses.lessons.models import Lesson, LessonRoom
from tongke_courses.lessons.repository import LessonRepository
from tongke_platform import facts
from tongke_platform.database import WriteSession
from tongke_platform.errors import N_
from tongke_platform.facts import Fact, Kind
from tongke_platform.facts.models import FactRecord
from tongke_platform.facts.repository import FactRepository
from tongke_platform.jobs import Job

MINUTE = timedelta(minutes=1)
# Web processes write down who was there once a minute.
PRESENT_AFTER = 3 * MINUTE
PRESENT = "lesson.present"
SOURCE = "lessons"

HELD = facts.register(Kind("lesson.held", 1, "minute", N_("A lesson was held")))
ROOM_PRESENT = facts.register(
    Kind("lesson.room_present", 1, "minute", N_("A classroom was present at a lesson"))
)
BY_CARRIER = {
    "whep": facts.register(
        Kind(
            "lesson.minutes_whep",
            1,
            "minute",
            N_("A minute of a lesson reached a classroom in conversation"),
        )
    ),
    "hls": facts.register(
        Kind(
            "lesson.minutes_hls",
            1,
            "minute",
            N_("A minute of a lesson reached a classroom as a broadcast"),
        )
    ),
    "replay": facts.register(
        Kind("lesson.minutes_replay", 1, "minute", N_("A minute of a replay reached a classroom"))
    ),
}
LIVE_CARRIERS = ("whep", "hls")

# A room, a minute since 1970, a carrier.
Seen = tuple[str, int, str]


async def held(session: WriteSession, lesson: Lesson) -> None:
    """In the transaction that ends it: a lesson that was live for half a minute at least.

    Which classrooms were there is told by a job, when every process has written down its minutes.
    """
    if lesson.started_at is None or lesson.ended_at is None:
        return
    lasted = lesson.ended_at - lesson.started_at
    if minutes := round(lasted / MINUTE):
        await facts.record(
            session,
            Fact(
                key=f"lesson.held:{lesson.id}",
                kind=HELD,
                occurred_at=lesson.started_at,
                quantity=minutes,
                source=SOURCE,
                school_id=lesson.school_id,
                person_id=lesson.teacher_id,
                subject_type="lesson",
                subject_id=lesson.id,
            ),
        )
    session.add(
        Job(
            kind=PRESENT,
            payload={"lesson": str(lesson.id)},
            run_at=lesson.ended_at + PRESENT_AFTER,
        )
    )
    await session.flush()


async def minutes(session: WriteSession, lesson_id: UUID, seen: Iterable[Seen]) -> int:
    """Minutes in which classrooms watched; how many were new.

    What lies outside the lesson, or is said of a classroom it is not delivered to, is no fact.
    """
    lesson = await LessonRepository(session).by_id(lesson_id)
    if lesson is None:
        return 0
    rooms = {str(one.room_id): one for one in lesson.deliveries}
    return await facts.record_all(
        session,
        [
            _minute(lesson, rooms[room], minute, carrier)
            for room, minute, carrier in seen
            if room in rooms and carrier in BY_CARRIER and _within(lesson, minute, carrier)
        ],
    )


def _within(lesson: Lesson, minute: int, carrier: str) -> bool:
    begins = datetime.fromtimestamp(minute * 60, UTC)
    if carrier in LIVE_CARRIERS:
        if lesson.started_at is None or begins + MINUTE <= lesson.started_at:
            return False
        return lesson.ended_at is None or begins < lesson.ended_at
    return lesson.ended_at is not None and begins + MINUTE > lesson.ended_at


def _minute(lesson: Lesson, delivery: LessonRoom, minute: int, carrier: str) -> Fact:
    return _of_room(
        lesson,
        delivery,
        BY_CARRIER[carrier],
        f"lesson.minute:{lesson.id}:{delivery.room_id}:{minute}:{carrier}",
        datetime.fromtimestamp(minute * 60, UTC),
        1,
    )


def _of_room(
    lesson: Lesson, delivery: LessonRoom, kind: Kind, key: str, when: datetime, quantity: int
) -> Fact:
    other = delivery.room.school_id
    return Fact(
        key=key,
        kind=kind,
        occurred_at=when,
        quantity=quantity,
        source=SOURCE,
        school_id=lesson.school_id,
        counterpart_id=other if other != lesson.school_id else None,
        partnership_id=delivery.partnership_id,
        room_id=delivery.room_id,
        subject_type="lesson",
        subject_id=lesson.id,
    )


async def present(session: WriteSession, lesson_id: UUID) -> int:
    """How long each classroom was at a lesson that is over; idempotent. The number of rooms."""
    lesson = await LessonRepository(session).by_id(lesson_id)
    if lesson is None or lesson.started_at is None:
        return 0
    known = FactRepository(session)
    told = [
        fact
        for carrier in LIVE_CARRIERS
        for fact in await known.about(BY_CARRIER[carrier].name, lesson_id)
    ]
    there = _minutes_of_rooms(told)
    return await facts.record_all(
        session,
        [
            _of_room(
                lesson,
                one,
                ROOM_PRESENT,
                f"lesson.room_present:{lesson.id}:{one.room_id}",
                lesson.started_at,
                len(there[one.room_id]),
            )
            for one in lesson.deliveries
            if one.room_id in there
        ],
    )


def _minutes_of_rooms(told: Sequence[FactRecord]) -> dict[UUID | None, set[datetime]]:
    """A minute counts once, whichever way it came; what was taken back does not."""
    back = {fact.reverses_id for fact in told}
    found: dict[UUID | None, set[datetime]] = {}
    for fact in told:
        if fact.reverses_id is None and fact.id not in back:
            found.setdefault(fact.room_id, set()).add(fact.occurred_at)
    return found
