"""JSON API of topics: lists, reading, what becomes of them."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from tongke_courses.boards import outs, posting, service, states
from tongke_courses.boards.models import AnchorKind, TopicState
from tongke_courses.boards.repository import Filter
from tongke_courses.boards.schemas import (
    RemovalIn,
    StepIn,
    TopicChange,
    TopicFull,
    TopicIn,
    TopicOut,
    TopicPage,
    TryIn,
    TryOut,
)
from tongke_platform.accounts.rights import RequiredPrincipal
from tongke_platform.frame import Reading, TheFrame, Writing

router = APIRouter(prefix="/api", tags=["boards"])
Limit = Annotated[int, Query(ge=1, le=100)]


@router.get("/groups/{group_id}/topics")
async def list_topics(
    group_id: UUID,
    session: Reading,
    principal: RequiredPrincipal,
    state: TopicState | None = None,
    by: UUID | None = None,
    anchor: AnchorKind | None = None,
    lesson_id: UUID | None = None,
    material_id: UUID | None = None,
    course_id: UUID | None = None,
    node_id: UUID | None = None,
    before: UUID | None = None,
    limit: Limit = 30,
) -> TopicPage:
    """The one last written in first, those pinned apart. ``node_id``: what stands below it in the book
    as well.
    """
    wanted = Filter(state, by, anchor, lesson_id, material_id, course_id, node_id)
    return await service.page(session, principal, group_id, wanted, before=before, limit=limit)


@router.post("/groups/{group_id}/topics", status_code=201)
async def begin(
    group_id: UUID,
    body: TopicIn,
    response: Response,
    session: Writing,
    principal: RequiredPrincipal,
    frame: TheFrame,
) -> TopicFull:
    """With its first post. Sent again with the same ``sent_as`` it is the topic there is (200)."""
    sent = await posting.begin(session, frame, principal, group_id, body)
    if not sent.new:
        response.status_code = 200
    return await service.full(session, principal, sent.topic.id)


@router.get("/topics")
async def about(
    session: Reading,
    principal: RequiredPrincipal,
    lesson_id: UUID | None = None,
    material_id: UUID | None = None,
    course_id: UUID | None = None,
    node_id: UUID | None = None,
) -> list[TopicOut]:
    """About one lesson (moments of its replay as well), material, course or textbook node, in all
    groups one belongs to.
    """
    found, _ = await service.about(
        session,
        principal,
        lesson_id=lesson_id,
        material_id=material_id,
        course_id=course_id,
        node_id=node_id,
    )
    return found


@router.get("/topics/{topic_id}")
async def get(
    topic_id: UUID,
    session: Reading,
    principal: RequiredPrincipal,
    after: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> TopicFull:
    """With its posts in the order they were written. One that was merged says where it is now."""
    return await service.full(session, principal, topic_id, after=after, limit=limit)


@router.patch("/topics/{topic_id}")
async def change(
    topic_id: UUID, body: TopicChange, session: Writing, principal: RequiredPrincipal
) -> TopicOut:
    found = await service.change(session, principal, topic_id, body)
    return (await outs.topics(session, principal, [found]))[0]


@router.delete("/topics/{topic_id}", status_code=204)
async def remove(
    topic_id: UUID,
    session: Writing,
    principal: RequiredPrincipal,
    frame: TheFrame,
    body: RemovalIn | None = None,
) -> None:
    """Others who read it see why it was taken out."""
    await service.remove(session, frame, principal, topic_id, body.reason if body else "")


@router.post("/topics/{topic_id}/state")
async def step(
    topic_id: UUID, body: StepIn, session: Writing, principal: RequiredPrincipal
) -> TopicFull:
    """Adopted, tried, kept or dropped; or open again."""
    await states.step(session, principal, topic_id, body)
    return await service.full(session, principal, topic_id)


@router.put("/topics/{topic_id}/tries/{person_id}")
async def ask_to_try(
    topic_id: UUID,
    person_id: UUID,
    session: Writing,
    principal: RequiredPrincipal,
    body: TryIn | None = None,
) -> TryOut:
    """Oneself, or somebody else by who moderates."""
    made = await states.ask_to_try(session, principal, topic_id, person_id, body or TryIn())
    return outs.try_(made)


@router.delete("/topics/{topic_id}/tries/{person_id}", status_code=204)
async def call_off(
    topic_id: UUID, person_id: UUID, session: Writing, principal: RequiredPrincipal
) -> None:
    await states.call_off(session, principal, topic_id, person_id)
