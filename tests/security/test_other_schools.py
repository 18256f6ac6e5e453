"""A school's administrator names another school's objects wherever an id goes, and adds fields nobody
asked for: nothing of the other school changes.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import Connection, or_, select

from tests.rights import table as tables
from tests.rights.bodies import BODIES
from tests.rights.test_walk import OWN_SITE, UNSAFE
from tests.rights.ways import Asked, Undone, send
from tests.rights.world import World
from tests.security.hostile import UNASKED, Fields, fields_of
from tongke_platform.app.metadata import metadata
from tongke_platform.frame import Frame
from tongke_platform.organisations.repository import RoomRepository

pytestmark = pytest.mark.timeout(300)

ASKER = "school_admin.organisation@own"
# What is written about a school, or told to it, by somebody it has to do with.
TOLD = {"audit_entries", "partnership_sides", "partnership_steps", "notices", "facts", "rollups"}


async def _foreign(world: World) -> dict[str, str]:
    """Ids of the unrelated school's objects, by the names of fields and places."""
    school, make = world.places.schools["unrelated"], world.make
    room, teacher = await make.room(school), await make.person(school)
    (pupil,) = await make.class_in(room, "小明")
    lesson = await make.lesson(teacher, [room])
    async with world.frame.database.read() as session:
        seated = await RoomRepository(session).by_id(room.id)
    assert seated is not None
    return {
        "organisation_id": str(school.id),
        "school_id": str(school.id),
        "into_id": str(school.id),
        "school": school.code,
        "to": school.code,
        "into": school.code,
        "place": f"o:{school.id}",
        "region_id": str(world.places.regions["unrelated"].id),
        "room_id": str(room.id),
        "room": str(room.id),
        "person_id": str(teacher.id),
        "teacher_id": str(teacher.id),
        "lesson_id": str(lesson.id),
        "class_id": str(seated.class_id),
        "pupil_id": str(pupil),
    }


def _state(connection: Connection, school: Any) -> dict[str, list[str]]:
    """Every row that belongs to the school, and the school's own."""
    found: dict[str, list[str]] = {}
    for table in metadata.sorted_tables:
        names = [one for one in ("organisation_id", "school_id") if one in table.c]
        columns = [table.c[one] for one in names]
        if table.name == "organisations":
            columns = [table.c.id]
        if columns and table.name not in TOLD:
            mine = select(table).where(or_(*(one == school for one in columns)))
            found[table.name] = sorted(str(tuple(row)) for row in connection.execute(mine))
    return found


def _bodies(
    parts: Mapping[str, Any], more: tuple[str, ...], foreign: Mapping[str, str]
) -> Iterator[dict[str, Any]]:
    """The right body with ids of another school, one at a time and all at once."""
    kind = "json" if "json" in parts else "data"
    right = parts.get(kind)
    if not isinstance(right, Mapping) or "files" in parts:
        return
    ids = {name: foreign[name] for name in (*right, *more) if name in foreign}
    for name, value in ids.items():
        yield {kind: {**right, name: value}}
    yield {kind: {**right, **foreign}}
    yield {kind: {**right, **foreign, **UNASKED}}


async def test_nothing_of_another_school_changes(app: FastAPI, frame: Frame, world: World) -> None:
    school = world.places.schools["unrelated"].id
    foreign, fields = await _foreign(world), fields_of(app)
    asker = next(one for one in world.askers if one.name == ASKER)
    undone, wrong, accepted = Undone(frame.database), [], 0
    async with undone.connected():
        assert undone._connection is not None
        before = await undone._connection.run_sync(_state, school)
        await undone._connection.rollback()
        assert len([one for one in before.values() if one]) > 4
        for line in tables.read().lines:
            if line.method not in UNSAFE or not (line.lets(asker) or line.takes(asker)):
                continue
            parts = BODIES[line.request](world) if line.request in BODIES else {}
            own = world.fill(line.address)
            theirs = "/".join(
                foreign.get(part.strip("{}"), there)
                for part, there in zip(line.path.split("/"), own.split("/"), strict=True)
            )
            more = fields.get(line.address, Fields()).body
            asked = [Asked(line.method, own, **one) for one in _bodies(parts, more, foreign)]
            asked += [Asked(line.method, theirs, **parts)] if theirs != own else []
            for one in asked:
                scope, body = one.packed()
                async with undone.request():
                    answer = await send(app, scope, body, {**OWN_SITE, **asker.headers})
                    after = before
                    if answer.status < 400:
                        accepted += 1
                        after = await undone._connection.run_sync(_state, school)
                changed = [name for name in before if before[name] != after[name]]
                if changed or answer.status >= 500:
                    wrong.append(f"{line.name} {one.url} {answer.status}: {changed}")
                if one.url == theirs != own and answer.status < 400:
                    wrong.append(f"{line.name}: may act on another school's object")
    assert wrong == []
    assert accepted > 10
