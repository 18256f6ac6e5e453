"""New files of a group are told to who wants to hear of everything there: once for all that are brought
within a short while, and not of pictures that are brought to be shown in a post.

What was told is written beside each file in the transaction that tells it, with the group held: killed
at any point, and with several workers, nobody is told twice and nothing is left out.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from tongke_courses.boards.file_repository import FileNewsRepository
from tongke_courses.boards.models import GroupFile
from tongke_courses.boards.reading_repository import FollowRepository
from tongke_courses.groups.models import Group
from tongke_courses.groups.repository import GroupRepository
from tongke_platform import notices
from tongke_platform.database import WriteSession
from tongke_platform.errors import N_
from tongke_platform.frame import Frame
from tongke_platform.notices.kinds import NoticeKind, register
from tongke_platform.notices.models import Choice
from tongke_platform.rounds import Rounds

FILED = register(
    NoticeKind(
        "board.filed",
        N_("New files in a group of which you want to hear everything"),
        N_("New in the files of %(group)s: %(first)s"),
        "%(files)s",
        # They are in the daily digest of boards.
        mail=Choice.OFF,
    )
)
EVERY_S = 30.0
# Nothing more has come for so long, or the first waits for so long already.
SETTLED = timedelta(minutes=2)
LONGEST = timedelta(minutes=20)
MOST_LINES = 12


async def tell(frame: Frame) -> int:
    """To how many people it was new."""
    now = frame.now()
    async with frame.database.read() as session:
        groups = await FileNewsRepository(session).untold(now - SETTLED, now - LONGEST)
    told = 0
    for group_id in groups:
        async with frame.database.write() as session:
            told += await _tell_group(session, frame, group_id, now)
    return told


async def _tell_group(session: WriteSession, frame: Frame, group_id: UUID, now: datetime) -> int:
    group = await GroupRepository(session).to_change(group_id)
    if group is None:
        return 0
    new = await FileNewsRepository(session).take_untold(group_id, now)
    members = await FollowRepository(session).hearing_all(group_id, frame.today())
    letters = {one: _letter(group, [file for file in new if file.by_id != one]) for one in members}
    return await notices.send_each(
        session, FILED, {one: letter for one, letter in letters.items() if letter is not None}
    )


def _letter(group: Group, files: Sequence[GroupFile]) -> notices.Letter | None:
    """None when there is nothing that is not their own."""
    if not files:
        return None
    lines = [
        " · ".join(filter(None, (one.name, one.by.display_name if one.by else "")))
        for one in files[:MOST_LINES]
    ]
    if more := len(files) - len(lines):
        lines.append(f"… +{more}")
    return notices.Letter(
        {"group": group.name, "first": files[0].name, "files": lines},
        key=f"board.filed:{group.id}:{files[0].id}",
        link=f"/groups/{group.id}/files",
    )


def rounds(frame: Frame) -> Rounds:
    return Rounds("new files of groups", lambda: tell(frame), EVERY_S)
