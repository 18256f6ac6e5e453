"""What people are told of groups: joining, the head's chair, activities, and what they owe."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from tongke_courses.groups.models import Group, GroupActivity, GroupDue, GroupJoining, JoiningState
from tongke_platform import notices
from tongke_platform.database import WriteSession
from tongke_platform.errors import N_
from tongke_platform.notices.kinds import NoticeKind, Urgency, register
from tongke_platform.notices.models import Choice
from tongke_platform.rights import Principal

ASKED = register(
    NoticeKind(
        "group.asked",
        N_("Somebody asks to join a group you are head of"),
        N_("%(person)s asks to join %(group)s"),
        N_("%(person)s would like to join %(group)s. Your answer is awaited."),
    )
)
INVITED = register(
    NoticeKind(
        "group.invited",
        N_("You are invited into a group"),
        N_("You are invited into %(group)s"),
        N_("%(by)s invites you into %(group)s of %(home)s."),
        mail=Choice.NOW,
    )
)
ACCEPTED = register(
    NoticeKind(
        "group.accepted",
        N_("You were taken into a group you asked for"),
        N_("You belong to %(group)s"),
        N_("Your request to join %(group)s was accepted."),
        mail=Choice.NOW,
    )
)
REFUSED = register(
    NoticeKind(
        "group.refused",
        N_("A request to join a group was not accepted"),
        N_("%(group)s: not this time"),
        N_("Your request to join %(group)s was not accepted."),
    )
)
CHAIR = register(
    NoticeKind(
        "group.chair",
        N_("You become head of a group"),
        N_("You are head of %(group)s"),
        N_("%(by)s has handed you the head's chair of %(group)s."),
        mail=Choice.NOW,
    )
)
PLANNED = register(
    NoticeKind(
        "group.planned",
        N_("An activity of a group is planned or moved"),
        N_("Planned: %(title)s, %(start_at)s"),
        N_("%(group)s meets for %(title)s, %(start_at)s. %(place)s"),
    )
)
CANCELLED = register(
    NoticeKind(
        "group.cancelled",
        N_("An activity of a group is cancelled"),
        N_("Cancelled: %(title)s, %(start_at)s"),
        N_("%(title)s of %(group)s does not take place. %(reason)s"),
        mail=Choice.NOW,
        urgency=Urgency.URGENT,
    )
)
SOON = register(
    NoticeKind(
        "group.soon",
        N_("An activity of a group begins within a day"),
        N_("Soon: %(title)s, %(start_at)s"),
        N_("%(group)s meets for %(title)s, %(start_at)s. %(place)s"),
        mail=Choice.NOW,
    )
)
DUE = register(
    NoticeKind(
        "group.due",
        N_("Something you owe a group is due"),
        N_("Due today: %(item)s"),
        N_("%(item)s for %(title)s of %(group)s is due on %(day)s."),
        mail=Choice.NOW,
    )
)


def page_of(group_id: UUID) -> str:
    return f"/groups/{group_id}"


async def asked(
    session: WriteSession, group: Group, joining: GroupJoining, by: Principal, heads: list[UUID]
) -> None:
    await notices.send(
        session,
        to=heads,
        kind=ASKED,
        params={"person": by.name, "group": group.name},
        link=f"{page_of(group.id)}/people",
        key=f"group.asked:{joining.id}",
    )


async def invited(
    session: WriteSession, group: Group, joining: GroupJoining, by: Principal
) -> None:
    await notices.send(
        session,
        to=[joining.person_id],
        kind=INVITED,
        params={"by": by.name, "group": group.name, "home": group.home},
        link=page_of(group.id),
        key=f"group.invited:{joining.id}",
    )


async def answered(session: WriteSession, group: Group, joining: GroupJoining) -> None:
    """To who had asked."""
    accepted = joining.state is JoiningState.ACCEPTED
    await notices.send(
        session,
        to=[joining.person_id],
        kind=ACCEPTED if accepted else REFUSED,
        params={"group": group.name},
        link=page_of(group.id) if accepted else "/groups",
        key=f"group.answered:{joining.id}",
    )


async def chair(
    session: WriteSession, group: Group, to: UUID, by: Principal, now: datetime
) -> None:
    await notices.send(
        session,
        to=[to],
        kind=CHAIR,
        params={"by": by.name, "group": group.name},
        link=page_of(group.id),
        key=f"group.chair:{group.id}:{now.isoformat()}",
    )


async def planned(
    session: WriteSession, group: Group, activity: GroupActivity, to: Collection[UUID]
) -> None:
    """Again only when it is moved in time."""
    await _of_activity(session, PLANNED, group, activity, to, place=activity.place)


async def cancelled(
    session: WriteSession, group: Group, activity: GroupActivity, to: Collection[UUID]
) -> None:
    await _of_activity(session, CANCELLED, group, activity, to, reason=activity.cancelled_because)


async def soon(session: WriteSession, activity: GroupActivity, to: Collection[UUID]) -> int:
    """Once for each time it was set to; to how many it was new."""
    return await _of_activity(session, SOON, activity.group, activity, to, place=activity.place)


async def _of_activity(
    session: WriteSession,
    kind: NoticeKind,
    group: Group,
    activity: GroupActivity,
    to: Collection[UUID],
    **params: str,
) -> int:
    return await notices.send(
        session,
        to=to,
        kind=kind,
        params={
            "title": activity.title,
            "group": group.name,
            "start_at": activity.starts_at,
            **params,
        },
        link=f"/activities/{activity.id}",
        key=f"{kind.name}:{activity.id}:{activity.starts_at.isoformat()}",
    )


async def due(session: WriteSession, owed: GroupDue) -> int:
    """``owed`` with its activity and group."""
    activity = owed.activity
    return await notices.send(
        session,
        to=[owed.person_id],
        kind=DUE,
        params={
            "item": owed.item,
            "title": activity.title,
            "group": activity.group.name,
            "day": owed.due_on.isoformat(),
        },
        link=f"/activities/{activity.id}",
        key=f"group.due:{owed.id}:{owed.due_on.isoformat()}",
    )
