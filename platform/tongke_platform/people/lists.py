"""Lists of people, as ``by`` may see them."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import true

from tongke_platform.database import ReadSession
from tongke_platform.organisations import rights as places
from tongke_platform.paging import Listing, Window
from tongke_platform.people import rights
from tongke_platform.people.models import Membership
from tongke_platform.people.repository import (
    PeopleFilter,
    PersonRepository,
    PersonRow,
    people_in,
)
from tongke_platform.people.service import covered
from tongke_platform.rights import Principal


@dataclass(frozen=True)
class Shown:
    """A row as ``by`` may read it: posts elsewhere are left out, numbers of others covered."""

    id: UUID
    name: str
    phone: str
    staff_number: str
    active: bool
    posts: list[Membership]


async def people(
    session: ReadSession, by: Principal, wanted: PeopleFilter, window: Window
) -> Listing[Shown]:
    """Who holds or held a post where ``by`` may see people. Raises Invalid ``bad_cursor``."""
    everywhere = rights.READ.allows_everywhere(by)
    readable = (
        true() if everywhere else people_in(rights.READ.clause(by), places.regions(rights.READ, by))
    )
    found = await PersonRepository(session).page(wanted, readable, window, by.today)
    return Listing([_shown(row, by) for row in found.items], found.next, found.total)


def _shown(row: PersonRow, by: Principal) -> Shown:
    posts = [post for post in row.posts if rights.may_see(by, post)]
    phone = row.phone or ""
    managed = any(rights.may_end(by, post) for post in posts)
    return Shown(
        id=row.person.id,
        name=row.person.display_name,
        phone=phone if managed or not phone else covered(phone),
        staff_number=row.staff_number or "",
        active=row.person.deactivated_at is None,
        posts=posts,
    )
