"""The catalogue's front page: one search box, chips, and rows of what was found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from markupsafe import Markup, escape
from starlette.responses import Response

from tongke_courses.catalogue import fit as fits
from tongke_courses.catalogue import service
from tongke_courses.catalogue.models import Course, CourseState
from tongke_courses.catalogue.page_parts import (
    ClassChoice,
    chosen_class,
    classes_for,
    fit_for,
    paper,
    remember_class,
)
from tongke_courses.catalogue.repository import CourseRepository, Filters
from tongke_courses.catalogue.rights import CREATE
from tongke_courses.lessons.models import Lesson
from tongke_courses.lessons.repository import LessonRepository
from tongke_courses.search import query as search
from tongke_courses.search.query import Result
from tongke_courses.search.snippets import highlight
from tongke_platform.accounts.rights import CurrentPrincipal
from tongke_platform.database import ReadSession
from tongke_platform.errors import N_
from tongke_platform.frame import Reading
from tongke_platform.pages.desk import parse_uuid, query
from tongke_platform.pages.rendering import ThePages
from tongke_platform.rights import Principal

router = APIRouter(include_in_schema=False)
SHOWN = 20
CHIPS = 12
FACETS: Mapping[str, str] = {
    "stage": N_("Stage"),
    "subject": N_("Subject"),
    "edition": N_("Edition"),
    "grade": N_("Grade"),
}
# In the order they are offered in.
KINDS: Mapping[str, str] = {
    "course": N_("Courses"),
    "lesson": N_("Lessons"),
    "material": N_("Materials"),
    "caption": N_("Said in a lesson"),
}
At = Annotated[int, Query(ge=0, le=search.MOST)]


@dataclass(frozen=True)
class Asked:
    """What the address asks for; ``kind`` and ``at`` count only with words ``q``."""

    q: str
    chosen: Mapping[str, str]
    kind: str = ""
    school: str = ""

    def address(self, **other: object) -> str:
        """The same list with something else; the paging begins anew."""
        said = {"q": self.q, **self.chosen, "kind": self.kind, "school": self.school, **other}
        return "/catalogue" + query(**said)


@dataclass(frozen=True)
class Chip:
    label: str
    count: int
    href: str
    chosen: bool


@dataclass(frozen=True)
class Row:
    """``second``: of a lesson, where it was said. ``state`` of a course that is not published."""

    kind: str
    icon: str
    href: str
    title: Markup
    snippet: Markup
    about: Sequence[str]
    state: str = ""
    second: timedelta | None = None
    fit: fits.Fit | None = None
    cover: str = ""


@dataclass(frozen=True)
class Listed:
    rows: Sequence[Row]
    chips: Mapping[str, Sequence[Chip]]
    next: str
    total: int | None = None
    more: bool = False


def _plain(text: str) -> str:
    return text.replace("\0", "").strip()[:80]


def _asked(request: Request) -> Asked:
    given = request.query_params
    chosen = {name: _plain(given.get(name, "")) for name in FACETS}
    kind, school = given.get("kind", ""), parse_uuid(given.get("school", ""))
    return Asked(
        _plain(given.get("q", "")),
        {name: value for name, value in chosen.items() if value},
        kind if kind in KINDS else "",
        str(school) if school else "",
    )


@router.get("/catalogue")
async def catalogue(
    request: Request,
    pages: ThePages,
    session: Reading,
    principal: CurrentPrincipal,
    at: At = 0,
    before: str = "",
) -> Response:
    asked = _asked(request)
    classes = await classes_for(session, principal)
    chosen = chosen_class(request, classes)
    listed = (
        await _found(session, principal, asked, chosen, at)
        if asked.q
        else await _courses(session, principal, asked, chosen, parse_uuid(before))
    )
    answer = paper(
        request, pages, principal, "catalogue/catalogue.html", asked=asked, listed=listed,
        facets=FACETS, kinds=KINDS, classes=classes, chosen=chosen, first=not at and not before,
        may_create=principal is not None and CREATE.allows_anywhere(principal),
    )  # fmt: skip
    return remember_class(request, answer, chosen)


async def _courses(
    session: ReadSession,
    principal: Principal | None,
    asked: Asked,
    chosen: ClassChoice | None,
    before: UUID | None,
) -> Listed:
    """Published courses, the newest first."""
    school = UUID(asked.school) if asked.school else None
    filters = Filters(**asked.chosen, school=school, state=CourseState.PUBLISHED)
    eyes = await service.eyes(session, principal)
    found, after = await service.page(session, eyes, filters, before=before, limit=SHOWN)
    facets = await service.facets(session, eyes, filters, tuple(FACETS))
    counts = {name: {one.value: one.count for one in facets[name]} for name in FACETS}
    fit = await fit_for(session, principal, chosen, found)
    return Listed(
        [_course_row(one, fit.get(one.id)) for one in found],
        _chips(asked, counts),
        asked.address(before=after) if after else "",
    )


def _course_row(course: Course, fit: fits.Fit | None) -> Row:
    return Row(
        "course",
        "book-open",
        f"/courses/{course.id}",
        escape(course.title),
        escape(course.description[:160]),
        [course.school.name, *_of_course(course)],
        "" if course.state is CourseState.PUBLISHED else course.state.value,
        fit=fit,
        cover=course.cover,
    )


def _of_course(course: Course) -> list[str]:
    said = [f"{course.subject} · {course.grade}", course.edition, course.term]
    return [one for one in said if one]


def _chips(asked: Asked, counts: Mapping[str, Mapping[str, int]]) -> dict[str, Sequence[Chip]]:
    """Of each facet the most frequent values; the chosen one first, to be taken off again."""
    found: dict[str, Sequence[Chip]] = {}
    for name in FACETS:
        now = asked.chosen.get(name)
        values = {
            **({now: counts.get(name, {}).get(now, 0)} if now else {}),
            **counts.get(name, {}),
        }
        found[name] = [
            Chip(
                value, number, asked.address(**{name: "" if value == now else value}), value == now
            )
            for value, number in list(values.items())[:CHIPS]
        ]
    return found


async def _found(
    session: ReadSession,
    principal: Principal | None,
    asked: Asked,
    chosen: ClassChoice | None,
    at: int,
) -> Listed:
    facets = {**asked.chosen, "school": asked.school}
    found = await search.find(
        session, principal, asked.q, kinds=[asked.kind] if asked.kind else list(KINDS),
        facets=facets, limit=SHOWN, offset=at, counts=True,
    )  # fmt: skip
    further = at + SHOWN < found.total
    return Listed(
        await _rows(session, principal, found.results, chosen),
        _chips(asked, found.facet_counts),
        asked.address(at=at + SHOWN) if further else "",
        found.total,
        found.more,
    )


async def _rows(
    session: ReadSession,
    principal: Principal | None,
    results: Sequence[Result],
    chosen: ClassChoice | None,
) -> list[Row]:
    """What was found, with the school and how it suits the class."""
    by_kind: dict[str, list[UUID]] = {}
    for one in results:
        by_kind.setdefault(one.kind.name, []).append(one.id)
    courses = await CourseRepository(session).by_ids(by_kind.get("course", []))
    lessons = await _lessons(session, by_kind.get("lesson", []))
    things: list[Course | Lesson] = [*courses.values(), *lessons.values()]
    fit = await fit_for(session, principal, chosen, things)
    schools = {parse_uuid(one.facets.get("school", "")) for one in results} - {None}
    names = await CourseRepository(session).school_names([one for one in schools if one])
    return [_row(one, courses.get(one.id), names, fit.get(one.id)) for one in results]


async def _lessons(session: ReadSession, keys: Sequence[UUID]) -> dict[UUID, Lesson]:
    repository = LessonRepository(session)
    found = await repository.all(repository.base().where(Lesson.id.in_(keys))) if keys else []
    return {one.id: one for one in found}


def _row(
    one: Result, course: Course | None, schools: Mapping[UUID, str], fit: fits.Fit | None
) -> Row:
    key = parse_uuid(one.facets.get("school", ""))
    school = schools.get(key, "") if key else ""
    grade = [one.facets[name] for name in ("subject", "grade") if name in one.facets]
    about = [school, " · ".join(grade), one.facets.get("edition", "")]
    draft = course is not None and course.state is not CourseState.PUBLISHED
    return Row(
        one.kind.name,
        one.kind.icon,
        one.href,
        highlight(one.title),
        highlight(one.snippet),
        [word for word in about if word],
        course.state.value if draft and course else "",
        timedelta(seconds=one.at_seconds or 0),
        fit,
        course.cover if course is not None else "",
    )
