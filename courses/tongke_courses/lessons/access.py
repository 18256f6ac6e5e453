"""What a credential opens: media tokens, API tokens, room tokens and logins, for one lesson."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol
from uuid import UUID

from pydantic import BaseModel, ValidationError
from starlette.requests import HTTPConnection

from tongke_courses.catalogue import links, settling
from tongke_courses.catalogue.link_repository import LinkRepository
from tongke_courses.catalogue.models import ClassLink
from tongke_courses.lessons import rights, seeing, service
from tongke_courses.lessons.dependencies import parse_id
from tongke_courses.lessons.models import Lesson
from tongke_courses.lessons.repository import LessonRepository
from tongke_courses.lessons.visibility import Visibility
from tongke_platform.accounts.rights import COOKIE, bearer
from tongke_platform.accounts.scopes import check_scopes
from tongke_platform.accounts.service import (
    principal_of,
    principal_of_api_token,
    principal_of_cookie,
)
from tongke_platform.consent import service as consent
from tongke_platform.database import ReadSession
from tongke_platform.errors import N_, Forbidden, NotFound, TongkeError, Unauthorized
from tongke_platform.frame import Frame
from tongke_platform.media_tokens import MediaClaims, looks_like_media_token
from tongke_platform.organisations.models import Room
from tongke_platform.organisations.repository import RoomRepository
from tongke_platform.rights import Principal, Way
from tongke_streaming.authorizer import Act, Grant
from tongke_streaming.frames import Refused

OTHER_LESSON = N_("This link is for another lesson.")
# What a classroom sends is a source of its own, room-{name}.
ROOM_SOURCE = "room-"
OTHER_ACT = N_("This link does not allow that.")


class Credential(BaseModel, frozen=True):
    """What a media session was opened with, kept beside it so that it can be asked again: what a
    media token said, a person with the login or API token they came by, a classroom with a mark of
    the address it came by, a class's link for home, or nothing at all for a public lesson. No secret.
    """

    person: UUID | None = None
    login: UUID | None = None
    api_token: UUID | None = None
    room: UUID | None = None
    address: str = ""
    link: UUID | None = None
    public: bool = False
    claims: MediaClaims | None = None

    @property
    def way(self) -> Way:
        return self.claims.way if self.claims is not None else Way(self.login, self.api_token)

    def packed(self) -> str:
        return self.model_dump_json(exclude_defaults=True)


def _mark(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Access:
    """What somebody may do with ``lesson``; ``room`` is set for a classroom's page."""

    lesson: Lesson
    may_publish: bool
    may_watch: bool
    holder: str
    label: str
    credential: Credential
    source: str = "lead"
    room: str | None = None


class Anybody:
    """Who has shown no credential: a public lesson is for them as well."""


Who = Principal | Room | MediaClaims | ClassLink | Anybody
ANYBODY = Anybody()


async def resolve(frame: Frame, connection: HTTPConnection, lesson_id: str) -> Access:
    """Raises Unauthorized (no credential, a wrong one, an expired one), NotFound, Forbidden.

    A token in the request is the only credential looked at; the cookie counts without one.
    """
    header = bearer(connection)
    token = header or connection.query_params.get("token")
    async with frame.database.read() as session:
        who = await _credential(frame, session, connection, token, in_header=header is not None)
        lesson = await LessonRepository(session).by_id(parse_id(lesson_id))
    if lesson is None and isinstance(who, Anybody):
        raise Unauthorized
    if lesson is None:
        raise NotFound(rights.NO_LESSON, code="no_lesson")
    return await _allowed(frame, who, lesson)


async def _allowed(frame: Frame, who: Who, lesson: Lesson) -> Access:
    if isinstance(who, Anybody):
        return _of_anybody(lesson)
    if isinstance(who, MediaClaims):
        access = _of_claims(who, lesson)
        await _check_holder(frame, access)
        return access
    if isinstance(who, Room):
        return _of_room(who, lesson, frame.today())
    async with frame.database.read() as session:
        if isinstance(who, ClassLink):
            return await _of_link(frame, session, who, lesson)
        await seeing.check_watch(session, who, lesson)
    return _of_person(who, lesson)


async def still(frame: Frame, lesson: Lesson, act: Act, credential: str) -> bool:
    """Whether a session of ``lesson`` that was let in with ``credential`` would be let in now.

    A token or a login that has run out since ends nothing that it began; one that was ended does.
    """
    try:
        known = Credential.model_validate_json(credential)
        async with frame.database.read() as session:
            who = await _known(frame, session, known)
        if who is None:
            return False
        access = await _allowed(frame, who, lesson)
        if act == "publish":
            await check_consent(frame, access)
    except (TongkeError, ValidationError):
        return False
    return access.may_publish if act == "publish" else access.may_watch


async def all_may_watch(frame: Frame, lesson: Lesson, credentials: Sequence[str]) -> bool:
    """As ``still`` for each of those who watch; the classrooms, who are many, in one query."""
    try:
        known = [Credential.model_validate_json(one) for one in credentials]
    except ValidationError:
        return False
    rooms = [one.room for one in known if one.room is not None]
    async with frame.database.read() as session:
        there = {one.id: one for one in await RoomRepository(session).by_ids(rooms)}
    for one in known:
        if one.room is None:
            may = await still(frame, lesson, "watch", one.packed())
        else:
            may = _room_may_watch(there.get(one.room), one, lesson, frame.today())
        if not may:
            return False
    return True


def _room_may_watch(room: Room | None, known: Credential, lesson: Lesson, day: date) -> bool:
    if room is None or _mark(room.token) != known.address:
        return False
    return rights.room_may_watch(room, lesson, day)


async def _known(frame: Frame, session: ReadSession, known: Credential) -> Who | None:
    if known.public:
        return ANYBODY
    if known.link is not None:
        return await LinkRepository(session).by_id(known.link)
    if known.claims is not None:
        return known.claims
    if known.room is not None:
        room = await RoomRepository(session).by_id(known.room)
        return room if room is not None and _mark(room.token) == known.address else None
    if known.person is None:
        return None
    return await _active(frame, session, known.person, known.way)


async def _active(frame: Frame, session: ReadSession, key: UUID, way: Way) -> Principal | None:
    found = await principal_of(session, key, frame.today(), way=way)
    return found if found is not None and found.person.deactivated_at is None else None


async def _credential(
    frame: Frame,
    session: ReadSession,
    connection: HTTPConnection,
    token: str | None,
    *,
    in_header: bool,
) -> Who:
    now, today = frame.now(), frame.today()
    if token is None:
        cookie = connection.cookies.get(COOKIE)
        principal = await principal_of_cookie(session, cookie, now, today) if cookie else None
        return principal or ANYBODY
    if looks_like_media_token(token):
        return frame.media_tokens.read(token)
    # An API token opens everything its owner may do: it never belongs in an address.
    owner = await principal_of_api_token(session, token, now, today) if in_header else None
    if owner is not None:
        check_scopes(owner, connection)
        return owner
    room = await RoomRepository(session).by_token(token)
    if room is not None:
        return room
    link = None if in_header else await links.of_token(session, token, now)
    if link is None:
        raise Unauthorized(N_("This link is not valid."), code="bad_token")
    return link


def _of_claims(claims: MediaClaims, lesson: Lesson) -> Access:
    if claims.lesson != str(lesson.id):
        raise Forbidden(OTHER_LESSON, code="other_lesson")
    return Access(
        lesson=lesson,
        may_publish=claims.act == "publish",
        may_watch=claims.act == "watch",
        holder=claims.holder,
        label=claims.label,
        source=claims.source,
        room=claims.room,
        credential=Credential(claims=_lasting(claims)),
    )


def _lasting(claims: MediaClaims) -> MediaClaims:
    """What counts of them later: the same for every token somebody asks for to watch."""
    plain: dict[str, object] = {"label": "", "exp": 0}
    if claims.act == "watch":
        plain["source"] = "lead"
    return claims.model_copy(update=plain)


async def _check_holder(frame: Frame, access: Access) -> None:
    """What a person handed to a program is good for as long as they may do it themselves, and what
    was made for a classroom as long as that is taught there. Raises Unauthorized, Forbidden.
    """
    if access.room is not None:
        await _check_room(frame, access)
    key = rights.person_of(access.holder)
    if key is None:
        return
    async with frame.database.read() as session:
        holder = await _active(frame, session, key, access.credential.way)
        if holder is None:
            raise Unauthorized(N_("This link is not valid."), code="bad_token")
        if access.may_publish:
            rights.check_lead(holder, access.lesson)
        else:
            await seeing.check_watch(session, holder, access.lesson)


async def _check_room(frame: Frame, access: Access) -> None:
    async with frame.database.read() as session:
        room = await RoomRepository(session).by_id(parse_id(access.room or ""))
    if room is None or not rights.room_may_watch(room, access.lesson, frame.today()):
        raise Forbidden(OTHER_LESSON, code="other_lesson")


def _of_room(room: Room, lesson: Lesson, day: date) -> Access:
    if not rights.room_may_watch(room, lesson, day):
        raise Forbidden(OTHER_LESSON, code="other_lesson")
    return Access(
        lesson=lesson,
        may_publish=False,
        may_watch=True,
        holder=f"room:{room.id}",
        label=room.name,
        room=str(room.id),
        credential=Credential(room=room.id, address=_mark(room.token)),
    )


def _of_anybody(lesson: Lesson) -> Access:
    if lesson.visibility is not Visibility.PUBLIC:
        raise Unauthorized
    return _watching(lesson, "anybody", Credential(public=True))


async def _of_link(frame: Frame, session: ReadSession, link: ClassLink, lesson: Lesson) -> Access:
    if not await links.opens(session, link, lesson, frame.now(), frame.today()):
        raise Forbidden(OTHER_LESSON, code="other_lesson")
    return _watching(lesson, f"link:{link.id}", Credential(link=link.id))


def _watching(lesson: Lesson, holder: str, credential: Credential) -> Access:
    """Of somebody without a name."""
    return Access(
        lesson=lesson,
        may_publish=False,
        may_watch=True,
        holder=holder,
        label="",
        credential=credential,
    )


def _of_person(principal: Principal, lesson: Lesson) -> Access:
    return Access(
        lesson=lesson,
        may_publish=rights.may_lead(principal, lesson),
        may_watch=True,
        holder=rights.holder_of(principal),
        label=principal.name,
        credential=Credential(
            person=principal.id, login=principal.way.login, api_token=principal.way.api_token
        ),
    )


async def check_consent(frame: Frame, access: Access) -> None:
    """A classroom's picture and sound are recorded with the lesson: that takes the consent of every
    child's guardian. Raises Forbidden.
    """
    if not access.source.startswith(ROOM_SOURCE):
        return
    async with frame.database.read() as session:
        room = None
        if access.room is not None:
            room = await RoomRepository(session).by_id(parse_id(access.room))
        if room is None:
            raise Forbidden(OTHER_ACT, code="other_act")
        await consent.check_recording(session, room, frame.today())


async def _note_voice(frame: Frame, access: Access) -> None:
    """A classroom is about to be heard or seen: its school has a say in whether that is public."""
    if access.room is None or not access.source.startswith(ROOM_SOURCE):
        return
    async with frame.database.write() as session:
        await settling.heard(session, access.lesson.id, parse_id(access.room))


class Recorder(Protocol):
    async def before_publish(self, lesson: Lesson) -> None:
        """Open the recording of a lesson; must not fail when that is impossible."""
        ...


class LessonAuthorizer:
    """The streaming package's question who may publish and who may watch, answered from lessons.

    A new publisher is let in once the recording is open.
    """

    def __init__(self, frame: Frame, recorder: Recorder) -> None:
        self._frame = frame
        self._recorder = recorder

    async def authorize(self, connection: HTTPConnection, lesson: str, act: Act) -> Grant:
        """Raises frames.Refused: 401, 403, 404, 409 ``lesson_over``."""
        try:
            access = await resolve(self._frame, connection, lesson)
            allowed = access.may_publish if act == "publish" else access.may_watch
            if not allowed:
                raise Forbidden(OTHER_ACT, code="other_act")
            if act == "publish" and connection.scope.get("method") == "POST":
                service.check_publishable(access.lesson)
                await check_consent(self._frame, access)
                await _note_voice(self._frame, access)
                await self._recorder.before_publish(access.lesson)
        except TongkeError as error:
            said = self._frame.translate(connection, error.message)
            raise Refused(error.status, error.code, said, error.retry_after) from error
        return Grant(
            lesson=str(access.lesson.id),
            act=act,
            holder=access.holder,
            media_key=access.lesson.media_key,
            source=access.source,
            label=access.label,
            room=access.room,
            credential=access.credential.packed(),
        )
