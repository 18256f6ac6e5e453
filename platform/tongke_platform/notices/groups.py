"""Chat groups of schools: connected, tried, taken away."""

from collections.abc import Sequence
from uuid import UUID

from tongke_platform.database import ReadSession, WriteSession
from tongke_platform.errors import N_, Conflict, NotFound
from tongke_platform.frame import Frame
from tongke_platform.notices import chat
from tongke_platform.notices.composing import CHAT_PURPOSE, opened_bot
from tongke_platform.notices.models import SchoolChat
from tongke_platform.notices.outcomes import NotSent, Unsure
from tongke_platform.notices.repository import ChatRepository
from tongke_platform.notices.rights import CHATS
from tongke_platform.organisations.repository import OrganisationRepository
from tongke_platform.pages.languages import translations
from tongke_platform.rights import Principal

MOST = 10
HELLO = N_("Tongke is connected to this group. Notices of %(school)s will appear here.")
NO_GROUP = N_("There is no such group.")
NO_SCHOOL = N_("There is no such school.")


async def connected(
    session: ReadSession, by: Principal, *, after: UUID | None = None, limit: int = 50
) -> Sequence[SchoolChat]:
    """Groups of the schools whose groups they may connect."""
    return await ChatRepository(session).search(CHATS.clause(by), after=after, limit=limit)


async def connect(
    session: WriteSession,
    frame: Frame,
    by: Principal,
    *,
    organisation_id: UUID,
    label: str,
    address: str,
    secret: str = "",
) -> SchoolChat:
    """Raises NotFound, Forbidden, Invalid ``bad_chat``, Conflict ``many_chats``."""
    organisation = await OrganisationRepository(session).by_id(organisation_id)
    if organisation is None or not CHATS.allows(by, organisation):
        raise NotFound(NO_SCHOOL, code="no_school")
    bot = chat.parse(address, secret, frame.settings.chat_hosts)
    groups = ChatRepository(session)
    if len(await groups.of([organisation_id])) >= MOST:
        raise Conflict(N_("This school has connected as many groups as it may."), code="many_chats")
    note = {"service": bot.service, "key": bot.key, "secret": bot.secret, "base": bot.base}
    return await groups.add(
        SchoolChat(
            organisation_id=organisation_id,
            service=bot.service,
            label=label.strip() or chat.NAMES[bot.service],
            sealed_address=frame.keys.seal(CHAT_PURPOSE, note),
            hint=bot.hint,
            added_by_id=by.id,
            trouble="",
        )
    )


async def one_of(session: ReadSession, by: Principal, chat_id: UUID) -> SchoolChat:
    """Raises NotFound."""
    found = await ChatRepository(session).by_id(chat_id)
    if found is None or found.removed_at or not CHATS.allows(by, found.organisation):
        raise NotFound(NO_GROUP, code="no_chat")
    return found


async def disconnect(session: WriteSession, frame: Frame, by: Principal, chat_id: UUID) -> None:
    """The address is gone for good. Raises NotFound."""
    found = await one_of(session, by, chat_id)
    found.removed_at, found.sealed_address = frame.now(), ""
    await session.flush()


async def try_out(frame: Frame, by: Principal, chat_id: UUID) -> str:
    """Post a line; what went wrong, empty when nothing did. Raises NotFound."""
    async with frame.database.read() as session:
        found = await one_of(session, by, chat_id)
    trouble = ""
    try:
        bot = opened_bot(frame, found)
        say = translations(frame.settings.default_language).gettext
        await chat.post(bot, say(HELLO) % {"school": found.organisation.name})
    except (NotSent, Unsure) as error:
        trouble = str(error)
    async with frame.database.write() as session:
        await ChatRepository(session).note_trouble(chat_id, trouble)
    return trouble
