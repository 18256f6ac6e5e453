"""A delivery as the message that leaves, in its reader's language."""

from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from uuid import UUID

from tongke_platform.database import ReadSession
from tongke_platform.errors import N_
from tongke_platform.frame import Frame
from tongke_platform.notices.chat import Bot
from tongke_platform.notices.mail import make_message
from tongke_platform.notices.models import Channel, ChatService, Delivery, Notice, SchoolChat
from tongke_platform.notices.outcomes import Refused
from tongke_platform.notices.repository import (
    ChatRepository,
    DeliveryRepository,
    HoursRepository,
    NoticeRepository,
)
from tongke_platform.notices.texts import Words, language_for, moment, words
from tongke_platform.pages.languages import HTML_LANGUAGE, Language, translations
from tongke_platform.pages.rendering import make_environment
from tongke_platform.people.repository import PersonRepository

IN_A_DIGEST = 12
CHAT_PURPOSE = "school chat"

DIGEST_TITLE = N_("Tongke today: %(first)s")
DIGEST_TITLE_MORE = N_("Tongke today: %(first)s and %(more)s more")


@dataclass(frozen=True)
class Composed:
    """A mail ``to`` somebody, or a ``text`` for a ``bot``."""

    to: str = ""
    message: EmailMessage | None = None
    bot: Bot | None = None
    text: str = ""


@dataclass(frozen=True)
class Item:
    words: Words
    link: str
    at: str


async def compose(frame: Frame, delivery: Delivery) -> Composed | None:
    """None when there is no need any more. Raises Refused when it can never go out."""
    async with frame.database.read() as session:
        if delivery.channel is Channel.CHAT:
            return await _chat(frame, session, delivery)
        return await _mail(frame, session, delivery)


async def _chat(frame: Frame, session: ReadSession, delivery: Delivery) -> Composed | None:
    notice = await NoticeRepository(session).by_id(delivery.notice_id or UUID(int=0))
    group = await ChatRepository(session).by_id(delivery.chat_id or UUID(int=0))
    if notice is None or group is None or group.removed_at is not None:
        return None
    bot = opened_bot(frame, group)
    language: Language = frame.settings.default_language
    said = words(notice.kind, notice.params, language, frame.settings.zone)
    lines = [said.title, said.body, _address(frame, notice.link)]
    return Composed(bot=bot, text="\n".join(line for line in lines if line))


def opened_bot(frame: Frame, group: SchoolChat) -> Bot:
    """Raises Refused."""
    opened = frame.keys.unseal(CHAT_PURPOSE, group.sealed_address, frame.now())
    if opened is None:
        raise Refused("sealed with another secret")
    service = ChatService(opened["service"])
    return Bot(service, opened["key"], opened["secret"], opened["base"])


async def _mail(frame: Frame, session: ReadSession, delivery: Delivery) -> Composed | None:
    person = await PersonRepository(session).by_id(delivery.person_id)
    to = (await HoursRepository(session).mails([delivery.person_id])).get(delivery.person_id)
    notices = await _unread(session, delivery)
    if not notices or not to or person is None or person.deactivated_at is not None:
        return None
    language = language_for(person.language, frame.settings.default_language)
    items = [_item(frame, one, language) for one in notices[:IN_A_DIGEST]]
    more = len(notices) - len(items)
    title = _title(items, more, language) if delivery.notice_id is None else items[0].words.title
    values = {
        "heading": title,
        "items": items,
        "more": more,
        "inbox": _address(frame, "/me/notices"),
        "settings": _address(frame, "/me/notices/settings"),
        "language": language,
        "html_language": HTML_LANGUAGE[language],
        "now": frame.now(),
    }
    pages = make_environment(frame.settings.zone)
    message = make_message(
        sender=frame.settings.mail_from,
        to=to,
        subject=title,
        text=pages.get_template("notices/mail.txt").render(values),
        html=pages.get_template("notices/mail.html").render(values),
        message_id=str(delivery.id),
        settings_link=_address(frame, "/me/notices/settings"),
        languages=[HTML_LANGUAGE[language]],
    )
    return Composed(to=to, message=message)


async def _unread(session: ReadSession, delivery: Delivery) -> Sequence[Notice]:
    """What the message tells; what has been read in the inbox meanwhile need not be told."""
    if delivery.notice_id is None:
        return await DeliveryRepository(session).notices_in(delivery.id)
    notice = await NoticeRepository(session).by_id(delivery.notice_id)
    if notice is None or notice.read_at or notice.archived_at:
        return []
    return [notice]


def _title(items: Sequence[Item], more: int, language: Language) -> str:
    say = translations(language).gettext
    first, others = items[0].words.title, len(items) - 1 + more
    if not others:
        return say(DIGEST_TITLE) % {"first": first}
    return say(DIGEST_TITLE_MORE) % {"first": first, "more": others}


def _item(frame: Frame, notice: Notice, language: Language) -> Item:
    zone = frame.settings.zone
    return Item(
        words=words(notice.kind, notice.params, language, zone),
        link=_address(frame, notice.link),
        at=moment(notice.created_at, language, zone),
    )


def _address(frame: Frame, link: str) -> str:
    """Absolute; empty where nobody has said how this server is reached from outside."""
    base = (frame.settings.public_url or "").rstrip("/")
    return base + link if base and link else ""
