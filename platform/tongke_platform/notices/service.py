"""Rules of notices: told once, read by one, and where they go besides the inbox."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from tongke_platform.database import ReadSession, WriteSession
from tongke_platform.errors import N_, NotFound
from tongke_platform.notices.hours import Hours
from tongke_platform.notices.kinds import NoticeKind, kinds, known, named
from tongke_platform.notices.models import Channel, Choice, Notice
from tongke_platform.notices.repository import (
    ChoiceRepository,
    HoursRepository,
    NoticeRepository,
    holders,
)
from tongke_platform.people.roles import Role

LONGEST_PARAM = 500
MOST_LINES = 20


async def send(
    session: WriteSession,
    *,
    to: Collection[UUID],
    kind: NoticeKind | str,
    params: Mapping[str, Any],
    key: str,
    link: str = "",
    school_id: UUID | None = None,
) -> int:
    """Tell people something, in the transaction it is about; to how many it was new.

    ``key`` names what is told (``lesson.planned:{id}``): nobody is told it twice. ``link`` is an
    address of ours. ``params`` fill the kind's messages; instants are datetimes with a name that
    ends in ``_at``, a message of the program's own (with places for the others) has one that ends in
    ``_said``, a list of the body's is shown line by line. ``school_id`` is the school whose chat groups may hear of it, None for none.
    Raises ValueError and KeyError for what a caller has written wrongly.
    """
    found = kind if isinstance(kind, NoticeKind) else named(kind)
    row = _row(found, Letter(params, key, link)) | {"organisation_id": school_id}
    notices = NoticeRepository(session)
    there = await notices.reachable(to)
    return await notices.add_new([{**row, "person_id": one} for one in sorted(there)])


@dataclass(frozen=True)
class Letter:
    """What one person is told: ``params``, ``key`` and ``link`` as of ``send``."""

    params: Mapping[str, Any]
    key: str
    link: str = ""


async def send_each(session: WriteSession, kind: NoticeKind, letters: Mapping[UUID, Letter]) -> int:
    """``send``, to each person words of their own."""
    notices = NoticeRepository(session)
    there = await notices.reachable(letters)
    return await notices.add_new(
        [
            {**_row(kind, letters[one]), "person_id": one, "organisation_id": None}
            for one in sorted(there)
        ]
    )


def _row(kind: NoticeKind, letter: Letter) -> dict[str, Any]:
    if not known(kind.name):
        raise ValueError(f"{kind.name} is not registered")
    link = letter.link
    if link and (not link.startswith("/") or link[1:2] in {"/", "\\"}):
        raise ValueError(f"{link} is no address of ours")
    return {
        "kind": kind.name,
        "params": {name: _said(kind, name, one) for name, one in letter.params.items()},
        "link": link,
        "key": letter.key,
    }


def _said(kind: NoticeKind, name: str, value: Any) -> str:
    """Lines stay lines where they cannot get into the head of a mail."""
    if isinstance(value, list) and f"%({name})s" not in kind.title:
        return "\n".join(_plain(name, one) for one in value[:MOST_LINES])
    return _plain(name, value)


async def tell_school(
    session: WriteSession,
    *,
    school_id: UUID,
    roles: Collection[Role],
    day: date,
    kind: NoticeKind,
    params: Mapping[str, Any],
    key: str,
    link: str = "",
) -> int:
    """``send`` to those who hold one of ``roles`` at a school on ``day``, and to its groups."""
    people = await holders(session, school_id, roles, day)
    return await send(
        session, to=people, kind=kind, params=params, key=key, link=link, school_id=school_id
    )


def _plain(name: str, value: Any) -> str:
    if name.endswith("_at"):
        if not isinstance(value, datetime) or value.tzinfo is None:
            raise ValueError(f"{name} is not an instant")
        return value.isoformat()
    # Every character that is not to be seen becomes a space: mail headers end at a line's.
    text = "".join(one if one.isprintable() else " " for one in str(value))
    return text[:LONGEST_PARAM]


async def unread(session: ReadSession, person_id: UUID) -> int:
    """For the header of pages."""
    return await NoticeRepository(session).unread(person_id)


async def inbox(
    session: ReadSession,
    person_id: UUID,
    *,
    archived: bool = False,
    before: UUID | None = None,
    limit: int = 50,
) -> Sequence[Notice]:
    return await NoticeRepository(session).inbox(
        person_id, archived=archived, before=before, limit=limit
    )


async def one_of(session: ReadSession, person_id: UUID, notice_id: UUID) -> Notice:
    """Raises NotFound: others' notices are nobody's business."""
    found = await NoticeRepository(session).one_of(person_id, notice_id)
    if found is None:
        raise NotFound(N_("There is no such notice."), code="no_notice")
    return found


async def mark(
    session: WriteSession,
    person_id: UUID,
    notice_id: UUID,
    now: datetime,
    *,
    read: bool | None = None,
    archived: bool | None = None,
) -> Notice:
    """Read or unread, put away or back. What is put away has been read. Raises NotFound."""
    notice = await one_of(session, person_id, notice_id)
    if archived is not None:
        notice.archived_at = now if archived else None
    if read or archived:
        notice.read_at = notice.read_at or now
    elif read is False:
        notice.read_at = None
    await session.flush()
    return notice


async def read_all(session: WriteSession, person_id: UUID, until: UUID, now: datetime) -> None:
    """All that was in the list whose newest is ``until``."""
    await NoticeRepository(session).read_all(person_id, until, now)


async def forget(session: WriteSession, person_id: UUID) -> None:
    """Everything of an erased person."""
    await NoticeRepository(session).remove_of(person_id)


async def export(session: ReadSession, person_id: UUID) -> list[dict[str, Any]]:
    """Everything held about a person here, for them to take away."""
    found = await NoticeRepository(session).of_person(person_id)
    return [
        {
            "kind": one.kind,
            "params": one.params,
            "link": one.link,
            "at": one.created_at.isoformat(),
            "read_at": one.read_at.isoformat() if one.read_at else None,
        }
        for one in found
    ]


async def remove_before(session: WriteSession, moment: datetime) -> None:
    """Retention: notices older than ``moment``, read or not."""
    await NoticeRepository(session).remove_before(moment)


async def hours_of(session: ReadSession, person_id: UUID) -> Hours:
    found = (await HoursRepository(session).of([person_id])).get(person_id)
    return Hours(found.quiet_from, found.quiet_until, found.digest_at) if found else Hours()


async def mail_of(session: ReadSession, person_id: UUID) -> tuple[str, bool]:
    """Where their mail goes, and whether that address takes it; empty when they have none."""
    repository = HoursRepository(session)
    mail = (await repository.mails([person_id])).get(person_id, "")
    found = (await repository.of([person_id])).get(person_id)
    return mail, not (found is not None and mail and found.mail_refused == mail)


async def choices_of(session: ReadSession, person_id: UUID) -> dict[tuple[str, Channel], Choice]:
    """For every kind and channel, chosen or not."""
    chosen = {
        (one.kind, one.channel): one.choice
        for one in await ChoiceRepository(session).of([person_id])
    }
    return {
        (kind.name, channel): chosen.get((kind.name, channel), kind.default(channel))
        for kind in kinds()
        for channel in Channel
    }


async def choose(
    session: WriteSession,
    person_id: UUID,
    hours: Hours,
    choices: Mapping[tuple[str, Channel], Choice],
) -> None:
    """Keep what differs from what kinds do by themselves. Mail is tried again if it was refused."""
    rows = [
        {"person_id": person_id, "kind": kind, "channel": channel, "choice": choice}
        for (kind, channel), choice in choices.items()
        if known(kind) and named(kind).default(channel) is not choice
    ]
    await ChoiceRepository(session).replace(person_id, rows)
    await HoursRepository(session).put(person_id, **vars(hours), mail_refused="")
