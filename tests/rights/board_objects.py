"""Topics of the group of teachers: what a colleague wrote, and the owner answered."""

from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from tests.rights.acting import principal
from tongke_courses.boards import moderating, posting, states
from tongke_courses.boards.models import TopicState
from tongke_courses.boards.schemas import PostIn, ReportIn, StepIn, TopicIn
from tongke_platform.accounts import service as accounts

if TYPE_CHECKING:
    from tests.rights.world import World


async def topics(world: "World") -> None:
    """One with a post of each and a report, one adopted; and one to join them with. The owner is the
    group's head.
    """
    frame, group = world.frame, UUID(world.ids["group_id"])
    by = await principal(world, "owner")
    async with frame.database.read() as session:
        colleague = await accounts.principal_of(
            session, UUID(world.ids["person_id"]), frame.today()
        )
    assert colleague is not None
    async with frame.database.write() as session:
        asked, adopted, into = [
            await posting.begin(session, frame, colleague, group, _topic(title))
            for title in ("《山行》的板书", "分组朗读", "板书集")
        ]
        answer = PostIn(text="先画远山。", sent_as=uuid4())
        own = await posting.reply(session, frame, by, asked.topic.id, answer)
        reason = ReportIn(reason="有学生姓名")
        report, _ = await moderating.report(session, by, asked.post.id, reason)
        step = StepIn(version=1, state=TopicState.ADOPTED)
        await states.step(session, by, adopted.topic.id, step)
    world.ids |= {
        "topic_id": str(asked.topic.id),
        "board_post_id": str(asked.post.id),
        "report_id": str(report.id),
        "PATCH /api/posts/{board_post_id} board_post_id": str(own.post.id),
        "GET /posts/{board_post_id}/edit board_post_id": str(own.post.id),
        "POST /posts/{board_post_id}/edit board_post_id": str(own.post.id),
        "PUT /api/topics/{topic_id}/tries/{person_id} topic_id": str(adopted.topic.id),
        "other_topic": str(into.topic.id),
        "own_post": str(own.post.id),
    }
    world.marks["topic"] = str(asked.topic.id)


def _topic(title: str) -> TopicIn:
    return TopicIn(title=title, text="怎么做？", sent_as=uuid4())
