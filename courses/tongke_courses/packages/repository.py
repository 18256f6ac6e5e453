"""All SQL of package imports."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Select, case, select
from sqlalchemy.orm import joinedload

from tongke_courses.catalogue.rights import CREATE
from tongke_courses.packages.models import PackageImport
from tongke_platform.database import Record, Repository, WriteSession
from tongke_platform.people.models import Membership, Person
from tongke_platform.people.repository import in_force
from tongke_platform.people.roles import Role


class PackageImportRepository(Repository[PackageImport]):
    """Each is read with its file."""

    model = PackageImport

    def base(self) -> Select[Any]:
        return select(PackageImport).options(joinedload(PackageImport.file))

    async def latest(self, school_id: UUID, sha256: str) -> PackageImport | None:
        statement = self.base().where(
            PackageImport.school_id == school_id, PackageImport.sha256 == sha256
        )
        return await self.one_or_none(statement.order_by(PackageImport.round.desc()).limit(1))

    async def to_change(self, key: UUID) -> PackageImport | None:
        return await self.locked(select(PackageImport).where(PackageImport.id == key))

    async def teacher_of(self, school_id: UUID, day: date) -> Person | None:
        """Somebody of the school who may make courses, a lead teacher rather than others."""
        lead = case((Membership.role == Role.LEAD_TEACHER, 0), else_=1)
        statement = (
            select(Person)
            .join(Membership, Membership.person_id == Person.id)
            .where(Membership.organisation_id == school_id, in_force(day))
            .where(Membership.role.in_(CREATE.roles), Person.deactivated_at.is_(None))
            .order_by(lead, Membership.id)
            .limit(1)
        )
        return (await self.session.execute(statement)).scalar_one_or_none()

    async def anybody(self) -> UUID | None:
        """Some person, for programs that need one to ask as."""
        return (await self.session.execute(select(Person.id).limit(1))).scalar_one_or_none()

    async def add_rows(self, *kinds: Sequence[Record]) -> None:
        """Rows with keys of their own, each kind with one statement, in this order."""
        assert isinstance(self.session, WriteSession)
        for rows in kinds:
            self.session.add_all(rows)
            await self.session.flush()
