"""Signing in, step by step: name and password or a phone's code, then the second step, then a session.

Tries are counted per name and address, and per address; a device that has signed in before is counted
by itself. So nobody can use up another's tries. Whether a name exists cannot be told from an answer.
"""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import structlog

from tongke_platform.accounts import codes, second, service
from tongke_platform.accounts.browsers import Visitor, known_device, remembered
from tongke_platform.accounts.limiter import Limit
from tongke_platform.accounts.models import CodeKind
from tongke_platform.accounts.repository import LoginRepository
from tongke_platform.accounts.sms import SmsFailed
from tongke_platform.accounts.strength import check_password
from tongke_platform.database import uuid7
from tongke_platform.errors import N_, Invalid, Unauthorized
from tongke_platform.frame import Frame
from tongke_platform.people.models import NameKind, Person
from tongke_platform.people.repository import PersonRepository
from tongke_platform.people.service import kind_of_name, normal_name

# A school signs in behind one address at eight in the morning.
BY_NAME = Limit("name", burst=10, refill_s=30)
BY_ADDRESS = Limit("address", burst=100, refill_s=3)
BY_DEVICE = Limit("device", burst=10, refill_s=30)
SMS_PHONE = Limit("sms-phone", burst=3, refill_s=300)
SMS_ADDRESS = Limit("sms-address", burst=20, refill_s=30)

TICKET_LIFE = timedelta(minutes=10)
WRONG_CODE = N_("This code is not right or not good any more. Please ask for a new one.")

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Step:
    """Who has shown the first proof; what is remembered until there is a session."""

    person_id: UUID
    name: str
    shared: bool = False
    next: str = "/"


@dataclass(frozen=True)
class SignedIn:
    """The values of the session cookie and of the device cookie; ``language`` is the person's own."""

    token: str
    device: str
    shared: bool
    person_id: UUID
    next: str
    language: str


class SecondStepNeeded(Unauthorized):
    """``ticket`` goes back with the code."""

    code = "second_step"
    message = N_("Please enter the code of your authenticator app.")

    def __init__(self, ticket: str) -> None:
        super().__init__()
        self.ticket = ticket


async def take_try(frame: Frame, visitor: Visitor, name: str) -> tuple[Limit, str]:
    """Count a try; which bucket a success empties. Raises TooMany."""
    device = known_device(frame.keys, visitor, name)
    if device is not None:
        bucket = (BY_DEVICE, f"{device} {name}")
    else:
        await frame.limiter.take(BY_ADDRESS, visitor.address)
        bucket = (BY_NAME, f"{visitor.address} {name}")
    await frame.limiter.take(*bucket)
    return bucket


async def by_password(
    frame: Frame, visitor: Visitor, username: str, password: str, *, shared: bool, next: str = "/"
) -> SignedIn:
    """Raises TooMany, Unauthorized ``wrong_login``, SecondStepNeeded, Busy."""
    name = normal_name(username)
    bucket = await take_try(frame, visitor, name)
    async with frame.database.read() as session:
        person = await service.check_password(session, frame.passwords, username, password)
    await frame.limiter.forgive(*bucket)
    return await go_on(frame, visitor, Step(person.id, name, shared, next))


async def go_on(frame: Frame, visitor: Visitor, step: Step) -> SignedIn:
    """After the first proof: a session, or SecondStepNeeded for those who have one."""
    async with frame.database.read() as session:
        needed = await second.is_on(session, step.person_id)
    if needed:
        note = {"p": str(step.person_id), "n": step.name, "s": step.shared, "to": step.next}
        raise SecondStepNeeded(frame.keys.seal("second", note, frame.now() + TICKET_LIFE))
    return await _open(frame, visitor, step, strong=not frame.settings.require_second_step)


async def by_second_step(frame: Frame, visitor: Visitor, ticket: str, code: str) -> SignedIn:
    """Raises Unauthorized ``wrong_code`` or ``bad_ticket``, TooMany."""
    note = frame.keys.unseal("second", ticket, frame.now())
    if note is None:
        raise Unauthorized(N_("That took too long. Please begin again."), code="bad_ticket")
    step = Step(UUID(note["p"]), note["n"], note["s"], note["to"])
    if not await second.check(frame, step.person_id, visitor.address, code):
        raise Unauthorized(N_("This code is not right."), code="wrong_code")
    return await _open(frame, visitor, step, strong=True)


async def _open(frame: Frame, visitor: Visitor, step: Step, *, strong: bool) -> SignedIn:
    async with frame.database.write() as session:
        token = await service.log_in(
            session,
            step.person_id,
            now=frame.now(),
            lifetime=timedelta(days=frame.settings.login_days),
            visitor=visitor,
            shared=step.shared,
            strong=strong,
        )
        person = await PersonRepository(session).by_id(step.person_id)
    device = remembered(frame.keys, visitor.device, step.name)
    language = person.language if person else ""
    return SignedIn(token, device, step.shared, step.person_id, step.next, language)


@dataclass(frozen=True)
class Asked:
    """A code is on its way, if the phone is somebody's. ``ticket`` goes back with the code."""

    ticket: str
    key: UUID
    phone: str
    kind: CodeKind


async def ask_sms(frame: Frame, visitor: Visitor, phone: str, kind: CodeKind) -> Asked:
    """Raises Invalid ``no_phone`` for what is none, TooMany; the same for everybody's phone."""
    number = normal_name(phone)
    if frame.sms is None:
        raise Invalid(N_("This server sends no codes to phones."), code="no_sms")
    if kind_of_name(number) is not NameKind.PHONE:
        raise Invalid(N_("Please enter a phone number."), code="no_phone")
    await frame.limiter.take(SMS_ADDRESS, visitor.address)
    await frame.limiter.take(SMS_PHONE, number)
    key = uuid7()
    note = {"k": str(key), "phone": number, "kind": kind}
    return Asked(frame.keys.seal("sms", note, frame.now() + codes.SMS_LIFE), key, number, kind)


async def send_sms(frame: Frame, asked: Asked, text: str) -> None:
    """Runs after the answer, so that its time tells nothing. ``text`` has a place %(code)s."""
    async with frame.database.write() as session:
        person = await service.person_named(session, asked.phone)
        if person is None or frame.sms is None:
            return
        code = await codes.put_sms_code(
            session, frame.keys, asked.key, person.id, asked.kind, frame.now()
        )
    try:
        await frame.sms.send(asked.phone, text % {"code": code})
    except SmsFailed as error:
        log.warning("sms failed", reason=str(error))


async def by_sms(
    frame: Frame, visitor: Visitor, ticket: str, code: str, *, shared: bool, next: str = "/"
) -> SignedIn:
    """Raises Unauthorized ``wrong_code``, TooMany, SecondStepNeeded."""
    phone, key = _ticket(frame, ticket, CodeKind.SMS_SIGN_IN)
    bucket = await take_try(frame, visitor, phone)
    async with frame.database.write() as session:
        person = await codes.redeem_sms(
            session, frame.keys, key, CodeKind.SMS_SIGN_IN, code, frame.now()
        )
        usable = await _usable(PersonRepository(session), person)
    if usable is None:
        raise Unauthorized(WRONG_CODE, code="wrong_code")
    await frame.limiter.forgive(*bucket)
    return await go_on(frame, visitor, Step(usable.id, phone, shared, next))


async def _usable(people: PersonRepository, key: UUID | None) -> Person | None:
    person = await people.by_id(key) if key else None
    gone = person is None or person.deactivated_at is not None or person.erased_at is not None
    return None if gone else person


def _ticket(frame: Frame, ticket: str, kind: CodeKind) -> tuple[str, UUID]:
    note = frame.keys.unseal("sms", ticket, frame.now())
    if note is None or note["kind"] != kind:
        raise Unauthorized(WRONG_CODE, code="wrong_code")
    return note["phone"], UUID(note["k"])


async def reset_password(
    frame: Frame,
    visitor: Visitor,
    code: str,
    password: str,
    *,
    username: str = "",
    ticket: str = "",
) -> UUID:
    """Set a new password with an administrator's code (``username``) or a phone's (``ticket``).

    All sessions of the person end. Raises Invalid ``weak_password`` before a try is counted,
    Unauthorized ``wrong_code``, TooMany.
    """
    key: UUID | None = None
    if ticket:
        username, key = _ticket(frame, ticket, CodeKind.SMS_RESET)
    name = normal_name(username)
    password = check_password(password, name)
    bucket = await take_try(frame, visitor, name)
    hashed = await frame.passwords.hash(password)
    async with frame.database.write() as session:
        person = await service.person_named(session, username)
        if key is not None:
            owner = await codes.redeem_sms(
                session, frame.keys, key, CodeKind.SMS_RESET, code, frame.now()
            )
            right = person is not None and owner == person.id
        else:
            right = await codes.redeem_reset(
                session, frame.keys, person.id if person else None, code, frame.now()
            )
        if person is not None and right:
            await service.set_password(session, person, hashed, frame.now())
            await LoginRepository(session).remove_of(person.id)
    if person is None or not right:
        raise Unauthorized(WRONG_CODE, code="wrong_code")
    await frame.limiter.forgive(*bucket)
    return person.id
