"""One process with a wire that beats faster than the real one."""

from collections.abc import AsyncIterator

import pytest

from tests.wire.rig import Rig, running
from tongke_platform.wire.hub import Wire
from tongke_platform.wire.limits import Limits

QUICK = Limits(beat_s=0.02, coalesce_s=0.1)


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    async with running(Wire(limits=QUICK)) as rig:
        yield rig
