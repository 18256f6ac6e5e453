"""What the demo's group has said, and what became of it."""

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID, uuid5

from sqlalchemy import select

from tongke_courses.boards import moderating, posting, states
from tongke_courses.boards.models import AnchorKind, Topic, TopicState
from tongke_courses.boards.post_repository import PostRepository
from tongke_courses.boards.schemas import AnchorIn, PostIn, StepIn, TopicIn, TryIn
from tongke_courses.lessons.models import Lesson
from tongke_platform.accounts import service as accounts
from tongke_platform.database import ReadSession
from tongke_platform.demo import people
from tongke_platform.demo.topics import PICTURE, TOPICS, DemoTopic
from tongke_platform.frame import Frame
from tongke_platform.rights import Principal


async def fill(
    frame: Frame, group: UUID, picture: UUID, persons: Mapping[str, UUID]
) -> dict[str, UUID]:
    """What is there stays. Ids by the names that routes give them: of the topic about a lesson."""
    lesson = await _lesson(frame, persons[people.OWNER])
    keys: dict[str, UUID] = {}
    for wanted in reversed(TOPICS):
        key, new = await _say(frame, group, picture, persons, wanted, lesson)
        keys[wanted.title] = key
        if new:
            await _decide(frame, persons, wanted, key)
    named = next(keys[one.title] for one in TOPICS if one.at is not None)
    async with frame.database.read() as session:
        first = await PostRepository(session).first(named)
    assert first is not None, "just written"
    return {"topic_id": named, "board_post_id": first.id}


async def _lesson(frame: Frame, owner: UUID) -> UUID | None:
    wanted = select(Lesson.id).where(
        Lesson.teacher_id == owner, Lesson.title == people.EARLIER.title
    )
    async with frame.database.read() as session:
        return (await session.execute(wanted.limit(1))).scalar_one_or_none()


async def _by(frame: Frame, session: ReadSession, key: UUID) -> Principal:
    found = await accounts.principal_of(session, key, frame.today())
    assert found is not None, "the demo's people are made first"
    return found


async def _say(
    frame: Frame,
    group: UUID,
    picture: UUID,
    persons: Mapping[str, UUID],
    wanted: DemoTopic,
    lesson: UUID | None,
) -> tuple[UUID, bool]:
    """The topic, and whether it is new."""
    anchor = None
    if wanted.at is not None and lesson is not None:
        anchor = AnchorIn(kind=AnchorKind.MOMENT, id=lesson, at_ms=wanted.at * 1000)
    (first, words), *others = wanted.said
    begun = TopicIn(
        title=wanted.title, text=words, sent_as=uuid5(group, wanted.title), anchor=anchor
    )
    async with frame.database.write() as session:
        by = await _by(frame, session, persons[first])
        sent = await posting.begin(session, frame, by, group, begun)
    topic, made = sent.topic.id, [sent.post.id]
    if not sent.new:
        return topic, False
    answers = dict(wanted.answers)
    for number, (who, words) in enumerate(others, 1):
        said = PostIn(
            text=words.replace(PICTURE, str(picture)),
            sent_as=uuid5(group, f"{wanted.title} {number}"),
            reply_to_id=made[answers[number]] if number in answers else None,
        )
        async with frame.database.write() as session:
            by = await _by(frame, session, persons[who])
            made.append((await posting.reply(session, frame, by, topic, said)).post.id)
    for who, number in wanted.useful:
        async with frame.database.write() as session:
            by = await _by(frame, session, persons[who])
            await posting.vote(session, by, made[number], wanted=True)
    return topic, True


async def _decide(
    frame: Frame, persons: Mapping[str, UUID], wanted: DemoTopic, topic: UUID
) -> None:
    for who, state, note in wanted.steps:
        async with frame.database.write() as session:
            by = await _by(frame, session, persons[who])
            now = await session.get_one(Topic, topic)
            said = StepIn(version=now.version, state=TopicState(state), note=note)
            await states.step(session, by, topic, said)
    for who, days in wanted.tries:
        async with frame.database.write() as session:
            head = await _by(frame, session, persons[people.OWNER])
            due_on = frame.today() + timedelta(days=days)
            await states.ask_to_try(session, head, topic, persons[who], TryIn(due_on=due_on))
    if wanted.pinned:
        async with frame.database.write() as session:
            head = await _by(frame, session, persons[people.OWNER])
            await moderating.pin(session, frame, head, topic, on=True)
