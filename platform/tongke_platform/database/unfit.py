"""Values no column takes (a NUL, half a surrogate pair, a number of forty digits, the year 0) are the
same error on both databases: SQLAlchemy's DataError.

Drivers disagree: aiosqlite raises Python's own errors past SQLAlchemy, asyncpg some of its interface.
"""

from sqlalchemy import event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DataError, DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

# SQLSTATE of a lock that was not given within the time one waits.
_NO_LOCK = "55P03"
# SQLSTATE class 22, data exception (SQL:2023 part 2, clause 24).
_DATA_EXCEPTION = "22"


def is_unfit(error: BaseException | None) -> bool:
    """Whether a driver refused a value it was given."""
    if isinstance(error, OverflowError | UnicodeError):
        return True
    cause = error.__cause__ if error is not None else None
    state = getattr(cause, "sqlstate", None) or ""
    # asyncpg looks at values before it sends them; its error for that is a ValueError, too.
    return state.startswith(_DATA_EXCEPTION) or isinstance(cause, ValueError | OverflowError)


def is_busy(error: DBAPIError) -> bool:
    """Whether others held what was to be changed for as long as one waits: to be tried again."""
    state = getattr(error.orig, "sqlstate", None)
    return state == _NO_LOCK or "database is locked" in str(error.orig)


def tell_unfit(engine: AsyncEngine) -> None:
    def on_error(context: ExceptionContext) -> None:
        if is_unfit(context.original_exception):
            # Without the values, which asyncpg repeats: they may be anybody's password.
            kind = type(context.original_exception).__name__
            raise DataError(context.statement, None, ValueError(kind))

    event.listen(engine.sync_engine, "handle_error", on_error)
