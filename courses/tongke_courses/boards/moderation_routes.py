"""JSON API for those who moderate a group."""

from uuid import UUID

from fastapi import APIRouter

from tongke_courses.boards import moderating, outs
from tongke_courses.boards.models import Topic
from tongke_courses.boards.schemas import (
    MergeIn,
    MoveIn,
    ReportAnswer,
    ReportOut,
    ReportPage,
    SplitIn,
    TopicOut,
)
from tongke_platform.accounts.rights import RequiredPrincipal
from tongke_platform.database import ReadSession
from tongke_platform.frame import Reading, TheFrame, Writing
from tongke_platform.rights import Principal

router = APIRouter(prefix="/api", tags=["boards"])


async def _out(session: ReadSession, principal: Principal, topic: Topic) -> TopicOut:
    return (await outs.topics(session, principal, [topic]))[0]


@router.post("/topics/{topic_id}/pin")
async def pin(
    topic_id: UUID, session: Writing, principal: RequiredPrincipal, frame: TheFrame
) -> TopicOut:
    topic = await moderating.pin(session, frame, principal, topic_id, on=True)
    return await _out(session, principal, topic)


@router.post("/topics/{topic_id}/unpin")
async def unpin(
    topic_id: UUID, session: Writing, principal: RequiredPrincipal, frame: TheFrame
) -> TopicOut:
    topic = await moderating.pin(session, frame, principal, topic_id, on=False)
    return await _out(session, principal, topic)


@router.post("/topics/{topic_id}/close")
async def close(
    topic_id: UUID, session: Writing, principal: RequiredPrincipal, frame: TheFrame
) -> TopicOut:
    """Nothing new is written in it."""
    topic = await moderating.close(session, frame, principal, topic_id, on=True)
    return await _out(session, principal, topic)


@router.post("/topics/{topic_id}/reopen")
async def reopen(
    topic_id: UUID, session: Writing, principal: RequiredPrincipal, frame: TheFrame
) -> TopicOut:
    """Written in again; what became of it stays."""
    topic = await moderating.close(session, frame, principal, topic_id, on=False)
    return await _out(session, principal, topic)


@router.post("/topics/{topic_id}/move")
async def move(
    topic_id: UUID, body: MoveIn, session: Writing, principal: RequiredPrincipal
) -> TopicOut:
    """Into another group one moderates as well."""
    topic = await moderating.move(session, principal, topic_id, body)
    return await _out(session, principal, topic)


@router.post("/topics/{topic_id}/merge")
async def merge(
    topic_id: UUID, body: MergeIn, session: Writing, principal: RequiredPrincipal, frame: TheFrame
) -> TopicOut:
    """Into another topic of the group, which is answered."""
    topic = await moderating.merge(session, frame, principal, topic_id, body)
    return await _out(session, principal, topic)


@router.post("/topics/{topic_id}/split", status_code=201)
async def split(
    topic_id: UUID, body: SplitIn, session: Writing, principal: RequiredPrincipal
) -> TopicOut:
    """The new topic."""
    topic = await moderating.split(session, principal, topic_id, body)
    return await _out(session, principal, topic)


@router.get("/groups/{group_id}/reports")
async def reports(group_id: UUID, session: Reading, principal: RequiredPrincipal) -> ReportPage:
    found = await moderating.reports(session, principal, group_id)
    return ReportPage(items=[outs.report(one) for one in found])


@router.post("/groups/{group_id}/reports/{report_id}")
async def answer(
    group_id: UUID,
    report_id: UUID,
    body: ReportAnswer,
    session: Writing,
    principal: RequiredPrincipal,
    frame: TheFrame,
) -> ReportOut:
    found = await moderating.answer(
        session, frame, principal, group_id, report_id, upheld=body.upheld
    )
    return outs.report(found)
