"""Rules of a group's files: brought by its members, seen inside the group, taken away for a while."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from tongke_courses.boards import smalls
from tongke_courses.boards.file_repository import GroupFileRepository, Used
from tongke_courses.boards.models import GroupFile
from tongke_courses.boards.smalls import Small
from tongke_courses.groups import rights, service
from tongke_courses.groups.models import Group
from tongke_courses.materials import looking, names, uploading
from tongke_courses.materials.models import StoredFile, Upload
from tongke_platform.database import ReadSession, WriteSession, utc_now
from tongke_platform.errors import N_, Conflict, Forbidden, Invalid, NotFound
from tongke_platform.frame import Frame
from tongke_platform.people.roles import Role
from tongke_platform.rights import Principal
from tongke_platform.rounds import Rounds
from tongke_platform.undo import service as undos

MOST_BYTES = 200 << 20
MOST_GROUP_BYTES = 5 * 10**9
# What was taken away is kept for a while, but not without end: the disk is everybody's.
MOST_KEPT_BYTES = 2 * MOST_GROUP_BYTES
MOST_FILES = 2000
KEPT = timedelta(days=30)
SWEPT_EVERY_S = 3600.0

REMOVE = "group_file.remove"
NO_FILE = N_("There is no such file in this group.")
TOO_LARGE = N_("This file is too large: a file of a group may have %(size)s MB at most.")
TOO_MANY = N_("This group has %(count)s files, and cannot have more. Please take some away first.")
NO_SPACE = N_(
    "This file does not fit into the group's %(size)s GB any more. Please take some away first."
)
TOO_MANY_CARRIED = N_(
    "Nothing was moved: the topic brings %(count)s files, and %(group)s has %(there)s of the %(most)s a "
    "group can have. Please take some away there first."
)
NO_SPACE_CARRIED = N_(
    "Nothing was moved: the files of the topic have %(size)s MB, and of its %(most)s GB %(group)s has "
    "%(left)s MB left. Please take some away there first."
)
RECENT_CARRIED = N_(
    "Nothing was moved: much was taken away in %(group)s lately and is still kept. There is room again "
    "in a few weeks."
)
RECENT = N_(
    "Much was taken away here lately and is still kept. There is room again in a few weeks."
)


async def page(
    session: ReadSession, by: Principal, group_id: UUID, *, before: UUID | None, limit: int
) -> tuple[Sequence[GroupFile], UUID | None, Role]:
    """The newest first, where the next page begins, and the reader's part. Raises NotFound, Forbidden."""
    part = await service.check_inside(session, by, group_id)
    found = await GroupFileRepository(session).page(group_id, before=before, limit=limit + 1)
    return found[:limit], found[limit - 1].id if len(found) > limit else None, part


async def used(session: ReadSession, group_id: UUID) -> Used:
    return await GroupFileRepository(session).used(group_id)


async def get(
    session: ReadSession, by: Principal, group_id: UUID, key: UUID
) -> tuple[GroupFile, Role]:
    """And the reader's part. Raises NotFound ``no_group``, ``no_file``, Forbidden."""
    part = await service.check_inside(session, by, group_id)
    found = await GroupFileRepository(session).one(group_id, key)
    if found is None:
        raise missing()
    return found, part


async def small(session: ReadSession, file: GroupFile) -> StoredFile | None:
    """What is shown of a picture in lists and posts."""
    return await session.get(StoredFile, file.small_id) if file.small_id else None


def missing() -> NotFound:
    return NotFound(NO_FILE, code="no_file")


async def readable(
    session: ReadSession, group_id: UUID, ids: Collection[UUID]
) -> dict[UUID, GroupFile]:
    """Of ``ids`` those that are files of the group and there, with their contents' rows."""
    if not ids:
        return {}
    return {one.id: one for one in await GroupFileRepository(session).of(group_id, ids)}


def may_add(part: Role) -> bool:
    return part in rights.SHARE.roles


def may_remove(by: Principal, part: Role, file: GroupFile) -> bool:
    """Their own as long as they may bring some; every one for who plans."""
    own = file.by_id == by.id and part in rights.SHARE.roles
    return own or part in rights.PLAN.roles


async def add(
    frame: Frame,
    by: Principal,
    group_id: UUID,
    upload_id: UUID,
    name: str = "",
    *,
    in_post: bool = False,
) -> tuple[GroupFile, Role]:
    """Of a whole upload of one's own; ``name`` empty: as it was sent. The same content under the same
    name again is the file there is. And the part of who brings it. ``in_post``: it is to be shown in a
    post, and no news by itself.

    Raises NotFound, Forbidden ``not_your_part``, Invalid ``no_upload``, ``file_too_large`` (413),
    ``program``, Conflict ``not_whole``, ``too_many_files``, ``group_full``, StoreTrouble.
    """
    async with frame.database.read() as reading:
        part = await service.check_inside(reading, by, group_id)
        if not may_add(part):
            raise Forbidden(service.NOT_YOUR_PART, code="not_your_part")
    upload = await _sent(frame, by, upload_id)
    assert upload.file is not None, "finished"
    small = await smalls.of(frame, upload.file)
    async with frame.database.write() as session:
        kept = await keep(
            session,
            by,
            group_id,
            name or upload.name,
            upload.file,
            small=small,
            in_post=in_post,
        )
        return kept, part


async def keep(
    session: WriteSession,
    by: Principal,
    group_id: UUID,
    name: str,
    stored: StoredFile,
    *,
    small: Small | None = None,
    in_post: bool = False,
) -> GroupFile:
    """A file of the store. Raises NotFound, Forbidden, Invalid ``program``, Conflict as ``add``."""
    name = names.clean(name)
    looking.check_name(name)
    await service.to_act(session, by, group_id, rights.SHARE)
    files = GroupFileRepository(session)
    there = await files.same(group_id, name, stored.id)
    if there is not None:
        return there
    await _check_room(session, group_id, stored.size)
    made = await files.add(
        GroupFile(
            group_id=group_id,
            file_id=stored.id,
            name=name,
            by_id=by.id,
            **(small.columns if small else {}),
            in_post=in_post,
            told_at=utc_now() if in_post else None,
        )
    )
    found = await files.one(group_id, made.id)
    assert found is not None, "just added"
    return found


async def _sent(frame: Frame, by: Principal, upload_id: UUID) -> Upload:
    try:
        upload = await uploading.get(frame, by, upload_id)
    except NotFound as error:
        raise Invalid(error.message, code=error.code) from error
    if upload.size > MOST_BYTES:
        raise Invalid(TOO_LARGE, code="file_too_large", status=413, size=MOST_BYTES >> 20)
    return await uploading.finish(frame, upload)


async def _check_room(
    session: WriteSession, group_id: UUID, size: int, *, kept: bool = False
) -> None:
    """The group is held: of two who bring something at once the second is counted too. ``kept``: it
    was taken away and is counted there already.
    """
    now = await used(session, group_id)
    if now.files >= MOST_FILES:
        raise Conflict(TOO_MANY, code="too_many_files", count=MOST_FILES)
    if now.size + size > MOST_GROUP_BYTES:
        raise Conflict(NO_SPACE, code="group_full", size=MOST_GROUP_BYTES // 10**9)
    if not kept and now.kept + size > MOST_KEPT_BYTES:
        raise Conflict(RECENT, code="group_full")


async def check_carried(
    session: WriteSession, topic_id: UUID, to: Group, both: Sequence[GroupFile]
) -> None:
    """Whether the files of a topic's posts, and copies of ``both``, fit into ``to``, which is held.
    Raises Conflict ``too_many_files``, ``group_full``.
    """
    repository = GroupFileRepository(session)
    carried = await repository.carried(topic_id, [one.id for one in both])
    if not carried.kept:
        return
    there = await repository.used(to.id)
    if there.files + carried.files > MOST_FILES:
        raise Conflict(
            TOO_MANY_CARRIED, code="too_many_files",
            count=carried.files, group=to.name, there=there.files, most=MOST_FILES,
        )  # fmt: skip
    if there.size + carried.size > MOST_GROUP_BYTES:
        raise Conflict(
            NO_SPACE_CARRIED, code="group_full",
            size=_megabytes(carried.size), group=to.name, most=MOST_GROUP_BYTES // 10**9,
            left=(MOST_GROUP_BYTES - there.size) // 10**6,
        )  # fmt: skip
    if there.kept + carried.kept > MOST_KEPT_BYTES:
        raise Conflict(RECENT_CARRIED, code="group_full", group=to.name)


def _megabytes(size: int) -> int:
    """Never fewer than there are."""
    return -(-size // 10**6)


async def remove(
    session: WriteSession, frame: Frame, by: Principal, group_id: UUID, key: UUID
) -> GroupFile:
    """Gone for readers; kept for KEPT. Raises NotFound, Forbidden ``not_your_part``."""
    await service.to_act(session, by, group_id, rights.TAKE_PART)
    found, part = await get(session, by, group_id, key)
    _check_remove(by, part, found)
    found.deleted_at = frame.now()
    await session.flush()
    return found


def _check_remove(by: Principal, part: Role, file: GroupFile) -> None:
    if not may_remove(by, part, file):
        raise Forbidden(service.NOT_YOUR_PART, code="not_your_part")


async def keep_undo(session: WriteSession, frame: Frame, by: Principal, file: GroupFile) -> UUID:
    """How ``remove`` is taken back."""
    data = {"group": str(file.group_id), "file": str(file.id)}
    return (await undos.keep(session, by, REMOVE, data, frame.now())).id


@undos.takes_back(REMOVE)
async def _back(session: WriteSession, by: Principal, data: dict[str, Any]) -> None:
    """Raises NotFound, Forbidden, Conflict when something else has taken its place meanwhile."""
    group_id, key = UUID(data["group"]), UUID(data["file"])
    await service.to_act(session, by, group_id, rights.TAKE_PART)
    found = await GroupFileRepository(session).removed(group_id, key)
    part = await service.part_of(session, by, group_id)
    if found is None or part is None:
        raise missing()
    _check_remove(by, part, found)
    await _check_room(session, group_id, found.file.size, kept=True)
    found.deleted_at = None
    await session.flush()


async def sweep(frame: Frame) -> int:
    """How many files that were taken away long ago are gone for good."""
    async with frame.database.write() as session:
        return await GroupFileRepository(session).drop(frame.now() - KEPT)


def rounds(frame: Frame) -> Rounds:
    return Rounds("files of groups", lambda: sweep(frame), SWEPT_EVERY_S)
