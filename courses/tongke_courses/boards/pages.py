"""Pages of a group's board: its topics, a new one, and where to ask about a thing."""

from collections.abc import Mapping
from uuid import UUID, uuid4

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.responses import RedirectResponse, Response

from tongke_courses.boards import anchors, holding, posting, reading, rights, service, words
from tongke_courses.boards.models import AnchorKind, Follow, TopicState
from tongke_courses.boards.page_forms import (
    LABELS,
    THINGS,
    anchor_of,
    anchor_shown,
    anchor_values,
    key_of,
    one_of,
)
from tongke_courses.boards.page_repository import PageRepository
from tongke_courses.boards.reading_repository import ReadingRepository
from tongke_courses.boards.repository import Filter
from tongke_courses.boards.schemas import MOST_PAGES, TopicIn, TopicPage
from tongke_courses.groups import service as groups
from tongke_courses.groups.models import Group
from tongke_courses.groups.repository import GroupRepository, MemberRepository
from tongke_platform.accounts.rights import RequiredPrincipal
from tongke_platform.database import ReadSession
from tongke_platform.errors import N_, Conflict, Invalid, NotFound, TooMany
from tongke_platform.frame import Reading, TheFrame
from tongke_platform.pages.desk import (
    LONG_FORM,
    desk,
    done,
    mistake,
    parse_uuid,
    query,
    trouble_of,
    typed,
)
from tongke_platform.pages.rendering import Pages, ThePages
from tongke_platform.people.roles import Role
from tongke_platform.rights import Principal

router = APIRouter(include_in_schema=False)
SHOWN = 30


@router.get("/groups/{group_id}/topics")
async def topics(
    request: Request, pages: ThePages, session: Reading, principal: RequiredPrincipal,
    group_id: UUID, state: str = "", about: str = "", before: str = "",
) -> Response:  # fmt: skip
    wanted = Filter(one_of(TopicState, state), anchor=one_of(AnchorKind, about))
    found = await service.page(
        session, principal, group_id, wanted, before=parse_uuid(before), limit=SHOWN
    )
    group, part = await _group(session, principal, group_id)
    unread, last_by = await _marks(session, principal, found)
    moderates = part in rights.MODERATE.roles
    here, chosen = f"/groups/{group_id}/topics", {"state": wanted.state, "about": wanted.anchor}
    return desk(
        request, pages, principal, "boards/topics.html", section="", group=group, here=here,
        found=found, words=words, states=TopicState, kinds=AnchorKind, chosen=chosen,
        writes=part in rights.WRITE.roles, query=query,
        follow=await reading.follow_of(session, principal, group_id), follows=Follow,
        reported=await PageRepository(session).reported(group_id) if moderates else [],
        next=f"{here}{query(**chosen, before=found.next)}" if found.next else "",
        first=f"{here}{query(**chosen)}" if before else "",
        unread=unread, last_by=last_by,
    )  # fmt: skip


async def _group(session: ReadSession, by: Principal, key: UUID) -> tuple[Group, Role]:
    """Raises NotFound for who does not belong to it."""
    part = await holding.part_in(session, by, key)
    found = await GroupRepository(session).by_id(key)
    if found is None:
        raise groups.missing()
    return found, part


async def _marks(
    session: ReadSession, by: Principal, found: TopicPage
) -> tuple[Mapping[UUID, tuple[int, UUID | None]], Mapping[UUID, str]]:
    """What is unread in the topics of a list by topic, and who wrote last by post."""
    shown = [*found.pinned, *found.items]
    keys = [one.id for one in shown]
    unread = await ReadingRepository(session).unread_posts(by.id, by.today, keys)
    last = [one.last_post_id for one in shown if one.last_post_id is not None]
    return unread, await PageRepository(session).writers(last)


@router.post("/groups/{group_id}/topics")
async def follow(
    request: Request, frame: TheFrame, principal: RequiredPrincipal, group_id: UUID
) -> Response:
    """How much of the group one wants to be told of."""
    wanted = one_of(Follow, (await typed(request)).get("follow", ""))
    if wanted is None:
        raise NotFound
    async with frame.database.write() as session:
        await reading.follow(session, principal, group_id, wanted)
    return done(f"/groups/{group_id}/topics", N_("Saved."))


@router.get("/groups/{group_id}/topics/new")
async def new(
    request: Request, pages: ThePages, session: Reading, principal: RequiredPrincipal,
    group_id: UUID,
) -> Response:  # fmt: skip
    values = dict(request.query_params)
    return await _form(request, pages, session, principal, group_id, values)


async def _form(
    request: Request, pages: Pages, session: ReadSession, by: Principal, group_id: UUID,
    values: Mapping[str, str], *, trouble: str = "", status: int = 200,
) -> Response:  # fmt: skip
    group, part = await _group(session, by, group_id)
    if part not in rights.WRITE.roles:
        raise holding.not_your_part()
    try:
        wanted = anchor_of(values)
    except ValidationError:
        wanted = None
    people = await MemberRepository(session).of(group_id, by.today)
    return desk(
        request, pages, by, "boards/new.html", section="", group=group, values=values,
        anchor=await anchor_shown(session, by, wanted), hidden=anchor_values(wanted), words=words,
        wanted=wanted.model_dump_json(exclude_none=True) if wanted else "",
        sent_as=parse_uuid(values.get("sent_as", "")) or uuid4(), trouble=trouble, status=status,
        most_pages=MOST_PAGES,
        data={"group": str(group_id), "me": str(by.id), "names": [one.person.display_name for one in people if one.active]},
    )  # fmt: skip


@router.post("/groups/{group_id}/topics/new", max_body_size=LONG_FORM)
async def begin(
    request: Request, pages: ThePages, frame: TheFrame, principal: RequiredPrincipal,
    group_id: UUID,
) -> Response:  # fmt: skip
    """Sent twice it is one topic."""
    values = await typed(request)
    values["sent_as"] = str(key_of(values))
    try:
        fields = {name: values.get(name, "") for name in ("title", "text", "sent_as")}
        wanted = TopicIn.model_validate({**fields, "anchor": anchor_of(values)})
        async with frame.database.write() as session:
            sent = await posting.begin(session, frame, principal, group_id, wanted)
            address = f"/topics/{sent.topic.id}"
    except ValidationError as error:
        trouble, status = mistake(request, pages, error, LABELS), 422
    except (Invalid, Conflict, TooMany) as error:
        trouble, status = trouble_of(request, pages, error), error.status
        if error.code == "sent":
            # Sent once more they are words of their own.
            values = {**values, "sent_as": ""}
    except NotFound as error:
        if error.code not in anchors.MISSING:
            raise
        # Taken out meanwhile, or not for them any more: the words stay, and are about nothing.
        trouble, status = trouble_of(request, pages, error), 422
        values = {name: value for name, value in values.items() if name not in THINGS}
    else:
        return done(address, N_("Your topic is there. The group is told."))
    async with frame.database.read() as again:
        return await _form(
            request, pages, again, principal, group_id, values, trouble=trouble, status=status
        )


@router.get("/ask")
async def ask(
    request: Request, pages: ThePages, session: Reading, principal: RequiredPrincipal
) -> Response:
    """About a thing (``lesson`` and ``at``, ``material``, ``course``, ``node``): who writes in one group
    only asks there.
    """
    try:
        wanted = anchor_of(dict(request.query_params))
    except ValidationError:
        wanted = None
    tail = query(**anchor_values(wanted))
    mine = await groups.mine(session, principal)
    places = [one for one in mine if rights.may_write_in(principal, one.id)]
    if len(places) == 1:
        return RedirectResponse(f"/groups/{places[0].id}/topics/new{tail}", 303)
    return desk(
        request, pages, principal, "boards/ask.html", section="", groups=places, tail=tail,
        anchor=await anchor_shown(session, principal, wanted), words=words,
    )  # fmt: skip
