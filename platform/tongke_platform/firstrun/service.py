"""The one-time address of an empty server, and what the one who has it makes."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from tongke_platform.accounts import service as accounts
from tongke_platform.accounts.passwords import Passwords
from tongke_platform.database import Database, ReadSession, take_turn
from tongke_platform.errors import N_, NotFound
from tongke_platform.firstrun.schemas import FirstRun
from tongke_platform.frame import Frame
from tongke_platform.organisations import service as organisations
from tongke_platform.people import service as people
from tongke_platform.people.models import Person
from tongke_platform.people.repository import PersonRepository
from tongke_platform.people.roles import Role
from tongke_platform.settings import Settings

TOKEN_FILE = "first-run"
# Servers of one PostgreSQL database: whoever comes second finds somebody there.
_TURN = 0x66697273


async def address(settings: Settings, database: Database) -> str | None:
    """The path of the setup page while nobody is there; None afterwards."""
    path = settings.data_dir / TOKEN_FILE
    async with database.read() as session:
        if await PersonRepository(session).anybody():
            path.unlink(missing_ok=True)
            return None
    return f"/setup/{_token(path)}"


def _token(path: Path) -> str:
    """Readable by its owner alone; the same until it was used, whatever restarts."""
    token = secrets.token_urlsafe(24)
    part = path.with_name(f".{TOKEN_FILE}.{os.getpid()}")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(token)
    # Whole or not at all, and whoever comes second takes what is there.
    with suppress(FileExistsError):
        os.link(part, path)
    part.unlink()
    return path.read_text().strip()


async def check(settings: Settings, session: ReadSession, token: str) -> None:
    """Raises NotFound: a wrong token and a server that is set up look the same."""
    try:
        wanted = (settings.data_dir / TOKEN_FILE).read_text().strip()
    except FileNotFoundError:
        wanted = ""
    right = bool(wanted) and secrets.compare_digest(wanted.encode(), token.encode())
    if not right or await PersonRepository(session).anybody():
        raise NotFound(N_("This server is set up already, or the address is not right."))


async def begin(frame: Frame, token: str, wanted: FirstRun) -> Person:
    """Make region and administrator in one transaction. Raises NotFound, Invalid, Conflict."""
    password_hash = await _hash(frame.passwords, wanted)
    async with frame.database.write() as session:
        await take_turn(session, _TURN)
        await check(frame.settings, session, token)
        region = await organisations.create_region(
            session, code=wanted.region_code, name=wanted.region_name
        )
        person = await people.create_person(
            session, display_name=wanted.name, username=wanted.username
        )
        await accounts.set_password(session, person, password_hash, frame.now())
        await people.appoint(session, person, Role.ADMIN)
        await people.appoint(session, person, Role.BUREAU_ADMIN, region=region)
    (frame.settings.data_dir / TOKEN_FILE).unlink(missing_ok=True)
    return person


async def _hash(passwords: Passwords, wanted: FirstRun) -> str:
    return await passwords.hash(wanted.password.get_secret_value())
