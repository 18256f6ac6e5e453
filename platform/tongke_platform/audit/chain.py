"""The chain of a day's entries, as pure functions."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

# What the hash covers, in this order.
SEALED = (
    "seq",
    "at",
    "person_id",
    "acting_for_id",
    "address",
    "via",
    "act",
    "subject_type",
    "subject_id",
    "organisation_id",
    "detail",
)


def first(day: date) -> str:
    """What the first entry of a day follows."""
    return _sha256(f"tongke audit {day.isoformat()}")


def link(previous: str, entry: Mapping[str, Any]) -> str:
    """The hash of ``entry`` after ``previous``: SHA-256 of their canonical JSON, in hex."""
    values = [previous, *(_plain(entry[name]) for name in SEALED)]
    return _sha256(json.dumps(values, ensure_ascii=False, sort_keys=True, separators=(",", ":")))


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return value if isinstance(value, int | dict | None) else str(value)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
