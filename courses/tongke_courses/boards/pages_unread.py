"""The page of what is unread over all of one's groups, and how much of each one is told of."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from tongke_courses.boards import reading, unread, words
from tongke_courses.boards.models import Follow
from tongke_courses.boards.page_forms import one_of
from tongke_platform.accounts.rights import RequiredPrincipal
from tongke_platform.errors import N_, NotFound
from tongke_platform.frame import Reading, TheFrame
from tongke_platform.pages.desk import desk, done, parse_uuid, query, typed
from tongke_platform.pages.rendering import ThePages

router = APIRouter(include_in_schema=False)
SHOWN = 30


@router.get("/unread")
async def unread_topics(
    request: Request,
    pages: ThePages,
    session: Reading,
    principal: RequiredPrincipal,
    before: str = "",
) -> Response:
    found = await unread.desk(session, principal, before=parse_uuid(before), limit=SHOWN)
    return desk(
        request, pages, principal, "boards/unread.html", section="", found=found, words=words,
        follows=Follow, upto=None if before else found.newest,
        next=f"/unread{query(before=found.next)}" if found.next else "",
        first="/unread" if before else "",
    )  # fmt: skip


@router.post("/unread")
async def act(request: Request, frame: TheFrame, principal: RequiredPrincipal) -> Response:
    """``act`` of a ``group``: read (as far as the post ``upto``) or follow (as ``follow`` says)."""
    values = await typed(request)
    key, what = parse_uuid(values.get("group", "")), values.get("act", "")
    wanted = one_of(Follow, values.get("follow", ""))
    if key is None or what not in ("read", "follow") or (what == "follow" and wanted is None):
        raise NotFound
    async with frame.database.write() as session:
        if wanted is not None and what == "follow":
            await reading.follow(session, principal, key, wanted)
            return done("/unread#groups", N_("Saved."))
        upto = parse_uuid(values.get("upto", ""))
        await unread.read_all(session, principal, key, upto, frame.now())
    return done("/unread", N_("You have read all of this group."))
