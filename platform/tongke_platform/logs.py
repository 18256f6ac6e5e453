"""Structured logs. They carry the lesson's id, and never a token."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

# aiosqlite would log every value it binds, password hashes among them; apprise and urllib3 the
# addresses of chat groups, which are their keys.
_QUIET = "uvicorn alembic asyncio aiosqlite httpx2 httpcore2 apprise urllib3 requests"
_SECRET_KEYS = re.compile(r"token|password|secret|authorization|cookie|media_key", re.IGNORECASE)
_PATTERNS = (
    (re.compile(r"(/room/)[^/?#\s\"']+"), r"\1…"),
    (re.compile(r"(/home/)[^/?#\s\"']+"), r"\1…"),
    (re.compile(r"(/groups/calendar/)[^/?#\s\"']+"), r"\1…"),
    (re.compile(r"(/groups/feed/)[^/?#\s\"']+"), r"\1…"),
    (re.compile(r"(/join/)[^/?#\s\"']+"), r"\1…"),
    (re.compile(r"(/setup/)[^/?#\s\"']+"), r"\1…"),
    (re.compile(r"(?<!/admin)(/consent/(?:receipt/)?)[^/?#\s\"']+"), r"\1…"),
    (re.compile(r"(/media/)[^/?#\s\"']+"), r"\1…"),
    (re.compile(r"(/live/[^/?#\s]+/whe?[ip]p?/)[^/?#\s\"']+"), r"\1…"),
    (re.compile(r"([?&][^=&#\s]*token=)[^&#\s\"']*", re.IGNORECASE), r"\1…"),
    (re.compile(r"(bearer )\S+", re.IGNORECASE), r"\1…"),
)


def redact(text: str) -> str:
    """Take tokens out of an address or a message."""
    for pattern, kept in _PATTERNS:
        text = pattern.sub(kept, text)
    return text


def redact_event(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    for key, value in event.items():
        if _SECRET_KEYS.search(key):
            event[key] = "…"
        elif isinstance(value, str):
            event[key] = redact(value)
    return event


def configure_logs(level: str, form: str, process: str) -> None:
    """``form`` is ``text`` or ``json``; everything goes to standard error, uvicorn's lines too."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        redact_event,
    ]
    last: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if form == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    structlog.contextvars.bind_contextvars(process=process)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    for name in _QUIET.split():
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
