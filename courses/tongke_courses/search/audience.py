"""Who may find what, as tokens.

An object names who may find it: ``public``; ``signed``, everybody with an account; ``s:{school}``,
staff of a school; ``r:{region code}``, those whose post is held in that region; ``w:{school}``, the
schools that school teaches under a partnership; ``p:{person}``; ``g:{group}``. An asker has tokens of
the same kind, and finds what shares one.
"""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Select, bindparam, or_, select

from tongke_courses.lessons.rights import WATCH
from tongke_platform.database import ReadSession
from tongke_platform.organisations.models import Organisation
from tongke_platform.partnerships.repository import givers_to
from tongke_platform.rights import Entrusted, Principal, Scope

PUBLIC, SIGNED = "public", "signed"


def of_school(school: Organisation) -> frozenset[str]:
    """The staff of a school, of the one that manages it, and those of its regions."""
    houses = [one for one in (school.id, school.parent_id) if one is not None]
    codes = [one for one in school.region_path.split("/") if one]
    return frozenset([*(f"s:{one}" for one in houses), *(f"r:{one}" for one in codes)])


def taught_by(school_id: UUID) -> str:
    return f"w:{school_id}"


def person(person_id: UUID) -> str:
    return f"p:{person_id}"


def group(group_id: UUID) -> str:
    return f"g:{group_id}"


async def asker(session: ReadSession, principal: Principal | None) -> frozenset[str] | None:
    """The tokens of who asks; None is no limit. Two queries at most."""
    if principal is None:
        return frozenset((PUBLIC,))
    if WATCH.allows_everywhere(principal):
        return None
    found = {PUBLIC, SIGNED, person(principal.id), *_posts(principal)}
    if WATCH.allows_anywhere(principal):
        found |= {taught_by(one) for one in await _teaching(session, principal)}
    return frozenset(found)


async def _teaching(session: ReadSession, principal: Principal) -> Sequence[UUID]:
    """The same as ``lessons.repository.teaching``, which takes longer to put together than to ask."""
    houses = select(Organisation.id, Organisation.parent_id).where(WATCH.clause(principal))
    mine = {key for row in await session.execute(houses) for key in row if key is not None}
    if not mine:
        return ()
    values = {"mine": list(mine), "day": principal.today}
    return (await session.execute(_givers(), values)).scalars().all()


@cache
def _givers() -> Select[Any]:
    day: Any = bindparam("day")
    takers = select(Organisation.id).where(Organisation.id.in_(bindparam("mine", expanding=True)))
    givers = givers_to(takers, day)
    return select(Organisation.id).where(
        or_(Organisation.id.in_(givers), Organisation.parent_id.in_(givers))
    )


def _posts(principal: Principal) -> Iterable[str]:
    for post in principal.posts:
        if post.scope_id is not None:
            yield group(post.scope_id)
    for post in WATCH.posts(principal):
        if post.scope is Scope.ORGANISATION and post.organisation_id is not None:
            yield f"s:{post.organisation_id}"
        elif post.scope is Scope.REGION and post.region_path is not None:
            yield f"r:{post.region_path.strip('/').rpartition('/')[2]}"
    yield from (f"s:{one.organisation_id}" for one in principal.entrusted if _lent(principal, one))


def _lent(principal: Principal, lent: Entrusted) -> bool:
    """As ``Rule.allows`` counts entrusted management."""
    held = any(post.organisation_id == lent.manager_id for post in WATCH.posts(principal))
    return lent.rule == WATCH.name and held
