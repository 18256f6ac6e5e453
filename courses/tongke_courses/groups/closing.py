"""A school merges: its groups are at home in its successor, who looks after their heads from then on.
One that closes stays their home, and its bureau looks after them.
"""

from datetime import date
from typing import Any
from uuid import UUID

from tongke_courses.groups.repository import GroupRepository
from tongke_platform.database import WriteSession
from tongke_platform.organisations.closing import when_closed, when_reopened
from tongke_platform.organisations.models import Organisation
from tongke_platform.rights import Principal

KEPT = "groups"


def install() -> None:
    """Called by the assembly, any number of times."""
    when_closed(close)
    when_reopened(reopen)


async def close(
    session: WriteSession, gone: Organisation, into: Organisation | None, day: date, by: Principal
) -> dict[str, Any]:
    if into is None:
        return {KEPT: []}
    found = await GroupRepository(session).at_home(gone.id)
    for one in found:
        one.organisation_id = into.id
    await session.flush()
    return {KEPT: [str(one.id) for one in found]}


async def reopen(session: WriteSession, gone: Organisation, data: dict[str, Any]) -> None:
    """Those that are still where they went go back."""
    if not (keys := [UUID(one) for one in data.get(KEPT, [])]):
        return
    for one in await GroupRepository(session).at_home(UUID(data["into"])):
        if one.id in keys:
            one.organisation_id = gone.id
    await session.flush()
