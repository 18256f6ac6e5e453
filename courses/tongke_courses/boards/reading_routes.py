"""JSON API of drafts, of what one has read and follows, and of what is new; feeds."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from tongke_courses.boards import drafts, feeds, reading
from tongke_courses.boards.file_schemas import href_of
from tongke_courses.boards.reading_schemas import (
    ChangedFile,
    ChangedStep,
    ChangedTopic,
    ChangesOut,
    DraftIn,
    DraftOut,
    DraftPage,
    FeedOut,
    FollowIn,
    FollowOut,
    ReadingIn,
    ReadingOut,
    UnreadOut,
    UnreadPage,
    Version,
)
from tongke_platform.accounts.rights import RequiredPrincipal
from tongke_platform.documented import a_file
from tongke_platform.fields import Instant
from tongke_platform.frame import Reading, TheFrame, Writing

router = APIRouter(tags=["boards"])


@router.get("/api/drafts")
async def list_drafts(
    session: Reading,
    principal: RequiredPrincipal,
    group_id: UUID | None = None,
    topic_id: UUID | None = None,
) -> DraftPage:
    """One's own, of a group or a topic or of all; also those of groups one has left."""
    found = await drafts.of(session, principal, group_id, topic_id)
    return DraftPage(drafts=[drafts.draft_out(principal, one) for one in found], most=drafts.MOST)


@router.get("/api/drafts/{sent_as}")
async def draft(session: Reading, principal: RequiredPrincipal, sent_as: UUID) -> DraftOut:
    return drafts.draft_out(principal, await drafts.one(session, principal, sent_as))


@router.put("/api/drafts/{sent_as}")
async def keep_draft(
    body: DraftIn,
    session: Writing,
    principal: RequiredPrincipal,
    frame: TheFrame,
    sent_as: UUID,
) -> DraftOut:
    """409 ``changed`` has what is there now in ``now``: another device was quicker. 409 ``sent`` has
    ``post_id`` and ``topic_id``: the words of this key are sent. The same words again are the same.
    """
    found = await drafts.keep(session, principal, sent_as, body, frame.now())
    return drafts.draft_out(principal, found)


@router.delete("/api/drafts/{sent_as}", status_code=204)
async def take_out_draft(
    session: Writing,
    principal: RequiredPrincipal,
    sent_as: UUID,
    version: Annotated[Version | None, Query()] = None,
) -> None:
    """With ``version`` only if it is that one still: 409 ``changed`` as above."""
    await drafts.take_out(session, principal, sent_as, version)


@router.put("/api/topics/{topic_id}/reading")
async def note_reading(
    topic_id: UUID,
    body: ReadingIn,
    session: Writing,
    principal: RequiredPrincipal,
    frame: TheFrame,
) -> ReadingOut:
    """What is read stays read: an older post than the one known changes nothing."""
    found = await reading.note(session, principal, topic_id, body, frame.now())
    if found is None:
        return ReadingOut(read_post_id=None, read_at=None, follows=None)
    return ReadingOut(read_post_id=found.read_post_id, read_at=found.read_at, follows=found.follows)


@router.get("/api/groups/{group_id}/follow")
async def get_follow(session: Reading, principal: RequiredPrincipal, group_id: UUID) -> FollowOut:
    return FollowOut(follow=await reading.follow_of(session, principal, group_id))


@router.put("/api/groups/{group_id}/follow")
async def set_follow(
    group_id: UUID, body: FollowIn, session: Writing, principal: RequiredPrincipal
) -> FollowOut:
    await reading.follow(session, principal, group_id, body.follow)
    return FollowOut(follow=body.follow)


@router.get("/api/unread")
async def unread(
    session: Reading,
    principal: RequiredPrincipal,
    before: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 30,
) -> UnreadPage:
    """Topics of one's groups with something new, the newest first; ``before`` is the ``next`` of the
    page before.
    """
    found, following = await reading.unread(session, principal, before=before, limit=limit)
    return UnreadPage(
        topics=[_unread_out(one) for one in found],
        count=await reading.count_unread(session, principal),
        next=following,
    )


def _unread_out(one: reading.Unread) -> UnreadOut:
    topic = one.topic
    assert topic.last_post_id is not None, "it would not be unread"
    return UnreadOut(
        topic_id=topic.id,
        group_id=topic.group_id,
        group=one.group,
        title=topic.title,
        state=topic.state,
        posts=topic.posts,
        unread=one.count,
        first_unread_id=one.first_id,
        last_post_id=topic.last_post_id,
        last_post_at=topic.last_post_at,
        last_by=one.last_by,
    )


@router.get("/api/groups/{group_id}/changes")
async def changes(
    session: Reading,
    principal: RequiredPrincipal,
    frame: TheFrame,
    group_id: UUID,
    since: Instant | None = None,
) -> ChangesOut:
    """Since one last read something in the group, when no time is named."""
    found = await reading.changes(session, principal, group_id, since, frame.now())
    return ChangesOut(
        since=found.since,
        until=found.until,
        topics=[
            ChangedTopic(
                topic_id=topic.id, title=topic.title, state=topic.state, by=name,
                new=topic.created_at > found.since, new_posts=count,
                last_post_at=topic.last_post_at,
            )
            for topic, name, count in found.topics
        ],
        steps=[
            ChangedStep(
                topic_id=step.topic_id, title=title, state=step.state, by=name,
                note=step.note, class_label=step.class_label, at=step.created_at,
            )
            for step, title, name in found.steps
        ],
        files=[
            ChangedFile(
                file_id=one.id, name=one.name, by=one.by.display_name if one.by else "",
                at=one.created_at, href=href_of(one),
            )
            for one in found.files
        ],
        more=found.more,
    )  # fmt: skip


@router.put("/api/groups/{group_id}/feed")
async def make_feed(
    group_id: UUID, request: Request, session: Writing, principal: RequiredPrincipal
) -> FeedOut:
    """A new address of one's own (Atom); the one before opens nothing any more."""
    made = await feeds.make(session, principal, group_id)
    return FeedOut(address=str(request.base_url).rstrip("/") + feeds.path_of(made))


@router.delete("/api/groups/{group_id}/feed", status_code=204)
async def revoke_feed(group_id: UUID, session: Writing, principal: RequiredPrincipal) -> None:
    await feeds.revoke(session, principal, group_id)


@router.get("/groups/feed/{token}.atom", **a_file("application/atom+xml"))
async def feed(request: Request, frame: TheFrame, session: Reading, token: str) -> Response:
    """The address is the key."""
    data = await feeds.read(session, frame, token, str(request.base_url).rstrip("/"))
    return Response(
        data,
        media_type=feeds.MEDIA_TYPE,
        headers={
            "Cache-Control": "private, max-age=300",
            "Content-Disposition": 'attachment; filename="group.atom"',
            "Referrer-Policy": "no-referrer",
        },
    )
