"""The small typed base of every repository: all SQL lives in these, and none of them commits."""

from collections.abc import Mapping, Sequence
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import Select, select

from tongke_platform.database.base import Record
from tongke_platform.database.session import ReadSession, WriteSession

M = TypeVar("M", bound=Record)


class Repository(Generic[M]):
    model: type[M]

    def __init__(self, session: ReadSession) -> None:
        self.session = session

    def base(self) -> Select[Any]:
        """The statement all reads start from; a repository adds what it loads along with it."""
        return select(self.model)

    async def one_or_none(
        self, statement: Select[Any], values: Mapping[str, Any] | None = None
    ) -> M | None:
        """``values``: of the statement's own parameters."""
        answer = await self.session.execute(statement, values)
        found: M | None = answer.unique().scalar_one_or_none()
        return found

    async def all(
        self, statement: Select[Any], values: Mapping[str, Any] | None = None
    ) -> Sequence[M]:
        answer = await self.session.execute(statement, values)
        found: Sequence[M] = answer.unique().scalars().all()
        return found

    async def by_id(self, key: UUID) -> M | None:
        return await self.one_or_none(self.base().where(self.model.id == key))

    async def locked(self, statement: Select[Any]) -> M | None:
        """The row to change by what it says now. On PostgreSQL nobody else changes it until this
        transaction ends (without this the later of two would win in silence); on SQLite a writing
        session has the file to itself anyway.
        """
        if not isinstance(self.session, WriteSession):
            raise TypeError("a reading session cannot lock")
        # Rows that point at this one may still be added meanwhile: hence key_share.
        locking = statement.with_for_update(of=self.model, key_share=True)
        return await self.one_or_none(locking.execution_options(populate_existing=True))

    async def add(self, record: M) -> M:
        if not isinstance(self.session, WriteSession):
            raise TypeError("a reading session cannot add")
        self.session.add(record)
        await self.session.flush()
        return record
