"""The JSON API of people and their posts."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query

from tongke_platform.accounts.rights import RequiredPrincipal
from tongke_platform.errors import Forbidden
from tongke_platform.frame import Reading, TheFrame, Writing
from tongke_platform.organisations import service as organisations
from tongke_platform.organisations.schemas import UndoOut
from tongke_platform.paging import LIMIT, MOST, Window
from tongke_platform.people import lists, posting, rights, service
from tongke_platform.people.models import NameKind
from tongke_platform.people.repository import PeopleFilter
from tongke_platform.people.roles import Role
from tongke_platform.people.schemas import (
    EndIn,
    MembershipOut,
    NameIn,
    PersonChange,
    PersonDetail,
    PersonIn,
    PersonItem,
    PersonList,
    PostIn,
    SignInNameOut,
    TransferIn,
)
from tongke_platform.rights import Principal
from tongke_platform.undo import service as undos

router = APIRouter(prefix="/api", tags=["people"])
After = Annotated[str, Query(max_length=1000)]
Limit = Annotated[int, Query(ge=1, le=MOST)]
Words = Annotated[str, Query(max_length=80, pattern=r"^[^\x00]*$")]
State = Literal["current", "ended", "off", "all"]


@router.get("/people")
async def list_people(
    session: Reading,
    principal: RequiredPrincipal,
    q: Words = "",
    role: Role | None = None,
    organisation_id: UUID | None = None,
    region: Words = "",
    state: State = "current",
    after: After = "",
    limit: Limit = LIMIT,
) -> PersonList:
    """Who holds or held a post where the asker may see people, in the order of names."""
    wanted = PeopleFilter(q.strip(), role, organisation_id, region, state)
    return await _page(session, principal, wanted, Window.of(after, limit))


async def _page(
    session: Reading, principal: Principal, wanted: PeopleFilter, window: Window
) -> PersonList:
    found = await lists.people(session, principal, wanted, window)
    items = [PersonItem.model_validate(one, from_attributes=True) for one in found.items]
    return PersonList(items=items, next=found.next, total=found.total)


@router.get("/organisations/{organisation_id}/people")
async def people_of(
    organisation_id: UUID,
    session: Reading,
    principal: RequiredPrincipal,
    after: After = "",
    limit: Limit = LIMIT,
) -> PersonList:
    place = await organisations.organisation_seen(session, organisation_id, principal)
    rights.READ.check(principal, place)
    wanted = PeopleFilter(organisation_id=place.id)
    return await _page(session, principal, wanted, Window.of(after, limit))


@router.post("/people", status_code=201)
async def create_person(
    wanted: PersonIn, session: Writing, principal: RequiredPrincipal
) -> PersonDetail:
    """With a first post; who has this name and phone number already gets the post."""
    if not rights.MANAGE.allows_anywhere(principal):
        raise Forbidden
    made = await posting.add_person(session, wanted, by=principal)
    return await _detail(session, made.id, principal)


async def _detail(session: Reading, key: UUID, principal: Principal) -> PersonDetail:
    known = await service.seen(session, key, principal)
    return PersonDetail(
        id=known.person.id,
        name=known.person.display_name,
        active=known.person.deactivated_at is None,
        deactivated_at=known.person.deactivated_at,
        may_change=known.may_change,
        names=[SignInNameOut.model_validate(one) for one in known.names],
        posts=[MembershipOut.model_validate(one) for one in known.posts],
        elsewhere=known.elsewhere,
    )


@router.get("/people/{person_id}")
async def get_person(
    person_id: UUID, session: Reading, principal: RequiredPrincipal
) -> PersonDetail:
    """With every post there ever was that the asker may see."""
    return await _detail(session, person_id, principal)


@router.patch("/people/{person_id}")
async def change_person(
    person_id: UUID, wanted: PersonChange, session: Writing, principal: RequiredPrincipal
) -> PersonDetail:
    person = await service.to_change(session, person_id, principal)
    await service.rename(session, person, wanted.name)
    return await _detail(session, person_id, principal)


@router.post("/people/{person_id}/names", status_code=201)
async def add_name(
    person_id: UUID, wanted: NameIn, session: Writing, principal: RequiredPrincipal
) -> SignInNameOut:
    person = await service.to_change(session, person_id, principal)
    code = ""
    if wanted.kind is NameKind.STAFF and wanted.organisation_id:
        place = await organisations.organisation_seen(session, wanted.organisation_id, principal)
        rights.MANAGE.check(principal, place)
        code = place.code
    made = await service.add_name(
        session, person, wanted.value, kind=wanted.kind, organisation_code=code
    )
    return SignInNameOut.model_validate(made)


@router.delete("/people/{person_id}/names/{name_id}", status_code=204)
async def remove_name(
    person_id: UUID, name_id: UUID, session: Writing, principal: RequiredPrincipal
) -> None:
    person = await service.to_change(session, person_id, principal)
    await service.remove_name(session, person, name_id)


@router.post("/people/{person_id}/posts", status_code=201)
async def give_post(
    person_id: UUID, wanted: PostIn, session: Writing, principal: RequiredPrincipal
) -> PersonDetail:
    known = await service.seen(session, person_id, principal)
    await posting.give(session, known.person, wanted, by=principal)
    return await _detail(session, person_id, principal)


@router.post("/people/{person_id}/deactivate")
async def deactivate(
    person_id: UUID, session: Writing, frame: TheFrame, principal: RequiredPrincipal
) -> UndoOut:
    person = await service.to_change(session, person_id, principal)
    await service.deactivate(session, person, frame.now(), principal)
    data = {"person": str(person.id)}
    undo = await undos.keep(session, principal, "people.deactivate", data, frame.now())
    return UndoOut(undo=undo.id)


@router.post("/people/{person_id}/reactivate", status_code=204)
async def reactivate(person_id: UUID, session: Writing, principal: RequiredPrincipal) -> None:
    person = await service.to_change(session, person_id, principal)
    await service.reactivate(session, person)


@router.post("/posts/{post_id}/end")
async def end_post(
    post_id: UUID, wanted: EndIn, session: Writing, frame: TheFrame, principal: RequiredPrincipal
) -> UndoOut:
    post = await posting.to_end(session, post_id, principal)
    kept = posting.ended([post])
    await posting.end(session, [post], wanted.day or principal.today, principal)
    undo = await undos.keep(session, principal, "posts.end", kept, frame.now())
    return UndoOut(undo=undo.id)


@router.post("/posts/{post_id}/transfer")
async def transfer_post(
    post_id: UUID,
    wanted: TransferIn,
    session: Writing,
    frame: TheFrame,
    principal: RequiredPrincipal,
) -> UndoOut:
    """With ``back_on`` it is a rotation: the post goes on where it was."""
    post = await posting.to_end(session, post_id, principal)
    to = await organisations.organisation_seen(session, wanted.organisation_id, principal)
    kept = posting.ended([post])
    made = await posting.transfer(
        session, post, to, wanted.day,
        by=principal, back_on=wanted.back_on, role=wanted.role, title=wanted.post,
    )  # fmt: skip
    data = posting.moved(kept, made)
    undo = await undos.keep(session, principal, "posts.move", data, frame.now())
    return UndoOut(undo=undo.id)
