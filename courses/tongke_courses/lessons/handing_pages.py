"""Lessons to come as the academic office looks after them: who teaches them, and who else could."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import Response

from tongke_courses.lessons import handing, rights
from tongke_courses.lessons.dependencies import parse_id
from tongke_platform.accounts.rights import RequiredPrincipal
from tongke_platform.errors import N_, Invalid
from tongke_platform.frame import Reading, TheFrame, Writing
from tongke_platform.pages.desk import desk, done, parse_uuid
from tongke_platform.pages.rendering import ThePages
from tongke_platform.pages.sections import Section, Waiting, add_section
from tongke_platform.undo import service as undos

router = APIRouter(include_in_schema=False)
LIST = "/admin/lessons"
SECTION = add_section(
    Section(
        "lessons",
        N_("Lessons to come"),
        LIST,
        "book-open",
        rights.ASSIGN,
        N_("who teaches which planned lesson, and who stands in"),
        (
            Waiting(
                N_("Lessons to come that have no teacher any more: %(count)s"),
                LIST,
                rights.ASSIGN,
                handing.waiting,
            ),
        ),
    )
)
HANDED = N_("%(name)s teaches %(title)s now.")


@router.get(LIST)
async def show(
    request: Request,
    pages: ThePages,
    frame: TheFrame,
    session: Reading,
    principal: RequiredPrincipal,
    q: Annotated[str, Query(max_length=80)] = "",
    state: Annotated[str, Query(max_length=20)] = "",
) -> Response:
    q, unled = q.strip().replace("\0", ""), state == "unled"
    found = await handing.to_come(session, principal, frame.now(), unled=unled, q=q)
    return desk(
        request, pages, principal, "admin/lessons/to_come.html", section=SECTION.key,
        found=found, q=q, unled=unled, many=handing.SHOWN,
    )  # fmt: skip


@router.get("/admin/lessons/{lesson_id}")
async def one(
    request: Request,
    pages: ThePages,
    frame: TheFrame,
    session: Reading,
    principal: RequiredPrincipal,
    lesson_id: str,
) -> Response:
    """Who teaches it, whom it reaches, and who could take it over."""
    lesson = await handing.to_hand(session, parse_id(lesson_id), principal)
    return desk(
        request, pages, principal, "admin/lessons/hand.html", section=SECTION.key, lesson=lesson,
        teachers=await handing.teachers(session, frame, lesson),
    )  # fmt: skip


@router.post("/admin/lessons/{lesson_id}/teacher")
async def hand(
    frame: TheFrame,
    session: Writing,
    principal: RequiredPrincipal,
    lesson_id: str,
    teacher: Annotated[str, Form(max_length=40)] = "",
) -> Response:
    chosen = parse_uuid(teacher)
    if chosen is None:
        await handing.to_hand(session, parse_id(lesson_id), principal)
        raise Invalid(handing.NO_TEACHER, code="no_teacher")
    lesson, kept = await handing.hand(frame, session, parse_id(lesson_id), chosen, principal)
    undo = await undos.keep(session, principal, "lessons.hand", kept, frame.now())
    name = lesson.teacher.display_name
    return done(LIST, HANDED, undo=undo.id, name=name, title=lesson.title)
