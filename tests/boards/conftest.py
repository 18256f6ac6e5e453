import httpx2
import pytest

from tests.boards.board import Board
from tests.makers import Makers
from tongke_platform.frame import Frame


@pytest.fixture
async def board(client: httpx2.AsyncClient, make: Makers, frame: Frame) -> Board:
    found = Board(client, make, frame)
    await found.open()
    return await found.fill()
