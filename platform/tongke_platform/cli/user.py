"""``tongke user``: people from the command line, for the day nobody can sign in any more."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.exc import SQLAlchemyError

from tongke_platform.accounts import codes, service
from tongke_platform.accounts.keys import Keys
from tongke_platform.accounts.own import clean_name
from tongke_platform.accounts.passwords import Passwords
from tongke_platform.accounts.repository import AdministratorRepository, LoginRepository
from tongke_platform.accounts.second import switch_off
from tongke_platform.accounts.strength import check_password
from tongke_platform.app.metadata import metadata
from tongke_platform.cli.options import fail, load_settings
from tongke_platform.database import Database, WriteSession, migrate, utc_now
from tongke_platform.errors import TongkeError
from tongke_platform.people import service as people
from tongke_platform.people.models import Person
from tongke_platform.people.roles import Role
from tongke_platform.settings import Settings, signing_secret

cli = typer.Typer(name="user", help="People, from the command line.", no_args_is_help=True)

DataDir = Annotated[Path | None, typer.Option(help="Where everything is kept (TONGKE_DATA_DIR).")]
AsJson = Annotated[bool, typer.Option("--json", help="For programs.")]
FromStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the new password from standard input.")
]


@cli.command("create-admin")
def create_admin(
    username: Annotated[str, typer.Argument(help="Phone number, mail address or name.")],
    name: Annotated[str, typer.Option(help="As others see it.")] = "Administrator",
    password_stdin: FromStdin = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Add a platform administrator; without --password-stdin a one-time code is printed.

    Exit codes: 0 done; 2 the name is taken, the password is weak, or the database cannot be used.
    """
    password = _read_password() if password_stdin else None

    async def work(session: WriteSession, settings: Settings) -> Person:
        person = await people.create_person(
            session, display_name=clean_name(name), username=username
        )
        await people.appoint(session, person, Role.ADMIN)
        return person

    _run(data_dir, work, password, as_json)


@cli.command("reset")
def reset(
    username: Annotated[str, typer.Argument(help="What the person signs in with.")],
    password_stdin: FromStdin = False,
    second_step_off: Annotated[
        bool, typer.Option(help="Also switch the second step off: phone and codes are lost.")
    ] = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Set a new password; without --password-stdin a one-time code for /reset is printed.

    Exit codes: 0 done; 2 there is nobody of that name, or the password is weak.
    """
    password = _read_password() if password_stdin else None

    async def work(session: WriteSession, settings: Settings) -> Person:
        person = await service.person_named(session, username)
        if person is None:
            fail(f"nobody signs in as {username!r}")
        if second_step_off:
            await switch_off(session, person.id)
        return person

    _run(data_dir, work, password, as_json)


@cli.command("list")
def list_administrators(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Show the platform administrators and what they sign in with.

    Exit codes: 0 done; 2 the database cannot be used.
    """
    found: list[dict[str, object]] = []

    async def work(session: WriteSession, settings: Settings) -> None:
        for person in await AdministratorRepository(session).platform(utc_now().date()):
            names = [one.value for one in person.names]
            found.append({"id": str(person.id), "name": person.display_name, "signs_in_as": names})

    asyncio.run(_with_session(load_settings(data_dir=data_dir), work))
    if as_json:
        print(json.dumps(found, ensure_ascii=False))
        return
    for one in found:
        print(f"{one['name']}\t{', '.join(map(str, one['signs_in_as']))}")  # type: ignore[call-overload]  # a list


def _read_password() -> str:
    return sys.stdin.readline().rstrip("\r\n")


def _run(
    data_dir: Path | None,
    find: Callable[[WriteSession, Settings], Awaitable[Person]],
    password: str | None,
    as_json: bool,
) -> None:
    settings = load_settings(data_dir=data_dir)
    said: dict[str, str] = {}

    async def work(session: WriteSession, settings: Settings) -> None:
        hashed = await _hash(password) if password is not None else None
        person = await find(session, settings)
        now = utc_now()
        if hashed is not None:
            await service.set_password(session, person, hashed, now)
            await LoginRepository(session).remove_of(person.id)
        else:
            keys = Keys(signing_secret(settings))
            said["code"] = await codes.reset_code(session, keys, person.id, now)
        said["id"] = str(person.id)

    asyncio.run(_with_session(settings, work))
    if as_json:
        print(json.dumps(said))
    elif "code" in said:
        code = said["code"]
        print(f"one-time code, good for a day at /reset: {code[:4]} {code[4:]}")
    else:
        print("done")


async def _hash(password: str) -> str:
    passwords = Passwords()
    try:
        return await passwords.hash(check_password(password))
    finally:
        passwords.close()


async def _with_session(
    settings: Settings, work: Callable[[WriteSession, Settings], Awaitable[None]]
) -> None:
    """One transaction on a migrated database; what goes wrong is a line, not a trace."""
    try:
        await migrate.upgrade(settings.sql_url, metadata)
        database = Database(settings.sql_url)
        try:
            async with database.write() as session:
                await work(session, settings)
        finally:
            await database.close()
    except TongkeError as error:
        fail(error.message % error.params if error.params else error.message)
    except (SQLAlchemyError, OSError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        fail(f"the database cannot be used (TONGKE_DATABASE_URL): {reason}")
