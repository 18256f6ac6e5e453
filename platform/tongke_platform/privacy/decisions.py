"""What becomes of every row that names a person: given out with their data, erased with them.

A column that points to people and is not here fails a test: whoever adds one decides.
"""

from dataclasses import dataclass
from enum import Enum

from tongke_platform.audit.details import SECRET


class Erase(Enum):
    """``DELETE`` the row; ``KEEP`` it: it then points to a person without a name."""

    DELETE = "delete"
    KEEP = "keep"


@dataclass(frozen=True)
class Decision:
    """``whole``: the row is about the person and is given out as it is; else only that it exists."""

    erase: Erase
    whole: bool
    why: str


_ABOUT = Decision(Erase.DELETE, True, "about the person alone")
_ACT = Decision(
    Erase.KEEP, False, "what was done to others stays true; who did it has no name left"
)
_HISTORY = Decision(
    Erase.KEEP, True, "the history of a school: which post was held, which lesson given"
)
_EVIDENCE = Decision(Erase.KEEP, True, "shows that the law's request was met")
_SAID = Decision(
    Erase.KEEP, True, "others have answered it: what was said in a group stays, without a name"
)

DECISIONS: dict[str, Decision] = {
    "credentials.person_id": _ABOUT,
    "login_sessions.person_id": _ABOUT,
    "api_tokens.person_id": _ABOUT,
    "one_time_codes.person_id": _ABOUT,
    "linked_identities.person_id": _ABOUT,
    "second_factors.person_id": _ABOUT,
    "recovery_codes.person_id": _ABOUT,
    "sign_in_names.person_id": _ABOUT,
    "notices.person_id": _ABOUT,
    "notice_deliveries.person_id": _ABOUT,
    "notice_choices.person_id": _ABOUT,
    "notice_hours.person_id": _ABOUT,
    "undos.person_id": _ABOUT,
    "fact_people.person_id": Decision(
        Erase.DELETE, True, "the key to the pseudonym: facts stay, nobody can tell whose"
    ),
    "memberships.person_id": _HISTORY,
    "lessons.teacher_id": _HISTORY,
    "course_teachers.person_id": _HISTORY,
    "group_joinings.person_id": _ABOUT,
    "group_calendars.person_id": _ABOUT,
    "group_dues.person_id": Decision(
        Erase.KEEP, True, "the history of a group: what was brought to its meetings"
    ),
    "board_topics.by_id": _SAID,
    "board_posts.by_id": _SAID,
    "board_post_edits.by_id": _SAID,
    "board_topic_steps.by_id": _SAID,
    "board_post_votes.person_id": Decision(
        Erase.KEEP, True, "how many voted stays true; who did has no name left"
    ),
    "board_post_mentions.person_id": _ABOUT,
    "board_topic_tries.person_id": Decision(
        Erase.KEEP, True, "the history of a group: what was tried, and by how many"
    ),
    "board_post_reports.person_id": Decision(
        Erase.KEEP, True, "what was reported still has to be answered"
    ),
    "board_group_follows.person_id": _ABOUT,
    "board_topic_readings.person_id": _ABOUT,
    "board_drafts.person_id": _ABOUT,
    "group_files.by_id": Decision(
        Erase.KEEP, True, "the history of a group: what was brought into it"
    ),
    "board_feeds.person_id": _ABOUT,
    "uploads.person_id": _ABOUT,
    "package_imports.by_id": _ABOUT,
    "data_exports.person_id": _EVIDENCE,
    "data_exports.asked_by_id": _ACT,
    "erasures.person_id": _EVIDENCE,
    "erasures.asked_by_id": _ACT,
}
ACT = _ACT


def decision_of(column: str) -> Decision | None:
    """``table.column``. Columns that say who did something to others end in ``by_id``."""
    if column in DECISIONS:
        return DECISIONS[column]
    return ACT if column.endswith("by_id") else None


def given_out(column: str) -> bool:
    """Whether a value may leave the server, even to the person: keys and hashes never do."""
    return not any(part in column.lower() for part in SECRET)
