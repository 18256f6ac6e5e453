"""Records: one MetaData, two databases (SQLite, PostgreSQL), read and write sessions."""

from tongke_platform.database.base import Base, Record, utc_now
from tongke_platform.database.keys import first_key, uuid7
from tongke_platform.database.repository import Repository
from tongke_platform.database.session import Database, ReadSession, WriteSession, tell
from tongke_platform.database.turns import take_turn
from tongke_platform.database.types import EnumString, UTCDateTime
from tongke_platform.database.upserts import upsert

__all__ = [
    "Base",
    "Database",
    "EnumString",
    "ReadSession",
    "Record",
    "Repository",
    "UTCDateTime",
    "WriteSession",
    "first_key",
    "take_turn",
    "tell",
    "upsert",
    "utc_now",
    "uuid7",
]
