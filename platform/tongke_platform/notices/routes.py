"""JSON API of notices: everybody's own, and the chat groups of schools."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from tongke_platform.accounts.rights import RequiredPrincipal
from tongke_platform.errors import Forbidden
from tongke_platform.frame import Frame, Reading, TheFrame, Writing
from tongke_platform.notices import groups, service
from tongke_platform.notices.hours import Hours
from tongke_platform.notices.live import topic_of
from tongke_platform.notices.models import Notice, SchoolChat
from tongke_platform.notices.rights import CHATS
from tongke_platform.notices.schemas import (
    ChatIn,
    ChatOut,
    ChatsOut,
    ChoiceIn,
    InboxOut,
    MarkIn,
    NoticeOut,
    ReadIn,
    SettingsIn,
    SettingsOut,
    TestedOut,
)
from tongke_platform.notices.texts import words
from tongke_platform.pages.languages import Language, language_of
from tongke_platform.rights import Principal

router = APIRouter(prefix="/api/notices", tags=["notices"])

Limit = Annotated[int, Query(ge=1, le=200)]


def _out(notice: Notice, frame: Frame, language: Language) -> NoticeOut:
    said = words(notice.kind, notice.params, language, frame.settings.zone)
    return NoticeOut(
        id=notice.id,
        kind=notice.kind,
        title=said.title,
        body=said.body,
        link=notice.link,
        created_at=notice.created_at,
        read_at=notice.read_at,
        archived_at=notice.archived_at,
    )


def touch(frame: Frame, session: Writing, person_id: UUID) -> None:
    """Open pages show the new number once it is committed."""
    session.after_commit(lambda: frame.wire.touch(topic_of(person_id)))


@router.get("")
async def inbox(
    request: Request,
    session: Reading,
    principal: RequiredPrincipal,
    frame: TheFrame,
    archived: bool = False,
    before: UUID | None = None,
    limit: Limit = 50,
) -> InboxOut:
    """One's own notices."""
    found = await service.inbox(
        session, principal.id, archived=archived, before=before, limit=limit + 1
    )
    language = language_of(request, frame.settings.default_language)
    return InboxOut(
        notices=[_out(one, frame, language) for one in found[:limit]],
        unread=await service.unread(session, principal.id),
        next=found[limit - 1].id if len(found) > limit else None,
    )


@router.post("/read", status_code=204)
async def read_all(
    body: ReadIn, session: Writing, principal: RequiredPrincipal, frame: TheFrame
) -> Response:
    """All up to the newest one that was seen."""
    await service.read_all(session, principal.id, body.until, frame.now())
    touch(frame, session, principal.id)
    return Response(status_code=204)


@router.get("/settings")
async def settings(session: Reading, principal: RequiredPrincipal) -> SettingsOut:
    return await _settings(session, principal)


async def _settings(session: Reading, principal: Principal) -> SettingsOut:
    mail, works = await service.mail_of(session, principal.id)
    choices = await service.choices_of(session, principal.id)
    return SettingsOut(
        **vars(await service.hours_of(session, principal.id)),
        mail=mail,
        mail_works=works,
        choices=[
            ChoiceIn(kind=kind, channel=channel, choice=choice)
            for (kind, channel), choice in choices.items()
        ],
    )


@router.put("/settings")
async def choose(body: SettingsIn, session: Writing, principal: RequiredPrincipal) -> SettingsOut:
    """Kinds that are not named go back to what they do by themselves."""
    hours = Hours(body.quiet_from, body.quiet_until, body.digest_at)
    chosen = {(one.kind, one.channel): one.choice for one in body.choices}
    await service.choose(session, principal.id, hours, chosen)
    return await _settings(session, principal)


@router.get("/chats")
async def chats(
    session: Reading, principal: RequiredPrincipal, after: UUID | None = None, limit: Limit = 50
) -> ChatsOut:
    if not CHATS.allows_anywhere(principal):
        raise Forbidden
    found = await groups.connected(session, principal, after=after, limit=limit + 1)
    return ChatsOut(
        chats=[_chat(one) for one in found[:limit]],
        next=found[limit - 1].id if len(found) > limit else None,
    )


def _chat(found: SchoolChat) -> ChatOut:
    return ChatOut.model_validate(found)


@router.post("/chats", status_code=201)
async def connect(
    body: ChatIn, session: Writing, principal: RequiredPrincipal, frame: TheFrame
) -> ChatOut:
    if not CHATS.allows_anywhere(principal):
        raise Forbidden
    return _chat(await groups.connect(session, frame, principal, **body.model_dump()))


@router.get("/chats/{chat_id}")
async def one_chat(chat_id: UUID, session: Reading, principal: RequiredPrincipal) -> ChatOut:
    return _chat(await groups.one_of(session, principal, chat_id))


@router.delete("/chats/{chat_id}", status_code=204)
async def disconnect(
    chat_id: UUID, session: Writing, principal: RequiredPrincipal, frame: TheFrame
) -> Response:
    await groups.disconnect(session, frame, principal, chat_id)
    return Response(status_code=204)


@router.post("/chats/{chat_id}/test")
async def try_out(chat_id: UUID, principal: RequiredPrincipal, frame: TheFrame) -> TestedOut:
    """Posts a line into the group."""
    return TestedOut(trouble=await groups.try_out(frame, principal, chat_id))


@router.get("/{notice_id}")
async def one(
    request: Request,
    notice_id: UUID,
    session: Reading,
    principal: RequiredPrincipal,
    frame: TheFrame,
) -> NoticeOut:
    found = await service.one_of(session, principal.id, notice_id)
    return _out(found, frame, language_of(request, frame.settings.default_language))


@router.patch("/{notice_id}")
async def mark(
    request: Request,
    notice_id: UUID,
    body: MarkIn,
    session: Writing,
    principal: RequiredPrincipal,
    frame: TheFrame,
) -> NoticeOut:
    """Read or unread, put away or back."""
    found = await service.mark(
        session, principal.id, notice_id, frame.now(), read=body.read, archived=body.archived
    )
    touch(frame, session, principal.id)
    return _out(found, frame, language_of(request, frame.settings.default_language))
