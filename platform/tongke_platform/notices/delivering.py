"""Deliveries carried out: claimed, sent, and what became of it written down.

Nothing is sent twice. A delivery is claimed in a transaction of its own before anything leaves, and
settled in another after; a claim that nobody settled (the process died in between) is given up as
``unsure``, because the message may have gone out. It stays in the inbox in any case.
"""

from datetime import datetime, timedelta
from typing import Any

import structlog

from tongke_platform.frame import Frame
from tongke_platform.notices import chat, mail
from tongke_platform.notices.composing import Composed, compose
from tongke_platform.notices.hours import retry_after
from tongke_platform.notices.live import topic_of
from tongke_platform.notices.models import Delivery, DeliveryState
from tongke_platform.notices.outcomes import NotSent, Refused, Unsure
from tongke_platform.notices.planning import gather_digests, plan
from tongke_platform.notices.repository import (
    ChatRepository,
    DeliveryRepository,
    HoursRepository,
    NoticeRepository,
)
from tongke_platform.rounds import Rounds

CLAIM = timedelta(minutes=5)
POLL_S = 2.0

log = structlog.get_logger(__name__)


async def deliver_due(frame: Frame) -> int:
    """Plan what is new and send what is due; how many messages were tried."""
    now, zone, database = frame.now(), frame.settings.zone, frame.database
    async with database.read() as session:
        unplanned = await NoticeRepository(session).any_unplanned()
    if unplanned:
        can_mail = frame.settings.mail_url is not None
        for person in await plan(database, now, zone, mail=can_mail):
            frame.wire.touch(topic_of(person))
    async with database.read() as session:
        if not await DeliveryRepository(session).anything_due(now):
            return 0
    async with database.write() as session:
        await DeliveryRepository(session).give_up_lost(now)
    await gather_digests(database, now, zone)
    tried = 0
    while await _deliver_next(frame):
        tried += 1
    return tried


async def _deliver_next(frame: Frame) -> bool:
    now = frame.now()
    async with frame.database.write() as session:
        claimed = await DeliveryRepository(session).claim(now, now + CLAIM)
    if claimed is None:
        return False
    settled = await _try(frame, claimed)
    async with frame.database.write() as session:
        await DeliveryRepository(session).settle(claimed.id, **settled)
    return True


async def _try(frame: Frame, delivery: Delivery) -> dict[str, Any]:
    """What becomes of the row."""
    now = frame.now()
    try:
        composed = await compose(frame, delivery)
        if composed is None:
            return _settled(DeliveryState.SKIPPED, now)
        await _hand_over(frame, composed)
    except Refused as refusal:
        await _remember_refusal(frame, delivery, str(refusal))
        return _settled(DeliveryState.FAILED, now, str(refusal))
    except NotSent as trouble:
        return await _again(frame, delivery, str(trouble), now)
    except Unsure as trouble:
        return _settled(DeliveryState.UNSURE, now, str(trouble))
    except Exception:
        # A defect of ours before anything left, or who knows where: not twice.
        log.exception("notice not delivered", delivery=str(delivery.id))
        return _settled(DeliveryState.UNSURE, now, "internal")
    if composed.bot is not None:
        await _remember_trouble(frame, delivery, "")
    return _settled(DeliveryState.SENT, now)


async def _hand_over(frame: Frame, composed: Composed) -> None:
    if composed.bot is not None:
        await chat.post(composed.bot, composed.text)
    elif composed.message is not None:
        url = frame.settings.mail_url
        assert url is not None, "composed with it"
        server = mail.MailServer.of(url.get_secret_value())
        sender = mail.sender_of(frame.settings.mail_from)[1]
        await server.send(composed.message, sender, composed.to)


def _settled(state: DeliveryState, now: datetime, outcome: str = "") -> dict[str, Any]:
    return {"state": state, "settled_at": now, "outcome": outcome[:200], "claimed_until": None}


async def _again(frame: Frame, delivery: Delivery, reason: str, now: datetime) -> dict[str, Any]:
    wait = retry_after(delivery.attempts)
    log.info("notice not sent", delivery=str(delivery.id), tries=delivery.attempts, reason=reason)
    if wait is None:
        await _remember_trouble(frame, delivery, reason)
        return _settled(DeliveryState.FAILED, now, reason)
    return {
        "state": DeliveryState.WAITING,
        "due_at": now + wait,
        "outcome": reason[:200],
        "claimed_until": None,
    }


async def _remember_refusal(frame: Frame, delivery: Delivery, reason: str) -> None:
    """An address that does not exist is not written to again until its owner asks for it."""
    if delivery.chat_id is not None:
        await _remember_trouble(frame, delivery, reason)
        return
    async with frame.database.write() as session:
        repository = HoursRepository(session)
        address = (await repository.mails([delivery.person_id])).get(delivery.person_id, "")
        await repository.refuse_mail(delivery.person_id, address)


async def _remember_trouble(frame: Frame, delivery: Delivery, reason: str) -> None:
    """What a school's administrator sees beside its group."""
    if delivery.chat_id is None:
        return
    async with frame.database.write() as session:
        await ChatRepository(session).note_trouble(delivery.chat_id, reason)


def rounds(frame: Frame) -> Rounds:
    """Delivering in the background of a worker."""
    return Rounds("notices", lambda: deliver_due(frame), POLL_S)
