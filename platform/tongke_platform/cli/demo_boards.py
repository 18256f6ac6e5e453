"""The demo's board: what a local teacher asked the group, answered, adopted and to be tried."""

from collections.abc import Mapping
from uuid import UUID, uuid5

from tongke_courses.boards import posting, states
from tongke_courses.boards.models import TopicState
from tongke_courses.boards.schemas import PostIn, StepIn, TopicIn, TryIn
from tongke_platform.accounts import service as accounts
from tongke_platform.database import ReadSession
from tongke_platform.demo import people
from tongke_platform.frame import Frame
from tongke_platform.rights import Principal


async def fill(
    frame: Frame, persons: Mapping[str, UUID], objects: Mapping[str, UUID]
) -> dict[str, UUID]:
    """Ids by the names that routes give them. Filled again it is the same."""
    group = objects["group_id"]
    async with frame.database.read() as session:
        teacher = await _principal(frame, session, persons["local_teacher"])
        head = await _principal(frame, session, persons[people.OWNER])
    asked = TopicIn(title=people.TOPIC, text=people.TOPIC_ASKED, sent_as=uuid5(group, "asked"))
    answer = PostIn(text=people.TOPIC_ANSWER, sent_as=uuid5(group, "answer"))
    async with frame.database.write() as session:
        begun = await posting.begin(session, frame, teacher, group, asked)
        topic = begun.topic
        found = {"topic_id": topic.id, "board_post_id": begun.post.id}
        await posting.reply(session, frame, head, topic.id, answer)
        if begun.new:
            step = StepIn(version=topic.version, state=TopicState.ADOPTED)
            await states.step(session, head, topic.id, step)
            await states.ask_to_try(session, head, topic.id, teacher.id, TryIn())
    return found


async def _principal(frame: Frame, session: ReadSession, key: UUID) -> Principal:
    found = await accounts.principal_of(session, key, frame.today())
    assert found is not None, "the demo's people are made first"
    return found
