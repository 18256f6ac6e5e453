"""The second step of signing in: a code of an authenticator app, or a recovery code."""

import secrets
from dataclasses import dataclass
from uuid import UUID

from tongke_platform.accounts import totp
from tongke_platform.accounts.codes import READABLE, normal_code
from tongke_platform.accounts.limiter import Limit
from tongke_platform.accounts.models import RecoveryCode, SecondFactor
from tongke_platform.accounts.repository import RecoveryCodeRepository, SecondFactorRepository
from tongke_platform.audit import service as audit
from tongke_platform.database import ReadSession, WriteSession
from tongke_platform.errors import N_, Conflict, Invalid
from tongke_platform.frame import Frame

RECOVERY_CODES = 10
RECOVERY_LENGTH = 10
SECOND = Limit("second", burst=5, refill_s=60)
ISSUER = "Tongke"


@dataclass(frozen=True)
class Setup:
    """``address`` is what the QR code says; ``secret`` for those who type."""

    secret: str
    address: str


async def is_on(session: ReadSession, person_id: UUID) -> bool:
    found = await SecondFactorRepository(session).of(person_id)
    return found is not None and found.confirmed_at is not None


async def begin(session: WriteSession, frame: Frame, person_id: UUID, account: str) -> Setup:
    """A new secret, which counts once confirmed. Raises Conflict ``second_on``."""
    factors = SecondFactorRepository(session)
    found = await factors.locked_of(person_id)
    if found is not None and found.confirmed_at is not None:
        raise Conflict(N_("The second step is already on."), code="second_on")
    secret = totp.new_secret()
    sealed = frame.keys.seal("totp", {"secret": secret, "person": str(person_id)})
    if found is None:
        await factors.add(SecondFactor(person_id=person_id, sealed_secret=sealed))
    else:
        found.sealed_secret = sealed
    return Setup(secret, totp.address_of(secret, account, ISSUER))


async def waiting(
    session: ReadSession, frame: Frame, person_id: UUID, account: str
) -> Setup | None:
    """What was begun and not yet confirmed."""
    found = await SecondFactorRepository(session).of(person_id)
    if found is None or found.confirmed_at is not None:
        return None
    secret = _secret(frame, found)
    return Setup(secret, totp.address_of(secret, account, ISSUER)) if secret else None


async def confirm(session: WriteSession, frame: Frame, person_id: UUID, code: str) -> list[str]:
    """Switch it on; the recovery codes, shown once. Raises Invalid ``wrong_code``, Conflict."""
    found = await SecondFactorRepository(session).locked_of(person_id)
    if found is None or found.confirmed_at is not None:
        raise Conflict(N_("Please begin again with the picture."), code="second_none")
    step = _step(frame, found, code)
    if step is None:
        raise Invalid(
            N_("This code is not right. Please check the time of your phone and try the next one."),
            code="wrong_code",
        )
    found.confirmed_at, found.last_step = frame.now(), step
    recovery = RecoveryCodeRepository(session)
    codes = [_readable() for _ in range(RECOVERY_CODES)]
    for one in codes:
        digest = frame.keys.digest("recovery", str(person_id), one)
        await recovery.add(RecoveryCode(person_id=person_id, code_hash=digest))
    audit.record(session, None, "second_step.on", found)
    return [f"{one[:5]}-{one[5:]}" for one in codes]


async def check(frame: Frame, person_id: UUID, address: str, code: str) -> bool:
    """Whether ``code`` is right, and never again. Raises TooMany."""
    await frame.limiter.take(SECOND, f"{person_id} {address}")
    async with frame.database.write() as session:
        right = await _check(session, frame, person_id, code)
    if right:
        await frame.limiter.forgive(SECOND, f"{person_id} {address}")
    return right


async def _check(session: WriteSession, frame: Frame, person_id: UUID, code: str) -> bool:
    factors = SecondFactorRepository(session)
    found = await factors.of(person_id)
    if found is None or found.confirmed_at is None:
        return False
    step = _step(frame, found, code)
    if step is not None:
        return await factors.advance(found.id, step)
    digest = frame.keys.digest("recovery", str(person_id), normal_code(code))
    return await RecoveryCodeRepository(session).use(person_id, digest, frame.now())


async def switch_off(session: WriteSession, person_id: UUID) -> None:
    found = await SecondFactorRepository(session).of(person_id)
    if found is not None:
        audit.record(session, None, "second_step.off", found)
        await SecondFactorRepository(session).remove_of(person_id)


def _step(frame: Frame, found: SecondFactor, code: str) -> int | None:
    secret, digits = _secret(frame, found), normal_code(code)
    return totp.matching_step(secret, digits, frame.now(), found.last_step) if secret else None


def _secret(frame: Frame, found: SecondFactor) -> str | None:
    note = frame.keys.unseal("totp", found.sealed_secret, frame.now())
    if note is None or note.get("person") != str(found.person_id):
        return None
    return str(note["secret"])


def _readable() -> str:
    return "".join(secrets.choice(READABLE) for _ in range(RECOVERY_LENGTH))
