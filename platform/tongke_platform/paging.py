"""Lists in pages: a cursor names the last row seen, so that a page costs the same wherever it is."""

import base64
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import (
    Boolean,
    ColumnElement,
    ScalarSelect,
    Select,
    String,
    Uuid,
    func,
    literal,
    select,
    tuple_,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from tongke_platform.database import ReadSession
from tongke_platform.errors import N_, Invalid

LIMIT = 50
MOST = 200
# Counting further costs more than the page itself, and says no more than "many".
COUNTED = 1000

T = TypeVar("T")


@dataclass(frozen=True)
class Cursor:
    """After the row with this name and key, in the order of (name, id)."""

    name: str
    id: UUID

    def __str__(self) -> str:
        text = json.dumps([self.name, self.id.hex], ensure_ascii=False, separators=(",", ":"))
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    @classmethod
    def parse(cls, text: str | None) -> "Cursor | None":
        """Raises Invalid ``bad_cursor``."""
        if not text:
            return None
        try:
            name, key = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
            if not isinstance(name, str) or "\0" in name:
                raise ValueError("not a name")
            name.encode()
            return cls(name, UUID(key))
        except (ValueError, TypeError, AttributeError, RecursionError) as error:
            raise Invalid(N_("This page of the list does not exist."), code="bad_cursor") from error


@dataclass(frozen=True)
class Window:
    """What of a list is asked for."""

    after: Cursor | None = None
    limit: int = LIMIT

    @classmethod
    def of(cls, after: str | None = None, limit: int = LIMIT) -> "Window":
        """Raises Invalid ``bad_cursor``."""
        return cls(Cursor.parse(after), max(1, min(limit, MOST)))


@dataclass(frozen=True)
class Listing(Generic[T]):
    """``next`` asks for the following page, empty on the last; ``total`` counts up to COUNTED."""

    items: Sequence[T]
    next: str = ""
    total: int = 0

    @property
    def said(self) -> str:
        """How many there are, for a reader."""
        return f"{COUNTED}+" if self.total >= COUNTED else str(self.total)


def windowed(
    statement: Select[*tuple[Any, ...]],
    name: ColumnElement[str] | InstrumentedAttribute[str],
    key: ColumnElement[UUID] | InstrumentedAttribute[UUID],
    window: Window,
) -> Select[*tuple[Any, ...]]:
    """``statement`` in the order of (name, key), one row more than the window holds."""
    if window.after is not None:
        last = tuple_(literal(window.after.name, String()), literal(window.after.id, Uuid()))
        statement = statement.where(tuple_(name, key) > last)
    return statement.order_by(name, key).limit(window.limit + 1)


def listing(
    rows: Sequence[T], window: Window, name_of: Callable[[T], tuple[str, UUID]], total: int = 0
) -> Listing[T]:
    """``rows`` as a windowed statement gave them."""
    items = rows[: window.limit]
    more = len(rows) > window.limit
    return Listing(items, str(Cursor(*name_of(items[-1]))) if more else "", total)


def counted(statement: Select[*tuple[Any, ...]]) -> ScalarSelect[int]:
    """How many rows ``statement`` has, at most COUNTED, as a column of another."""
    inner = statement.order_by(None).limit(COUNTED).subquery()
    return select(func.count()).select_from(inner).scalar_subquery()


async def count(session: ReadSession, statement: Select[*tuple[Any, ...]]) -> int:
    """Rows of ``statement``, at most COUNTED."""
    found: int = (await session.execute(select(counted(statement)))).scalar_one()
    return found


class _LikeAnyCase(FunctionElement[bool]):
    """``column LIKE pattern`` whatever the case; ``/`` escapes."""

    type = Boolean()
    inherit_cache = True


@compiles(_LikeAnyCase)
def _ilike(element: _LikeAnyCase, compiler: SQLCompiler, **options: Any) -> str:
    column, pattern = (compiler.process(one, **options) for one in element.clauses)
    return f"{column} ILIKE {pattern} ESCAPE '/'"


@compiles(_LikeAnyCase, "sqlite")
def _like(element: _LikeAnyCase, compiler: SQLCompiler, **options: Any) -> str:
    """Takes small and capital letters for the same, as ``lower`` does: a to z, in half the time."""
    column, pattern = (compiler.process(one, **options) for one in element.clauses)
    return f"{column} LIKE {pattern} ESCAPE '/'"


def contains(column: InstrumentedAttribute[str], text: str) -> ColumnElement[bool]:
    """Whether ``text`` stands anywhere in the column, in small or capital letters."""
    if text.lower() == text.upper():
        # Chinese and digits: nothing to fold, which takes longer than to look.
        return column.contains(text, autoescape=True)
    escaped = re.sub("([/%_])", r"/\1", text)
    return _LikeAnyCase(column, literal(f"%{escaped}%", String()))
