"""The inbox and what its reader chooses; the chat groups of schools in the administration."""

from dataclasses import dataclass
from datetime import datetime, time
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from tongke_platform.accounts.rights import RequiredPrincipal
from tongke_platform.errors import N_, Forbidden, NotFound, TongkeError
from tongke_platform.frame import Frame, Reading, TheFrame, Writing
from tongke_platform.notices import chat, groups, service
from tongke_platform.notices.hours import Hours
from tongke_platform.notices.kinds import NoticeKind, kinds
from tongke_platform.notices.models import Channel, Choice, Notice
from tongke_platform.notices.rights import CHATS
from tongke_platform.notices.routes import touch
from tongke_platform.notices.texts import Words, words
from tongke_platform.organisations.models import Organisation
from tongke_platform.organisations.repository import OrganisationRepository
from tongke_platform.pages.desk import desk, done
from tongke_platform.pages.languages import Language
from tongke_platform.pages.rendering import Pages, ThePages
from tongke_platform.pages.sections import Section, add_section
from tongke_platform.pages.viewer import viewer_of
from tongke_platform.rights import Principal

router = APIRouter(include_in_schema=False)
SECTION = add_section(
    Section(
        "chats",
        N_("Chat groups"),
        "/admin/chats",
        "bell",
        CHATS,
        N_("groups of the school that hear of its lessons"),
    )
)

PAGE = 30
MAIL_CHOICES = (
    (Choice.NOW, N_("at once")),
    (Choice.DIGEST, N_("once a day")),
    (Choice.OFF, N_("no")),
)


@dataclass(frozen=True)
class Letter:
    """A notice as the inbox shows it."""

    id: UUID
    words: Words
    link: str
    at: datetime
    unread: bool


@dataclass(frozen=True)
class KindRow:
    kind: NoticeKind
    mail: Choice
    chat: Choice


def _letter(notice: Notice, frame: Frame, language: Language) -> Letter:
    return Letter(
        id=notice.id,
        words=words(notice.kind, notice.params, language, frame.settings.zone),
        link=notice.link,
        at=notice.created_at,
        unread=notice.read_at is None,
    )


@router.get("/me/notices")
async def inbox(
    request: Request,
    pages: ThePages,
    frame: TheFrame,
    session: Reading,
    principal: RequiredPrincipal,
    away: bool = False,
    before: UUID | None = None,
) -> Response:
    found = await service.inbox(session, principal.id, archived=away, before=before, limit=PAGE + 1)
    language = pages.language(request)
    return pages.render(
        request,
        "notices/inbox.html",
        viewer=viewer_of(principal),
        letters=[_letter(one, frame, language) for one in found[:PAGE]],
        unread=await service.unread(session, principal.id),
        away=away,
        first=before is None,
        next=found[PAGE - 1].id if len(found) > PAGE else None,
    )


@router.post("/me/notices/read")
async def read_all(
    session: Writing, principal: RequiredPrincipal, frame: TheFrame, until: Annotated[UUID, Form()]
) -> Response:
    await service.read_all(session, principal.id, until, frame.now())
    touch(frame, session, principal.id)
    return RedirectResponse("/me/notices", 303)


@router.get("/me/notices/settings")
async def settings(
    request: Request,
    pages: ThePages,
    session: Reading,
    principal: RequiredPrincipal,
    saved: bool = False,
) -> Response:
    chosen = await service.choices_of(session, principal.id)
    mail, works = await service.mail_of(session, principal.id)
    rows = [
        KindRow(one, chosen[one.name, Channel.MAIL], chosen[one.name, Channel.CHAT])
        for one in kinds()
    ]
    return pages.render(
        request,
        "notices/settings.html",
        viewer=viewer_of(principal),
        rows=rows,
        hours=await service.hours_of(session, principal.id),
        mail=mail,
        mail_works=works,
        mail_choices=MAIL_CHOICES,
        saved=saved,
    )


@router.post("/me/notices/settings")
async def choose(request: Request, session: Writing, principal: RequiredPrincipal) -> Response:
    """What is not understood stays as it was."""
    form = await request.form()
    chosen = await service.choices_of(session, principal.id)
    for kind in kinds():
        mail = form.get(f"mail.{kind.name}")
        if mail in set(Choice):
            chosen[kind.name, Channel.MAIL] = Choice(str(mail))
        ticked = form.get(f"chat.{kind.name}") is not None
        chosen[kind.name, Channel.CHAT] = Choice.NOW if ticked else Choice.OFF
    before = await service.hours_of(session, principal.id)
    hours = Hours(
        _time(form.get("quiet_from"), before.quiet_from),
        _time(form.get("quiet_until"), before.quiet_until),
        _time(form.get("digest_at"), before.digest_at),
    )
    await service.choose(session, principal.id, hours, chosen)
    return RedirectResponse("/me/notices/settings?saved=1", 303)


def _time(value: object, otherwise: time) -> time:
    try:
        found = time.fromisoformat(str(value))
    except ValueError:
        return otherwise
    return found.replace(second=0, microsecond=0, tzinfo=None)


@router.post("/me/notices/{notice_id}")
async def act(
    session: Writing,
    principal: RequiredPrincipal,
    frame: TheFrame,
    notice_id: UUID,
    what: Annotated[str, Form(pattern="^(open|read|away|back)$")],
) -> Response:
    """Open (and see where it leads), read, put away, take back."""
    archived = {"away": True, "back": False}.get(what)
    found = await service.mark(
        session, principal.id, notice_id, frame.now(), read=True, archived=archived
    )
    touch(frame, session, principal.id)
    if what == "open" and found.link:
        return RedirectResponse(found.link, 303)
    return RedirectResponse("/me/notices?away=1" if what == "back" else "/me/notices", 303)


@router.get("/admin/chats")
async def chats(
    request: Request, pages: ThePages, session: Reading, principal: RequiredPrincipal
) -> Response:
    return await _chats(request, pages, session, principal)


async def _chats(
    request: Request,
    pages: Pages,
    session: Reading,
    principal: Principal,
    *,
    status: int = 200,
    trouble: str = "",
    label: str = "",
) -> Response:
    if not CHATS.allows_anywhere(principal):
        raise Forbidden
    return desk(
        request,
        pages,
        principal,
        "notices/chats.html",
        section=SECTION.key,
        status=status,
        chats=await groups.connected(session, principal, limit=200),
        names=chat.NAMES,
        schools=_schools(principal),
        trouble=trouble,
        label=label,
    )


def _schools(principal: Principal) -> list[Organisation]:
    """Where they hold the post that allows it; an administrator of all names the school's code."""
    found = [one for one in principal.places.values() if CHATS.allows(principal, one)]
    return sorted(found, key=lambda one: one.name)


@router.post("/admin/chats")
async def connect(
    request: Request,
    pages: ThePages,
    frame: TheFrame,
    session: Writing,
    principal: RequiredPrincipal,
    school: Annotated[str, Form(max_length=32)] = "",
    label: Annotated[str, Form(max_length=80)] = "",
    address: Annotated[str, Form(max_length=500)] = "",
    secret: Annotated[str, Form(max_length=128)] = "",
) -> Response:
    """A refusal shows the form again; the address itself is never shown."""
    try:
        found = await OrganisationRepository(session).by_code(school.strip())
        if found is None:
            raise NotFound(groups.NO_SCHOOL, code="no_school")
        made = await groups.connect(
            session,
            frame,
            principal,
            organisation_id=found.id,
            label=label,
            address=address,
            secret=secret.strip(),
        )
    except TongkeError as error:
        said = pages.say(request, error.message, error.params)
        return await _chats(
            request, pages, session, principal, status=error.status, trouble=said, label=label
        )
    return done("/admin/chats", N_("%(name)s is connected. Try it with a line."), name=made.label)


@router.post("/admin/chats/{chat_id}/test")
async def try_out(chat_id: UUID, principal: RequiredPrincipal, frame: TheFrame) -> Response:
    trouble = await groups.try_out(frame, principal, chat_id)
    if trouble:
        return done("/admin/chats", N_("The group did not take the line (%(why)s)."), why=trouble)
    return done("/admin/chats", N_("A line was posted. Please look into the group."))


@router.post("/admin/chats/{chat_id}/remove")
async def remove(
    chat_id: UUID, session: Writing, principal: RequiredPrincipal, frame: TheFrame
) -> Response:
    await groups.disconnect(session, frame, principal, chat_id)
    return done("/admin/chats", N_("The group hears no more from here."))
