import httpx2
import pytest

from tests.groups.stage import Stage
from tests.makers import Makers
from tongke_platform.frame import Frame


@pytest.fixture
async def stage(client: httpx2.AsyncClient, make: Makers, frame: Frame) -> Stage:
    return await Stage(client, make, frame).open()
