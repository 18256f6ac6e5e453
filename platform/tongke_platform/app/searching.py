"""Which kinds of objects the search knows."""

from tongke_courses.catalogue import finding as catalogue
from tongke_courses.lessons import indexing as lessons


def install() -> None:
    """Called by the assembly, any number of times."""
    lessons.register()
    catalogue.register()
