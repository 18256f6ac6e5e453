"""Who may send files, and who may see, edit and take home a material.

A material is its lesson's or its course's: who leads the lesson or edits the course edits it, who
may watch the lesson or see the course sees it. A lesson or course that exists answers 403 to those
it is not for, as lessons do; a material taken away is not there for those who only see.
"""

from tongke_courses.catalogue import rights as course_rights
from tongke_courses.catalogue.models import Course, Licence
from tongke_courses.catalogue.repository import CourseRepository
from tongke_courses.lessons import rights as lesson_rights
from tongke_courses.lessons import seeing
from tongke_courses.lessons.models import Lesson
from tongke_courses.lessons.repository import LessonRepository
from tongke_courses.lessons.visibility import Visibility
from tongke_courses.materials.models import Material
from tongke_platform.database import ReadSession
from tongke_platform.errors import N_, Forbidden, NotFound, Unauthorized
from tongke_platform.rights import STAFF, Principal, Role, Rule

UPLOAD = Rule(
    "materials.upload",
    N_("Send files, for materials of lessons and courses one leads, and for one's groups"),
    STAFF
    | {
        Role.ADMIN,
        Role.BUREAU_ADMIN,
        Role.RESEARCHER,
        Role.GROUP_HEAD,
        Role.LEAD_PLANNER,
        Role.GROUP_MEMBER,
        Role.GROUP_RESEARCHER,
    },
)
RULES = (UPLOAD,)

NO_MATERIAL = N_("There is no such material.")
NOT_YOURS = N_("This material is not for your school.")
NOT_EDITING = N_("Only those who lead the lesson or edit the course may do this.")
ONLY_HERE = N_("This material may be watched here, but not taken home: its licence says so.")
SIGN_IN = N_("Schools of this platform may take it home. Please log in first.")

Owner = Lesson | Course


async def owner_of(session: ReadSession, material: Material) -> Owner:
    """The lesson or course it belongs to. Raises NotFound."""
    found: Owner | None = None
    if material.lesson_id is not None:
        found = await LessonRepository(session).by_id(material.lesson_id)
    elif material.course_id is not None:
        found = await CourseRepository(session).by_id(material.course_id)
    if found is None:
        raise NotFound(NO_MATERIAL, code="no_material")
    return found


async def may_see_owner(session: ReadSession, principal: Principal | None, owner: Owner) -> bool:
    if isinstance(owner, Course):
        return bool(await CourseRepository(session).ids_seen(principal, [owner.id]))
    if owner.visibility is Visibility.PUBLIC:
        return True
    return principal is not None and await seeing.may_watch(session, principal, owner)


def may_edit_owner(principal: Principal | None, owner: Owner) -> bool:
    if principal is None:
        return False
    if isinstance(owner, Course):
        return course_rights.may_edit(principal, owner)
    return lesson_rights.may_lead(principal, owner)


async def may_see(session: ReadSession, principal: Principal | None, material: Material) -> bool:
    """The one question everything that shows a material asks."""
    owner = await owner_of(session, material)
    if may_edit_owner(principal, owner):
        return True
    return material.removed_at is None and await may_see_owner(session, principal, owner)


async def may_edit(session: ReadSession, principal: Principal | None, material: Material) -> bool:
    return may_edit_owner(principal, await owner_of(session, material))


def why_not(licence: Licence, *, of_school: bool) -> str:
    """Why somebody who may see a material may not take it home, alone or in an archive; empty when
    they may. ``of_school``: they have an account, or came by the link of a school's class.

    To look at it in its place needs no licence: whoever may see it may.
    """
    if licence is Licence.VIEW:
        return ONLY_HERE
    if licence is Licence.SCHOOLS and not of_school:
        return SIGN_IN
    return ""


async def check_take(session: ReadSession, principal: Principal | None, material: Material) -> None:
    """For who may see it: alone, to keep. Editors always may have back what they brought.

    Raises Unauthorized where it would help to sign in, Forbidden ``only_here``.
    """
    owner = await owner_of(session, material)
    if may_edit_owner(principal, owner):
        return
    licence = licence_in(material, await licence_of_owner(session, owner))
    why = why_not(licence, of_school=principal is not None)
    if why == SIGN_IN:
        raise Unauthorized(SIGN_IN)
    if why:
        raise Forbidden(why, code="only_here")


async def check_see_owner(session: ReadSession, principal: Principal | None, owner: Owner) -> None:
    """Raises Unauthorized for nobody, Forbidden."""
    if await may_see_owner(session, principal, owner):
        return
    if may_edit_owner(principal, owner):
        return
    if principal is None:
        raise Unauthorized
    raise Forbidden(NOT_YOURS, code="not_your_material")


def check_edit_owner(principal: Principal | None, owner: Owner) -> None:
    """Raises Unauthorized, Forbidden ``not_editing``."""
    if principal is None:
        raise Unauthorized
    if not may_edit_owner(principal, owner):
        raise Forbidden(NOT_EDITING, code="not_editing")


async def check_see(session: ReadSession, principal: Principal | None, material: Material) -> None:
    """Raises Unauthorized, Forbidden, NotFound for one taken away."""
    owner = await owner_of(session, material)
    await check_see_owner(session, principal, owner)
    if material.removed_at and not may_edit_owner(principal, owner):
        raise NotFound(NO_MATERIAL, code="no_material")


async def licence_of(session: ReadSession, material: Material) -> Licence:
    """Its own, else that of its course."""
    return licence_in(material, await licence_of_owner(session, await owner_of(session, material)))


def licence_in(material: Material, otherwise: Licence) -> Licence:
    return Licence(material.licence) if material.licence else otherwise


async def licence_of_owner(session: ReadSession, owner: Owner) -> Licence:
    """What a lesson without a course shares, it shares with schools."""
    if isinstance(owner, Course):
        return owner.licence
    if owner.course_id is None:
        return Licence.SCHOOLS
    course = await CourseRepository(session).by_id(owner.course_id)
    return course.licence if course else Licence.SCHOOLS
