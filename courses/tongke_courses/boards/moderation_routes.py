"""JSON API for those who moderate a group."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

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
from tongke_platform.frame import Reading, TheFrame, Writing

router = APIRouter(prefix="/api", tags=["boards"])


@dataclass(frozen=True)
class Act:
    """Something is done to a topic, and answered with how it is then."""

    topic_id: UUID
    session: Writing
    frame: TheFrame
    by: RequiredPrincipal

    async def pin(self, *, on: bool) -> TopicOut:
        done = moderating.pin(self.session, self.frame, self.by, self.topic_id, on=on)
        return await self.out(await done)

    async def close(self, *, on: bool) -> TopicOut:
        done = moderating.close(self.session, self.frame, self.by, self.topic_id, on=on)
        return await self.out(await done)

    async def out(self, topic: Topic) -> TopicOut:
        return (await outs.topics(self.session, self.by, [topic]))[0]


OnTopic = Annotated[Act, Depends(scope="function")]


@router.post("/topics/{topic_id}/pin")
async def pin(act: OnTopic) -> TopicOut:
    """It stands above the others."""
    return await act.pin(on=True)


@router.post("/topics/{topic_id}/unpin")
async def unpin(act: OnTopic) -> TopicOut:
    return await act.pin(on=False)


@router.post("/topics/{topic_id}/close")
async def close(act: OnTopic) -> TopicOut:
    """Nothing new is written in it."""
    return await act.close(on=True)


@router.post("/topics/{topic_id}/reopen")
async def reopen(act: OnTopic) -> TopicOut:
    """Written in again; what became of it stays."""
    return await act.close(on=False)


@router.post("/topics/{topic_id}/move")
async def move(act: OnTopic, body: MoveIn) -> TopicOut:
    """Into another group one moderates as well."""
    return await act.out(await moderating.move(act.session, act.by, act.topic_id, body))


@router.post("/topics/{topic_id}/merge")
async def merge(act: OnTopic, body: MergeIn) -> TopicOut:
    """Into another topic of the group, which is answered."""
    into = await moderating.merge(act.session, act.frame, act.by, act.topic_id, body)
    return await act.out(into)


@router.post("/topics/{topic_id}/split", status_code=201)
async def split(act: OnTopic, body: SplitIn) -> TopicOut:
    """The new topic."""
    return await act.out(await moderating.split(act.session, act.by, act.topic_id, body))


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
