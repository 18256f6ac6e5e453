"""What the pages of the catalogue share: who looks, for which class, and lessons in a list."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from tongke_courses.catalogue import fit as fits
from tongke_courses.catalogue.follow_repository import FollowRepository
from tongke_courses.catalogue.models import Course, Licence
from tongke_courses.catalogue.rights import FOLLOW
from tongke_courses.lessons.models import Lesson, LessonState
from tongke_courses.lessons.visibility import Visibility
from tongke_courses.materials.downloads import href_of
from tongke_courses.materials.models import Material, MaterialKind
from tongke_courses.materials.repository import MaterialRepository
from tongke_courses.materials.rights import ONLY_HERE, SIGN_IN, licence_in, why_not
from tongke_courses.takehome import members
from tongke_courses.takehome import service as archives
from tongke_courses.takehome.contents import Contents
from tongke_courses.takehome.routes import archive_say
from tongke_platform.database import ReadSession
from tongke_platform.errors import N_
from tongke_platform.frame import Frame
from tongke_platform.pages.desk import desk, parse_uuid
from tongke_platform.pages.rendering import Pages
from tongke_platform.rights import Principal

CLASS_COOKIE = "tongke_class"
_YEAR_S = 366 * 86_400
_BATCH = 500

LICENCES: Mapping[Licence, str] = {
    Licence.SCHOOLS: N_("For schools of this platform, in their lessons"),
    Licence.VIEW: N_("To be watched here only"),
    Licence.CC_BY: N_("CC BY: use freely, name the authors"),
    Licence.CC_BY_NC: N_("CC BY-NC: name the authors, not for money"),
    Licence.CC_BY_NC_SA: N_("CC BY-NC-SA: name the authors, not for money, share alike"),
    Licence.CC0: N_("CC0: use freely"),
}
VISIBILITIES: Mapping[Visibility, str] = {
    Visibility.ROOMS: N_("The classrooms that receive it, and our school"),
    Visibility.PARTNERSHIP: N_("Partner schools as well"),
    Visibility.SIGNED_IN: N_("Everybody with an account"),
    Visibility.PUBLIC: N_("Everybody, without signing in"),
}
KIND_ICONS: Mapping[MaterialKind, str] = {
    MaterialKind.SOUND: "volume-2",
    MaterialKind.VIDEO: "video",
    MaterialKind.LINK: "link",
    MaterialKind.CAPTIONS: "captions",
}

REMARKS: Mapping[str, str] = {
    ONLY_HERE: N_("only to be watched here"),
    SIGN_IN: N_("to take it home, please log in"),
}


def paper(
    request: Request,
    pages: Pages,
    principal: Principal | None,
    template: str,
    *,
    status: int = 200,
    **values: object,
) -> Response:
    """A page for somebody signed in, with their toast, or for anybody."""
    if principal is not None:
        return desk(request, pages, principal, template, section="", status=status, **values)
    return pages.render(
        request, template, status=status, viewer=None, section="", toast=None, **values
    )


@dataclass(frozen=True)
class ClassChoice:
    """A class as it is called this year."""

    id: UUID
    name: str
    school: str


async def classes_for(session: ReadSession, principal: Principal | None) -> list[ClassChoice]:
    """Those the principal may let follow; none for who may everywhere: they are of no school."""
    if principal is None or FOLLOW.allows_everywhere(principal):
        return []
    if not FOLLOW.allows_anywhere(principal):
        return []
    return [ClassChoice(*row) for row in await FollowRepository(session).choices(principal)]


def chosen_class(request: Request, classes: Sequence[ClassChoice]) -> ClassChoice | None:
    """The class of the address, else the one chosen last, else the only one there is."""
    by_id = {one.id: one for one in classes}
    asked = request.query_params.get("class")
    if asked is not None:
        return by_id.get(key) if (key := parse_uuid(asked)) else None
    kept = parse_uuid(request.cookies.get(CLASS_COOKIE, ""))
    if kept is not None and kept in by_id:
        return by_id[kept]
    return classes[0] if len(classes) == 1 else None


def remember_class(request: Request, answer: Response, chosen: ClassChoice | None) -> Response:
    if request.query_params.get("class") is not None:
        key = str(chosen.id) if chosen else ""
        answer.set_cookie(CLASS_COOKIE, key, max_age=_YEAR_S, httponly=True, samesite="lax")
    return answer


async def fit_for(
    session: ReadSession,
    principal: Principal | None,
    chosen: ClassChoice | None,
    things: Sequence[Course | Lesson],
    course: Course | None = None,
) -> Mapping[UUID, fits.Fit]:
    """Empty when no class is chosen. Whoever may let a class follow may watch its lessons."""
    if principal is None or chosen is None or not things:
        return {}
    return await fits.fit(session, principal, things, chosen.id, course)


@dataclass(frozen=True)
class MaterialLine:
    """``remark``: what its licence keeps from who looks, as a message; empty for nothing."""

    id: UUID
    title: str
    icon: str
    size: int
    href: str
    link: bool
    captions: bool
    remark: str


@dataclass(frozen=True)
class LessonLine:
    lesson: Lesson
    materials: Sequence[MaterialLine] = ()
    fit: fits.Fit | None = None

    @property
    def replay(self) -> bool:
        return self.lesson.state is LessonState.ENDED and self.lesson.started_at is not None

    @property
    def captions(self) -> bool:
        return any(one.captions for one in self.materials)


@dataclass
class Part:
    """A unit with its lessons; the first may have no ``title``: lessons of no unit."""

    id: UUID | None
    title: str
    lines: list[LessonLine] = field(default_factory=list)
    size: int = 0
    files: int = 0


def material_line(one: Material, licence: Licence, *, of_school: bool) -> MaterialLine:
    """``of_school`` as in ``why_not``."""
    why = why_not(licence_in(one, licence), of_school=of_school)
    return MaterialLine(
        one.id,
        one.title,
        KIND_ICONS.get(one.kind, "file-text"),
        one.current.file.size if one.current else 0,
        href_of(one.current) if one.current else one.url,
        link=not one.current,
        captions=one.kind is MaterialKind.CAPTIONS,
        remark=REMARKS.get(why, "") if one.current else "",
    )


def material_lines(
    found: Sequence[Material], licence: Licence, *, of_school: bool
) -> list[MaterialLine]:
    return [material_line(one, licence, of_school=of_school) for one in found]


async def materials_of(
    session: ReadSession, lessons: Mapping[UUID, Licence], *, of_school: bool
) -> dict[UUID, list[MaterialLine]]:
    """By lesson, those that are shown; each has its size before anybody downloads it. ``lessons``:
    with the licence each is under.
    """
    keys = list(lessons)
    found: dict[UUID, list[MaterialLine]] = {}
    for start in range(0, len(keys), _BATCH):
        for one in await MaterialRepository(session).of_lessons(keys[start : start + _BATCH]):
            assert one.lesson_id is not None, "asked for by lesson"
            found.setdefault(one.lesson_id, []).append(
                material_line(one, lessons[one.lesson_id], of_school=of_school)
            )
    return found


@dataclass(frozen=True)
class Home:
    """What may be taken home: bytes of the archive, files in it, and how much stays."""

    size: int
    files: int
    stays: int


def home_of(frame: Frame, found: Contents) -> Home:
    """No file is read for it."""
    made = members.archive_members(found, archive_say(frame))
    files = sum(one.file for one in made)
    return Home(archives.size_of(made), files, len(found.left_out))


def unit_of(found: Contents, key: UUID) -> Contents:
    """What ``contents.of_unit`` would answer, from the whole course."""
    unit = next(one for one in found.units if one.id == key)
    lessons = [one for one in found.lessons if one.unit is not None and one.unit.id == key]
    return replace(
        found, kind="unit", id=key, title=unit.title, description="", units=[unit],
        general=[], general_left_out=[], lessons=lessons,
    )  # fmt: skip
