"""Giving, ending and moving posts. Dates decide: nothing is removed, a post is over."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from tongke_platform.database import WriteSession
from tongke_platform.errors import N_, Conflict, Forbidden, Invalid, NotFound
from tongke_platform.organisations import service as organisations
from tongke_platform.organisations.models import Organisation
from tongke_platform.organisations.repository import OrganisationRepository
from tongke_platform.people import rights, service
from tongke_platform.people.models import Membership, NameKind, Person
from tongke_platform.people.repository import MembershipRepository, PersonRepository
from tongke_platform.people.roles import Role
from tongke_platform.people.schemas import PersonIn, PostIn
from tongke_platform.rights import Principal
from tongke_platform.undo.service import takes_back

NO_POST = N_("There is no such post.")
DAY = timedelta(days=1)


async def add_person(session: WriteSession, wanted: PersonIn, *, by: Principal) -> Person:
    """With names and a first post; whoever has this name and phone number already gets the post.

    Raises Conflict ``name_taken``, Forbidden, Invalid, NotFound.
    """
    if not (wanted.phone or wanted.staff_number or wanted.mail):
        raise Invalid(
            N_("Please give a phone number or a staff number to sign in with."), code="no_name"
        )
    known = await _known(session, wanted)
    if known is not None:
        await give(session, known, wanted.post, by=by)
        return known
    person = await PersonRepository(session).add(Person(display_name=wanted.name))
    post = await give(session, person, wanted.post, by=by)
    for value in (wanted.phone, wanted.mail):
        if value:
            await service.add_name(session, person, value)
    if wanted.staff_number:
        code = await _code_of(session, post)
        await service.add_name(
            session, person, wanted.staff_number, kind=NameKind.STAFF, organisation_code=code
        )
    return person


async def _code_of(session: WriteSession, post: Membership) -> str:
    """Of the organisation a post is held in, which a new post does not bring along."""
    if post.organisation_id is None:
        return ""
    place = await OrganisationRepository(session).by_id(post.organisation_id)
    return place.code if place else ""


async def _known(session: WriteSession, wanted: PersonIn) -> Person | None:
    """Somebody who teaches at two schools is one person: both must be known, not only one."""
    if not wanted.phone:
        return None
    found = await PersonRepository(session).by_name(service.normal_name(wanted.phone), "")
    usable = [one for one in found if one.deactivated_at is None and one.erased_at is None]
    return next((one for one in usable if one.display_name == wanted.name), None)


async def give(
    session: WriteSession, person: Person, wanted: PostIn, *, by: Principal
) -> Membership:
    """Raises Forbidden ``not_this_post``, Invalid, NotFound, Conflict ``closed``, ``held``."""
    organisation = None
    if wanted.organisation_id is not None:
        organisation = await organisations.organisation(session, wanted.organisation_id)
    region = await organisations.region_or_none(session, wanted.region_id)
    if organisation is not None and region is not None:
        raise Invalid(N_("This role cannot be held there."), code="wrong_scope")
    rights.check_grant(by, wanted.role, organisation, region)
    if organisation is not None:
        organisations.check_open(organisation)
    for held in await MembershipRepository(session).in_force_of(person.id, by.today):
        where = (held.organisation_id, held.region_id)
        same = where == (wanted.organisation_id, wanted.region_id) and held.scope_id is None
        if same and held.role is wanted.role and held.ends_on is None:
            raise Conflict(N_("They hold this post already."), code="held")
    return await service.appoint(
        session,
        person,
        wanted.role,
        organisation=organisation,
        region=region,
        post=wanted.post,
        starts_on=wanted.starts_on or by.today,
        ends_on=wanted.ends_on,
        granted_by=by.id,
    )


async def to_end(session: WriteSession, key: UUID, by: Principal) -> Membership:
    """Locked. Raises NotFound for a post ``by`` may not see, Forbidden ``not_this_post``."""
    post = await MembershipRepository(session).to_change(key)
    if post is None or not rights.may_see(by, post):
        raise NotFound(NO_POST, code="no_post")
    if not rights.may_end(by, post):
        raise Forbidden(rights.NOT_THIS_POST, code="not_this_post")
    return post


async def end(session: WriteSession, posts: Sequence[Membership], day: date, by: Principal) -> None:
    """``day`` is the last one. Raises Conflict ``last_admin``."""
    for post in posts:
        if post.ends_on is None or post.ends_on > day:
            post.ends_on = day
    await session.flush()
    await keep_an_administrator(session, posts, by)


async def keep_an_administrator(
    session: WriteSession, posts: Sequence[Membership], by: Principal
) -> None:
    """Raises Conflict ``last_admin`` when tomorrow nobody could administer the platform."""
    if not any(post.role is Role.ADMIN for post in posts):
        return
    tomorrow = by.today + DAY
    if not await MembershipRepository(session).administrators(tomorrow):
        raise Conflict(
            N_("The platform would be left without an administrator."), code="last_admin"
        )


def ended(posts: Sequence[Membership]) -> dict[str, Any]:
    """What ``posts.end`` needs to take back the ending of these; asked for before it."""
    return {"posts": {str(one.id): one.ends_on and one.ends_on.isoformat() for one in posts}}


async def transfer(
    session: WriteSession,
    post: Membership,
    to: Organisation,
    day: date,
    *,
    by: Principal,
    back_on: date | None = None,
    role: Role | None = None,
    title: str | None = None,
) -> list[Membership]:
    """End ``post`` before ``day`` and begin one at ``to``; in a rotation it goes on on ``back_on``.

    The posts made. Raises Forbidden ``not_this_post``, Invalid ``wrong_days``, Conflict.
    """
    role = role or post.role
    rights.check_grant(by, role, to, None)
    organisations.check_open(to)
    if post.organisation is None or post.organisation_id == to.id:
        raise Invalid(N_("Please choose another organisation to go to."), code="same_place")
    if (post.starts_on and day <= post.starts_on) or (post.ends_on and day > post.ends_on):
        raise Invalid(N_("The post is not held on that day."), code="wrong_days")
    if back_on is not None and back_on <= day:
        raise Invalid(N_("The last day lies before the first."), code="wrong_days")
    person = await _person(session, post.person_id)
    lasts, post.ends_on = post.ends_on, day - DAY
    made = [
        await service.appoint(
            session,
            person,
            role,
            organisation=to,
            post=post.post if title is None else title,
            starts_on=day,
            ends_on=back_on - DAY if back_on else lasts,
            granted_by=by.id,
        )
    ]
    if back_on is not None and (lasts is None or lasts >= back_on):
        made.append(
            await service.appoint(
                session,
                person,
                post.role,
                organisation=post.organisation,
                post=post.post,
                starts_on=back_on,
                ends_on=lasts,
                granted_by=by.id,
            )
        )
    return made


async def _person(session: WriteSession, key: UUID) -> Person:
    found = await PersonRepository(session).by_id(key)
    assert found is not None, "a post has its person"
    return found


def moved(before: dict[str, Any], made: Sequence[Membership]) -> dict[str, Any]:
    """What ``posts.move`` needs; ``before`` as ``ended`` gave it."""
    return {**before, "made": [str(one.id) for one in made]}


@takes_back("posts.end")
@takes_back("posts.move")
async def restore(session: WriteSession, by: Principal, data: dict[str, Any]) -> None:
    """Posts last as long as before; those made instead of them go."""
    memberships = MembershipRepository(session)
    made = [UUID(key) for key in data.get("made", ())]
    for post in await memberships.by_ids(made):
        if not rights.may_end(by, post):
            raise Forbidden(rights.NOT_THIS_POST, code="not_this_post")
    for key, day in data["posts"].items():
        post = await to_end(session, UUID(key), by)
        post.ends_on = date.fromisoformat(day) if day else None
    await session.flush()
    await memberships.remove(made)


@takes_back("people.deactivate")
async def reactivate(session: WriteSession, by: Principal, data: dict[str, Any]) -> None:
    person = await service.to_change(session, UUID(data["person"]), by)
    await service.reactivate(session, person)
