"""Pages of one person: what they are, were and will be, and what may be done about it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from pydantic import ValidationError
from starlette.responses import Response

from tongke_platform.accounts.rights import RequiredPrincipal
from tongke_platform.errors import N_, Invalid, NotFound, TongkeError
from tongke_platform.fields import parse_day
from tongke_platform.frame import Reading, TheFrame, Writing
from tongke_platform.organisations import lists as places
from tongke_platform.pages.desk import desk, done, filled, typed
from tongke_platform.pages.rendering import Pages, ThePages
from tongke_platform.people import posting, rights, service
from tongke_platform.people.models import NameKind
from tongke_platform.people.pages import place_choices, post_of, roles_for, wrong
from tongke_platform.people.roles import NAMES
from tongke_platform.people.schemas import NameIn, PersonChange, PostIn
from tongke_platform.privacy import service as privacy
from tongke_platform.rights import Principal
from tongke_platform.undo import service as undos

router = APIRouter(include_in_schema=False)
NAME_KINDS = {
    NameKind.PHONE: N_("Phone number"),
    NameKind.STAFF: N_("Staff number"),
    NameKind.MAIL: N_("Mail"),
    NameKind.NAME: N_("Sign-in name"),
}


async def _page(
    request: Request,
    pages: Pages,
    session: Reading,
    principal: Principal,
    person_id: UUID,
    *,
    trouble: str = "",
    status: int = 200,
) -> Response:
    known = await service.seen(session, person_id, principal)
    today = principal.today
    manages = rights.MANAGE.allows_anywhere(principal)
    return desk(
        request, pages, principal, "admin/people/one.html", section="people", status=status,
        known=known, person=known.person, roles=NAMES, kinds=NAME_KINDS, today=today,
        current=[one for one in known.posts if one.ends_on is None or one.ends_on >= today],
        past=[one for one in known.posts if one.ends_on is not None and one.ends_on < today],
        may_end={one.id for one in known.posts if rights.may_end(principal, one)},
        manages=manages, trouble=trouble, grantable=roles_for(principal) if manages else {},
        everywhere=rights.MANAGE.allows_everywhere(principal), oneself=principal.id == person_id,
        places=await place_choices(session, principal, None) if manages else [],
        schools=await places.choices(session, principal, rights.MANAGE) if manages else [],
        erasure=await privacy.pending(session, person_id) if known.may_change else None,
    )  # fmt: skip


@router.get("/admin/people/{person_id}")
async def one(
    request: Request,
    pages: ThePages,
    session: Reading,
    principal: RequiredPrincipal,
    person_id: UUID,
) -> Response:
    if not rights.READ.allows_anywhere(principal):
        raise NotFound(service.NO_PERSON, code="no_person")
    return await _page(request, pages, session, principal, person_id)


@router.post("/admin/people/{person_id}/edit")
async def rename(
    request: Request,
    session: Writing,
    principal: RequiredPrincipal,
    person_id: UUID,
) -> Response:
    person = await service.to_change(session, person_id, principal)
    try:
        wanted = PersonChange.model_validate(filled(await typed(request), "name"))
    except ValidationError as error:
        raise Invalid(N_("Please write a name of at most 80 letters.")) from error
    await service.rename(session, person, wanted.name)
    return done(f"/admin/people/{person_id}", N_("Saved."))


@router.post("/admin/people/{person_id}/names")
async def add_name(
    request: Request,
    pages: ThePages,
    frame: TheFrame,
    principal: RequiredPrincipal,
    person_id: UUID,
) -> Response:
    values = await typed(request)
    try:
        wanted = NameIn.model_validate(filled(values, "value", "kind"))
        async with frame.database.write() as session:
            person = await service.to_change(session, person_id, principal)
            code = values.get("school", "") if wanted.kind is NameKind.STAFF else ""
            school = await places.named(session, principal, code) if code else None
            await service.add_name(
                session, person, wanted.value, kind=wanted.kind,
                organisation_code=school.code if school else "",
            )  # fmt: skip
    except (ValidationError, TongkeError) as error:
        return await _again(request, pages, frame, principal, person_id, error)
    return done(f"/admin/people/{person_id}", N_("They can sign in with it from now on."))


async def _again(
    request: Request,
    pages: Pages,
    frame: TheFrame,
    principal: Principal,
    person_id: UUID,
    error: ValidationError | TongkeError,
) -> Response:
    trouble, status = wrong(request, pages, error)
    async with frame.database.read() as session:
        return await _page(
            request, pages, session, principal, person_id, trouble=trouble, status=status
        )


@router.post("/admin/people/{person_id}/names/{name_id}/remove")
async def remove_name(
    session: Writing, principal: RequiredPrincipal, person_id: UUID, name_id: UUID
) -> Response:
    person = await service.to_change(session, person_id, principal)
    await service.remove_name(session, person, name_id)
    return done(f"/admin/people/{person_id}", N_("It opens nothing any more."))


@router.post("/admin/people/{person_id}/posts")
async def give(
    request: Request,
    pages: ThePages,
    frame: TheFrame,
    principal: RequiredPrincipal,
    person_id: UUID,
) -> Response:
    values = await typed(request)
    try:
        wanted = PostIn.model_validate(post_of(values))
        async with frame.database.write() as session:
            known = await service.seen(session, person_id, principal)
            await posting.give(session, known.person, wanted, by=principal)
    except (ValidationError, TongkeError) as error:
        return await _again(request, pages, frame, principal, person_id, error)
    return done(f"/admin/people/{person_id}", N_("The post is given."))


@router.post("/admin/posts/{post_id}/end")
async def end(
    session: Writing,
    frame: TheFrame,
    principal: RequiredPrincipal,
    post_id: UUID,
    day: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    post = await posting.to_end(session, post_id, principal)
    kept = posting.ended([post])
    last = parse_day(day) or principal.today
    await posting.end(session, [post], last, principal)
    undo = await undos.keep(session, principal, "posts.end", kept, frame.now())
    return done(f"/admin/people/{post.person_id}", N_("The post is over."), undo=undo.id)


@router.post("/admin/posts/{post_id}/transfer")
async def transfer(
    session: Writing,
    frame: TheFrame,
    principal: RequiredPrincipal,
    post_id: UUID,
    to: Annotated[str, Form(max_length=40)] = "",
    day: Annotated[str, Form(max_length=10)] = "",
    back_on: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    post = await posting.to_end(session, post_id, principal)
    first = parse_day(day)
    if first is None:
        raise Invalid(N_("Please say where to, and from which day."), code="no_target")
    target = await places.named(session, principal, to)
    kept = posting.ended([post])
    made = await posting.transfer(
        session, post, target, first, by=principal, back_on=parse_day(back_on)
    )
    data = posting.moved(kept, made)
    undo = await undos.keep(session, principal, "posts.move", data, frame.now())
    where = f"/admin/people/{post.person_id}"
    return done(where, N_("The change to %(name)s is set."), undo=undo.id, name=target.name)


@router.post("/admin/people/{person_id}/deactivate")
async def deactivate(
    session: Writing, frame: TheFrame, principal: RequiredPrincipal, person_id: UUID
) -> Response:
    person = await service.to_change(session, person_id, principal)
    await service.deactivate(session, person, frame.now(), principal)
    data = {"person": str(person.id)}
    undo = await undos.keep(session, principal, "people.deactivate", data, frame.now())
    words = N_("%(name)s can no longer sign in.")
    return done(f"/admin/people/{person_id}", words, undo=undo.id, name=person.display_name)


@router.post("/admin/people/{person_id}/reactivate")
async def reactivate(session: Writing, principal: RequiredPrincipal, person_id: UUID) -> Response:
    person = await service.to_change(session, person_id, principal)
    await service.reactivate(session, person)
    words = N_("%(name)s can sign in again.")
    return done(f"/admin/people/{person_id}", words, name=person.display_name)
