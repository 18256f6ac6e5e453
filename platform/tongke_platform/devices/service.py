"""Rules of classroom PCs: pairing by code, the room's address, who was seen at it."""

import hashlib
import secrets
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from tongke_platform.accounts.limiter import Limit
from tongke_platform.database import ReadSession, WriteSession
from tongke_platform.devices.agents import words_of
from tongke_platform.devices.models import Device, PairingRequest
from tongke_platform.devices.repository import (
    DeviceRepository,
    PairableRoomRepository,
    PairingRepository,
)
from tongke_platform.devices.rights import APPROVE, SEE
from tongke_platform.errors import N_, Busy, Forbidden, NotFound
from tongke_platform.frame import Frame
from tongke_platform.organisations.models import Room, new_secret
from tongke_platform.rights import Principal, Rule

GUESSES = Limit("pairing", burst=10, refill_s=30)
CODE_LIFE = timedelta(minutes=10)
SEEN_EVERY = timedelta(minutes=5)
ADDRESS_CHANGED = "room.address_changed"
ROOMS_SHOWN = 100
MAX_AGENTS = 50
MAX_REMEMBERED = 10_000

NO_CODE = N_("This code is not valid, or it is older than ten minutes. Look at the screen again.")
NO_ROOM = N_("There is no such classroom.")


@dataclass(frozen=True)
class Waiting:
    """What a PC shows; ``secret`` is its cookie. ``room`` is set once it was approved."""

    secret: str
    code: str
    expires_at: datetime
    room: Room | None = None


async def asking(session: ReadSession, by: Principal, now: datetime) -> int:
    """How many PCs show a code: for the platform only, as they do not say which school's they are."""
    if not APPROVE.allows_everywhere(by):
        return 0
    return await PairingRepository(session).asking(now)


async def rooms_without_pc(session: ReadSession, by: Principal, now: datetime) -> int:
    """How many classrooms they may pair a PC with no PC has opened yet."""
    return await PairableRoomRepository(session).never_opened(by)


async def ask(frame: Frame, secret: str, user_agent: str) -> Waiting:
    """The code of the PC with this secret, or a new one. Raises Busy when no code is free."""
    found = await waiting(frame, secret)
    if found is not None:
        return found
    for _ in range(3):
        # Two servers may choose the same code in the same moment.
        with suppress(IntegrityError):
            return await _ask(frame, words_of(user_agent))
    raise Busy


async def _ask(frame: Frame, agent: str) -> Waiting:
    async with frame.database.write() as session:
        pairings, now = PairingRepository(session), frame.now()
        await pairings.forget_old(now)
        secret, code = new_secret(), await _free_code(pairings)
        made = PairingRequest(
            code=code, secret_hash=_hash(secret), agent=agent, expires_at=now + CODE_LIFE
        )
        await pairings.add(made)
        return Waiting(secret, code, made.expires_at)


async def waiting(frame: Frame, secret: str) -> Waiting | None:
    """How it stands with the PC that holds ``secret``; None when its time is over."""
    if not secret:
        return None
    async with frame.database.read() as session:
        found = await PairingRepository(session).of_secret(_hash(secret), frame.now())
    if found is None:
        return None
    return Waiting(secret, found.code or "", found.expires_at, found.room)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


async def _free_code(pairings: PairingRepository) -> str:
    for _ in range(20):
        code = f"{secrets.randbelow(10**6):06d}"
        if await pairings.code_is_free(code):
            return code
    raise Busy


async def request_of(
    frame: Frame, session: ReadSession, principal: Principal, code: str
) -> PairingRequest:
    """The PC that shows ``code``. Raises Forbidden, NotFound ``no_code``, TooMany for guessing."""
    if not APPROVE.allows_anywhere(principal):
        raise Forbidden
    # Tries are forgiven when one is right, so only guessing runs out of them.
    await frame.limiter.take(GUESSES, str(principal.id))
    found = await PairingRepository(session).of_code(code.strip()[:20], frame.now())
    if found is None:
        raise NotFound(NO_CODE, code="no_code")
    await frame.limiter.forgive(GUESSES, str(principal.id))
    return found


async def approve(
    frame: Frame, session: WriteSession, by: Principal, code: str, room_id: UUID
) -> tuple[PairingRequest, Room]:
    """Give the PC that shows ``code`` the room's address; exactly one approval of a code wins.

    A revoked address is renewed by it. Raises NotFound ``no_room`` or ``no_code``, Forbidden.
    """
    room = await room_to_change(session, by, room_id)
    found = await request_of(frame, session, by, code)
    found.code, found.room_id = None, room.id
    found.approved_by_id, found.approved_at = by.id, frame.now()
    if room.revoked_at is not None:
        _renew(room)
    return found, room


async def room_for(session: ReadSession, principal: Principal, rule: Rule, key: UUID) -> Room:
    """Raises NotFound for who may not know of it, Forbidden for who may only see it."""
    return _may(principal, rule, await PairableRoomRepository(session).by_id(key))


async def room_to_change(session: WriteSession, by: Principal, key: UUID) -> Room:
    """The locked row. Raises NotFound ``no_room``, Forbidden."""
    return _may(by, APPROVE, await PairableRoomRepository(session).to_change(key))


def _may(principal: Principal, rule: Rule, room: Room | None) -> Room:
    if room is None or not (
        SEE.allows(principal, room.school) or APPROVE.allows(principal, room.school)
    ):
        raise NotFound(NO_ROOM, code="no_room")
    rule.check(principal, room.school)
    return room


async def rooms_to_pair(session: ReadSession, principal: Principal, words: str) -> Sequence[Room]:
    """Raises Forbidden."""
    if not APPROVE.allows_anywhere(principal):
        raise Forbidden
    words = words.strip().replace("\0", "")[:80]
    return await PairableRoomRepository(session).to_pair(principal, words, ROOMS_SHOWN)


async def devices_of(session: ReadSession, room: Room) -> Sequence[Device]:
    return await DeviceRepository(session).of_room(room.id)


async def renew(frame: Frame, session: WriteSession, by: Principal, room_id: UUID) -> Room:
    """A new address; the old one is nobody's from this moment. Raises NotFound, Forbidden."""
    room = await room_to_change(session, by, room_id)
    _renew(room)
    _announce(frame, session, room)
    return room


async def revoke(frame: Frame, session: WriteSession, by: Principal, room_id: UUID) -> Room:
    """No address any more until one is renewed. Raises NotFound, Forbidden."""
    room = await room_to_change(session, by, room_id)
    if room.revoked_at is None:
        room.revoked_at = frame.now()
        # Not even a mistake elsewhere can open what nobody has the address of.
        room.token = new_secret()
        _announce(frame, session, room)
    return room


def _renew(room: Room) -> None:
    room.token, room.revoked_at = new_secret(), None


def _announce(frame: Frame, session: WriteSession, room: Room) -> None:
    key = str(room.id)
    session.after_commit(lambda: frame.events.publish(ADDRESS_CHANGED, room=key))


class Sightings:
    """Notes which PCs open rooms' pages, with at most one write in five minutes for each."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._noted: OrderedDict[tuple[UUID, str], datetime] = OrderedDict()

    async def seen(self, room: Room, user_agent: str) -> None:
        now, agent = self._frame.now(), words_of(user_agent)
        key = (room.id, agent)
        if key in self._noted and now - self._noted[key] < SEEN_EVERY:
            return
        self._noted[key] = now
        self._noted.move_to_end(key)
        while len(self._noted) > MAX_REMEMBERED:
            self._noted.popitem(last=False)
        async with self._frame.database.read() as session:
            found = await DeviceRepository(session).one(*key)
        if found is None or now - found.last_seen >= SEEN_EVERY:
            await self._write(room.id, agent, found, now)

    async def _write(self, room: UUID, agent: str, found: Device | None, now: datetime) -> None:
        try:
            async with self._frame.database.write() as session:
                devices = DeviceRepository(session)
                if found is not None:
                    await devices.seen_again(found.id, now)
                elif await devices.count(room) < MAX_AGENTS:
                    await devices.add(
                        Device(room_id=room, agent=agent, first_seen=now, last_seen=now)
                    )
        except IntegrityError:
            # Another process has just noted the same.
            return
