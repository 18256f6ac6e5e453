"""Which kinds of objects the search knows."""

from tongke_courses.catalogue import indexing as courses
from tongke_courses.lessons import indexing as lessons
from tongke_courses.materials import finding as materials


def install() -> None:
    """Called by the assembly, any number of times."""
    lessons.register()
    courses.register()
    materials.register()
