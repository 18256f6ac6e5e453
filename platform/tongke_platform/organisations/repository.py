"""All SQL about regions, organisations and classrooms."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    ScalarSelect,
    Select,
    Update,
    and_,
    case,
    func,
    literal,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.orm import aliased, joinedload

from tongke_platform.database import ReadSession, Repository
from tongke_platform.organisations.models import (
    SCHOOLS,
    ChangeKind,
    Organisation,
    OrganisationChange,
    OrganisationKind,
    Pupil,
    Region,
    Room,
    SchoolClass,
)
from tongke_platform.paging import Listing, Window, contains, count, listing, windowed
from tongke_platform.people.models import Person


class RegionRepository(Repository[Region]):
    model = Region

    async def by_code(self, code: str) -> Region | None:
        return await self.one_or_none(self.base().where(Region.code == code))

    async def within(self, clause: ColumnElement[bool], limit: int = 5000) -> Sequence[Region]:
        """As the tree is read: each before what lies in it."""
        return await self.all(self.base().where(clause).order_by(Region.path).limit(limit))

    async def counts(self, clause: ColumnElement[bool]) -> dict[UUID, int]:
        """Organisations open in each region itself."""
        rows = await self.session.execute(
            select(Organisation.region_id, func.count())
            .join(Region, Region.id == Organisation.region_id)
            .where(clause, Organisation.closed_on.is_(None))
            .group_by(Organisation.region_id)
        )
        return {key: number for key, number in rows.all() if key is not None}

    async def move(self, old: str, new: str) -> None:
        """Let every path that begins with ``old`` begin with ``new``; what is loaded stays as it
        was.
        """
        table: Any
        for table, column in ((Region, Region.path), (Organisation, Organisation.region_path)):
            moved = literal(new).concat(func.substr(column, len(old) + 1))
            await self.session.execute(
                update(table)
                .where(column.startswith(old, autoescape=True))
                .values({column: moved})
                .execution_options(synchronize_session=False)
            )


@dataclass(frozen=True)
class OrganisationRow:
    """An organisation in a list, with what it has today."""

    organisation: Organisation
    people: int
    rooms: int
    classes: int


@dataclass(frozen=True)
class OrganisationFilter:
    """``region`` is a path: it counts with all below. ``state`` is open, closed or all."""

    q: str = ""
    kind: OrganisationKind | None = None
    region: str = ""
    parent_id: UUID | None = None
    state: str = "open"

    def clause(self) -> ColumnElement[bool]:
        conditions: list[ColumnElement[bool]] = [true()]
        if self.q:
            named = contains(Organisation.name, self.q)
            conditions.append(or_(named, Organisation.code.startswith(self.q, autoescape=True)))
        if self.kind:
            conditions.append(Organisation.kind == self.kind)
        if self.region:
            conditions.append(Organisation.region_path.startswith(self.region, autoescape=True))
        if self.parent_id:
            conditions.append(Organisation.parent_id == self.parent_id)
        if self.state == "open":
            conditions.append(Organisation.closed_on.is_(None))
        elif self.state == "closed":
            conditions.append(Organisation.closed_on.is_not(None))
        return and_(*conditions)


def _rooms() -> ScalarSelect[int]:
    return (
        select(func.count())
        .select_from(Room)
        .where(Room.school_id == Organisation.id, Room.revoked_at.is_(None))
        .correlate(Organisation)
        .scalar_subquery()
    )


def _classes(day: date) -> ScalarSelect[int]:
    going = or_(SchoolClass.ends_on.is_(None), SchoolClass.ends_on >= day)
    return (
        select(func.count())
        .select_from(SchoolClass)
        .where(SchoolClass.organisation_id == Organisation.id, going)
        .correlate(Organisation)
        .scalar_subquery()
    )


@dataclass(frozen=True)
class County:
    """What there is to start with; counted no further than is asked for."""

    regions: int
    schools: int
    rooms: int
    people: int


class OrganisationRepository(Repository[Organisation]):
    model = Organisation

    async def by_code(self, code: str) -> Organisation | None:
        return await self.one_or_none(self.base().where(Organisation.code == code))

    async def full(self, key: UUID) -> Organisation | None:
        """With its region and the centre that manages it."""
        return await self.one_or_none(
            self.base()
            .where(Organisation.id == key)
            .options(joinedload(Organisation.region), joinedload(Organisation.parent))
        )

    async def to_change(self, key: UUID) -> Organisation | None:
        return await self.locked(self.base().where(Organisation.id == key))

    async def page(
        self,
        readable: ColumnElement[bool],
        wanted: OrganisationFilter,
        window: Window,
        day: date,
        people: ScalarSelect[int],
    ) -> Listing[OrganisationRow]:
        """In the order of names; ``people`` counts those of the organisation of a row."""
        found = self.base().where(readable, wanted.clause())
        rows = select(Organisation, people, _rooms(), _classes(day))
        rows = rows.where(readable, wanted.clause()).options(joinedload(Organisation.region))
        answer = await self.session.execute(
            windowed(rows, Organisation.name, Organisation.id, window)
        )
        return listing(
            [OrganisationRow(*row) for row in answer.all()],
            window,
            lambda row: (row.organisation.name, row.organisation.id),
            await count(self.session, found.with_only_columns(Organisation.id)),
        )

    async def choices(
        self, clause: ColumnElement[bool], limit: int = 500
    ) -> Sequence[Organisation]:
        """Open ones, for a form to choose from."""
        return await self.all(
            self.base()
            .where(clause, Organisation.closed_on.is_(None))
            .order_by(Organisation.name, Organisation.id)
            .limit(limit)
        )

    async def share(self, clause: ColumnElement[bool]) -> float:
        """Which part of all organisations fits: 0 to 1."""
        some = func.count(case((clause, 1)))
        found = (await self.session.execute(select(some, func.count(Organisation.id)))).one()
        return float(found[0] / found[1]) if found[1] else 0.0

    async def county(self, readable: ColumnElement[bool], day: date) -> "County":
        """How far a county is set up; people are counted by their posts at organisations."""
        schools = select(Organisation.id).where(
            readable, Organisation.kind.in_(SCHOOLS), Organisation.closed_on.is_(None)
        )
        people = select(Person.id).where(Person.deactivated_at.is_(None)).limit(2).subquery()
        numbers = select(
            select(func.count()).select_from(Region).scalar_subquery(),
            select(func.count()).select_from(schools.limit(2).subquery()).scalar_subquery(),
            select(func.count())
            .select_from(select(Room.id).where(Room.school_id.in_(schools)).limit(1).subquery())
            .scalar_subquery(),
            select(func.count()).select_from(people).scalar_subquery(),
        )
        return County(*(await self.session.execute(numbers)).one())

    async def open_children(self, key: UUID) -> Sequence[Organisation]:
        children = self.base().where(Organisation.parent_id == key)
        return await self.all(children.where(Organisation.closed_on.is_(None)))

    async def children(self, key: UUID) -> Sequence[Organisation]:
        return await self.all(
            self.base().where(Organisation.parent_id == key).order_by(Organisation.name)
        )


class ChangeRepository(Repository[OrganisationChange]):
    model = OrganisationChange

    async def of(self, organisation_id: UUID) -> Sequence[tuple[OrganisationChange, str | None]]:
        """The newest first, with the name of the other organisation."""
        other = aliased(Organisation)
        rows = await self.session.execute(
            select(OrganisationChange, other.name)
            .outerjoin(other, other.id == OrganisationChange.other_id)
            .where(OrganisationChange.organisation_id == organisation_id)
            .order_by(OrganisationChange.day.desc(), OrganisationChange.id.desc())
            .limit(200)
        )
        return [(change, name) for change, name in rows.all()]

    async def write(
        self,
        organisation: Organisation,
        kind: ChangeKind,
        day: date,
        *,
        before: dict[str, Any] | None = None,
        after: dict[str, Any] | None = None,
        other_id: UUID | None = None,
        by_id: UUID | None = None,
    ) -> OrganisationChange:
        return await self.add(
            OrganisationChange(
                organisation_id=organisation.id,
                kind=kind,
                day=day,
                before=before or {},
                after=after or {},
                other_id=other_id,
                by_id=by_id,
            )
        )


class RoomRepository(Repository[Room]):
    """Every room read here has its school loaded."""

    model = Room

    def base(self) -> Select[Any]:
        return select(Room).options(joinedload(Room.school))

    async def by_token(self, token: str) -> Room | None:
        """The room whose page ``token`` opens, unless that was revoked or the school is closed."""
        return await self.one_or_none(
            self.base().where(
                Room.token == token,
                Room.revoked_at.is_(None),
                Room.school.has(Organisation.closed_on.is_(None)),
            )
        )

    async def by_ids(self, keys: Sequence[UUID]) -> Sequence[Room]:
        return await self.all(self.base().where(Room.id.in_(keys)).order_by(Room.id))

    async def of_school(self, school_id: UUID) -> Sequence[Room]:
        return await self.all(self.base().where(Room.school_id == school_id).order_by(Room.name))

    async def page(
        self,
        readable: ColumnElement[bool],
        window: Window,
        *,
        q: str = "",
        school_id: UUID | None = None,
        class_id: UUID | None = None,
        state: str = "",
    ) -> Listing[tuple[Room, str | None]]:
        """With the name of the class that sits in each; ``state`` is open, revoked or all."""
        conditions: list[ColumnElement[bool]] = [readable]
        if q:
            conditions.append(or_(contains(Room.name, q), contains(Organisation.name, q)))
        if school_id:
            conditions.append(Room.school_id == school_id)
        if class_id:
            conditions.append(Room.class_id == class_id)
        if state in ("open", "revoked"):
            revoked = Room.revoked_at.is_not(None)
            conditions.append(revoked if state == "revoked" else Room.revoked_at.is_(None))
        found = select(Room.id).join(Organisation, Organisation.id == Room.school_id)
        named = (
            select(Room, SchoolClass.name)
            .join(Organisation, Organisation.id == Room.school_id)
            .outerjoin(SchoolClass, SchoolClass.id == Room.class_id)
            .options(joinedload(Room.school))
            .where(*conditions)
        )
        answer = await self.session.execute(windowed(named, Room.name, Room.id, window))
        return listing(
            [(row[0], row[1]) for row in answer.all()],
            window,
            lambda row: (row[0].name, row[0].id),
            await count(self.session, found.where(*conditions)),
        )


class BelongingsRepository:
    """What an organisation has that another can take over."""

    def __init__(self, session: ReadSession) -> None:
        self.session = session

    async def rooms(self, key: UUID) -> list[UUID]:
        return await self._ids(select(Room.id).where(Room.school_id == key))

    async def classes(self, key: UUID) -> list[UUID]:
        return await self._ids(select(SchoolClass.id).where(SchoolClass.organisation_id == key))

    async def pupils(self, key: UUID) -> list[UUID]:
        return await self._ids(select(Pupil.id).where(Pupil.organisation_id == key))

    async def points(self, key: UUID) -> list[UUID]:
        return await self._ids(select(Organisation.id).where(Organisation.parent_id == key))

    async def hand_over(self, gone: Organisation, into: Organisation) -> dict[str, Any]:
        """The ids that went, as JSON, for ``give_back``."""
        went = {
            "rooms": await self.rooms(gone.id),
            "classes": await self.classes(gone.id),
            "pupils": await self.pupils(gone.id),
            "points": await self.points(gone.id),
        }
        renumbered = await self._renumber(gone, into)
        await self._set(went, into.id)
        return {key: [one.hex for one in ids] for key, ids in went.items()} | {
            "numbers": renumbered
        }

    async def give_back(self, gone: Organisation, kept: dict[str, Any]) -> None:
        await self._set(
            {key: [UUID(one) for one in kept[key]] for key in kept if key != "numbers"}, gone.id
        )
        for key, number in kept["numbers"].items():
            await self._change(update(Pupil).where(Pupil.id == UUID(key)).values(number=number))

    async def _renumber(self, gone: Organisation, into: Organisation) -> dict[str, str]:
        """A number both schools have used gets the code of the school it came from."""
        taken = select(Pupil.number).where(
            Pupil.organisation_id == into.id, Pupil.number.is_not(None)
        )
        rows = await self.session.execute(
            select(Pupil.id, Pupil.number).where(
                Pupil.organisation_id == gone.id, Pupil.number.in_(taken)
            )
        )
        numbers = {key.hex: number for key, number in rows.all() if number is not None}
        for key, number in numbers.items():
            told = f"{gone.code}-{number}"[:64]
            await self._change(update(Pupil).where(Pupil.id == UUID(key)).values(number=told))
        return numbers

    async def _set(self, went: dict[str, list[UUID]], owner: UUID) -> None:
        columns = {
            "rooms": Room.school_id,
            "classes": SchoolClass.organisation_id,
            "pupils": Pupil.organisation_id,
            "points": Organisation.parent_id,
        }
        for key, column in columns.items():
            for part in batched(went[key], 500):
                model = column.class_
                await self._change(update(model).where(model.id.in_(part)).values({column: owner}))

    async def _change(self, statement: Update) -> None:
        await self.session.execute(statement.execution_options(synchronize_session=False))

    async def _ids(self, statement: Select[UUID]) -> list[UUID]:
        return [*(await self.session.execute(statement)).scalars()]


def batched(keys: Sequence[UUID], size: int) -> list[Sequence[UUID]]:
    """SQLite takes a bounded number of parameters."""
    return [keys[start : start + size] for start in range(0, len(keys), size)]
