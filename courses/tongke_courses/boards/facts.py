"""What becomes of topics, as facts: adopted, tried, kept, dropped."""

from collections.abc import Sequence
from uuid import UUID

from tongke_courses.boards.models import Topic, TopicState, TopicStep
from tongke_platform import facts
from tongke_platform.database import WriteSession
from tongke_platform.errors import N_
from tongke_platform.facts import Fact, Kind
from tongke_platform.facts.repository import FactRepository

SOURCE = "boards"
UNIT = "topic"
KINDS = {
    TopicState.ADOPTED: facts.register(
        Kind("topic.adopted", 1, UNIT, N_("A group adopted what was written on its board"))
    ),
    TopicState.TRIED: facts.register(
        Kind("topic.tried", 1, UNIT, N_("What a group adopted was tried in a class"))
    ),
    TopicState.KEPT: facts.register(
        Kind("topic.kept", 1, UNIT, N_("What was tried proved good and is kept"))
    ),
    TopicState.DROPPED: facts.register(
        Kind("topic.dropped", 1, UNIT, N_("What was tried did not prove good and was dropped"))
    ),
}


def _key(step: TopicStep) -> str:
    return f"{KINDS[step.state].name}:{step.id}"


async def stepped(
    session: WriteSession, topic: Topic, step: TopicStep, school_id: UUID | None
) -> None:
    """In the transaction of the step. ``school_id``: of the class, or of who said so; the other end
    is the school the group is at home in.
    """
    home = topic.group.organisation_id
    await facts.record(
        session,
        Fact(
            key=_key(step),
            kind=KINDS[step.state],
            occurred_at=step.created_at,
            quantity=1,
            source=SOURCE,
            school_id=school_id or home,
            counterpart_id=home if school_id is not None and home != school_id else None,
            person_id=step.by_id,
            subject_type="topic",
            subject_id=topic.id,
        ),
    )


async def reopened(session: WriteSession, steps: Sequence[TopicStep], by: TopicStep) -> None:
    """What was told since the topic was last open is taken back."""
    for step in steps:
        if step.state not in KINDS:
            continue
        told = await FactRepository(session).by_key(_key(step))
        if told is not None:
            key = f"topic.reopened:{by.id}:{step.id}"
            await facts.reverse(session, told.id, key=key, source=SOURCE)
