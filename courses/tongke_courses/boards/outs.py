"""Topics and posts as the API tells of them."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from tongke_courses.boards import anchors
from tongke_courses.boards.markdown import plain
from tongke_courses.boards.models import Post, PostEdit, PostReport, Topic, TopicStep, TopicTry
from tongke_courses.boards.post_repository import PostRepository, VoteRepository
from tongke_courses.boards.schemas import (
    AnchorOut,
    EditOut,
    PostOut,
    QuoteOut,
    ReportOut,
    StepOut,
    TopicFull,
    TopicOut,
    TryOut,
)
from tongke_platform.database import ReadSession
from tongke_platform.people.models import Person
from tongke_platform.people.roles import Role
from tongke_platform.rights import Principal

QUOTED = 160


def _name(person: Person | None) -> str:
    return person.display_name if person is not None else ""


async def topics(session: ReadSession, by: Principal, found: Sequence[Topic]) -> list[TopicOut]:
    shown = await anchors.shown(session, by, [one for one in found if one.deleted_at is None])
    return [topic(one, shown.get(one.id)) for one in found]


def topic(found: Topic, anchor: AnchorOut | None) -> TopicOut:
    gone = found.deleted_at is not None
    same = ("id", "group_id", "state", "by_id", "posts", "last_post_id", "last_post_at")
    more = ("created_at", "pinned_at", "closed_at", "deleted_at", "deleted_because")
    return TopicOut(
        title="" if gone else found.title,
        by=_name(found.by),
        anchor=None if gone else anchor,
        merged_into_id=found.merged_into_id,
        version=found.version,
        **{name: getattr(found, name) for name in (*same, *more)},
    )


def topic_full(
    found: TopicOut,
    group: str,
    part: Role,
    *,
    steps: Sequence[TopicStep] = (),
    tries: Sequence[TopicTry] = (),
    items: Sequence[PostOut] = (),
    following: UUID | None = None,
) -> TopicFull:
    return TopicFull(
        **dict(found),
        group=group,
        part=part,
        steps=[step(one) for one in steps],
        tries=[try_(one) for one in tries],
        items=list(items),
        next=following,
    )


async def posts(session: ReadSession, by: Principal, found: Sequence[Post]) -> list[PostOut]:
    """Of one topic. Two queries more: what they answer, and whether ``by`` voted."""
    quoted = {one.id: one for one in found}
    asked = {one.reply_to_id for one in found if one.reply_to_id} - set(quoted)
    if asked:
        quoted |= await PostRepository(session).beside(found[0].topic_id, asked)
    voted = await VoteRepository(session).of(by.id, [one.id for one in found if one.votes])
    return [_post(one, quoted, voted) for one in found]


async def post(session: ReadSession, by: Principal, found: Post) -> PostOut:
    return (await posts(session, by, [found]))[0]


def _post(found: Post, quoted: Mapping[UUID, Post], voted: Collection[UUID]) -> PostOut:
    gone = found.deleted_at is not None
    answered = quoted.get(found.reply_to_id) if found.reply_to_id else None
    same = ("id", "topic_id", "by_id", "created_at", "edited_at", "version", "votes")
    return PostOut(
        by=_name(found.by),
        text="" if gone else found.text,
        html="" if gone else found.html,
        reply_to=_quote(answered) if answered else None,
        voted=found.id in voted,
        deleted_at=found.deleted_at,
        deleted_because=found.deleted_because,
        **{name: getattr(found, name) for name in same},
    )


def _quote(found: Post) -> QuoteOut:
    gone = found.deleted_at is not None
    words = "" if gone else words_of(found)
    return QuoteOut(
        id=found.id, topic_id=found.topic_id, by=_name(found.by), words=words, deleted=gone
    )


def words_of(found: Post) -> str:
    """The beginning, on one line."""
    words = " ".join(plain(found.html).split())
    return words if len(words) <= QUOTED else words[: QUOTED - 1] + "…"


def step(found: TopicStep) -> StepOut:
    return StepOut(
        id=found.id,
        state=found.state,
        by_id=found.by_id,
        by=_name(found.by),
        at=found.created_at,
        note=found.note,
        class_label=found.class_label,
        post_id=found.post_id,
    )


def try_(found: TopicTry) -> TryOut:
    return TryOut(
        person_id=found.person_id,
        name=found.person.display_name,
        due_on=found.due_on,
        class_label=found.school_class.name if found.school_class else "",
        done_at=found.done_at,
        step_id=found.step_id,
    )


def edit(found: PostEdit) -> EditOut:
    return EditOut(version=found.version, text=found.text, replaced_at=found.created_at)


def report(found: PostReport) -> ReportOut:
    return ReportOut(
        id=found.id,
        post_id=found.post_id,
        topic_id=found.post.topic_id,
        words=words_of(found.post),
        reason=found.reason,
        created_at=found.created_at,
        answered_at=found.answered_at,
        upheld=found.upheld,
    )
