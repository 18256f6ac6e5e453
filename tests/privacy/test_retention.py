"""What is over goes, what is not stays."""

import asyncio
import json
import os
from datetime import timedelta

import httpx2
from sqlalchemy import func, select
from typer.testing import CliRunner

from tests.makers import Makers
from tests.organisations.test_pages import sign_in
from tongke_platform.accounts.models import LoginSession
from tongke_platform.cli.program import cli
from tongke_platform.consent import service as consent
from tongke_platform.database import uuid7
from tongke_platform.frame import Frame
from tongke_platform.people.roles import Role
from tongke_platform.privacy import exports
from tongke_platform.privacy.models import DataExport
from tongke_platform.privacy.retention import ORPHAN_AGE, RETENTION, sweep


def test_every_rule_says_why() -> None:
    assert all(one.days > 0 and one.why and one.what for one in RETENTION)
    log = next(one for one in RETENTION if "audit" in one.what)
    assert log.days >= 180


async def test_old_sessions_go(make: Makers, frame: Frame) -> None:
    person = await make.person(await make.school(await make.region()), Role.PRINCIPAL)
    now = frame.now()
    async with frame.database.write() as session:
        for days in (-40, -1, 5):
            expires = now + timedelta(days=days)
            token = f"{days:064d}"
            session.add(LoginSession(token_hash=token, person_id=person.id, expires_at=expires))
    gone = await sweep(frame)
    assert gone["sessions that are over"] == 1
    async with frame.database.read() as session:
        left = await session.execute(select(func.count()).select_from(LoginSession))
        assert left.scalar_one() == 2
    assert not any((await sweep(frame)).values())


async def test_photographs_without_a_form_go(frame: Frame) -> None:
    folder = consent.folder(frame)
    folder.mkdir(parents=True, exist_ok=True)
    old, new, other = folder / f"{uuid7()}.jpg", folder / f"{uuid7()}.jpg", folder / "note.jpg"
    for path in (old, new, other):
        path.write_bytes(b"x")
    before = (frame.now() - ORPHAN_AGE - timedelta(hours=1)).timestamp()
    for path in (old, other):
        os.utime(path, (before, before))
    assert (await sweep(frame))["photographs without a form"] == 1
    assert not old.exists()
    assert new.exists()
    assert other.exists()


async def test_what_nobody_fetched_goes(
    client: httpx2.AsyncClient, make: Makers, frame: Frame
) -> None:
    person = await make.person(await make.school(await make.region()), Role.PRINCIPAL)
    await sign_in(client, person)
    await client.post("/me/data")
    await frame.jobs.run_due()
    assert not (await sweep(frame))["personal data nobody fetched"]
    async with frame.database.write() as session:
        found = (await session.execute(select(DataExport))).scalar_one()
        found.expires_at = frame.now() - timedelta(seconds=1)
    assert (await sweep(frame, dry_run=True))["personal data nobody fetched"] == 1
    assert len(list(exports.folder(frame).iterdir())) == 1
    assert (await sweep(frame))["personal data nobody fetched"] == 1
    assert list(exports.folder(frame).iterdir()) == []
    assert (await client.post(f"/me/data/{found.id}")).status_code == 404


async def test_the_command_says_what_goes(make: Makers, frame: Frame) -> None:
    person = await make.person(await make.school(await make.region()), Role.PRINCIPAL)
    async with frame.database.write() as session:
        expires = frame.now() - timedelta(days=40)
        session.add(LoginSession(token_hash="x" * 64, person_id=person.id, expires_at=expires))
    words = ["retention", "run", "--json", "--data-dir", str(frame.settings.data_dir)]
    environment = {"TONGKE_DATABASE_URL": frame.settings.database_url or ""}
    for more, left in ((["--dry-run"], 1), ([], 0)):
        told = await asyncio.to_thread(
            CliRunner().invoke,
            cli,
            [*words, *more],
            env=environment if environment["TONGKE_DATABASE_URL"] else {},
        )
        assert told.exit_code == 0, told.output
        said = json.loads(told.stdout)
        assert said["dry_run"] is bool(more)
        assert said["removed"]["sessions that are over"] == 1
        async with frame.database.read() as session:
            found = await session.execute(select(func.count()).select_from(LoginSession))
            assert found.scalar_one() == left
