"""Who may see a lesson or course beyond those it is delivered to."""

from enum import StrEnum


class Visibility(StrEnum):
    """Each lets in all of the one before as well.

    ``ROOMS``: the lead school, and the schools of the classrooms it is delivered to.
    ``PARTNERSHIP``: and the schools the lead school teaches under a partnership in force.
    ``SIGNED_IN``: and everybody with an account. ``PUBLIC``: and everybody.
    """

    ROOMS = "rooms"
    PARTNERSHIP = "partnership"
    SIGNED_IN = "signed_in"
    PUBLIC = "public"

    @property
    def rank(self) -> int:
        return list(Visibility).index(self)
