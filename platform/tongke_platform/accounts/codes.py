"""One-time codes: an administrator's for somebody who forgot a password, and those sent to phones."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from tongke_platform.accounts import service
from tongke_platform.accounts.keys import Keys
from tongke_platform.accounts.models import CodeKind, OneTimeCode
from tongke_platform.accounts.repository import CodeRepository
from tongke_platform.accounts.rights import RESET, may_reset
from tongke_platform.audit import service as audit
from tongke_platform.database import WriteSession
from tongke_platform.errors import N_, Forbidden, NotFound
from tongke_platform.frame import Frame
from tongke_platform.rights import Principal

# No letters or digits that look alike on paper; 39 bits in eight.
READABLE = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
RESET_LENGTH = 8
SMS_LENGTH = 6
MAX_TRIES = 5
RESET_LIFE = timedelta(hours=24)
SMS_LIFE = timedelta(minutes=5)


@dataclass(frozen=True)
class IssuedCode:
    """Shown once. ``code`` is in groups of four, as it is read out."""

    code: str
    expires_at: datetime
    display_name: str


async def issue_reset(
    session: WriteSession, frame: Frame, by: Principal, person_id: UUID
) -> IssuedCode:
    """A code that lets a person set a new password; it replaces the one before.

    Raises NotFound for people who are not the asker's business, Forbidden for those with more rights.
    """
    target = await service.principal_of(session, person_id, frame.today())
    if target is None or not (by.is_admin or knows(by, target)):
        raise NotFound(N_("There is nobody with this number."), code="no_person")
    if not may_reset(by, target) or target.person.deactivated_at or target.person.erased_at:
        raise Forbidden(N_("You cannot set a new password for this person."), code="no_reset")
    code = await reset_code(session, frame.keys, person_id, frame.now(), by.id)
    place = next((one for one in target.places.values() if RESET.allows(by, one)), None)
    audit.record(session, by, "accounts.reset", target.person, place)
    return IssuedCode(f"{code[:4]} {code[4:]}", frame.now() + RESET_LIFE, target.name)


async def reset_code(
    session: WriteSession, keys: Keys, person_id: UUID, now: datetime, by: UUID | None = None
) -> str:
    """The bare code; who may ask for one was decided before."""
    code = "".join(secrets.choice(READABLE) for _ in range(RESET_LENGTH))
    codes = CodeRepository(session)
    await codes.remove_of(person_id, CodeKind.RESET)
    await codes.add(
        OneTimeCode(
            person_id=person_id,
            kind=CodeKind.RESET,
            code_hash=keys.digest("code", CodeKind.RESET, str(person_id), code),
            expires_at=now + RESET_LIFE,
            issued_by_id=by,
        )
    )
    return code


def knows(by: Principal, target: Principal) -> bool:
    """Whether they share an organisation the asker may look after."""
    return any(RESET.allows(by, place) for place in target.places.values())


async def put_sms_code(
    session: WriteSession, keys: Keys, key: UUID, person_id: UUID, kind: CodeKind, now: datetime
) -> str:
    """Write down a code for a phone under the id ``key``, which its ticket names."""
    code = f"{secrets.randbelow(10**SMS_LENGTH):0{SMS_LENGTH}}"
    record = OneTimeCode(
        id=key,
        person_id=person_id,
        kind=kind,
        code_hash=keys.digest("code", kind, str(person_id), code),
        expires_at=now + SMS_LIFE,
    )
    await CodeRepository(session).add(record)
    return code


def normal_code(code: str) -> str:
    """As it is compared: capitals, without the spaces and dashes people put in."""
    return "".join(one for one in code.upper() if one.isalnum())[:32]


async def redeem_reset(
    session: WriteSession, keys: Keys, person_id: UUID | None, code: str, now: datetime
) -> bool:
    """Use up a code, once, or count a try. Nobody's code takes as long and is never right."""
    found = await CodeRepository(session).try_one(
        now, MAX_TRIES, person_id=person_id or uuid4(), kind=CodeKind.RESET
    )
    return await _take(session, keys, found, code, now)


async def redeem_sms(
    session: WriteSession, keys: Keys, key: UUID, kind: CodeKind, code: str, now: datetime
) -> UUID | None:
    """Whose code it was. Only the browser that asked for it knows its ``key``."""
    found = await CodeRepository(session).try_one(now, MAX_TRIES, id=key, kind=kind)
    right = await _take(session, keys, found, code, now)
    return found.person_id if found and right else None


async def _take(
    session: WriteSession, keys: Keys, found: OneTimeCode | None, code: str, now: datetime
) -> bool:
    """Takes no longer for a code that nobody has."""
    kind, person = (found.kind, found.person_id) if found else (CodeKind.RESET, uuid4())
    given = keys.digest("code", kind, str(person), normal_code(code))
    right = secrets.compare_digest(given, found.code_hash if found else "0" * 64)
    return found is not None and right and await CodeRepository(session).use(found.id, now)
