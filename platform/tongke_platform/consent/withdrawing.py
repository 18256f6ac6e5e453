"""What else happens in the transaction in which a consent is withdrawn."""

from collections.abc import Awaitable, Callable

from tongke_platform.consent.purposes import Purpose
from tongke_platform.database import WriteSession
from tongke_platform.frame import Frame
from tongke_platform.organisations.models import Pupil

Listener = Callable[[WriteSession, Frame, Pupil, Purpose], Awaitable[None]]

_listeners: list[Listener] = []


def when_withdrawn(listener: Listener) -> Listener:
    """Call ``listener`` in the transaction that withdraws a consent."""
    _listeners.append(listener)
    return listener


async def withdrawn(session: WriteSession, frame: Frame, pupil: Pupil, purpose: Purpose) -> None:
    for listener in _listeners:
        await listener(session, frame, pupil, purpose)
