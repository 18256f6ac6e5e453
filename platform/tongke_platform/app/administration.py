"""The routers of organisations, people, classrooms and classes: pages and JSON."""

from tongke_platform.classes import pages as class_pages
from tongke_platform.classes import routes as class_routes
from tongke_platform.classes import year_pages
from tongke_platform.organisations import pages as organisation_pages
from tongke_platform.organisations import region_pages
from tongke_platform.organisations import routes as organisation_routes
from tongke_platform.pages import front
from tongke_platform.people import pages as people_pages
from tongke_platform.people import person_pages
from tongke_platform.people import routes as people_routes
from tongke_platform.rooms import pages as room_pages
from tongke_platform.rooms import routes as room_routes
from tongke_platform.undo import pages as undo_pages
from tongke_platform.undo import routes as undo_routes

ROUTERS = tuple(
    one.router
    for one in (
        front,
        organisation_pages,
        region_pages,
        people_pages,
        person_pages,
        room_pages,
        class_pages,
        year_pages,
        undo_pages,
        organisation_routes,
        people_routes,
        room_routes,
        class_routes,
        undo_routes,
    )
)
