"""All SQL about people, their names and their posts."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    ScalarSelect,
    Select,
    and_,
    bindparam,
    func,
    or_,
    select,
    true,
    union,
    update,
)
from sqlalchemy.orm import contains_eager, joinedload, selectinload

from tongke_platform.database import Repository
from tongke_platform.organisations.models import Organisation, Region
from tongke_platform.paging import (
    COUNTED,
    Listing,
    Window,
    contains,
    count,
    counted,
    listing,
    windowed,
)
from tongke_platform.people.models import Entrustment, Membership, NameKind, Person, SignInName
from tongke_platform.people.roles import Role


def in_force(day: Any) -> ColumnElement[bool]:
    """Memberships that hold on ``day``: a date, or a parameter of the statement."""
    return and_(
        or_(Membership.starts_on.is_(None), Membership.starts_on <= day),
        or_(Membership.ends_on.is_(None), Membership.ends_on >= day),
    )


def with_posts(statement: Select[Any], day: Any) -> Select[Any]:
    """``statement`` of people, with what each is today, all in one query."""
    return (
        statement.outerjoin(Membership, and_(Membership.person_id == Person.id, in_force(day)))
        .outerjoin(Organisation, Organisation.id == Membership.organisation_id)
        .outerjoin(Region, Region.id == Membership.region_id)
        .options(
            contains_eager(Person.memberships).contains_eager(Membership.organisation),
            contains_eager(Person.memberships).contains_eager(Membership.region),
        )
        .order_by(Membership.id)
        # The same person may be known to the session with the posts of another day.
        .execution_options(populate_existing=True)
    )


class PersonRepository(Repository[Person]):
    model = Person

    async def with_posts(self, key: UUID, day: date) -> Person | None:
        return await self.one_or_none(with_posts(self.base().where(Person.id == key), day))

    async def by_name(self, value: str, organisation_code: str | None = None) -> Sequence[Person]:
        """People with this sign-in name; a staff number may be that of several schools."""
        named = select(SignInName.person_id).where(SignInName.value == value)
        if organisation_code is not None:
            named = named.where(SignInName.organisation_code == organisation_code)
        return await self.all(self.base().where(Person.id.in_(named)))

    async def to_change(self, key: UUID) -> Person | None:
        return await self.locked(self.base().where(Person.id == key))

    async def anybody(self) -> bool:
        """Whether there is a person at all."""
        return (await self.session.execute(select(Person.id).limit(1))).first() is not None

    async def full(self, key: UUID) -> Person | None:
        """With names and every membership there ever was."""
        return await self.one_or_none(
            self.base()
            .where(Person.id == key)
            .options(
                selectinload(Person.names),
                selectinload(Person.memberships).options(
                    joinedload(Membership.organisation), joinedload(Membership.region)
                ),
            )
        )

    async def weighed(self, wanted: "PeopleFilter") -> "PeopleFilter":
        """Whether the words are a number many have: each is looked up then, as few gathered."""
        if not (wanted.q.isascii() and wanted.q.isdecimal()):
            return wanted
        found = select(SignInName.id).where(_begins(wanted.q))
        return replace(wanted, many_numbers=await count(self.session, found) >= COUNTED)

    async def page(
        self,
        wanted: "PeopleFilter",
        readable: ColumnElement[bool],
        window: Window,
        day: date,
        *,
        wide: bool = False,
    ) -> Listing["PersonRow"]:
        """In the order of names, with the posts of ``day``: two queries however many."""
        conditions = (readable, wanted.clause(day, wide=wide), Person.erased_at.is_(None))
        keys = select(Person.id, Person.display_name).where(*conditions)
        shown = select(Person, _first_name(NameKind.PHONE), _first_name(NameKind.STAFF))
        if wanted.gathered:
            # Told apart once and sorted; along the index of names a page of few may lie anywhere.
            found = keys.cte("found").prefix_with("MATERIALIZED")
            part = windowed(select(found.c.id), found.c.display_name, found.c.id, window).subquery()
            rows = shown.add_columns(counted(select(found.c.id)))
            rows = rows.join(part, part.c.id == Person.id)
            rows = rows.order_by(Person.display_name, Person.id)
        else:
            rows = shown.add_columns(counted(keys)).where(*conditions)
            rows = windowed(rows, Person.display_name, Person.id, window)
        answer = (await self.session.execute(rows)).all()
        posts = await self._posts([row[0].id for row in answer], day)
        return listing(
            [PersonRow(row[0], row[1], row[2], posts.get(row[0].id, [])) for row in answer],
            window,
            lambda row: (row.person.display_name, row.person.id),
            answer[0][3] if answer else 0,
        )

    async def _posts(self, keys: Sequence[UUID], day: date) -> dict[UUID, list[Membership]]:
        found = await self.session.execute(
            select(Membership)
            .where(Membership.person_id.in_(keys), in_force(day))
            .options(joinedload(Membership.organisation), joinedload(Membership.region))
            .order_by(Membership.id)
        )
        posts: dict[UUID, list[Membership]] = {}
        for post in found.scalars():
            posts.setdefault(post.person_id, []).append(post)
        return posts


def _first_name(kind: NameKind) -> ScalarSelect[str]:
    return (
        select(func.min(SignInName.value))
        .where(SignInName.person_id == Person.id, SignInName.kind == kind)
        .correlate(Person)
        .scalar_subquery()
    )


@dataclass(frozen=True)
class PersonRow:
    """A person in a list."""

    person: Person
    phone: str | None
    staff_number: str | None
    posts: Sequence[Membership]


@dataclass(frozen=True)
class PeopleFilter:
    """``state``: ``current`` hold a post, ``ended`` held one, ``off`` may not sign in, or ``all``.

    ``region`` is a path: it counts with all below. ``many_numbers`` begin with ``q``.
    """

    q: str = ""
    role: Role | None = None
    organisation_id: UUID | None = None
    region: str = ""
    state: str = "current"
    many_numbers: bool = False

    @property
    def few(self) -> bool:
        """Whether it leaves few, as far as that can be told from outside."""
        return self.gathered or bool(self.q)

    @property
    def gathered(self) -> bool:
        """Whether all who pass are found first, whatever page is asked for."""
        rare = self.role is not None and self.role not in MANY
        return bool(self.organisation_id or self.region or rare) or self.state == "ended"

    def clause(self, day: date, *, wide: bool = False) -> ColumnElement[bool]:
        """``wide``: the region holds a good part of everybody."""
        conditions: list[ColumnElement[bool]] = [true()]
        if self.q:
            conditions.append(_named_like(self.q, wide=self.many_numbers))
        if self.state == "off":
            conditions.append(Person.deactivated_at.is_not(None))
        elif self.state != "all":
            conditions.append(Person.deactivated_at.is_(None))
        posts = self._posts(day)
        if posts:
            many = self.organisation_id is None and self.state != "ended"
            many = many and (wide if self.region else self.role in MANY)
            conditions.append(_with_post(and_(*posts), wide=many))
        if self.state == "ended":
            conditions.append(~_with_post(and_(in_force(day), *self._place()), wide=True))
        return and_(*conditions)

    def _posts(self, day: date) -> list[ColumnElement[bool]]:
        """What one and the same post must be. Who holds none at all counts as current."""
        found = self._place()
        if self.role:
            found.append(Membership.role == self.role)
        if self.state == "ended":
            found.append(Membership.ends_on < day)
        elif found and self.state == "current":
            found.append(in_force(day))
        return found

    def _place(self) -> list[ColumnElement[bool]]:
        found: list[ColumnElement[bool]] = []
        if self.organisation_id:
            found.append(Membership.organisation_id == self.organisation_id)
        if self.region:
            below = Organisation.region_path.startswith(self.region, autoescape=True)
            found.append(Membership.organisation_id.in_(select(Organisation.id).where(below)))
        return found


# What most people are.
MANY = frozenset({Role.LEAD_TEACHER, Role.LOCAL_TEACHER})


def _with_post(condition: ColumnElement[bool], *, wide: bool) -> ColumnElement[bool]:
    """People with a post that fits. ``wide``: looked up for each, as most will do; else gathered
    from the posts first. The wrong one of the two reads 100,000 rows for a page of fifty.
    """
    posts = select(Membership.person_id).where(condition)
    if wide:
        return posts.where(Membership.person_id == Person.id).correlate(Person).exists()
    return Person.id.in_(posts)


def _named_like(text: str, *, wide: bool) -> ColumnElement[bool]:
    """Digits are the beginning of a phone or staff number, anything else a part of the name."""
    named = contains(Person.display_name, text)
    if not text.isascii():
        return named
    numbers = select(SignInName.person_id).where(_begins(text))
    numbered: ColumnElement[bool] = Person.id.in_(numbers)
    if wide:
        numbered = numbers.where(SignInName.person_id == Person.id).correlate(Person).exists()
    return numbered if text.isdecimal() else or_(named, numbered)


def _begins(text: str) -> ColumnElement[bool]:
    """Digits are found by the index, whatever the order of letters in the database."""
    if text.isdecimal() and text.strip("9"):
        following = str(int(text) + 1).zfill(len(text))
        return and_(SignInName.value >= text, SignInName.value < following)
    return SignInName.value.startswith(text, autoescape=True)


def people_in(
    organisations: ColumnElement[bool], regions: ColumnElement[bool], *, wide: bool
) -> ColumnElement[bool]:
    """People who hold or held a post at an organisation, or in a region, that fits."""
    at = Membership.organisation_id.in_(select(Organisation.id).where(organisations))
    inside = Membership.region_id.in_(select(Region.id).where(regions))
    if wide:
        return _with_post(or_(at, inside), wide=True)
    gathered = union(
        select(Membership.person_id).where(at), select(Membership.person_id).where(inside)
    )
    return Person.id.in_(gathered)


def people_at(day: date) -> ScalarSelect[int]:
    """How many hold a post at the organisation of a row."""
    return (
        select(func.count(func.distinct(Membership.person_id)))
        .where(Membership.organisation_id == Organisation.id, in_force(day))
        .correlate(Organisation)
        .scalar_subquery()
    )


class MembershipRepository(Repository[Membership]):
    model = Membership

    def base(self) -> Select[Any]:
        return select(Membership).options(
            joinedload(Membership.organisation), joinedload(Membership.region)
        )

    async def to_change(self, key: UUID) -> Membership | None:
        return await self.locked(self.base().where(Membership.id == key))

    async def of(self, person_id: UUID) -> Sequence[Membership]:
        """Every post there ever was, the newest first."""
        return await self.all(
            self.base()
            .where(Membership.person_id == person_id)
            .order_by(Membership.ends_on.is_not(None), Membership.starts_on.desc(), Membership.id)
        )

    async def in_force_of(self, person_id: UUID, day: date) -> Sequence[Membership]:
        """Also those that begin later."""
        later = or_(Membership.ends_on.is_(None), Membership.ends_on >= day)
        return await self.all(self.base().where(Membership.person_id == person_id, later))

    async def going_on_at(self, organisation_id: UUID, day: date) -> Sequence[Membership]:
        """Posts that last beyond ``day``."""
        later = or_(Membership.ends_on.is_(None), Membership.ends_on > day)
        return await self.all(
            self.base().where(Membership.organisation_id == organisation_id, later)
        )

    async def going_on_of(self, people: Sequence[UUID], day: date) -> Sequence[Membership]:
        """Posts of these people that last beyond ``day``; locked until the end."""
        later = or_(Membership.ends_on.is_(None), Membership.ends_on > day)
        statement = self.base().where(Membership.person_id.in_(people), later)
        return await self.all(
            statement.order_by(Membership.id).with_for_update(of=Membership, key_share=True)
        )

    async def administrators(self, day: date) -> int:
        """People who administer the platform on ``day`` and may sign in."""
        found = await self.session.execute(
            select(func.count(func.distinct(Membership.person_id)))
            .join(Person, Person.id == Membership.person_id)
            .where(Membership.role == Role.ADMIN, in_force(day), Person.deactivated_at.is_(None))
        )
        return found.scalar_one()

    async def by_ids(self, keys: Sequence[UUID]) -> Sequence[Membership]:
        return await self.all(self.base().where(Membership.id.in_(keys)).order_by(Membership.id))

    async def remove(self, keys: Sequence[UUID]) -> None:
        for post in await self.by_ids(keys):
            await self.session.delete(post)
        await self.session.flush()


class SignInNameRepository(Repository[SignInName]):
    model = SignInName

    async def of(self, person_id: UUID) -> Sequence[SignInName]:
        return await self.all(
            self.base().where(SignInName.person_id == person_id).order_by(SignInName.id)
        )

    async def recode(self, old: str, new: str) -> None:
        """Staff numbers go along with the code of their school."""
        await self.session.execute(
            update(SignInName)
            .where(SignInName.organisation_code == old)
            .values(organisation_code=new)
        )

    async def remove(self, name: SignInName) -> None:
        await self.session.delete(name)
        await self.session.flush()


class EntrustmentRepository(Repository[Entrustment]):
    model = Entrustment

    async def to(self, managers: Sequence[UUID], day: date) -> Sequence[Entrustment]:
        """What is lent to these organisations on ``day``."""
        return await self.all(_lent_to(), {"managers": list(managers), "day": day})


@cache
def _lent_to() -> Select[Any]:
    day: Any = bindparam("day")
    return select(Entrustment).where(
        Entrustment.manager_id.in_(bindparam("managers", expanding=True)),
        Entrustment.suspended_at.is_(None),
        or_(Entrustment.starts_on.is_(None), Entrustment.starts_on <= day),
        or_(Entrustment.ends_on.is_(None), Entrustment.ends_on >= day),
    )
