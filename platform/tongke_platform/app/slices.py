"""The addresses of every slice, as the application includes them."""

from functools import cache

from fastapi import APIRouter, FastAPI
from starlette.routing import BaseRoute

from tongke_courses.boards import export_routes as group_export_routes
from tongke_courses.boards import file_pages as group_file_pages
from tongke_courses.boards import file_routes as group_file_routes
from tongke_courses.boards import memory_routes, moderation_routes, post_routes
from tongke_courses.boards import pages as board_pages
from tongke_courses.boards import pages_changes as changes_pages
from tongke_courses.boards import pages_memory as memory_pages
from tongke_courses.boards import pages_post as post_pages
from tongke_courses.boards import pages_topic as topic_pages
from tongke_courses.boards import pages_unread as unread_pages
from tongke_courses.boards import reading_routes as board_reading_routes
from tongke_courses.boards import routes as board_routes
from tongke_courses.catalogue import cover_routes
from tongke_courses.catalogue import door_routes as catalogue_doors
from tongke_courses.catalogue import pages as catalogue_pages
from tongke_courses.catalogue import pages_approvals as approval_pages
from tongke_courses.catalogue import pages_course as course_pages
from tongke_courses.catalogue import pages_cover as cover_pages
from tongke_courses.catalogue import pages_edit as course_editor
from tongke_courses.catalogue import pages_home as home_pages
from tongke_courses.catalogue import pages_lesson as catalogue_lesson
from tongke_courses.catalogue import pages_lesson_edit as lesson_editor
from tongke_courses.catalogue import pages_new as course_beginning
from tongke_courses.catalogue import pages_outline as course_outline
from tongke_courses.catalogue import pages_shelf as shelf_pages
from tongke_courses.catalogue import pages_teachers as course_teachers
from tongke_courses.catalogue import pages_words as course_words
from tongke_courses.catalogue import routes as catalogue_routes
from tongke_courses.groups import activity_routes as group_activity_routes
from tongke_courses.groups import pages as group_pages
from tongke_courses.groups import pages_activity as group_activity_pages
from tongke_courses.groups import pages_people as group_people_pages
from tongke_courses.groups import pages_plan as group_plan_pages
from tongke_courses.groups import routes as group_routes
from tongke_courses.lessons import handing_pages
from tongke_courses.lessons import pages as lesson_pages
from tongke_courses.lessons import routes as lesson_routes
from tongke_courses.materials import downloads as material_downloads
from tongke_courses.materials import routes as material_routes
from tongke_courses.materials import upload_routes
from tongke_courses.packages import routes as package_routes
from tongke_courses.packages.exporting import routes as export_routes
from tongke_courses.search import routes as search_routes
from tongke_courses.takehome import routes as takehome_routes
from tongke_courses.textbooks import pages as textbook_pages
from tongke_courses.textbooks import routes as textbook_routes
from tongke_platform.accounts import desk as account_desk
from tongke_platform.accounts import doors as account_doors
from tongke_platform.accounts import pages as account_pages
from tongke_platform.accounts import routes as account_routes
from tongke_platform.app import problems, rules
from tongke_platform.audit import pages as audit_pages
from tongke_platform.audit import routes as audit_routes
from tongke_platform.classes import pages as class_pages
from tongke_platform.classes import routes as class_routes
from tongke_platform.classes import year_pages
from tongke_platform.consent import doors as consent_doors
from tongke_platform.consent import pages as consent_pages
from tongke_platform.consent import routes as consent_routes
from tongke_platform.devices import pages as device_pages
from tongke_platform.devices import routes as device_routes
from tongke_platform.facts import routes as fact_routes
from tongke_platform.firstrun import pages as firstrun_pages
from tongke_platform.imports import export_pages
from tongke_platform.imports import pages as import_pages
from tongke_platform.imports import routes as import_routes
from tongke_platform.notices import pages as notice_pages
from tongke_platform.notices import routes as notice_routes
from tongke_platform.organisations import pages as organisation_pages
from tongke_platform.organisations import region_pages
from tongke_platform.organisations import routes as organisation_routes
from tongke_platform.pages import front, login
from tongke_platform.partnerships import pages as partnership_pages
from tongke_platform.partnerships import routes as partnership_routes
from tongke_platform.people import pages as people_pages
from tongke_platform.people import person_pages
from tongke_platform.people import routes as people_routes
from tongke_platform.privacy import pages as privacy_pages
from tongke_platform.rooms import pages as room_pages
from tongke_platform.rooms import routes as room_routes
from tongke_platform.undo import pages as undo_pages
from tongke_platform.undo import routes as undo_routes
from tongke_platform.wire import routes as wire_routes

MAX_BODY = 1 << 20

# Where two addresses fit, the one named first is asked.
ROUTERS: tuple[APIRouter, ...] = (
    notice_routes.router,
    notice_pages.router,
    fact_routes.router,
    account_routes.router,
    lesson_routes.router,
    wire_routes.router,
    login.router,
    lesson_pages.router,
    handing_pages.router,
    firstrun_pages.router,
    partnership_routes.router,
    partnership_pages.router,
    device_routes.router,
    device_pages.router,
    package_routes.router,
    export_routes.router,
    takehome_routes.router,
    catalogue_routes.router,
    cover_routes.router,
    catalogue_doors.router,
    catalogue_pages.router,
    course_beginning.router,
    course_editor.router,
    course_words.router,
    course_outline.router,
    course_teachers.router,
    cover_pages.router,
    course_pages.router,
    lesson_editor.router,
    catalogue_lesson.router,
    home_pages.router,
    shelf_pages.router,
    approval_pages.router,
    board_reading_routes.router,
    group_routes.router,
    group_activity_routes.router,
    board_routes.router,
    post_routes.router,
    moderation_routes.router,
    board_pages.router,
    group_export_routes.router,
    memory_routes.router,
    memory_pages.router,
    changes_pages.router,
    unread_pages.router,
    topic_pages.router,
    post_pages.router,
    group_pages.router,
    group_people_pages.router,
    group_activity_pages.router,
    group_plan_pages.router,
    group_file_routes.router,
    group_file_pages.router,
    lesson_routes.invitation_router,
    upload_routes.router,
    material_downloads.router,
    *material_routes.ROUTERS,
    textbook_routes.router,
    textbook_pages.router,
    account_pages.router,
    account_doors.router,
    account_desk.router,
    audit_routes.router,
    audit_pages.router,
    consent_routes.router,
    consent_pages.router,
    consent_doors.router,
    privacy_pages.router,
    import_routes.router,
    export_pages.router,
    import_pages.router,
    front.router,
    organisation_pages.router,
    region_pages.router,
    people_pages.router,
    person_pages.router,
    room_pages.router,
    class_pages.router,
    year_pages.router,
    undo_pages.router,
    organisation_routes.router,
    people_routes.router,
    room_routes.router,
    class_routes.router,
    undo_routes.router,
    rules.router,
    search_routes.router,
)


@cache
def included() -> tuple[BaseRoute, ...]:
    """One for the process. What FastAPI works out of an address it keeps here, when it is first asked:
    of several applications in a process only the first takes that time.
    """
    holder = FastAPI(openapi_url=None, responses=problems.DOCUMENTED, max_body_size=MAX_BODY)
    for router in ROUTERS:
        holder.include_router(router)
    return tuple(holder.routes)
