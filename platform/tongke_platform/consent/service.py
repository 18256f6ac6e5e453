"""Rules of consent: who was asked, what holds, and what may not be done without it."""

import hashlib
import os
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from uuid import UUID

from sqlalchemy import ColumnElement

from tongke_platform.audit import service as audit
from tongke_platform.classes.repository import ClassRepository, PupilRepository
from tongke_platform.consent.models import (
    ConsentAct,
    ConsentEvent,
    ConsentForm,
    ConsentLink,
    ConsentWay,
    LinkKind,
)
from tongke_platform.consent.purposes import WORDS, Purpose
from tongke_platform.consent.repository import (
    FormRepository,
    LedgerRepository,
    LinkRepository,
    class_lacking,
)
from tongke_platform.consent.rights import MANAGE, READ
from tongke_platform.consent.withdrawing import withdrawn
from tongke_platform.database import ReadSession, WriteSession
from tongke_platform.errors import N_, Forbidden, Invalid, NotFound
from tongke_platform.frame import Frame
from tongke_platform.organisations.models import Organisation, Pupil, Room, SchoolClass
from tongke_platform.organisations.repository import OrganisationRepository
from tongke_platform.rights import Principal, Rule

ASK_LIFE = timedelta(days=14)
RECEIPT_LIFE = timedelta(days=366)
CHANGED = "consent.changed"

GONE = N_("This link is not good any more. Please ask the school for a new one.")
NO_PUPIL = N_("There is no such pupil.")
NO_FORM = N_("There is no such form.")
NO_PURPOSE = N_("Please choose at least one purpose.")
NO_CLASS = N_("No class list says who sits in this classroom: it cannot be recorded.")
NOT_ALL = N_("Recording needs the consent of every pupil's guardian; missing: %(count)s.")

# By pupil: what their guardians agreed to and what holds today.
Standing = dict[UUID, dict[Purpose, ConsentEvent]]


class Relation(StrEnum):
    MOTHER = "mother"
    FATHER = "father"
    GRANDPARENT = "grandparent"
    OTHER = "other"


RELATIONS = {
    Relation.MOTHER: N_("Mother"),
    Relation.FATHER: N_("Father"),
    Relation.GRANDPARENT: N_("Grandparent"),
    Relation.OTHER: N_("Another guardian"),
}


@dataclass(frozen=True)
class Guardian:
    name: str
    relation: Relation

    @classmethod
    def of(cls, name: str, relation: str) -> "Guardian":
        """As typed. Raises Invalid ``bad_guardian``."""
        name = " ".join(name.split())
        if not 1 <= len(name) <= 80 or not name.isprintable() or relation not in [*Relation]:
            raise Invalid(
                N_("Please say who you are: your name and what you are to the child."),
                code="bad_guardian",
            )
        return cls(name, Relation(relation))


def holds(event: ConsentEvent, day: date) -> bool:
    """Given, for the words as they are today, and not over."""
    return (
        event.act is ConsentAct.GIVEN
        and event.text == WORDS[event.purpose].version
        and (event.until is None or event.until >= day)
    )


async def standing(
    session: ReadSession, pupils: Sequence[UUID], day: date, purpose: Purpose | None = None
) -> Standing:
    newest: Standing = {key: {} for key in pupils}
    for event in await LedgerRepository(session).of_pupils(pupils, purpose):
        newest[event.pupil_id][event.purpose] = event
    return {
        key: {what: event for what, event in events.items() if holds(event, day)}
        for key, events in newest.items()
    }


async def check_recording(session: ReadSession, room: Room, day: date) -> None:
    """Whether picture and sound of this classroom may be recorded on ``day``.

    Raises Forbidden ``no_class_list``, ``no_consent``.
    """
    if room.class_id is None:
        raise Forbidden(NO_CLASS, code="no_class_list")
    listed = [pupil for _, pupil in await LedgerRepository(session).pupils_of([room.class_id], day)]
    if not listed:
        raise Forbidden(NO_CLASS, code="no_class_list")
    agreed = await standing(session, listed, day, Purpose.RECORDING)
    if missing := sum(not events for events in agreed.values()):
        raise Forbidden(NOT_ALL, code="no_consent", count=missing)


async def missing_recording(session: ReadSession, by: Principal, now: datetime) -> int:
    """How many pupils of classes ``by`` may ask for may not be recorded today."""
    return await LedgerRepository(session).missing(
        MANAGE.clause(by), Purpose.RECORDING, WORDS[Purpose.RECORDING].version, by.today
    )


def lacking(purpose: Purpose, day: date) -> ColumnElement[bool]:
    """Classes with a pupil whose guardians have not agreed, as a condition."""
    return class_lacking(purpose, WORDS[purpose].version, day)


async def agreed_by_class(
    session: ReadSession, classes: Sequence[UUID], purpose: Purpose, day: date
) -> dict[UUID, tuple[int, int]]:
    """By class: pupils on its list, and those with consent."""
    entries = await LedgerRepository(session).pupils_of(classes, day)
    agreed = await standing(session, [pupil for _, pupil in entries], day, purpose)
    counts: dict[UUID, tuple[int, int]] = dict.fromkeys(classes, (0, 0))
    for class_id, pupil in entries:
        listed, given = counts[class_id]
        counts[class_id] = (listed + 1, given + bool(agreed[pupil]))
    return counts


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


async def _link(
    session: WriteSession,
    frame: Frame,
    kind: LinkKind,
    pupil: Pupil,
    purposes: Collection[Purpose],
    by: UUID | None,
) -> str:
    token = secrets.token_urlsafe(32)
    life = ASK_LIFE if kind is LinkKind.ASK else RECEIPT_LIFE
    await LinkRepository(session).add(
        ConsentLink(
            token_hash=_hash(token),
            kind=kind,
            pupil_id=pupil.id,
            organisation_id=pupil.organisation_id,
            purposes=[one for one in Purpose if one in purposes],
            expires_at=frame.now() + life,
            made_by_id=by,
        )
    )
    return token


async def ask(
    session: WriteSession,
    frame: Frame,
    by: Principal,
    found: SchoolClass,
    pupils: Sequence[UUID],
    purposes: Collection[Purpose],
) -> list[tuple[Pupil, str]]:
    """A link for the guardians of each of these pupils of the class; the tokens are shown once.

    Raises Forbidden, Invalid ``no_purpose``, ``no_pupils``.
    """
    MANAGE.check(by, found.organisation)
    if not purposes:
        raise Invalid(NO_PURPOSE, code="no_purpose")
    listed = await PupilRepository(session).of_class(found.id, by.today)
    chosen = [pupil for pupil, _ in listed if pupil.id in pupils]
    if not chosen:
        raise Invalid(N_("Please choose at least one pupil."), code="no_pupils")
    made = [
        (pupil, await _link(session, frame, LinkKind.ASK, pupil, purposes, by.id))
        for pupil in chosen
    ]
    detail = {"count": len(made), "purposes": sorted(purposes)}
    audit.record(session, by, "consent.asked", found, found.organisation, detail)
    return made


@dataclass(frozen=True)
class Opened:
    """What a guardian's link is about; ``agreed`` is what holds already."""

    link: ConsentLink
    pupil: Pupil
    school: Organisation
    purposes: tuple[Purpose, ...]
    agreed: dict[Purpose, ConsentEvent]

    @property
    def child(self) -> str:
        """The family name alone: whoever else sees the page learns no child's name from it."""
        return self.pupil.name[:1] + "＊" * max(1, len(self.pupil.name) - 1)


async def opened(session: ReadSession, frame: Frame, token: str, kind: LinkKind) -> Opened:
    """Raises NotFound ``link_gone``."""
    link = await LinkRepository(session).by_token(_hash(token), kind)
    if link is None or link.used_at is not None or link.expires_at <= frame.now():
        raise NotFound(GONE, code="link_gone")
    pupil = await PupilRepository(session).by_id(link.pupil_id)
    school = await OrganisationRepository(session).by_id(link.organisation_id)
    if pupil is None or school is None or pupil.organisation_id != school.id:
        raise NotFound(GONE, code="link_gone")
    purposes = tuple(Purpose(one) for one in link.purposes)
    agreed = await standing(session, [pupil.id], frame.today())
    return Opened(link, pupil, school, purposes, agreed[pupil.id])


async def answer(
    session: WriteSession,
    frame: Frame,
    token: str,
    guardian: Guardian,
    agreed: Collection[Purpose],
) -> str:
    """A guardian's answer, once; gives the token of the receipt. Raises NotFound ``link_gone``."""
    found = await opened(session, frame, token, LinkKind.ASK)
    if not await LinkRepository(session).use(found.link.id, frame.now()):
        raise NotFound(GONE, code="link_gone")
    for purpose in found.purposes:
        if purpose in agreed:
            await _give(
                session, frame, found.pupil, purpose, guardian, ConsentWay.LINK, link=found.link.id
            )
        elif purpose in found.agreed:
            await _withdraw(session, frame, found.pupil, purpose, ConsentWay.LINK, guardian)
    return await _link(session, frame, LinkKind.RECEIPT, found.pupil, found.purposes, None)


async def withdraw(session: WriteSession, frame: Frame, token: str, purpose: Purpose) -> None:
    """By the receipt; of what does not hold nothing is withdrawn. Raises NotFound ``link_gone``."""
    found = await opened(session, frame, token, LinkKind.RECEIPT)
    if purpose in found.agreed:
        await _withdraw(session, frame, found.pupil, purpose, ConsentWay.LINK)


async def class_for(session: ReadSession, by: Principal, key: UUID) -> SchoolClass:
    """Raises NotFound, also for who may not know the names on its list."""
    found = await ClassRepository(session).by_id(key)
    if found is None or not READ.allows(by, found.organisation):
        raise NotFound(N_("There is no such class."), code="no_class")
    return found


async def pupil_for(session: ReadSession, by: Principal, rule: Rule, key: UUID) -> Pupil:
    """Raises NotFound for who may not know the name, Forbidden for who may only read."""
    pupil = await PupilRepository(session).by_id(key)
    school = await OrganisationRepository(session).by_id(pupil.organisation_id) if pupil else None
    if pupil is None or school is None or not READ.allows(by, school):
        raise NotFound(NO_PUPIL, code="no_pupil")
    rule.check(by, school)
    return pupil


async def enter_paper(
    session: WriteSession,
    frame: Frame,
    by: Principal,
    pupil_id: UUID,
    purposes: Collection[Purpose],
    guardian: Guardian,
    jpeg: bytes,
) -> None:
    """What a signed form says; ``jpeg`` is its photograph as ``pictures.photograph`` made it.

    Raises NotFound, Forbidden, Invalid ``no_purpose``.
    """
    pupil = await pupil_for(session, by, MANAGE, pupil_id)
    if not purposes:
        raise Invalid(NO_PURPOSE, code="no_purpose")
    form = await FormRepository(session).add(
        ConsentForm(
            pupil_id=pupil.id,
            organisation_id=pupil.organisation_id,
            media_type="image/jpeg",
            size=len(jpeg),
            sha256=hashlib.sha256(jpeg).hexdigest(),
            entered_by_id=by.id,
        )
    )
    # Before the commit: a form in the ledger has its photograph. One left over is swept up.
    _keep(_path(frame, form.id), jpeg)
    for purpose in purposes:
        await _give(
            session, frame, pupil, purpose, guardian, ConsentWay.PAPER, by=by.id, form=form.id
        )


def folder(frame: Frame) -> Path:
    """Where photographs of forms lie."""
    return frame.settings.data_dir / "private" / "consent"


def _path(frame: Frame, key: UUID) -> Path:
    return folder(frame) / f"{key}.jpg"


def _keep(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    made = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(made, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


async def form_read(session: WriteSession, frame: Frame, by: Principal, key: UUID) -> bytes:
    """The photograph of a form; the log says who looked. Raises NotFound, Forbidden."""
    form = await FormRepository(session).by_id(key)
    if form is None:
        raise NotFound(NO_FORM, code="no_form")
    await pupil_for(session, by, MANAGE, form.pupil_id)
    try:
        data = _path(frame, key).read_bytes()
    except FileNotFoundError as error:
        raise NotFound(NO_FORM, code="no_form") from error
    audit.record(session, by, "consent.form_read", form, form.organisation_id)
    return data


async def forms_of(session: ReadSession, pupil: Pupil) -> Sequence[ConsentForm]:
    return await FormRepository(session).of_pupil(pupil.id)


async def history(session: ReadSession, pupil: Pupil) -> Sequence[ConsentEvent]:
    """The newest first."""
    return [*reversed(await LedgerRepository(session).of_pupils([pupil.id]))]


async def withdraw_at_school(
    session: WriteSession, frame: Frame, by: Principal, pupil_id: UUID, purpose: Purpose
) -> None:
    """As a guardian asked the school to. Raises NotFound, Forbidden."""
    pupil = await pupil_for(session, by, MANAGE, pupil_id)
    there = await standing(session, [pupil.id], frame.today())
    if purpose in there[pupil.id]:
        await _withdraw(session, frame, pupil, purpose, ConsentWay.SCHOOL, by=by.id)


async def _give(
    session: WriteSession,
    frame: Frame,
    pupil: Pupil,
    purpose: Purpose,
    guardian: Guardian,
    way: ConsentWay,
    *,
    by: UUID | None = None,
    link: UUID | None = None,
    form: UUID | None = None,
) -> None:
    words = WORDS[purpose]
    await _enter(
        session,
        frame,
        ConsentEvent(
            pupil_id=pupil.id,
            organisation_id=pupil.organisation_id,
            purpose=purpose,
            act=ConsentAct.GIVEN,
            way=way,
            at=frame.now(),
            until=frame.today() + timedelta(days=words.days),
            guardian=guardian.name,
            relation=guardian.relation,
            text=words.version,
            entered_by_id=by,
            link_id=link,
            form_id=form,
        ),
    )


async def _withdraw(
    session: WriteSession,
    frame: Frame,
    pupil: Pupil,
    purpose: Purpose,
    way: ConsentWay,
    guardian: Guardian | None = None,
    *,
    by: UUID | None = None,
) -> None:
    await _enter(
        session,
        frame,
        ConsentEvent(
            pupil_id=pupil.id,
            organisation_id=pupil.organisation_id,
            purpose=purpose,
            act=ConsentAct.WITHDRAWN,
            way=way,
            at=frame.now(),
            guardian=guardian.name if guardian else "",
            relation=guardian.relation if guardian else "",
            entered_by_id=by,
        ),
    )
    await withdrawn(session, frame, pupil, purpose)


async def _enter(session: WriteSession, frame: Frame, event: ConsentEvent) -> None:
    await LedgerRepository(session).add(event)
    key = str(event.pupil_id)
    session.after_commit(lambda: frame.events.publish(CHANGED, pupil=key))
