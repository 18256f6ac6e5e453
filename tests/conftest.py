"""A real database per test, copied from one that was migrated once per worker.

Every test that stands on ``settings`` runs on SQLite and on PostgreSQL, but for those of ``ONCE``.
"""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx2
import pytest
import structlog
from argon2 import PasswordHasher
from fastapi import FastAPI

from tests.engines.compiled import compile_once
from tests.engines.postgresql import TEMPLATE, PostgreSQL
from tests.engines.redis_server import RedisServer
from tests.makers import Makers
from tests.processes import StandIn, no_keys, nobody, nothing
from tongke_platform.accounts.passwords import Passwords
from tongke_platform.app.factory import create_app, make_frame
from tongke_platform.app.metadata import metadata
from tongke_platform.database import migrate
from tongke_platform.frame import Frame
from tongke_platform.settings import Settings

HERE = Path(__file__).parent
# A traceback with every local value in a frame would take longer to draw than the test itself.
structlog.configure(
    processors=[
        *structlog.get_config()["processors"][:-1],
        structlog.dev.ConsoleRenderer(
            colors=False, exception_formatter=structlog.dev.plain_traceback
        ),
    ]
)
# Browsers and media know nothing of the database, and take long.
ONCE = {"deploy", "hls", "hls_media", "ingest", "media_commands", "rtc", "serve", "web"}


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


@pytest.fixture(scope="session")
def bare_postgresql() -> Iterator[PostgreSQL]:
    """A server of this session's own with nothing in it."""
    server = PostgreSQL()
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def postgresql(bare_postgresql: PostgreSQL) -> PostgreSQL:
    """With the database ``TEMPLATE``, migrated."""
    bare_postgresql.create_named(TEMPLATE)
    asyncio.run(migrate.upgrade(bare_postgresql.url(TEMPLATE), metadata))
    return bare_postgresql


@pytest.fixture
def engine(request: pytest.FixtureRequest) -> str:
    """``sqlite`` or ``postgresql``; see ``pytest_generate_tests``."""
    return str(getattr(request, "param", "sqlite"))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "engine" in metafunc.fixturenames:
        part = metafunc.definition.path.relative_to(HERE).parts[0]
        engines = ["sqlite"] if part in ONCE else ["sqlite", "postgresql"]
        metafunc.parametrize("engine", engines, indirect=True)


@pytest.fixture
def database_url(
    engine: str, data_dir: Path, request: pytest.FixtureRequest
) -> Iterator[str | None]:
    """A migrated database for one test; None for the file that belongs into its data folder."""
    if engine == "sqlite":
        shutil.copy(request.getfixturevalue("migrated"), data_dir / "tongke.db")
        yield None
        return
    server: PostgreSQL = request.getfixturevalue("postgresql")
    name = server.create(TEMPLATE)
    yield server.url(name)
    server.drop(name)


@pytest.fixture
def empty_url(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """A database that was never migrated."""
    if engine == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path / 'deep' / 'new.db'}"
        return
    server: PostgreSQL = request.getfixturevalue("bare_postgresql")
    name = server.create()
    yield server.url(name)
    server.drop(name)


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    server = RedisServer()
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture
def redis_url(redis_server: RedisServer) -> str:
    """An empty Redis. A test that kills one starts a ``RedisServer`` of its own."""
    redis_server.flush()
    return redis_server.url


@pytest.fixture
def settings(data_dir: Path, database_url: str | None, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Nothing of the tester's own environment counts."""
    for name in Settings.model_fields:
        monkeypatch.delenv(f"TONGKE_{name.upper()}", raising=False)
    return Settings(data_dir=data_dir, database_url=database_url, roles=["web"])


@pytest.fixture
async def frame(settings: Settings) -> AsyncIterator[Frame]:
    frame = make_frame(settings)
    # The real hasher takes 64 MiB and 50 ms, which is its purpose, not ours.
    frame.passwords = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    await compile_once(frame.database)
    yield frame
    await frame.database.close()


@pytest.fixture
def make(frame: Frame) -> Makers:
    return Makers(frame)


@pytest.fixture
async def relay(settings: Settings) -> AsyncIterator[StandIn]:
    stand_in = StandIn(settings.relay_socket)
    stand_in.answers = {"end": nothing, "sessions": nobody}
    await stand_in.start()
    yield stand_in
    await stand_in.stop()


@pytest.fixture
async def hls(settings: Settings) -> AsyncIterator[StandIn]:
    stand_in = StandIn(settings.hls_socket)
    stand_in.answers = {"open": nothing, "finish": nothing, "keys": no_keys}
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
