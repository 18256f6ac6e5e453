"""Groups and activities as the API tells of them."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from tongke_courses.groups import joining
from tongke_courses.groups.models import Group, GroupActivity, GroupDue, GroupJoining, GroupLink
from tongke_courses.groups.repository import Member
from tongke_courses.groups.schemas import (
    ActivityFull,
    ActivityOut,
    DueOut,
    GroupFull,
    GroupLinkOut,
    GroupOut,
    JoiningOut,
    MemberOut,
)
from tongke_courses.groups.service import Counted, Seen
from tongke_platform.people.roles import Role


def group_out(group: Group, counted: Counted, part: Role | None) -> GroupOut:
    return GroupOut(**_fields(group, counted), part=part)


def _fields(group: Group, counted: Counted) -> dict[str, Any]:
    names = ("id", "kind", "name", "about", "subject", "stage", "grade", "visibility", "home")
    return {
        **{name: getattr(group, name) for name in names},
        "heads": counted.heads.get(group.id, []),
        "members": counted.members.get(group.id, 0),
    }


def group_full(
    seen: Seen,
    counted: Counted,
    coming: Sequence[GroupActivity] = (),
    joinings: Sequence[GroupJoining] = (),
    links: Sequence[GroupLink] = (),
) -> GroupFull:
    return GroupFull(
        **_fields(seen.group, counted),
        part=seen.part,
        people=[member_out(one) for one in seen.members],
        former=[member_out(one, one.post.ends_on) for one in seen.former],
        coming=[ActivityOut.model_validate(one) for one in coming],
        joinings=[joining_out(one) for one in joinings],
        links=[link_out(one) for one in links],
    )


def member_out(member: Member, until: date | None = None) -> MemberOut:
    return MemberOut(
        person_id=member.person.id,
        name=member.person.display_name,
        schools=list(member.schools),
        part=member.post.role,
        since=member.post.starts_on,
        until=until,
    )


def joining_out(found: GroupJoining) -> JoiningOut:
    return JoiningOut(
        id=found.id,
        person_id=found.person_id,
        name=found.person.display_name,
        way=found.way,
        role=found.role,
        note=found.note,
    )


def link_out(link: GroupLink) -> GroupLinkOut:
    return GroupLinkOut(id=link.id, address=joining.path_of(link), expires_at=link.expires_at)


def due_out(due: GroupDue) -> DueOut:
    return DueOut(
        id=due.id,
        item=due.item,
        person_id=due.person_id,
        name=due.person.display_name,
        due_on=due.due_on,
        done_at=due.done_at,
    )


def activity_full(activity: GroupActivity) -> ActivityFull:
    return ActivityFull(
        **ActivityOut.model_validate(activity).model_dump(),
        dues=[due_out(one) for one in activity.dues],
    )
