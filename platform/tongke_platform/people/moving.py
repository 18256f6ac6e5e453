"""The same done to the posts of many people."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from tongke_platform.database import WriteSession
from tongke_platform.errors import N_, Forbidden, Invalid
from tongke_platform.organisations.models import Organisation
from tongke_platform.people import posting, rights
from tongke_platform.people.models import Membership
from tongke_platform.people.repository import MembershipRepository
from tongke_platform.people.roles import Scope
from tongke_platform.rights import Principal


async def _posts(
    session: WriteSession, people: Sequence[UUID], day: date, by: Principal, at: UUID | None
) -> list[Membership]:
    """Posts at organisations that last beyond ``day`` and that ``by`` may end."""
    found = await MembershipRepository(session).going_on_of(people, day)
    return [
        post
        for post in found
        if post.scope is Scope.ORGANISATION
        and rights.may_end(by, post)
        and (at is None or post.organisation_id == at)
    ]


async def end_posts(
    session: WriteSession,
    people: Sequence[UUID],
    day: date,
    *,
    by: Principal,
    at: UUID | None = None,
) -> dict[str, Any]:
    """What ``posts.end`` needs to take it back. Raises Forbidden, Invalid ``no_posts``."""
    if not rights.MANAGE.allows_anywhere(by):
        raise Forbidden
    posts = await _posts(session, people, day, by, at)
    if not posts:
        raise Invalid(N_("None of those chosen holds a post that you may end."), code="no_posts")
    kept = posting.ended(posts)
    await posting.end(session, posts, day, by)
    return kept


async def move_posts(
    session: WriteSession,
    people: Sequence[UUID],
    to: Organisation,
    day: date,
    *,
    by: Principal,
    at: UUID | None = None,
) -> dict[str, Any]:
    """What ``posts.move`` needs to take it back. Raises what ``posting.transfer`` does."""
    posts = [
        post
        for post in await _posts(session, people, day - posting.DAY, by, at)
        if post.organisation_id != to.id
    ]
    if not posts:
        raise Invalid(N_("None of those chosen holds a post that you may end."), code="no_posts")
    kept = posting.ended(posts)
    made = []
    for post in posts:
        made += await posting.transfer(session, post, to, day, by=by)
    return posting.moved(kept, made)
