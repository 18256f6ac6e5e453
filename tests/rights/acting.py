"""Somebody of the world as a service wants them, and what they send."""

from typing import TYPE_CHECKING

from tongke_platform.accounts import service as accounts
from tongke_platform.rights import Principal

if TYPE_CHECKING:
    from tests.rights.world import World

PHOTO = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c49444154789c63f8ffff3f0005fe02fe0def46b80000000049454e44ae426082"
)


async def principal(world: "World", name: str) -> Principal:
    """Of the asker with this name."""
    asker = next(one for one in world.askers if one.name == name)
    assert asker.person_id is not None
    async with world.frame.database.read() as session:
        found = await accounts.principal_of(session, asker.person_id, world.frame.today())
    assert found is not None
    return found
