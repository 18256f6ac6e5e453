"""What an entry may say of a change: enough to see what was done, no secret and no name of a child."""

from collections.abc import Mapping
from datetime import date, datetime
from enum import Enum
from typing import Any
from uuid import UUID

MAX_TEXT = 200
MAX_ITEMS = 100
HIDDEN = "…"
# Parts of field names whose values are not for a log: that they changed is enough.
SECRET = ("password", "token", "secret", "hash", "code_", "_code", "media_key", "recovery", "totp")
PERSONAL = ("display_name", "pupil_name", "guardian", "phone", "mail", "username", "value")
KEPT = ("organisation_code", "school_code", "region_code")


def clean(detail: Mapping[str, Any]) -> dict[str, Any]:
    """JSON with short texts; values of secret or personal fields are ``…``."""
    found: dict[str, Any] = _value("", detail, 0)
    return found


def _value(name: str, value: Any, depth: int) -> Any:
    if value is None or isinstance(value, bool | int):
        return value
    if _hidden(name):
        return HIDDEN
    if isinstance(value, Mapping) and depth < 4:
        items = list(value.items())[:MAX_ITEMS]
        return {str(key)[:64]: _value(str(key), one, depth + 1) for key, one in items}
    if isinstance(value, list | tuple | set | frozenset) and depth < 4:
        return [_value(name, one, depth + 1) for one in list(value)[:MAX_ITEMS]]
    return _text(value)


def _text(value: Any) -> str:
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, date | datetime):
        return value.isoformat()
    text = str(value) if isinstance(value, str | UUID | float) else type(value).__name__
    # PostgreSQL takes no NUL, and no lone surrogate has an encoding.
    return text.replace("\0", "").encode(errors="replace").decode()[:MAX_TEXT]


def _hidden(name: str) -> bool:
    lowered = name.lower()
    if lowered in KEPT:
        return False
    return any(part in lowered for part in (*SECRET, *PERSONAL))
