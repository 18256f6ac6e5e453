"""The routers of organisations, people, classrooms and classes: pages and JSON."""

from tongke_platform.classes import pages as class_pages
from tongke_platform.organisations import pages as organisation_pages
from tongke_platform.organisations import region_pages
from tongke_platform.people import pages as people_pages
from tongke_platform.people import person_pages
from tongke_platform.rooms import pages as room_pages
from tongke_platform.undo import pages as undo_pages

ROUTERS = tuple(
    one.router
    for one in (
        organisation_pages,
        region_pages,
        people_pages,
        person_pages,
        room_pages,
        class_pages,
        undo_pages,
    )
)
