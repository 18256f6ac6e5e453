"""The page of a topic: read like a letter, answered, decided; and its posts alone, for a script."""

from collections.abc import Mapping
from uuid import UUID, uuid4

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.responses import RedirectResponse, Response

from tongke_courses.boards import page_topic, words
from tongke_courses.boards.models import TopicState
from tongke_courses.boards.page_acts import ACTS, Acting
from tongke_courses.boards.page_forms import LABELS
from tongke_courses.boards.page_topic import SHOWN, Shown
from tongke_courses.groups import words as group_words
from tongke_courses.groups.page_forms import said_days
from tongke_platform.accounts.rights import RequiredPrincipal
from tongke_platform.database import ReadSession
from tongke_platform.errors import Conflict, Invalid, NotFound, TooMany
from tongke_platform.frame import Reading, TheFrame
from tongke_platform.pages.desk import LONG_FORM, desk, done, mistake, parse_uuid, trouble_of, typed
from tongke_platform.pages.rendering import Pages, ThePages
from tongke_platform.pages.viewer import viewer_of
from tongke_platform.rights import Principal

router = APIRouter(include_in_schema=False)
# Codes of what a form points to and that was taken out or put elsewhere while it was filled in.
ELSEWHERE = frozenset({"no_post", "no_class"})
STATIONS = [TopicState.OPEN, TopicState.ADOPTED, TopicState.TRIED]


@router.get("/topics/{topic_id}")
async def one(
    request: Request, pages: ThePages, session: Reading, principal: RequiredPrincipal,
    topic_id: UUID, after: str = "", to: str = "", quote: str = "", split: str = "",
) -> Response:  # fmt: skip
    """``to``: the page this post stands on; ``quote``: the post one answers; ``split``: posts can be
    chosen to become a topic of their own.
    """
    it = await page_topic.shown(
        session, principal, topic_id, after=parse_uuid(after), to=parse_uuid(to)
    )
    if it.topic.merged_into_id is not None:
        return RedirectResponse(f"/topics/{it.topic.merged_into_id}", 303)
    values = {"reply_to": quote} if parse_uuid(quote) else {}
    return await _page(request, pages, session, it, values, splits=bool(split))


async def _page(
    request: Request, pages: Pages, session: ReadSession, it: Shown, values: Mapping[str, str], *,
    splits: bool = False, trouble: str = "", status: int = 200,
) -> Response:  # fmt: skip
    gone = it.topic.deleted_at is not None
    template = "boards/gone.html" if gone else "boards/topic.html"
    answered = parse_uuid(values.get("reply_to", ""))
    chosen = {} if gone else await page_topic.moderation(session, it)
    return desk(
        request, pages, it.by, template, section="", it=it, topic=it.topic, words=words,
        parts=group_words.PARTS, said_day=said_days(pages, request, it.today), stations=STATIONS,
        values=values, splits=splits and it.moderates, trouble=trouble, status=status,
        answered=next((one for one in it.topic.items if one.id == answered), None),
        sent_as=parse_uuid(values.get("sent_as", "")) or uuid4(), plain=False,
        next=f"{it.here}?after={it.topic.items[-1].id}" if it.topic.next else "",
        shown=SHOWN, data={**it.data(), "formulas": pages.asset("formulas.css")}, **chosen,
    )  # fmt: skip


@router.get("/topics/{topic_id}/posts")
async def posts(
    request: Request, pages: ThePages, session: Reading, principal: RequiredPrincipal,
    topic_id: UUID, after: str = "", to: str = "", plain: str = "",
) -> Response:  # fmt: skip
    """A page of posts alone, as ``one`` shows them; ``plain``: to be read only."""
    it = await page_topic.shown(
        session, principal, topic_id, after=parse_uuid(after), to=parse_uuid(to)
    )
    if it.topic.deleted_at is not None or it.topic.merged_into_id is not None:
        raise NotFound
    return pages.render(
        request, "boards/posts.html", viewer=viewer_of(principal), it=it, topic=it.topic,
        words=words, parts=group_words.PARTS, plain=bool(plain), splits=False, values={},
    )  # fmt: skip


@router.post("/topics/{topic_id}", max_body_size=LONG_FORM)
async def act(
    request: Request, pages: ThePages, frame: TheFrame, principal: RequiredPrincipal, topic_id: UUID
) -> Response:
    """``act`` is one of ACTS."""
    values = await typed(request)
    run = ACTS.get(values.get("act", ""))
    if run is None:
        raise NotFound
    form = await request.form(max_files=0, max_fields=100)
    keys = [parse_uuid(str(one)) for one in form.getlist("id")]
    chosen = tuple(one for one in keys if one is not None)
    try:
        async with frame.database.write() as session:
            address, said = await run(Acting(session, frame, principal, topic_id, values, chosen))
    except ValidationError as error:
        trouble, status = mistake(request, pages, error, LABELS), 422
    except (Invalid, Conflict, TooMany) as error:
        trouble, status = trouble_of(request, pages, error), error.status
        if error.code == "sent":
            # Sent once more they are words of their own.
            values = {**values, "sent_as": ""}
    except NotFound as error:
        if error.code not in ELSEWHERE:
            raise
        trouble, status = trouble_of(request, pages, error), 422
    else:
        return done(address, said) if said else RedirectResponse(address, 303)
    return await _again(request, pages, frame, principal, topic_id, values, trouble, status)


async def _again(
    request: Request, pages: Pages, frame: TheFrame, by: Principal, key: UUID,
    values: Mapping[str, str], trouble: str, status: int,
) -> Response:  # fmt: skip
    """The page once more as it is now, with what was typed."""
    async with frame.database.read() as session:
        to = parse_uuid(values.get("post", "") or values.get("reply_to", ""))
        it = await page_topic.shown(session, by, key, to=to)
        if it.topic.merged_into_id is not None:
            it = await page_topic.shown(session, by, it.topic.merged_into_id)
        return await _page(
            request, pages, session, it, values, trouble=trouble, status=status,
            splits=values.get("act") == "split",
        )  # fmt: skip
