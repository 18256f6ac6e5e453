import httpx2
import pytest

from tests.boards.board import Board
from tests.boards_reading.stage import Stage
from tests.makers import Makers
from tongke_platform.frame import Frame


@pytest.fixture
async def board(client: httpx2.AsyncClient, make: Makers, frame: Frame) -> Board:
    found = Board(client, make, frame)
    await found.open()
    return await found.fill()


@pytest.fixture
async def stage(client: httpx2.AsyncClient, make: Makers, frame: Frame) -> Stage:
    """With the far member in the group."""
    stage = Stage(client, make, frame)
    await stage.open()
    await stage.bring_in(stage.member)
    return stage
