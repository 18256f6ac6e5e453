"""A real database file per test, copied from one that was migrated once per worker."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx2
import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI

from tests.makers import Makers
from tests.processes import StandIn, nothing
from tongke_platform.accounts.passwords import Passwords
from tongke_platform.app.factory import create_app, make_frame
from tongke_platform.app.metadata import metadata
from tongke_platform.database import migrate
from tongke_platform.frame import Frame
from tongke_platform.settings import Settings


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """Not tmp_path: Unix sockets lie in it, and their paths may have 107 bytes."""
    with tempfile.TemporaryDirectory(prefix="tk-") as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("database") / "tongke.db"
    asyncio.run(migrate.upgrade(f"sqlite+aiosqlite:///{path}", metadata))
    return path


@pytest.fixture
def settings(data_dir: Path, migrated: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Nothing of the tester's own environment counts."""
    for name in Settings.model_fields:
        monkeypatch.delenv(f"TONGKE_{name.upper()}", raising=False)
    shutil.copy(migrated, data_dir / "tongke.db")
    return Settings(data_dir=data_dir, roles=["web"])


@pytest.fixture
async def frame(settings: Settings) -> AsyncIterator[Frame]:
    frame = make_frame(settings)
    # The real hasher takes 64 MiB and 50 ms, which is its purpose, not ours.
    frame.passwords = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    yield frame
    await frame.database.close()


@pytest.fixture
def make(frame: Frame) -> Makers:
    return Makers(frame)


@pytest.fixture
async def relay(settings: Settings) -> AsyncIterator[StandIn]:
    stand_in = StandIn(settings.relay_socket)
    stand_in.answers = {"end": nothing}
    await stand_in.start()
    yield stand_in
    await stand_in.stop()


@pytest.fixture
async def hls(settings: Settings) -> AsyncIterator[StandIn]:
    stand_in = StandIn(settings.hls_socket)
    stand_in.answers = {"open": nothing, "finish": nothing}
    await stand_in.start()
    yield stand_in
    await stand_in.stop()


@pytest.fixture
async def app(
    settings: Settings, frame: Frame, relay: StandIn, hls: StandIn
) -> AsyncIterator[FastAPI]:
    """The whole web application, started, with stand-ins for the media processes."""
    app = create_app(settings, frame)
    async with app.router.lifespan_context(app):
        await relay.followed.wait()
        await hls.followed.wait()
        yield app


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx2.AsyncClient]:
    """A program or browser at http://school.test that asks for English."""
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app),
        base_url="http://school.test",
        headers={"Accept-Language": "en"},
    ) as client:
        yield client
