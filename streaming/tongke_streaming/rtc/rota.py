"""Whose turn it is at a tick: viewers at work once a second, spread out; all others at each tick.

Three hundred viewers' reports at once would hold up the packets behind them by ten milliseconds.
"""

from collections.abc import Iterator
from itertools import count

from .session import Session

TURNS = 50


class Rota:
    """Sessions by the turn they have; a session is in it once."""

    def __init__(self) -> None:
        self._each: dict[str, Session] = {}
        self._turns: list[dict[str, Session]] = [{} for _ in range(TURNS)]
        self._next = count()
        self._now = 0

    def add(self, session: Session) -> None:
        """At each tick, until it settles."""
        self._each[session.id] = session

    def settle(self, session: Session) -> None:
        """From now on once in ``TURNS`` ticks."""
        del self._each[session.id]
        self._turns[next(self._next) % TURNS][session.id] = session

    def remove(self, session: Session) -> None:
        for sessions in (self._each, *self._turns):
            sessions.pop(session.id, None)

    def awake(self) -> list[Session]:
        """Those that have a turn at each tick."""
        return list(self._each.values())

    def turn(self) -> Iterator[Session]:
        """Those whose turn it is now; the next call is the next tick."""
        self._now = (self._now + 1) % TURNS
        return iter(list(self._turns[self._now].values()))
