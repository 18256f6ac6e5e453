"""What is done to other people's words, for the log: who, to which topic of which group, and why; never
the words themselves. An entry belongs to the school or bureau the group is at home in.
"""

from typing import Any

from tongke_courses.boards.holding import Held
from tongke_courses.boards.models import Post, PostReport, Topic
from tongke_courses.groups.models import Group
from tongke_platform import audit
from tongke_platform.database import WriteSession
from tongke_platform.rights import Principal


def topic(session: WriteSession, by: Principal, held: Held, act: str, **detail: Any) -> None:
    """``act`` is what was done, as ``closed``."""
    _of_topic(session, by, held.topic, held.group, act, detail)


def moved(session: WriteSession, by: Principal, found: Topic, before: Group, to: Group) -> None:
    """In the logs of both homes."""
    detail = {"group": [before.name, to.name]}
    for group in {one.organisation_id: one for one in (to, before)}.values():
        _of_topic(session, by, found, group, "moved", detail)


def _of_topic(
    session: WriteSession, by: Principal, found: Topic, group: Group, act: str, detail: Any
) -> None:
    told = {"title": found.title, "group": group.name, **detail}
    audit.record(session, by, f"topic.{act}", found, group.organisation_id, told)


def post_removed(session: WriteSession, by: Principal, held: Held, post: Post, reason: str) -> None:
    detail = {**_place(held.topic, held.group, post), "reason": reason}
    audit.record(session, by, "topic_post.removed", post, held.group.organisation_id, detail)


def report_answered(
    session: WriteSession, by: Principal, group: Group, report: PostReport, found: Topic, post: Post
) -> None:
    """Who reported it, and in which words, is nobody else's business."""
    detail = {**_place(found, group, post), "post_id": post.id, "upheld": report.upheld}
    audit.record(session, by, "topic_report.answered", report, group.organisation_id, detail)


def _place(found: Topic, group: Group, post: Post) -> dict[str, Any]:
    """``person_id``: whose post it is."""
    return {
        "title": found.title,
        "group": group.name,
        "person_id": post.by_id,
        "topic_id": found.id,
    }
