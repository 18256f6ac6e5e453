"""Lists of organisations and regions, as ``by`` may see them."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from tongke_platform.database import ReadSession
from tongke_platform.errors import N_, NotFound
from tongke_platform.organisations import rights
from tongke_platform.organisations.models import (
    Organisation,
    OrganisationChange,
    OrganisationKind,
    Region,
)
from tongke_platform.organisations.repository import (
    ChangeRepository,
    OrganisationFilter,
    OrganisationRepository,
    OrganisationRow,
    RegionRepository,
)
from tongke_platform.organisations.service import NO_ORGANISATION
from tongke_platform.paging import Listing, Window
from tongke_platform.people.repository import people_at
from tongke_platform.rights import Principal, Rule


async def organisations(
    session: ReadSession, by: Principal, wanted: OrganisationFilter, window: Window
) -> Listing[OrganisationRow]:
    """Empty for who may see none. Raises Invalid ``bad_cursor``."""
    return await OrganisationRepository(session).page(
        rights.READ.clause(by), wanted, window, by.today, people_at(by.today)
    )


async def regions(session: ReadSession, by: Principal, rule: Rule) -> Sequence[Region]:
    """Those the rule is held over, as the tree is read."""
    return await RegionRepository(session).within(rights.regions(rule, by))


async def choices(
    session: ReadSession, by: Principal, rule: Rule, limit: int = 500
) -> Sequence[Organisation]:
    """Open organisations that ``rule`` is held over, for a form."""
    return await OrganisationRepository(session).choices(rule.clause(by), limit)


async def successors(session: ReadSession, by: Principal) -> Sequence[Organisation]:
    return await choices(session, by, rights.MANAGE)


async def centres(session: ReadSession, by: Principal) -> Sequence[Organisation]:
    """Who may manage a teaching point."""
    kinds = (OrganisationKind.SCHOOL, OrganisationKind.TOWNSHIP_CENTRE)
    clause = rights.MANAGE.clause(by) & Organisation.kind.in_(kinds)
    return await OrganisationRepository(session).choices(clause)


async def named(session: ReadSession, by: Principal, code: str) -> Organisation:
    """The one with this code that ``by`` may see. Raises NotFound."""
    found = await OrganisationRepository(session).by_code(code.strip().replace("\0", ""))
    if found is None or not rights.READ.allows(by, found):
        raise NotFound(NO_ORGANISATION, code="no_organisation")
    return found


async def named_or_none(session: ReadSession, by: Principal, code: str) -> Organisation | None:
    with suppress(NotFound):
        return await named(session, by, code)
    return None


@dataclass(frozen=True)
class Detail:
    """An organisation with its numbers, the points it manages and its history."""

    row: OrganisationRow
    points: Sequence[Organisation]
    changes: Sequence[tuple[OrganisationChange, str | None]]
    successor: Organisation | None


async def detail(session: ReadSession, by: Principal, found: Organisation) -> Detail:
    """``found`` is one ``by`` may see."""
    places = OrganisationRepository(session)
    page = await places.page(
        Organisation.id == found.id,
        OrganisationFilter(state="all"),
        Window(),
        by.today,
        people_at(by.today),
    )
    into = found.merged_into_id
    return Detail(
        row=page.items[0],
        points=await places.children(found.id),
        changes=await ChangeRepository(session).of(found.id),
        successor=await places.by_id(into) if into else None,
    )


@dataclass(frozen=True)
class Step:
    """A step of setting up a county; ``done`` once there is what it asks for."""

    heading: str
    words: str
    href: str
    label: str
    done: bool


async def first_steps(session: ReadSession, by: Principal) -> list[Step] | None:
    """What a new county still needs, in order; None once it has it all."""
    numbers = await OrganisationRepository(session).county(rights.READ.clause(by), by.today)
    steps = [
        Step(
            N_("Your county"),
            N_("A region holds the schools of a place; its bureau sees all of them."),
            "/admin/regions", N_("Add a region"), numbers.regions > 0,
        ),
        Step(
            N_("Two schools"),
            N_("One gives lessons and one receives them. More can follow at any time."),
            "/admin/organisations/new", N_("Add a school"), numbers.schools > 1,
        ),
        Step(
            N_("Rooms"),
            N_("Each classroom gets an address and a code to print; its PC needs no account."),
            "/admin/rooms/new", N_("Add a classroom"), numbers.rooms > 0,
        ),
        Step(
            N_("Colleagues"),
            N_("Teachers sign in with their phone number; a list can be brought in as a table."),
            "/admin/people/new", N_("Add a colleague"), numbers.people > 1,
        ),
    ]  # fmt: skip
    return None if all(step.done for step in steps) else steps


async def seen_or_none(
    session: ReadSession, by: Principal, key: UUID | None
) -> Organisation | None:
    """For a filter: what ``by`` may not see does not filter by name."""
    found = await OrganisationRepository(session).by_id(key) if key else None
    return found if found is not None and rights.READ.allows(by, found) else None
