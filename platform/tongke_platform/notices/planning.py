"""Where notices go besides the inbox, worked out once for each: rows to be delivered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from tongke_platform.database import Database, WriteSession
from tongke_platform.notices.hours import Hours, next_digest, not_before
from tongke_platform.notices.kinds import NoticeKind, known, named
from tongke_platform.notices.models import (
    Channel,
    Choice,
    Delivery,
    DeliveryState,
    Notice,
    SchoolChat,
)
from tongke_platform.notices.repository import (
    ChatRepository,
    ChoiceRepository,
    DeliveryRepository,
    HoursRepository,
    NoticeRepository,
    channels_key,
)

BATCH = 200


@dataclass(frozen=True)
class Plan:
    """What is known of the people of some notices."""

    now: datetime
    zone: ZoneInfo
    hours: dict[UUID, Hours]
    mails: set[UUID]
    choices: dict[tuple[UUID, str, Channel], Choice]
    chats: Sequence[SchoolChat]

    def rows(self, notice: Notice) -> list[dict[str, Any]]:
        if not known(notice.kind):
            return []
        kind = named(notice.kind)
        return [*self._mail(notice, kind), *self._chats(notice, kind)]

    def _choice(self, notice: Notice, kind: NoticeKind, channel: Channel) -> Choice:
        found = self.choices.get((notice.person_id, kind.name, channel))
        return found or kind.default(channel)

    def _mail(self, notice: Notice, kind: NoticeKind) -> list[dict[str, Any]]:
        choice = self._choice(notice, kind, Channel.MAIL)
        if notice.person_id not in self.mails or choice is Choice.OFF:
            return []
        hours = self.hours.get(notice.person_id, Hours())
        row = self._row(notice, channels_key(notice.id, Channel.MAIL), Channel.MAIL, kind, hours)
        if choice is Choice.DIGEST and not kind.urgent:
            row["state"] = DeliveryState.FOR_DIGEST
            row["due_at"] = next_digest(self.now, hours, self.zone)
        return [row]

    def _chats(self, notice: Notice, kind: NoticeKind) -> list[dict[str, Any]]:
        """One for each group of the school, whoever of its people comes first."""
        if self._choice(notice, kind, Channel.CHAT) is Choice.OFF:
            return []
        return [
            self._row(notice, f"chat:{chat.id}:{notice.key}", Channel.CHAT, kind, Hours())
            | {"chat_id": chat.id}
            for chat in self.chats
            if chat.organisation_id == notice.organisation_id
        ]

    def _row(
        self, notice: Notice, key: str, channel: Channel, kind: NoticeKind, hours: Hours
    ) -> dict[str, Any]:
        return {
            "key": key,
            "channel": channel,
            "person_id": notice.person_id,
            "notice_id": notice.id,
            "chat_id": None,
            "state": DeliveryState.WAITING,
            "due_at": self.now if kind.urgent else not_before(self.now, hours, self.zone),
            "attempts": 0,
            "outcome": "",
        }


async def plan(database: Database, now: datetime, zone: ZoneInfo, *, mail: bool) -> set[UUID]:
    """Plan what is new; whose inboxes have changed. ``mail``: whether mail can be sent at all."""
    people: set[UUID] = set()
    while True:
        async with database.write() as session:
            notices = await NoticeRepository(session).unplanned(BATCH)
            if not notices:
                return people
            made = await _plan_of(session, notices, now, zone, mail=mail)
            rows = {row["key"]: row for notice in notices for row in made.rows(notice)}
            # In one order, so that two workers never wait for each other in a ring.
            await DeliveryRepository(session).add_new([rows[key] for key in sorted(rows)])
            for notice in notices:
                notice.planned_at = now
        people |= {notice.person_id for notice in notices}


async def _plan_of(
    session: WriteSession, notices: Sequence[Notice], now: datetime, zone: ZoneInfo, *, mail: bool
) -> Plan:
    people = {one.person_id for one in notices}
    hours = HoursRepository(session)
    chosen = await hours.of(people)
    mails = await hours.mails(people) if mail else {}
    refused = {person: one.mail_refused for person, one in chosen.items()}
    schools = {one.organisation_id for one in notices if one.organisation_id is not None}
    return Plan(
        now=now,
        zone=zone,
        hours={
            person: Hours(one.quiet_from, one.quiet_until, one.digest_at)
            for person, one in chosen.items()
        },
        mails={person for person, address in mails.items() if refused.get(person) != address},
        choices={
            (one.person_id, one.kind, one.channel): one.choice
            for one in await ChoiceRepository(session).of(people)
        },
        chats=await ChatRepository(session).of(schools),
    )


async def gather_digests(database: Database, now: datetime, zone: ZoneInfo) -> None:
    """What waits for a digest that is due becomes one message a person and day."""
    while True:
        async with database.read() as session:
            people = await DeliveryRepository(session).people_with_digest_due(now, BATCH)
        if not people:
            return
        for person in people:
            async with database.write() as session:
                await _gather(session, person, now, zone)


async def _gather(session: WriteSession, person: UUID, now: datetime, zone: ZoneInfo) -> None:
    deliveries = DeliveryRepository(session)
    key = f"digest:{person}:{now.astimezone(zone).date()}"
    row = {
        "key": key,
        "channel": Channel.MAIL,
        "person_id": person,
        "state": DeliveryState.WAITING,
        "due_at": now,
        "attempts": 0,
        "outcome": "",
    }
    if await deliveries.add_new([row]):
        digest: Delivery | None = await deliveries.by_key(key)
        assert digest is not None, "it has just been added"
        await deliveries.gather(person, now, state=DeliveryState.GATHERED, digest_id=digest.id)
        return
    found = (await HoursRepository(session).of([person])).get(person)
    hours = Hours(found.quiet_from, found.quiet_until, found.digest_at) if found else Hours()
    # There was one today: they have moved their hour meanwhile.
    await deliveries.gather(person, now, due_at=next_digest(now, hours, zone))
