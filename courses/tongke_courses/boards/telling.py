"""What happens on a board is told from here: to open pages, and to those who want to know of it.

Called in the transaction the thing happens in, after it is flushed; what is told leaves with its
commit. ``day`` is the schools' date. Without it the latest date there is anywhere counts: then nobody
is told who has left today.
"""

from collections.abc import Collection
from datetime import date, timedelta
from enum import StrEnum
from uuid import UUID

from tongke_courses.boards import reading, rights
from tongke_courses.boards.models import Follow, Post, Topic, TopicState, TopicStep, TopicTry
from tongke_courses.boards.reading_repository import FollowRepository, Member, TryRepository
from tongke_courses.groups.models import Group
from tongke_courses.groups.repository import GroupRepository, MemberRepository
from tongke_platform import notices
from tongke_platform.database import WriteSession, utc_now
from tongke_platform.errors import N_
from tongke_platform.notices.kinds import NoticeKind, register
from tongke_platform.notices.models import Choice
from tongke_platform.people.models import Person

CHANGED = "board.changed"
# Characters of a post that are sent along to open pages.
MOST_TOLD = 8000
_FARTHEST_EAST = timedelta(hours=14)

POSTED = register(
    NoticeKind(
        "board.posted",
        N_("Something new in a topic you follow"),
        N_("%(by)s wrote in %(title)s"),
        N_("There is something new in %(title)s (%(group)s)."),
        mail=Choice.OFF,
    )
)
NAMED = register(
    NoticeKind(
        "board.named",
        N_("Somebody names you in a topic"),
        N_("%(by)s names you in %(title)s"),
        N_("%(by)s names you in %(title)s (%(group)s)."),
        mail=Choice.NOW,
    )
)
STEPPED = register(
    NoticeKind(
        "board.stepped",
        N_("What becomes of a topic you follow: adopted, tried, kept, dropped"),
        "%(step_said)s",
        "%(about)s",
        # It is in the daily digest of boards.
        mail=Choice.OFF,
    )
)
STEPS = {
    TopicState.OPEN: N_("%(by)s opened %(title)s anew"),
    TopicState.ADOPTED: N_("%(by)s adopted %(title)s"),
    TopicState.TRIED: N_("%(by)s tried out %(title)s"),
    TopicState.KEPT: N_("%(by)s decided to keep %(title)s"),
    TopicState.DROPPED: N_("%(by)s decided to drop %(title)s"),
}
STEPS_IN_CLASS = {
    **STEPS,
    TopicState.TRIED: N_("%(by)s tried out %(title)s in %(class)s"),
    TopicState.KEPT: N_("%(by)s decided to keep %(title)s after %(class)s"),
    TopicState.DROPPED: N_("%(by)s decided to drop %(title)s after %(class)s"),
}
ASKED_TO_TRY = register(
    NoticeKind(
        "board.asked_to_try",
        N_("You are asked to try something out"),
        N_("You are asked to try out %(title)s"),
        N_("%(group)s asks you to try out %(title)s in a class, and to say how it went. %(until)s"),
        mail=Choice.NOW,
    )
)
REPORTED = register(
    NoticeKind(
        "board.reported",
        N_("A post in a group you look after is reported"),
        N_("A post in %(title)s is reported"),
        N_("Somebody finds a post in %(title)s (%(group)s) not right. Your answer is awaited."),
        mail=Choice.NOW,
    )
)


NOBODY_ANSWERS = register(
    NoticeKind(
        "board.nobody_answers",
        N_("A report in a group you oversee has nobody who may answer it"),
        N_("%(group)s: a report that nobody there may answer"),
        N_(
            "A post in %(group)s is reported, and nobody but who wrote it looks after the group, if "
            "anybody does. Please see to it that somebody else can answer the report."
        ),
        mail=Choice.NOW,
    )
)


class Change(StrEnum):
    """What an open page is told of; it asks for the rest itself."""

    POST = "post"
    EDIT = "edit"
    DELETION = "deletion"
    VOTE = "vote"
    TOPIC = "topic"


async def posted(
    session: WriteSession,
    topic: Topic,
    post: Post,
    mentioned: Collection[UUID],
    day: date | None = None,
) -> None:
    """``post`` is new in ``topic``. ``mentioned`` may read it."""
    params = await _params(session, topic, post)
    _tell(session, topic, Change.POST, post, words=_words(post, params["by"]))
    day = day or _latest_day()
    await reading.wrote(session, topic, post, utc_now(), day)
    members = await _members(session, topic, day)
    others = [one for one in members if one.person_id != post.by_id]
    named = [one for one in others if one.person_id in mentioned and _wants_naming(one)]
    told = {one.person_id for one in named}
    await notices.send(
        session,
        to=told,
        kind=NAMED,
        params=params,
        link=page_of(topic.id),
        key=f"board.named:{post.id}",
    )
    letters = {
        one.person_id: notices.Letter(params, _until_read(topic, one), page_of(topic.id))
        for one in others
        if one.person_id not in told and _wants_posts(one)
    }
    await notices.send_each(session, POSTED, letters)


def _until_read(topic: Topic, member: Member) -> str:
    """One notice of a topic is enough until they have read on in it."""
    return f"board.posted:{topic.id}:{member.read_post_id or ''}"


def _wants_posts(member: Member) -> bool:
    if member.follows_topic is not None:
        return member.follows_topic
    if member.follow is Follow.MINE:
        return member.taking_part
    return member.follow is Follow.ALL


def _wants_naming(member: Member) -> bool:
    """Muting a topic is about its noise, not about who speaks to one."""
    return member.follow is not Follow.NOTHING or bool(member.follows_topic)


async def changed(
    session: WriteSession, topic: Topic, change: Change, post: Post | None = None
) -> None:
    """Something else happened to ``topic``, or to one of its posts."""
    _tell(session, topic, change, post)


async def stepped(
    session: WriteSession, topic: Topic, step: TopicStep, by: str, day: date | None = None
) -> None:
    """``step`` was taken by somebody called ``by``. Who is asked to try it takes part as well."""
    trying = await TryRepository(session).people_of(topic.id)
    group = (await session.get_one(Group, topic.group_id)).name
    params = {
        "step_said": (STEPS_IN_CLASS if step.class_label else STEPS)[step.state],
        "by": by,
        "title": topic.title,
        "class": step.class_label,
        "about": [*filter(None, (" · ".join(filter(None, (group, step.class_label))), step.note))],
    }
    members = await _members(session, topic, day)
    await notices.send(
        session,
        to=[
            one.person_id for one in members if one.person_id != step.by_id and _wants(one, trying)
        ],
        kind=STEPPED,
        params=params,
        link=page_of(topic.id),
        key=f"board.stepped:{step.id}",
    )


def _wants(member: Member, trying: Collection[UUID]) -> bool:
    if member.follows_topic is None and member.follow is Follow.MINE:
        return member.taking_part or member.person_id in trying
    return _wants_posts(member)


async def asked_to_try(
    session: WriteSession, topic: Topic, person_id: UUID, day: date | None = None
) -> None:
    """``person_id`` is asked by somebody else to try what ``topic`` says: told once for each time."""
    if all(one.person_id != person_id for one in await _members(session, topic, day)):
        return
    asked = await TryRepository(session).of_one(topic.id, person_id)
    await notices.send(
        session,
        to=[person_id],
        kind=ASKED_TO_TRY,
        params={**await _params(session, topic), "until": _until(asked)},
        link=page_of(topic.id),
        key=f"board.asked_to_try:{asked.id if asked else topic.id}:{_until(asked)}",
    )


def _until(asked: TopicTry | None) -> str:
    return f"→ {asked.due_on}" if asked and asked.due_on else ""


async def reported(
    session: WriteSession, topic: Topic, post: Post, day: date | None = None
) -> None:
    """Those who moderate the group have a report to answer; not one on their own post. Where there is
    nobody, those who oversee the group are told: not what it is about, which they may not read.
    """
    heads = [
        one.person_id
        for one in await _members(session, topic, day)
        if one.role in rights.MODERATE.roles and one.person_id != post.by_id
    ]
    if not heads:
        await _nobody_answers(session, topic, post, day or _latest_day())
        return
    await notices.send(
        session,
        to=heads,
        kind=REPORTED,
        params=await _params(session, topic),
        link=page_of(topic.id),
        key=f"board.reported:{post.id}:{post.version}",
    )


async def _nobody_answers(session: WriteSession, topic: Topic, post: Post, day: date) -> None:
    group = await GroupRepository(session).by_id(topic.group_id)
    assert group is not None, "the topic is in it"
    overseers = await MemberRepository(session).overseers(group, day)
    await notices.send(
        session,
        to=[one for one in overseers if one != post.by_id],
        kind=NOBODY_ANSWERS,
        params={"group": group.name},
        link=f"/groups/{group.id}",
        key=f"board.nobody_answers:{post.id}:{post.version}",
    )


def page_of(topic_id: UUID) -> str:
    return f"/topics/{topic_id}"


async def _members(session: WriteSession, topic: Topic, day: date | None) -> list[Member]:
    return await FollowRepository(session).members(topic, day or _latest_day())


def _latest_day() -> date:
    return (utc_now() + _FARTHEST_EAST).date()


async def _params(session: WriteSession, topic: Topic, post: Post | None = None) -> dict[str, str]:
    group = await session.get_one(Group, topic.group_id)
    by = await session.get(Person, post.by_id) if post and post.by_id else None
    return {"title": topic.title, "group": group.name, "by": by.display_name if by else ""}


def _words(post: Post, by: str) -> dict[str, str] | None:
    """So that hundreds of open pages need not ask for a post at once; None for a long one."""
    return {"by": by, "html": post.html} if len(post.html) <= MOST_TOLD else None


def _tell(
    session: WriteSession,
    topic: Topic,
    change: Change,
    post: Post | None,
    words: dict[str, str] | None = None,
) -> None:
    session.tell(
        CHANGED,
        key=str(topic.id),
        change=change.value,
        post=str(post.id) if post else None,
        version=post.version if post else topic.version,
        at=utc_now().isoformat(),
        words=words,
    )
