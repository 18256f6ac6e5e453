"""All SQL of imports: bulk reading and writing, never a statement per row."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Select, delete, insert, or_, select, update
from sqlalchemy.orm import joinedload

from tongke_platform.database import ReadSession, Record, Repository, WriteSession, utc_now
from tongke_platform.imports.asker import Asker
from tongke_platform.imports.models import Import, ImportRow, ImportState, Outcome
from tongke_platform.imports.planning import Held, Knowledge, Known, Name, Writes
from tongke_platform.organisations.models import Organisation
from tongke_platform.paging import count
from tongke_platform.people.models import Membership, Person, SignInName
from tongke_platform.people.roles import Scope

# SQLite takes 32,766 values in a statement, PostgreSQL's protocol 32,767.
SOME = 5000
T = TypeVar("T")


def in_parts(values: Iterable[T]) -> Iterator[list[T]]:
    """At most ``SOME`` at a time, as one statement takes them."""
    listed = list(values)
    for start in range(0, len(listed), SOME):
        yield listed[start : start + SOME]


class ImportRepository(Repository[Import]):
    """Every import read here has its school loaded."""

    model = Import

    def base(self) -> Select[Any]:
        return select(Import).options(joinedload(Import.organisation))

    async def of_person(
        self, person: UUID, before: UUID | None = None, limit: int = 50
    ) -> Sequence[Import]:
        """The newest first."""
        wanted = self.base().where(Import.by_id == person)
        if before is not None:
            wanted = wanted.where(Import.id < before)
        return await self.all(wanted.order_by(Import.id.desc()).limit(limit))

    async def to_confirm(self, person: UUID, now: datetime) -> int:
        return await count(
            self.session,
            select(Import.id).where(
                Import.by_id == person,
                Import.state == ImportState.PREVIEW,
                Import.to_write > 0,
                Import.expires_at > now,
            ),
        )

    async def locked_by_id(self, key: UUID) -> Import | None:
        return await self.locked(select(Import).where(Import.id == key))

    async def remove(self, key: UUID) -> None:
        await self.session.execute(delete(ImportRow).where(ImportRow.import_id == key))
        await self.session.execute(delete(Import).where(Import.id == key))

    async def remove_expired(self, now: datetime) -> None:
        """Rows hold names and numbers of people: they go, and previews with them."""
        old = select(Import.id).where(Import.expires_at <= now, Import.state != ImportState.RUNNING)
        await self.session.execute(delete(ImportRow).where(ImportRow.import_id.in_(old)))
        await self.session.execute(
            delete(Import).where(Import.expires_at <= now, Import.state == ImportState.PREVIEW)
        )


class ImportRowRepository(Repository[ImportRow]):
    model = ImportRow

    async def add_all(self, rows: Sequence[Mapping[str, Any]]) -> None:
        await _insert(self.session, ImportRow, rows)

    async def page(
        self, key: UUID, outcomes: Sequence[Outcome] = (), after: int = 0, limit: int = 50
    ) -> Sequence[ImportRow]:
        wanted = self.base().where(ImportRow.import_id == key, ImportRow.line > after)
        if outcomes:
            wanted = wanted.where(ImportRow.outcome.in_(outcomes))
        return await self.all(wanted.order_by(ImportRow.line).limit(limit))

    async def remove_of(self, key: UUID) -> None:
        await self.session.execute(delete(ImportRow).where(ImportRow.import_id == key))

    async def say_wrong(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """``rows`` of ``{"id", "outcome", "problems"}``."""
        if rows:
            await self.session.execute(update(ImportRow), list(rows))


class PlaceRepository(Repository[Organisation]):
    model = Organisation

    async def named(
        self, words: Iterable[str], allowed: ColumnElement[bool], today: date
    ) -> Sequence[Organisation]:
        """The open organisations with one of these codes or names, among those allowed."""
        listed = list(words)
        if not listed:
            return []
        return await self.all(
            self.base().where(
                or_(Organisation.code.in_(listed), Organisation.name.in_(listed)),
                or_(Organisation.closed_on.is_(None), Organisation.closed_on > today),
                allowed,
            )
        )

    async def some(self, allowed: ColumnElement[bool], today: date) -> Sequence[Organisation]:
        """For a form: at most 200 by name, and for a school's administrator the only one."""
        is_open = or_(Organisation.closed_on.is_(None), Organisation.closed_on > today)
        wanted = self.base().where(is_open, allowed)
        return await self.all(wanted.order_by(Organisation.name, Organisation.id).limit(200))


class KnowledgeRepository:
    """Reads what is known about people in as many statements as there are tables."""

    def __init__(self, session: ReadSession, asker: Asker, today: date) -> None:
        self._session = session
        self._asker = asker
        self._today = today

    async def about(
        self, keys: Iterable[tuple[str, str]], people_too: Iterable[UUID] = ()
    ) -> Knowledge:
        """``keys`` are sign-in names with the codes they are unique in."""
        wanted = set(keys)
        ids = set(people_too)
        for values in in_parts({value for value, _ in wanted}):
            found = await self._names(SignInName.value.in_(values))
            ids.update(n.person_id for n in found if (n.value, n.code) in wanted)
        people: dict[UUID, Known] = {}
        for part in in_parts(ids):
            people.update(await self._people(set(part)))
        by_name = {(n.value, n.code): person for person in people.values() for n in person.names}
        return Knowledge(by_name, people)

    async def _names(self, where: ColumnElement[bool]) -> list[Name]:
        columns = (
            SignInName.id,
            SignInName.person_id,
            SignInName.kind,
            SignInName.value,
            SignInName.organisation_code,
        )
        rows = await self._session.execute(select(*columns).where(where))
        return [Name(*row) for row in rows]

    async def _people(self, ids: set[UUID]) -> dict[UUID, Known]:
        columns = (Person.id, Person.display_name, Person.deactivated_at)
        rows = await self._session.execute(select(*columns).where(Person.id.in_(ids)))
        people = {r[0]: Known(r[0], r[1], inactive=r[2] is not None, ours=True) for r in rows}
        for name in await self._names(SignInName.person_id.in_(ids)):
            people[name.person_id].names.append(name)
        await self._add_posts(people)
        return people

    async def _add_posts(self, people: dict[UUID, Known]) -> None:
        """Posts in groups and lessons say nothing about what somebody may do to others."""
        rows = await self._session.execute(
            select(Membership, Organisation)
            .outerjoin(Organisation, Organisation.id == Membership.organisation_id)
            .where(
                Membership.person_id.in_(people),
                Membership.scope.in_((Scope.ORGANISATION, Scope.REGION, Scope.PLATFORM)),
                or_(Membership.ends_on.is_(None), Membership.ends_on >= self._today),
            )
            .order_by(Membership.id)
        )
        for one, organisation in rows:
            person = people[one.person_id]
            held = (one.id, one.person_id, one.organisation_id, one.role, one.post, one.starts_on)
            person.posts.append(Held(*held))
            if not self._asker.covers_post(organisation):
                person.ours = False


async def write(session: WriteSession, writes: Writes) -> None:
    """One statement for each kind of change."""
    await _insert(session, Person, writes.people)
    await _insert(session, SignInName, writes.names)
    posts = [{"scope": Scope.ORGANISATION, **one} for one in writes.posts]
    await _insert(session, Membership, posts)
    for model, rows in (
        (Person, writes.renamed),
        (SignInName, writes.new_values),
        (Membership, writes.new_posts),
    ):
        if rows:
            await session.execute(update(model), rows)


async def _insert(
    session: ReadSession, model: type[Record], rows: Sequence[Mapping[str, Any]]
) -> None:
    if rows:
        now = utc_now()
        await session.execute(insert(model), [{"created_at": now, **row} for row in rows])
