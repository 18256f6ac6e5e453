"""What becomes of a topic: adopted, tried, kept or dropped; and who is to try it."""

from collections.abc import Sequence
from uuid import UUID

from tongke_courses.boards import facts, holding, rights, service, telling
from tongke_courses.boards.holding import Held, no_post
from tongke_courses.boards.models import Topic, TopicState, TopicStep, TopicTry
from tongke_courses.boards.post_repository import PostRepository
from tongke_courses.boards.repository import StepRepository, TryRepository
from tongke_courses.boards.schemas import StepIn, TryIn
from tongke_courses.boards.telling import Change
from tongke_courses.groups.repository import MemberRepository
from tongke_platform.classes import service as classes
from tongke_platform.classes.rights import READ as READ_CLASSES
from tongke_platform.database import ReadSession, WriteSession
from tongke_platform.errors import N_, Conflict, Invalid, NotFound
from tongke_platform.organisations.models import SchoolClass
from tongke_platform.rights import Principal

# Tried once more, in another class, is tried as well.
NEXT = {
    TopicState.OPEN: {TopicState.ADOPTED},
    TopicState.ADOPTED: {TopicState.TRIED, TopicState.OPEN},
    TopicState.TRIED: {TopicState.TRIED, TopicState.KEPT, TopicState.DROPPED, TopicState.OPEN},
    TopicState.KEPT: {TopicState.OPEN},
    TopicState.DROPPED: {TopicState.OPEN},
}
# What those who try it may say themselves.
OF_TRIAL = {TopicState.TRIED, TopicState.KEPT, TopicState.DROPPED}
WRONG_STEP = N_("A topic is adopted, then tried, then kept or dropped. This step does not follow.")
NOT_ADOPTED = N_("Only what is adopted, and neither kept nor dropped, is tried.")
NO_MEMBER = N_("They do not write in this group.")
NO_CLASS = N_("There is no such class.")


async def step(session: WriteSession, by: Principal, key: UUID, wanted: StepIn) -> Topic:
    """Raises NotFound ``no_topic``, ``no_class``, ``no_post``, Forbidden ``not_your_part``, Conflict
    ``changed``, ``wrong_step``, ``deleted``, ``merged``.
    """
    held = await holding.topic(session, by, key, rights.WRITE)
    topic = held.topic
    mine = await TryRepository(session).one(key, by.id)
    if not held.moderates and (mine is None or wanted.state not in OF_TRIAL):
        raise holding.not_your_part()
    await service.check_version(session, by, topic, wanted.version)
    if wanted.state not in NEXT[topic.state]:
        raise Conflict(WRONG_STEP, code="wrong_step")
    if wanted.post_id and not await PostRepository(session).ids_in(key, [wanted.post_id]):
        raise no_post()
    where = await _class(session, by, wanted.class_id)
    steps = StepRepository(session)
    before = await steps.of(key)
    made = await steps.add(
        TopicStep(
            topic_id=key,
            state=wanted.state,
            by_id=by.id,
            note=wanted.note,
            class_id=where.id if where else None,
            class_label=f"{where.organisation.name} {where.name}" if where else "",
            post_id=wanted.post_id,
        )
    )
    topic.state = wanted.state
    if wanted.state is TopicState.OPEN:
        # The steps say what was tried; adopted once more, it is asked for anew.
        await TryRepository(session).drop_done(key)
    elif mine is not None and wanted.state is TopicState.TRIED:
        mine.done_at, mine.step_id = made.created_at, made.id
    await _tell_facts(session, by, held, made, before, where)
    await telling.stepped(session, topic, made, by.name, by.today)
    await service.touched(session, topic)
    return topic


async def _tell_facts(
    session: WriteSession,
    by: Principal,
    held: Held,
    made: TopicStep,
    before: Sequence[TopicStep],
    where: SchoolClass | None,
) -> None:
    if made.state is TopicState.OPEN:
        await facts.reopened(session, _since_open(before), made)
    else:
        school = where.organisation_id if where else by.school_id
        await facts.stepped(session, held.topic, made, school)


def _since_open(steps: Sequence[TopicStep]) -> list[TopicStep]:
    found: list[TopicStep] = []
    for one in steps:
        found = [] if one.state is TopicState.OPEN else [*found, one]
    return found


async def _class(session: ReadSession, by: Principal, key: UUID | None) -> SchoolClass | None:
    """Of a school one works at or looks after; others' are not there."""
    if key is None:
        return None
    found = await classes.class_or_none(session, key)
    if found is None or not (
        found.organisation_id in by.organisation_ids or READ_CLASSES.allows(by, found.organisation)
    ):
        raise NotFound(NO_CLASS, code="no_class")
    return found


async def ask_to_try(
    session: WriteSession, by: Principal, key: UUID, person_id: UUID, wanted: TryIn
) -> TopicTry:
    """Oneself, or somebody by who moderates; asked again it is the same, with the new day and class.

    Raises NotFound ``no_topic``, ``no_class``, Forbidden ``not_your_part``, Invalid ``no_member``,
    Conflict ``wrong_step``, ``deleted``, ``merged``.
    """
    held = await _of_try(session, by, key, person_id)
    if held.topic.state not in (TopicState.ADOPTED, TopicState.TRIED):
        raise Conflict(NOT_ADOPTED, code="wrong_step")
    post = await MemberRepository(session).of_one(held.group.id, person_id, by.today)
    if post is None or post.role not in rights.WRITE.roles:
        raise Invalid(NO_MEMBER, code="no_member")
    where = await _class(session, by, wanted.class_id)
    tries = TryRepository(session)
    found = await tries.one(key, person_id)
    new = found is None
    if found is None:
        found = TopicTry(topic_id=key, person_id=person_id, by_id=by.id)
        session.add(found)
    found.due_on, found.class_id = wanted.due_on, where.id if where else None
    await session.flush()
    if new and person_id != by.id:
        await telling.asked_to_try(session, held.topic, person_id, by.today)
    await telling.changed(session, held.topic, Change.TOPIC)
    whole = await tries.one(key, person_id)
    assert whole is not None, "just written"
    return whole


async def _of_try(session: WriteSession, by: Principal, key: UUID, person_id: UUID) -> Held:
    return await holding.topic(
        session, by, key, rights.WRITE if person_id == by.id else rights.MODERATE
    )


async def call_off(session: WriteSession, by: Principal, key: UUID, person_id: UUID) -> None:
    """They need not try it. Twice is no error. Raises NotFound, Forbidden ``not_your_part``."""
    held = await _of_try(session, by, key, person_id)
    found = await TryRepository(session).one(key, person_id)
    if found is not None:
        await session.delete(found)
        await session.flush()
        await telling.changed(session, held.topic, Change.TOPIC)
