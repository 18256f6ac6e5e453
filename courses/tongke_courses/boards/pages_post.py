"""Pages of one post: changing one's own, and what it said before."""

from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.responses import Response

from tongke_courses.boards import holding, outs, posting, rights, service
from tongke_courses.boards.models import Post
from tongke_courses.boards.page_forms import LABELS, number_in
from tongke_courses.boards.post_repository import PostRepository
from tongke_courses.boards.schemas import PostChange, PostOut
from tongke_platform.accounts.rights import RequiredPrincipal
from tongke_platform.database import ReadSession
from tongke_platform.errors import N_, Conflict, Invalid, NotFound, TooMany
from tongke_platform.frame import Reading, TheFrame
from tongke_platform.pages.desk import LONG_FORM, desk, done, mistake, trouble_of, typed
from tongke_platform.pages.rendering import Pages, ThePages
from tongke_platform.rights import Principal

router = APIRouter(prefix="/posts/{board_post_id}", include_in_schema=False)


async def _seen(session: ReadSession, by: Principal, key: UUID) -> Post:
    """With its topic. Raises NotFound for who does not belong to its group."""
    found = await PostRepository(session).with_topic(key)
    if found is None:
        raise holding.no_post()
    try:
        await service.seen(session, by, found.topic_id)
    except NotFound:
        raise holding.no_post() from None
    return found


def _back(post: Post) -> str:
    return f"/topics/{post.topic_id}?to={post.id}#post-{post.id}"


@router.get("/edit")
async def edit(
    request: Request,
    pages: ThePages,
    session: Reading,
    principal: RequiredPrincipal,
    board_post_id: UUID,
) -> Response:
    return await _form(request, pages, session, principal, board_post_id)


async def _form(
    request: Request, pages: Pages, session: ReadSession, by: Principal, key: UUID, *,
    text: str | None = None, trouble: str = "", status: int = 200, changed: bool = False,
) -> Response:  # fmt: skip
    """``changed``: somebody (on another device) was quicker: both texts are shown."""
    post = await _seen(session, by, key)
    part = await holding.part_in(session, by, post.topic.group_id)
    if post.by_id != by.id or part not in rights.WRITE.roles:
        raise holding.not_your_part()
    if post.deleted_at is not None:
        raise holding.no_post()
    shown: PostOut = await outs.post(session, by, post)
    return desk(
        request, pages, by, "boards/edit.html", section="", post=shown, topic=post.topic,
        back=_back(post), text=shown.text if text is None else text, trouble=trouble,
        status=status, changed=changed,
        data={"group": str(post.topic.group_id), "names": []},
    )  # fmt: skip


@router.post("/edit", max_body_size=LONG_FORM)
async def change(
    request: Request,
    pages: ThePages,
    frame: TheFrame,
    principal: RequiredPrincipal,
    board_post_id: UUID,
) -> Response:
    values = await typed(request)
    text, changed = values.get("text", ""), False
    try:
        wanted = PostChange.model_validate({"text": text, "version": number_in(values)})
        async with frame.database.write() as session:
            found = await posting.edit(session, frame, principal, board_post_id, wanted)
            back = _back(found)
    except ValidationError as error:
        trouble, status = mistake(request, pages, error, LABELS), 422
    except (Invalid, Conflict, TooMany) as error:
        trouble, status = trouble_of(request, pages, error), error.status
        changed = error.code == "changed"
    else:
        return done(back, N_("Saved. What it said before is kept."))
    async with frame.database.read() as again:
        return await _form(
            request, pages, again, principal, board_post_id, text=text, trouble=trouble, status=status,
            changed=changed,
        )  # fmt: skip


@router.get("/history")
async def history(
    request: Request,
    pages: ThePages,
    session: Reading,
    principal: RequiredPrincipal,
    board_post_id: UUID,
) -> Response:
    """What it said before, the last words first."""
    edits = [outs.edit(one) for one in await posting.edits(session, principal, board_post_id)]
    post = await _seen(session, principal, board_post_id)
    return desk(
        request, pages, principal, "boards/history.html", section="", edits=edits[::-1],
        post=await outs.post(session, principal, post), topic=post.topic, back=_back(post),
    )  # fmt: skip
