"""Pages of people: the list with what may be done to many, somebody new."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import ValidationError
from starlette.responses import Response

from tongke_platform.accounts.rights import RequiredPrincipal
from tongke_platform.database import ReadSession
from tongke_platform.errors import N_, Forbidden, Invalid, TongkeError
from tongke_platform.fields import parse_day
from tongke_platform.frame import Reading, TheFrame, Writing
from tongke_platform.organisations import lists as places
from tongke_platform.organisations.models import Organisation
from tongke_platform.pages.desk import (
    chosen,
    desk,
    done,
    filled,
    mistake,
    parse_uuid,
    query,
    trouble_of,
    typed,
)
from tongke_platform.pages.rendering import Pages, ThePages
from tongke_platform.pages.sections import Section, add_section
from tongke_platform.paging import Window
from tongke_platform.people import lists, moving, posting, rights
from tongke_platform.people.repository import PeopleFilter
from tongke_platform.people.roles import NAMES, SCOPES, Role, Scope
from tongke_platform.people.schemas import PersonIn
from tongke_platform.rights import Principal
from tongke_platform.undo import service as undos

router = APIRouter(include_in_schema=False)
SECTION = add_section(
    Section(
        "people",
        N_("People"),
        "/admin/people",
        "users",
        rights.READ,
        N_("accounts and posts: new colleagues, transfers, farewells"),
    )
)
LABELS = {
    "name": N_("Full name"),
    "phone": N_("Phone number"),
    "staff_number": N_("Staff number"),
    "mail": N_("Mail"),
    "role": N_("Role"),
    "place": N_("Where"),
    "post": N_("Post in the school's words"),
    "starts_on": N_("First day"),
    "ends_on": N_("Last day"),
}
Asked = Annotated[str, Query(max_length=200)]


@router.get("/admin/people")
async def show(
    request: Request,
    pages: ThePages,
    session: Reading,
    principal: RequiredPrincipal,
    q: Asked = "",
    role: Asked = "",
    school: Asked = "",
    region: Asked = "",
    state: Asked = "current",
    after: Annotated[str, Query(max_length=1000)] = "",
) -> Response:
    """A filter that says nothing sensible is as good as empty."""
    if not rights.READ.allows_anywhere(principal):
        raise Forbidden
    place = parse_uuid(school)
    wanted = PeopleFilter(
        q=q.strip().replace("\0", ""),
        role=Role(role) if role in {*Role} else None,
        organisation_id=place,
        region=region.replace("\0", ""),
        state=state if state in ("current", "ended", "off", "all") else "current",
    )
    found = await lists.people(session, principal, wanted, Window.of(after))
    manages = rights.MANAGE.allows_anywhere(principal)
    return desk(
        request, pages, principal, "admin/people/list.html", section="people",
        found=found, wanted=wanted, roles=NAMES, manages=manages, after=after,
        school=await places.seen_or_none(session, principal, place), today=principal.today,
        plain=wanted == PeopleFilter() and not after,
        choices=await places.choices(session, principal, rights.MANAGE, 41) if manages else [],
        here=query(q=q, role=role, school=school, region=region, state=state),
    )  # fmt: skip


async def place_choices(
    session: ReadSession, principal: Principal, school: Organisation | None
) -> list[tuple[str, str]]:
    """Where a post can be given: ``o:id`` of an organisation, ``r:id`` of a region, ``p``."""
    found = [] if school is None else [(f"o:{school.id}", school.name)]
    for one in await places.choices(session, principal, rights.MANAGE):
        if school is None or one.id != school.id:
            found.append((f"o:{one.id}", one.name))
    found += [
        (f"r:{one.id}", one.name) for one in await places.regions(session, principal, rights.MANAGE)
    ]
    return found


def roles_for(principal: Principal) -> dict[Role, str]:
    """Roles this person may give somewhere, in the order of the house."""
    everywhere = rights.MANAGE.allows_everywhere(principal)
    regional = any(post.scope is not Scope.ORGANISATION for post in rights.MANAGE.posts(principal))
    allowed = {
        role
        for role in Role
        if Scope.ORGANISATION in SCOPES[role]
        or (regional and Scope.REGION in SCOPES[role])
        or (everywhere and Scope.PLATFORM in SCOPES[role])
    }
    return {role: NAMES[role] for role in NAMES if role in allowed}


async def _form(
    request: Request,
    pages: Pages,
    session: ReadSession,
    principal: Principal,
    values: dict[str, object],
    *,
    school: Organisation | None = None,
    trouble: str = "",
    status: int = 200,
) -> Response:
    return desk(
        request, pages, principal, "admin/people/new.html", section="people", status=status,
        values=dict.fromkeys(LABELS, "") | values, trouble=trouble,
        roles=roles_for(principal), school=school,
        everywhere=rights.MANAGE.allows_everywhere(principal),
        places=await place_choices(session, principal, school),
    )  # fmt: skip


@router.get("/admin/people/new")
async def new(
    request: Request,
    pages: ThePages,
    session: Reading,
    principal: RequiredPrincipal,
    school: Asked = "",
) -> Response:
    if not rights.MANAGE.allows_anywhere(principal):
        raise Forbidden
    place = await places.seen_or_none(session, principal, parse_uuid(school))
    values: dict[str, object] = {"role": Role.LEAD_TEACHER, "starts_on": principal.today}
    return await _form(request, pages, session, principal, values, school=place)


def post_of(values: dict[str, str]) -> dict[str, object]:
    """The fields of a PostIn; ``place`` as ``place_choices`` gives it."""
    kind, _, key = values.get("place", "").partition(":")
    names = {"o": "organisation_id", "r": "region_id"}
    where = {names[kind]: key} if kind in names else {}
    return {**filled(values, "role", "post", "starts_on", "ends_on"), **where}


def wrong(request: Request, pages: Pages, error: ValidationError | TongkeError) -> tuple[str, int]:
    if isinstance(error, ValidationError):
        return mistake(request, pages, error, LABELS), 422
    return trouble_of(request, pages, error), error.status


@router.post("/admin/people")
async def create(
    request: Request, pages: ThePages, frame: TheFrame, principal: RequiredPrincipal
) -> Response:
    """What was typed comes back with a sentence when something in it is not right."""
    values = await typed(request)
    try:
        fields = filled(values, "name", "phone", "staff_number", "mail")
        wanted = PersonIn.model_validate({**fields, "post": post_of(values)})
        async with frame.database.write() as session:
            made = await posting.add_person(session, wanted, by=principal)
    except (ValidationError, TongkeError) as error:
        trouble, status = wrong(request, pages, error)
        async with frame.database.read() as reading:
            return await _form(
                request, pages, reading, principal, dict[str, object](values),
                trouble=trouble, status=status,
            )  # fmt: skip
    return done(f"/admin/people/{made.id}", N_("%(name)s is added."), name=made.display_name)


@router.post("/admin/people/end")
async def end_many(
    request: Request, session: Writing, frame: TheFrame, principal: RequiredPrincipal
) -> Response:
    """The posts of the chosen people that the asker manages, at one school if one is filtered."""
    values = await typed(request)
    day = parse_day(values.get("day", "")) or principal.today
    kept = await moving.end_posts(
        session, await chosen(request), day, by=principal, at=parse_uuid(values.get("school", ""))
    )
    undo = await undos.keep(session, principal, "posts.end", kept, frame.now())
    words = N_("Posts that are over: %(count)s.")
    return done(_back(values), words, undo=undo.id, count=len(kept["posts"]))


@router.post("/admin/people/move")
async def move_many(
    request: Request, session: Writing, frame: TheFrame, principal: RequiredPrincipal
) -> Response:
    values = await typed(request)
    day = parse_day(values.get("day", ""))
    if not values.get("to") or day is None:
        raise Invalid(N_("Please say where to, and from which day."), code="no_target")
    to = await places.named(session, principal, values["to"])
    kept = await moving.move_posts(
        session, await chosen(request), to, day,
        by=principal, at=parse_uuid(values.get("school", "")),
    )  # fmt: skip
    undo = await undos.keep(session, principal, "posts.move", kept, frame.now())
    words = N_("To %(name)s go: %(count)s.")
    return done(_back(values), words, undo=undo.id, name=to.name, count=len(kept["posts"]))


def _back(values: dict[str, str]) -> str:
    school: UUID | None = parse_uuid(values.get("school", ""))
    return "/admin/people" + query(school=school)
