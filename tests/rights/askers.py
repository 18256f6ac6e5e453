"""Who asks: every role in every relation to the school the objects belong to."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property
from uuid import UUID

from tests.makers import Makers, Someone
from tongke_platform.accounts import service as accounts
from tongke_platform.accounts.rights import COOKIE
from tongke_platform.database import WriteSession
from tongke_platform.frame import Frame
from tongke_platform.organisations.models import Organisation, Region
from tongke_platform.people.models import Membership, Person
from tongke_platform.people.roles import SCOPES, STAFF, Role, Scope

# The relations, by what the school (or the region of it) is to the school of the objects.
RELATIONS = ("own", "partner", "paused", "unrelated", "former")


@dataclass(frozen=True)
class Asker:
    """``role`` None: somebody without a post, or nobody at all."""

    name: str
    role: Role | None = None
    relation: str = ""
    scope: Scope | None = None
    cookie: str = ""
    person_id: UUID | None = None

    @cached_property
    def terms(self) -> frozenset[str]:
        """What the table may call them by."""
        if not self.cookie:
            return frozenset({"nobody", "anyone"})
        found = {"anyone", "everyone", self.name}
        if self.role is not None:
            found |= {f"{self.role}@{self.relation}", f"*@{self.relation}"}
            if self.relation != "former":
                found |= {f"{self.role}@any", "*@any"}
            if self.role in STAFF and self.scope is Scope.ORGANISATION:
                found.add(f"staff@{self.relation}")
                found |= {"staff@any"} if self.relation != "former" else set()
            if self.scope in (Scope.REGION, Scope.ORGANISATION):
                found.add(f"{self.role}.{self.scope}@{self.relation}")
                found.add(f"*.{self.scope}@{self.relation}")
        return frozenset(found)

    @property
    def headers(self) -> dict[str, str]:
        return {"cookie": f"{COOKIE}={self.cookie}"} if self.cookie else {}


@dataclass(frozen=True)
class Places:
    """By relation; ``former`` is where the objects belong, for people who have left."""

    schools: dict[str, Organisation]
    regions: dict[str, Region]


async def make_askers(make: Makers, places: Places, owner: Someone) -> list[Asker]:
    """One of each, signed in, in one transaction; ``owner`` is whose the personal objects are."""
    frame = make.frame
    askers = [Asker("nobody")]
    async with frame.database.write() as session:
        mine = Asker("owner", Role.LEAD_TEACHER, "own", Scope.ORGANISATION)
        askers.append(await _sign_in(frame, session, mine, owner.person))
        askers.append(await _make(frame, session, Asker("newcomer"), [], places))
        for asker in _kinds():
            askers.append(await _make(frame, session, asker, [asker], places))
    return askers


async def make_unions(
    frame: Frame, places: Places, groups: Iterable[frozenset[Asker]]
) -> dict[frozenset[Asker], Asker]:
    """For each group somebody who holds all its posts at once."""
    found: dict[frozenset[Asker], Asker] = {}
    async with frame.database.write() as session:
        for group in groups:
            if group not in found:
                union = Asker(f"all of {len(group)} posts at once")
                found[group] = await _make(frame, session, union, group, places)
    return found


def _kinds() -> Iterator[Asker]:
    for role, scopes in SCOPES.items():
        for scope in scopes:
            relations: tuple[str, ...] = (
                RELATIONS if scope in (Scope.ORGANISATION, Scope.REGION) else ("own",)
            )
            if scope is Scope.PLATFORM:
                relations = ("own", "former")
            for relation in relations:
                yield Asker(f"{role}.{scope}@{relation}", role, relation, scope)


async def _make(
    frame: Frame, session: WriteSession, asker: Asker, posts: Iterable[Asker], places: Places
) -> Asker:
    person = Person(display_name=asker.name)
    session.add(person)
    await session.flush()
    session.add_all([_post(frame, person, one, places) for one in posts])
    return await _sign_in(frame, session, asker, person)


def _post(frame: Frame, person: Person, asker: Asker, places: Places) -> Membership:
    assert asker.role is not None
    assert asker.scope is not None
    yesterday = frame.today() - timedelta(days=1)
    relation = "own" if asker.relation == "former" else asker.relation
    here = asker.scope is Scope.ORGANISATION
    region = asker.scope is Scope.REGION
    return Membership(
        person_id=person.id,
        role=asker.role,
        scope=asker.scope,
        organisation_id=places.schools[relation].id if here else None,
        region_id=places.regions[relation].id if region else None,
        scope_id=person.id if asker.scope in (Scope.GROUP, Scope.LESSON) else None,
        starts_on=yesterday - timedelta(days=300),
        ends_on=yesterday if asker.relation == "former" else None,
    )


async def _sign_in(frame: Frame, session: WriteSession, asker: Asker, person: Person) -> Asker:
    cookie = await accounts.log_in(session, person.id, now=frame.now(), lifetime=timedelta(hours=1))
    return replace(asker, cookie=cookie, person_id=person.id)
