"""A group of teachers, with all that belongs to it."""

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from tongke_courses.boards import files
from tongke_courses.groups import activities, feeds, joining
from tongke_courses.groups import service as teachers
from tongke_courses.groups.models import ActivityKind, GroupJoining, JoiningWay
from tongke_courses.groups.schemas import ActivityIn, DueIn, GroupIn, InvitationIn, LinkIn
from tongke_platform.accounts import service as accounts
from tongke_platform.people.roles import Role

if TYPE_CHECKING:
    from tests.rights.world import World

from tests.rights.acting import principal


async def teacher_group(world: "World") -> None:
    """Of the owner with a colleague, one who asks, a link, a calendar, a file, and what is owed for
    an activity that goes on; one the owner may leave; and a listed one of somebody else, who invites.
    """
    frame, own = world.frame, world.places.schools["own"]
    asks, invited = [await world.make.person(own) for _ in range(2)]
    other = await world.make.person(own)
    by = await principal(world, "owner")
    colleague = UUID(world.ids["person_id"])
    async with frame.database.write() as session:
        mine = await teachers.create(session, by, _group("语文教研组", own.id, "by_link"))
        left = await teachers.create(session, by, _group("旧备课组", own.id, "hidden"))
        await teachers.seat(session, mine.id, colleague, Role.GROUP_MEMBER, by)
        await teachers.seat(session, left.id, colleague, Role.GROUP_HEAD, by)
        waits = GroupJoining(
            group_id=mine.id, person_id=asks.id, way=JoiningWay.REQUEST, role=Role.GROUP_MEMBER
        )
        session.add(waits)
        link = await joining.make_link(session, frame, by, mine.id, LinkIn())
        calendar = await feeds.make(session, by, mine.id)
        first = frame.now() - timedelta(minutes=10)
        planned = await activities.plan(
            session, frame, by, mine.id,
            ActivityIn(
                kind=ActivityKind.COLLECTIVE_PLANNING, title="第三单元备课",
                starts_at=first, ends_at=first + timedelta(hours=1),
            ),
        )  # fmt: skip
        owed = DueIn(item="教案初稿", person_id=colleague, due_on=frame.today())
        due = await activities.owe(session, by, planned.id, owed)
    async with frame.database.read() as session:
        head = await accounts.principal_of(session, other.id, frame.today())
    assert head is not None
    async with frame.database.write() as session:
        listed = await teachers.create(session, head, _group("名师工作室", own.id, "listed"))
        hidden = await teachers.create(session, head, _group("课题组", own.id, "hidden"))
        wanted = InvitationIn(
            display_name=world.owner.display_name, sign_in_name=world.owner.username
        )
        invitation = await joining.invite(session, head, hidden.id, wanted)
    file, _ = await files.add(frame, by, mine.id, UUID(world.ids["sent_upload"]), "板书.vtt")
    world.ids |= {
        "file_id": str(file.id),
        "group_id": str(mine.id),
        "joining_id": str(waits.id),
        "DELETE /api/groups/{group_id}/links/{link_id} link_id": str(link.id),
        "/groups/join/{token}": link.token,
        "/groups/calendar/{token}.ics": calendar.token,
        "activity_id": str(planned.id),
        "due_id": str(due.id),
        "POST /api/groups/{group_id}/requests group_id": str(listed.id),
        "POST /groups/{group_id}/ask group_id": str(listed.id),
        "POST /groups/{group_id}/answer group_id": str(hidden.id),
        "POST /groups/{group_id}/leave group_id": str(left.id),
        "own_invitation": str(invitation.id),
        "invited_name": invited.display_name,
        "invited_number": invited.username,
    }
    world.marks["group"] = str(mine.id)


def _group(name: str, school: UUID, visibility: str) -> GroupIn:
    return GroupIn.model_validate(
        {
            "kind": "research_group",
            "name": name,
            "organisation_id": school,
            "visibility": visibility,
        }
    )
