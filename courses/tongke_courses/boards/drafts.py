"""Words that are not sent yet, kept on the server: nobody else's, and never lost in silence."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from tongke_courses.boards import rights
from tongke_courses.boards.draft_repository import DraftRepository
from tongke_courses.boards.models import Draft, Topic
from tongke_courses.boards.post_repository import PostRepository
from tongke_courses.boards.reading_repository import TopicRepository
from tongke_courses.boards.reading_schemas import DraftIn, DraftOut, packed
from tongke_courses.groups import rights as groups
from tongke_platform.database import ReadSession, WriteSession
from tongke_platform.errors import N_, Conflict, NotFound
from tongke_platform.rights import Principal

MOST = 100
NO_DRAFT = N_("There is no such draft.")
CHANGED = N_("This draft was changed on another device. Both texts are kept: please choose.")
SENT = N_("This has been sent already.")
TOO_MANY = N_(
    "You have %(most)s drafts. Please send some or take some out; nothing is thrown away."
)


async def keep(
    session: WriteSession, by: Principal, sent_as: UUID, wanted: DraftIn, now: datetime
) -> Draft:
    """Kept again, the same words are the same version. Who does not belong to the group any more
    keeps on what was begun, and begins nothing.

    Raises NotFound, Conflict ``changed`` (with what is there now), ``sent`` (with the post, and whether
    it says the ``same``) and ``too_many_drafts``.
    """
    drafts = DraftRepository(session)
    await drafts.take_turn(by.id)
    found = await drafts.one(by.id, sent_as)
    if found is None:
        return await _begin(session, by, sent_as, wanted, now)
    values = _values(wanted)
    same = all(getattr(found, name) == value for name, value in values.items())
    if same:
        return found
    if found.version != wanted.version:
        raise changed(by, found)
    if (found.group_id, found.topic_id) != (wanted.group_id, wanted.topic_id):
        await _check_place(session, by, wanted)
    for name, value in values.items():
        setattr(found, name, value)
    found.version, found.changed_at = found.version + 1, now
    await session.flush()
    return found


def _values(wanted: DraftIn) -> dict[str, Any]:
    return {
        "group_id": wanted.group_id,
        "topic_id": wanted.topic_id,
        "title": wanted.title,
        "text": wanted.text,
        "anchor": packed(wanted.anchor),
        "reply_to_id": wanted.reply_to,
    }


async def _begin(
    session: WriteSession, by: Principal, sent_as: UUID, wanted: DraftIn, now: datetime
) -> Draft:
    """Words whose draft was taken out meanwhile begin it again."""
    drafts = DraftRepository(session)
    post = await drafts.post_sent_as(by.id, sent_as)
    if post is not None:
        same = wanted.text == await PostRepository(session).first_text(post)
        there = {"post_id": str(post.id), "topic_id": str(post.topic_id), "same": same}
        raise Conflict(SENT, code="sent", extra=there)
    await _check_place(session, by, wanted)
    if await drafts.count(by.id) >= MOST:
        raise Conflict(TOO_MANY, code="too_many_drafts", most=MOST)
    return await drafts.add(
        Draft(
            person_id=by.id,
            sent_as=sent_as,
            version=(wanted.version or 0) + 1,
            changed_at=now,
            **_values(wanted),
        )
    )


async def _check_place(session: ReadSession, by: Principal, wanted: DraftIn) -> None:
    if not by.in_group(wanted.group_id):
        raise NotFound(groups.NO_GROUP, code="no_group")
    if wanted.topic_id is None:
        return
    topic = await TopicRepository(session).by_id(wanted.topic_id)
    if topic is None or topic.group_id != wanted.group_id or not _can_be_answered(topic):
        raise NotFound(rights.NO_TOPIC, code="no_topic")


def _can_be_answered(topic: Topic) -> bool:
    return topic.deleted_at is None


def changed(by: Principal, found: Draft) -> Conflict:
    now = draft_out(by, found).model_dump(mode="json")
    return Conflict(CHANGED, code="changed", extra={"now": now})


def draft_out(by: Principal, draft: Draft) -> DraftOut:
    return DraftOut.of(draft, may_send=by.in_group(draft.group_id))


async def of(
    session: ReadSession,
    by: Principal,
    group_id: UUID | None = None,
    topic_id: UUID | None = None,
) -> Sequence[Draft]:
    """One's own, also of groups one has left."""
    return await DraftRepository(session).of(by.id, group_id, topic_id)


async def one(session: ReadSession, by: Principal, sent_as: UUID) -> Draft:
    """Raises NotFound: others' drafts are nobody's business."""
    found = await DraftRepository(session).one(by.id, sent_as)
    if found is None:
        raise NotFound(NO_DRAFT, code="no_draft")
    return found


async def take_out(
    session: WriteSession, by: Principal, sent_as: UUID, version: int | None = None
) -> None:
    """``version``: what is meant to go; what grew on another device meanwhile stays.

    Raises NotFound, Conflict ``changed``.
    """
    drafts = DraftRepository(session)
    await drafts.take_turn(by.id)
    found = await one(session, by, sent_as)
    if version is not None and found.version != version:
        raise changed(by, found)
    await drafts.remove(by.id, sent_as)


async def sent(session: WriteSession, person_id: UUID, sent_as: UUID) -> None:
    """The words of a draft have become a post, in the transaction that makes it. Having had no draft
    is no error.
    """
    drafts = DraftRepository(session)
    await drafts.take_turn(person_id)
    await drafts.remove(person_id, sent_as)
