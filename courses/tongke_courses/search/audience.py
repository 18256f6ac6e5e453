"""Who may find what, as tokens.

An object names who may find it: ``public``; ``signed``, everybody with an account; ``s:{school}``,
staff of a school; ``r:{region code}``, those whose post is held in that region; ``w:{school}``, the
schools that school teaches under a partnership; ``p:{person}``; ``g:{group}``. An asker has tokens of
the same kind, and finds what shares one.
"""

from collections.abc import Iterable
from uuid import UUID

from tongke_courses.lessons.reach import schools_of, teaching_ids
from tongke_courses.lessons.rights import WATCH
from tongke_platform.database import ReadSession
from tongke_platform.organisations.models import Organisation
from tongke_platform.rights import Entrusted, Principal, Scope

PUBLIC, SIGNED = "public", "signed"
# Labels that let in everybody with an account at least.
OPEN = frozenset((PUBLIC, SIGNED))


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


def is_wide(token: str) -> bool:
    """Whether it may be on a great part of all there is."""
    return token.startswith("r:")


async def asker(session: ReadSession, principal: Principal | None) -> frozenset[str] | None:
    """The tokens of who asks; None is no limit. Two queries at most."""
    if principal is None:
        return frozenset((PUBLIC,))
    if WATCH.allows_everywhere(principal):
        return None
    found = {PUBLIC, SIGNED, person(principal.id), *_posts(principal)}
    mine, managing = await schools_of(session, principal)
    leads = await teaching_ids(session, mine | managing, principal.today)
    return frozenset(found | {taught_by(one) for one in leads})


def groups(principal: Principal) -> frozenset[str]:
    """The tokens of the groups somebody belongs to."""
    return frozenset(group(one.scope_id) for one in principal.posts if one.scope_id is not None)


def _posts(principal: Principal) -> Iterable[str]:
    yield from groups(principal)
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
