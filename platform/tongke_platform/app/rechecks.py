"""Whatever takes a right away takes it from what is open as well: sockets, players, cameras.

Nobody who changes a post, an address or a class list has to remember that: rows of these tables are
watched, and once they are committed everything open is asked again who may.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from sqlalchemy import event, inspect
from sqlalchemy.orm import ORMExecuteState, Session

from tongke_courses.catalogue.links import REVOKED as LINK_REVOKED
from tongke_courses.catalogue.settling import NARROWED
from tongke_courses.lessons.models import Lesson, LessonRoom
from tongke_platform.accounts.repository import CREDENTIALS_ENDED
from tongke_platform.consent.service import CHANGED as CONSENT_CHANGED
from tongke_platform.database import Record, tell
from tongke_platform.devices.service import ADDRESS_CHANGED
from tongke_platform.events import Payload
from tongke_platform.frame import Frame
from tongke_platform.organisations.models import ClassEntry, Organisation, Room
from tongke_platform.partnerships.service import CHANGED as PARTNERSHIP_CHANGED
from tongke_platform.people.models import Entrustment, Membership, Person

RIGHTS_CHANGED = "rights.changed"

# Columns that say who may. New rows count where they take something away: a child who joins a class
# whose camera is on has to be agreed for.
TABLES: dict[type[Record], tuple[str, ...]] = {
    Person: ("deactivated_at", "erased_at"),
    Membership: (
        "person_id", "role", "organisation_id", "region_id", "scope_id", "starts_on", "ends_on",
    ),
    Entrustment: ("manager_id", "rule", "starts_on", "ends_on", "suspended_at"),
    Organisation: ("closed_on", "merged_into_id", "region_id", "parent_id"),
    Room: ("revoked_at", "token", "school_id", "class_id"),
    ClassEntry: ("class_id", "pupil_id", "starts_on", "ends_on"),
    Lesson: ("teacher_id", "school_id"),
    LessonRoom: ("declined_at", "partnership_id"),
}  # fmt: skip
NEW_COUNTS = frozenset({ClassEntry})
_TOLD = "rights told"


def install() -> None:
    """Called by the assembly, any number of times."""
    if not event.contains(Session, "after_flush", _after_flush):
        event.listen(Session, "after_flush", _after_flush)
        event.listen(Session, "do_orm_execute", _on_statement)


def _after_flush(session: Session, _context: object) -> None:
    if (
        any(type(one) in NEW_COUNTS for one in session.new)
        or any(type(one) in TABLES for one in session.deleted)
        or any(_changed(one) for one in session.dirty)
    ):
        _tell(session)


def _changed(record: Any) -> bool:
    attributes = inspect(record).attrs
    return any(attributes[one].history.has_changes() for one in TABLES.get(type(record), ()))


def _on_statement(state: ORMExecuteState) -> None:
    if state.is_select or state.bind_mapper is None:
        return
    model = state.bind_mapper.class_
    if model in NEW_COUNTS if state.is_insert else model in TABLES:
        _tell(state.session)


def _tell(session: Session) -> None:
    if not session.info.get(_TOLD):
        session.info[_TOLD] = True
        tell(session, RIGHTS_CHANGED)


class Rechecks:
    """Asks everything open again, once for all that is committed in one turn of the loop."""

    def __init__(self, frame: Frame, also: Callable[[], None]) -> None:
        self._frame = frame
        self._also = also
        self._waiting = False
        for topic in (
            PARTNERSHIP_CHANGED,
            ADDRESS_CHANGED,
            CONSENT_CHANGED,
            RIGHTS_CHANGED,
            NARROWED,
            LINK_REVOKED,
        ):
            frame.events.listen(topic, self._soon)
        frame.events.listen(CREDENTIALS_ENDED, self._ended)

    def _soon(self, _: Payload) -> None:
        if not self._waiting:
            self._waiting = True
            asyncio.get_running_loop().call_soon(self._now)

    def _now(self) -> None:
        self._waiting = False
        self._frame.wire.recheck()
        self._also()

    def _ended(self, payload: Payload) -> None:
        self._frame.wire.recheck_credentials(payload["hashes"])
        self._also()
