"""JSON API of posts: written once, changed, taken out, voted for, reported."""

from uuid import UUID

from fastapi import APIRouter, Response

from tongke_courses.boards import moderating, outs, posting
from tongke_courses.boards.schemas import (
    EditOut,
    PostChange,
    PostIn,
    PostOut,
    RemovalIn,
    ReportIn,
    VoteOut,
)
from tongke_platform.accounts.rights import RequiredPrincipal
from tongke_platform.frame import Reading, TheFrame, Writing

router = APIRouter(prefix="/api", tags=["boards"])


@router.post("/topics/{topic_id}/posts", status_code=201)
async def reply(
    topic_id: UUID,
    body: PostIn,
    response: Response,
    session: Writing,
    principal: RequiredPrincipal,
    frame: TheFrame,
) -> PostOut:
    """Sent again with the same ``sent_as`` it is the post there is (200), whatever the text. Sent into a
    topic that was merged it stands where that is now.
    """
    sent = await posting.reply(session, frame, principal, topic_id, body)
    if not sent.new:
        response.status_code = 200
    return await outs.post(session, principal, sent.post)


@router.patch("/posts/{board_post_id}")
async def change(
    board_post_id: UUID,
    body: PostChange,
    session: Writing,
    principal: RequiredPrincipal,
    frame: TheFrame,
) -> PostOut:
    """Only one's own. What it said before is kept."""
    found = await posting.edit(session, frame, principal, board_post_id, body)
    return await outs.post(session, principal, found)


@router.delete("/posts/{board_post_id}", status_code=204)
async def remove(
    board_post_id: UUID,
    session: Writing,
    principal: RequiredPrincipal,
    frame: TheFrame,
    body: RemovalIn | None = None,
) -> None:
    """It keeps its place and says why."""
    await posting.remove(session, frame, principal, board_post_id, body.reason if body else "")


@router.get("/posts/{board_post_id}/edits")
async def edits(
    board_post_id: UUID, session: Reading, principal: RequiredPrincipal
) -> list[EditOut]:
    """What it said before, the first words first."""
    return [outs.edit(one) for one in await posting.edits(session, principal, board_post_id)]


@router.put("/posts/{board_post_id}/vote")
async def vote(board_post_id: UUID, session: Writing, principal: RequiredPrincipal) -> VoteOut:
    found = await posting.vote(session, principal, board_post_id, wanted=True)
    return VoteOut(votes=found.votes, voted=True)


@router.delete("/posts/{board_post_id}/vote")
async def unvote(board_post_id: UUID, session: Writing, principal: RequiredPrincipal) -> VoteOut:
    found = await posting.vote(session, principal, board_post_id, wanted=False)
    return VoteOut(votes=found.votes, voted=False)


@router.post("/posts/{board_post_id}/reports", status_code=204)
async def report(
    board_post_id: UUID, body: ReportIn, session: Writing, principal: RequiredPrincipal
) -> None:
    """To who moderates the group. Reported again it is the same report."""
    await moderating.report(session, principal, board_post_id, body)
