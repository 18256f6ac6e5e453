"""Pages of lessons: today, the lead desk, a classroom, the replay."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Literal
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from tongke_courses.boards import page_parts as boards
from tongke_courses.catalogue import links
from tongke_courses.lessons import rights, seeing, service
from tongke_courses.lessons.dependencies import LedLesson, parse_id
from tongke_courses.lessons.models import Lesson, LessonState
from tongke_courses.lessons.rights import WATCH
from tongke_courses.lessons.schemas import addresses
from tongke_courses.lessons.visibility import Visibility
from tongke_courses.materials import captioning
from tongke_platform.accounts.rights import CurrentPrincipal, RequiredPrincipal
from tongke_platform.database import ReadSession
from tongke_platform.devices.pages import kept_page, sightings_of
from tongke_platform.errors import N_, NotFound, Unauthorized
from tongke_platform.frame import Frame, Reading, TheFrame, Writing
from tongke_platform.organisations import service as organisations
from tongke_platform.organisations.models import Room
from tongke_platform.pages import times
from tongke_platform.pages.desk import desk, done
from tongke_platform.pages.languages import Language
from tongke_platform.pages.rendering import Pages, ThePages, login_address
from tongke_platform.pages.sections import Section, Waiting, add_section
from tongke_platform.pages.viewer import viewer_of
from tongke_platform.rights import Principal

router = APIRouter(include_in_schema=False)

RECENT = timedelta(minutes=30)
INVITED = add_section(
    Section(
        "invited",
        N_("Lessons offered"),
        "/admin/lesson-invitations",
        "inbox",
        rights.ANSWER,
        N_("lessons from elsewhere that invited one of your classrooms"),
        (
            Waiting(
                N_("Lessons offered that you may still decline: %(count)s"),
                "/admin/lesson-invitations",
                rights.ANSWER,
                service.offered,
            ),
        ),
    )
)


@dataclass(frozen=True)
class LessonView:
    """A lesson as pages show it."""

    id: str
    title: str
    subject: str
    grade: str
    school: str
    teacher: str
    state: str
    planned_start: datetime | None
    planned_length: timedelta


@dataclass(frozen=True)
class Action:
    """A button of a lesson; ``room`` names the classroom a ``room`` button enters."""

    kind: Literal["teach", "room", "replay"]
    href: str
    room: str = ""


@dataclass(frozen=True)
class Stop:
    """A lesson on the line of the day; ``next`` is the one shown large."""

    lesson: LessonView
    actions: Sequence[Action] = field(default_factory=tuple)
    next: bool = False


def view_of(lesson: Lesson) -> LessonView:
    return LessonView(
        id=str(lesson.id),
        title=lesson.title,
        subject=lesson.subject,
        grade=lesson.grade,
        school=lesson.school.name,
        teacher=lesson.teacher.display_name,
        state=lesson.state.value,
        planned_start=lesson.planned_start,
        planned_length=timedelta(minutes=lesson.planned_minutes),
    )


def replay_page(lesson: Lesson) -> str:
    return f"/lessons/{lesson.id}/replay"


def actions_of(principal: Principal, lesson: Lesson) -> list[Action]:
    """What this person does with this lesson next: one button, or one for each of their rooms."""
    if lesson.state is LessonState.ENDED:
        return [Action("replay", replay_page(lesson))]
    if rights.may_lead(principal, lesson):
        return [Action("teach", f"/lessons/{lesson.id}/teach")]
    return [
        Action("room", f"/room/{room.token}", room.name)
        for room in rights.rooms_reached(lesson, principal.today)
        if room.revoked_at is None and WATCH.allows(principal, room.school)
    ]


def next_of(lessons: Sequence[Lesson], now: datetime) -> Lesson | None:
    """The one going on, else the first that is neither over nor past its planned end."""
    live = (one for one in lessons if one.state is LessonState.LIVE)
    coming = (one for one in lessons if one.state is LessonState.PLANNED and one.planned_end > now)
    return next(live, None) or next(coming, None)


def next_of_room(lessons: Sequence[Lesson], now: datetime) -> Lesson | None:
    """What a classroom's screen is about; when nothing comes, the lesson that has just ended."""
    coming = next_of(lessons, now)
    ended = [one for one in lessons if one.state is LessonState.ENDED]
    last = max(ended, key=lambda one: one.ended_at or one.starts_at, default=None)
    if coming is None or last is None or coming.state is LessonState.LIVE:
        return coming or last
    just_ended = last.ended_at is not None and now - last.ended_at < RECENT
    return last if just_ended and coming.starts_at - now > RECENT else coming


@router.get("/")
async def today(
    request: Request,
    pages: ThePages,
    frame: TheFrame,
    session: Reading,
    principal: CurrentPrincipal,
) -> Response:
    if principal is None:
        return RedirectResponse(login_address(request), 303)
    now = frame.now()
    lessons = await service.today(session, principal, now, frame.settings.zone)
    coming = next_of(lessons, now)
    stops = [Stop(view_of(one), actions_of(principal, one), one is coming) for one in lessons]
    return pages.render(request, "lessons/today.html", viewer=viewer_of(principal), stops=stops)


@router.get("/lessons/{lesson_id}/teach")
async def teach(
    request: Request, pages: ThePages, lesson: LedLesson, principal: CurrentPrincipal
) -> Response:
    assert principal is not None, "LedLesson asks for an account"
    values: dict[str, Any] = {"viewer": viewer_of(principal), "lesson": view_of(lesson)}
    if lesson.state is LessonState.ENDED:
        return pages.render(request, "lessons/over.html", replay_url=replay_page(lesson), **values)
    return pages.render(request, "lessons/teach.html", data=_desk(pages, lesson), **values)


def _desk(pages: Pages, lesson: Lesson) -> dict[str, Any]:
    where = addresses(lesson.id)
    started = lesson.started_at
    return {
        "lesson": {
            "id": str(lesson.id),
            "title": lesson.title,
            "state": lesson.state.value,
            "started_at": started.isoformat() if started else None,
        },
        "rooms": [
            {
                "id": str(room.id),
                "name": room.name,
                "school": room.school.name,
                "class_size": room.class_size,
            }
            for room in lesson.rooms
        ],
        "topic": where.topic,
        "whip_url": where.whip,
        "tokens_url": f"/api/lessons/{lesson.id}/tokens",
        "end_url": f"/api/lessons/{lesson.id}/end",
        "replay_page": replay_page(lesson),
        "ticker_url": pages.asset("ticker.js"),
    }


@router.get("/room/{token}")
async def classroom(
    request: Request, pages: ThePages, frame: TheFrame, session: Reading, token: str
) -> Response:
    room = await organisations.room_of_token(session, token)
    await sightings_of(request).seen(room, request.headers.get("user-agent", ""))
    if kept := kept_page(request, pages, room):
        return kept
    data = {
        "token": token,
        "now": frame.now().isoformat(),
        "next_url": f"/room/{quote(token)}/next",
        "lesson": await _room_lesson(session, frame, room, pages.language(request)),
    }
    shown = {"name": room.name, "school": room.school.name}
    return pages.render(request, "lessons/room.html", room=shown, data=data)


@router.get("/room/{token}/next")
async def classroom_next(
    request: Request, pages: ThePages, frame: TheFrame, session: Reading, token: str
) -> dict[str, Any]:
    """What the classroom's page asks now and then: is there another lesson by now?"""
    room = await organisations.room_of_token(session, token)
    return {"lesson": await _room_lesson(session, frame, room, pages.language(request))}


async def _room_lesson(
    session: Reading, frame: Frame, room: Room, language: Language
) -> dict[str, Any] | None:
    now, zone = frame.now(), frame.settings.zone
    lesson = next_of_room(await service.today_of_room(session, room, now, zone), now)
    if lesson is None:
        return None
    where = addresses(lesson.id)
    view = view_of(lesson)
    return {
        "id": view.id,
        "title": view.title,
        "subject": view.subject,
        "grade": view.grade,
        "school": view.school,
        "teacher": view.teacher,
        "state": view.state,
        "planned_start": lesson.starts_at.isoformat(),
        "start_words": times.said(lesson.starts_at, now, language, zone),
        "addresses": {
            "whep": where.whep,
            "hls": where.hls,
            "topic": where.topic,
            "replay_page": replay_page(lesson),
        },
    }


@router.get("/lessons/{lesson_id}/replay")
async def replay(
    request: Request,
    pages: ThePages,
    frame: TheFrame,
    session: Reading,
    principal: CurrentPrincipal,
    lesson_id: str,
    token: str = "",
) -> Response:
    """For those who may watch the lesson (a public one: everybody), and with ``?token=`` for a room
    that received it or a class at home.
    """
    lesson = await service.get(session, parse_id(lesson_id))
    link = await links.of_token(session, token, frame.now()) if token else None
    if link is not None and await links.opens(session, link, lesson, frame.now(), frame.today()):
        return await _replay_at_home(request, pages, session, lesson, token)
    room = None
    if token and link is None:
        room = await _room_watching(session, lesson, token, frame.today())
    if room is None and lesson.visibility is not Visibility.PUBLIC:
        if principal is None:
            raise Unauthorized
        await seeing.check_watch(session, principal, lesson)
    view = view_of(lesson)
    if lesson.state is not LessonState.ENDED or lesson.started_at is None:
        viewer = viewer_of(principal) if principal else None
        return pages.render(request, "lessons/not_yet.html", viewer=viewer, lesson=view)
    source = addresses(lesson.id).replay + (f"?token={quote(token)}" if room else "")
    back = f"/room/{quote(token)}" if room else "/"
    topics = await boards.about(session, principal, lesson_id=lesson.id)
    # A classroom that watches again says so now and then.
    seen = {"topic": addresses(lesson.id).topic, "token": token} if room else {}
    return pages.render(
        request,
        "lessons/replay.html",
        lesson=view,
        back=back,
        captions=await _captions(session, lesson, token if room else ""),
        topics=topics,
        data={"source": source, "formulas": pages.asset("formulas.css")} | seen,
    )


async def _replay_at_home(
    request: Request, pages: Pages, session: ReadSession, lesson: Lesson, token: str
) -> Response:
    source = f"{addresses(lesson.id).replay}?token={quote(token)}"
    return pages.render(
        request,
        "lessons/replay.html",
        lesson=view_of(lesson),
        back=f"/home/{quote(token)}",
        captions=await _captions(session, lesson, token),
        topics=None,
        data={"source": source},
    )


async def _captions(session: ReadSession, lesson: Lesson, token: str) -> str:
    """Their address, empty without any; ``token`` is what the page was opened with."""
    if not await captioning.has_captions(session, lesson.id):
        return ""
    return f"/api/lessons/{lesson.id}/captions.vtt" + (f"?token={quote(token)}" if token else "")


async def _room_watching(session: Reading, lesson: Lesson, token: str, day: date) -> Room | None:
    room = await organisations.room_of_token(session, token)
    return room if rights.room_may_watch(room, lesson, day) else None


@router.get("/admin/lesson-invitations")
async def invited(
    request: Request,
    pages: ThePages,
    frame: TheFrame,
    session: Reading,
    principal: RequiredPrincipal,
) -> Response:
    """Lessons that classrooms of theirs were invited to by name."""
    found = await service.invitations(session, principal, frame.now())
    return desk(
        request,
        pages,
        principal,
        "admin/lessons/invited.html",
        section=INVITED.key,
        found=found,
    )


@router.post("/admin/lesson-invitations/{invitation_id}/decline")
async def decline(
    frame: TheFrame, session: Writing, principal: RequiredPrincipal, invitation_id: str
) -> Response:
    try:
        key = UUID(invitation_id)
    except ValueError:
        raise NotFound from None
    found = await service.decline(frame, session, principal, key)
    return done(INVITED.href, N_("%(room)s does not receive the lesson."), room=found.room.name)
