"""Lists of people, as ``by`` may see them."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, true

from tongke_platform.database import ReadSession
from tongke_platform.organisations import rights as places
from tongke_platform.organisations.models import Organisation
from tongke_platform.organisations.repository import OrganisationRepository
from tongke_platform.paging import Listing, Window
from tongke_platform.people import rights
from tongke_platform.people.models import Membership
from tongke_platform.people.repository import (
    PeopleFilter,
    PersonRepository,
    PersonRow,
    people_in,
)
from tongke_platform.people.roles import Scope
from tongke_platform.people.service import covered
from tongke_platform.rights import Principal

# From this share of all organisations on, looking each person up is quicker.
WIDE = 0.06


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
    wide = await _wide(session, by, wanted)
    readable: ColumnElement[bool] = true()
    if not rights.READ.allows_everywhere(by):
        regions = places.regions(rights.READ, by)
        # Who passes a filter that few pass is best looked up one by one; of one school gathered.
        each = wide or (wanted.few and _regional(by))
        readable = people_in(rights.READ.clause(by), regions, wide=each)
    wanted = await PersonRepository(session).weighed(wanted)
    found = await PersonRepository(session).page(wanted, readable, window, by.today, wide=wide)
    return Listing([_shown(row, by) for row in found.items], found.next, found.total)


async def _wide(session: ReadSession, by: Principal, wanted: PeopleFilter) -> bool:
    """Whether what is asked for covers a good part of everybody: the database is asked otherwise
    then. Only a region can.
    """
    if not (_regional(by) or wanted.region):
        return False
    clause = rights.READ.clause(by)
    if wanted.region:
        clause &= Organisation.region_path.startswith(wanted.region, autoescape=True)
    return await OrganisationRepository(session).share(clause) > WIDE


def _regional(by: Principal) -> bool:
    return any(post.scope is Scope.REGION for post in rights.READ.posts(by))


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
