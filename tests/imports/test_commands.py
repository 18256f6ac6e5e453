"""``tongke import`` and ``tongke export``: what scripts get, and a roster there and back."""

import asyncio
import io
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from typer.testing import CliRunner

from tests.imports.sheets import TITLES, table, teachers
from tests.makers import Makers
from tongke_platform.cli.program import cli
from tongke_platform.frame import Frame
from tongke_platform.imports.oneroster.words import joined, parted
from tongke_platform.organisations.models import (
    AcademicYear,
    ClassEntry,
    ClassYear,
    ExternalId,
    Organisation,
    Pupil,
    SchoolClass,
)
from tongke_platform.people.models import Membership, Person, SignInName
from tongke_platform.people.repository import PersonRepository
from tongke_platform.people.roles import Role
from tongke_platform.settings import Settings

TABLES = (AcademicYear, ClassEntry, ClassYear, ExternalId, Membership, Organisation, Person, Pupil,
          SchoolClass, SignInName)  # fmt: skip


@dataclass
class Shell:
    frame: Frame
    folder: Path
    environment: dict[str, str]

    async def run(self, *words: object, code: int = 0) -> str:
        """The command's standard output."""
        done = await asyncio.to_thread(
            CliRunner().invoke, cli, [str(one) for one in words], env=self.environment
        )
        assert done.exit_code == code, (done.output, done.stderr, done.exception)
        if code:
            assert len(done.stderr.strip().splitlines()) == 1, done.stderr
        return done.stdout

    async def people(self, data: bytes, *words: object, code: int = 0) -> dict[str, Any]:
        path = self.folder / "people.csv"
        path.write_bytes(data)
        out = await self.run("import", "people", path, "--json", *words, code=code)
        found: dict[str, Any] = json.loads(out)
        return found

    async def roster(self, files: dict[str, str], *words: object, code: int = 0) -> dict[str, Any]:
        path = self.folder / "roster.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for name, text in files.items():
                archive.writestr(f"{name}.csv", text)
        out = await self.run("import", "oneroster", path, "--json", *words, code=code)
        found: dict[str, Any] = json.loads(out)
        return found

    async def counts(self) -> dict[str, int]:
        async with self.frame.database.read() as session:
            return {
                model.__tablename__: (
                    await session.execute(select(func.count()).select_from(model))
                ).scalar_one()
                for model in TABLES
            }


@pytest.fixture
def shell(frame: Frame, settings: Settings, tmp_path: Path) -> Shell:
    environment = {
        "TONGKE_DATA_DIR": str(settings.data_dir),
        "TONGKE_DATABASE_URL": settings.sql_url,
    }
    return Shell(frame, tmp_path, environment)


async def test_people(shell: Shell, make: Makers) -> None:
    school = await make.school()
    data = table(TITLES, *teachers(3))
    before = await shell.counts()
    said = await shell.people(data, "--school", school.code, "--dry-run")
    assert said == {"rows": 3, "ok": 3, "errors": []}
    assert await shell.counts() == before
    assert (await shell.people(data, "--school", school.code))["ok"] == 3
    after = await shell.counts()
    assert after["people"] == before["people"] + 3
    await shell.people(data, "--school", school.code)
    assert await shell.counts() == after


async def test_people_with_errors(shell: Shell, make: Makers) -> None:
    school = await make.school()
    before = await shell.counts()
    data = table(["姓名", "手机号"], ["张三", "13900000001"], ["李四", "1.38E+10"])
    said = await shell.people(data, "--school", school.code, code=2)
    assert (said["rows"], said["ok"], len(said["errors"])) == (2, 1, 1)
    error = said["errors"][0]
    assert sorted(error) == ["column", "message", "row"]
    assert (error["row"], error["column"]) == (3, "手机号")
    assert "文本" in error["message"]
    assert await shell.counts() == before
    await shell.people(data, "--school", school.code, "--skip-errors")
    assert (await shell.counts())["people"] == before["people"] + 1


async def test_bad_input_is_one_line(shell: Shell, make: Makers) -> None:
    school = await make.school()
    missing = shell.folder / "missing.csv"
    await shell.run("import", "people", missing, "--school", school.code, code=2)
    said = await shell.people(b"%PDF-", "--school", school.code, "--language", "en", code=2)
    assert ".xlsx" in said["errors"][0]["message"]
    await shell.people(table(TITLES, *teachers(1)), "--school", "nowhere", code=2)
    await shell.run("import", "oneroster", shell.folder / "people.csv", code=2)
    await shell.run("export", "oneroster", "--school", "nowhere", shell.folder / "x.zip", code=2)


ROSTER = {
    "manifest": "propertyName,value\nmanifest.version,1.0\noneroster.version,1.1\n",
    "orgs": "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId\n"
    "o1,,,云县第一小学,school,{code},\n",
    "academicSessions": "sourcedId,status,dateLastModified,title,type,startDate,endDate,"
    "parentSourcedId,schoolYear\n"
    "y1,,,2026–2027,schoolYear,2026-09-01,2027-07-10,,2027\n"
    "t1,,,第一学期,semester,2026-09-01,2027-01-20,y1,2027\n",
    "classes": "sourcedId,status,dateLastModified,title,grades,courseSourcedId,classCode,classType,"
    "location,schoolSourcedId,termSourcedIds,subjects,subjectCodes,periods\n"
    "c1,,,三年级1班,03,,,homeroom,,o1,t1,,,\n",
    "users": "sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,userIds,"
    "givenName,familyName,middleName,identifier,email,sms,phone,agentSourcedIds,grades,password\n"
    "u1,,,true,o1,teacher,zhang,,三,张,,T1,z@x.cn,13912345678,,,,hunter2\n"
    "u2,,,true,o1,administrator,li,,Mary Ann,Smith,,T2,,,,,,\n"
    "s1,,,true,o1,student,p1,,小明,王,,2026001,child@x.cn,13900000009,,,,\n"
    "g1,,,true,o1,parent,p2,,大明,王,,,parent@x.cn,,,,,\n",
    "enrollments": "sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,"
    "role,primary,beginDate,endDate\n"
    "e1,,,c1,o1,s1,student,,2026-09-01,\ne2,,,c1,o1,u1,teacher,,,\n",
}


def roster(code: str, **replaced: tuple[str, str]) -> dict[str, str]:
    """``ROSTER`` with ``table=(old, new)`` replaced."""
    files = {name: text.replace("{code}", code) for name, text in ROSTER.items()}
    for name, (old, new) in replaced.items():
        assert old in files[name]
        files[name] = files[name].replace(old, new)
    return files


async def test_a_roster_comes_in_once(shell: Shell, make: Makers) -> None:
    school = await make.school()
    before = await shell.counts()
    said = await shell.roster(roster(school.code))
    assert said == {"rows": 10, "ok": 10, "errors": []}
    after = await shell.counts()
    new = {name: after[name] - before[name] for name in after if after[name] != before[name]}
    assert new == {
        "academic_years": 1,
        "class_entries": 1,
        "class_years": 1,
        "external_ids": 6,
        "memberships": 2,
        "people": 2,
        "pupils": 1,
        "school_classes": 1,
        "sign_in_names": 4,
    }
    async with shell.frame.database.read() as session:
        (teacher,) = await PersonRepository(session).by_name("13912345678")
        assert teacher.display_name == "张三"
        (other,) = await PersonRepository(session).by_name("T2", school.code)
        assert other.display_name == "Mary Ann Smith"
        assert await PersonRepository(session).by_name("13900000009") == []
        assert await PersonRepository(session).by_name("child@x.cn") == []
    await shell.roster(roster(school.code))
    assert await shell.counts() == after


async def test_changes_and_what_is_to_be_deleted(shell: Shell, make: Makers) -> None:
    school = await make.school()
    await shell.roster(roster(school.code))
    files = roster(
        school.code,
        users=("s1,,,true,o1,student,p1,,小明", "s1,,,true,o1,student,p1,,大明"),
        enrollments=("e1,,", "e1,tobedeleted,"),
    )
    files["users"] = files["users"].replace("u1,,", "u1,tobedeleted,")
    assert (await shell.roster(files))["errors"] == []
    async with shell.frame.database.read() as session:
        assert (await session.execute(select(Pupil.name))).scalars().all() == ["王大明"]
        assert None not in (await session.execute(select(ClassEntry.ends_on))).scalars().all()
        ended = select(Membership.ends_on).where(Membership.role == Role.LOCAL_TEACHER)
        assert None not in (await session.execute(ended)).scalars().all()
    after = await shell.counts()
    await shell.roster(files)
    assert await shell.counts() == after


@pytest.mark.parametrize(
    ("name", "old", "new", "column"),
    [
        ("classes", "homeroom,,o1", "homeroom,,o9", "classes.csv schoolSourcedId"),
        ("classes", "o1,t1", "o1,t9", "classes.csv termSourcedIds"),
        ("classes", ",03,", ",PK,", "classes.csv grades"),
        ("users", "u1,,,true,o1", "u1,,,true,o9", "users.csv orgSourcedIds"),
        ("users", "teacher", "wizard", "users.csv role"),
        ("users", "13912345678", "1.39E+10", "users.csv phone"),
        ("enrollments", "c1,o1,s1", "c9,o1,s1", "enrollments.csv classSourcedId"),
        ("enrollments", "c1,o1,s1", "c1,o1,s9", "enrollments.csv userSourcedId"),
        ("academicSessions", "2026-09-01,2027-07-10", "gestern,2027-07-10",
         "academicSessions.csv startDate"),
    ],
)  # fmt: skip
async def test_broken_rows_hold_all_back(
    shell: Shell, make: Makers, name: str, old: str, new: str, column: str
) -> None:
    school = await make.school()
    before = await shell.counts()
    said = await shell.roster(roster(school.code, **{name: (old, new)}), code=2)
    assert said["errors"][0]["column"] == column
    assert await shell.counts() == before


@pytest.mark.parametrize("version", ["1.1", "1.2"])
async def test_there_and_back_changes_nothing(shell: Shell, make: Makers, version: str) -> None:
    school = await make.school()
    await make.person(school, Role.PRINCIPAL)
    await make.person(school, Role.LEAD_TEACHER)
    await shell.roster(roster(school.code))
    before = await shell.counts()
    path = shell.folder / "out.zip"
    await shell.run("export", "oneroster", "--school", school.code, "--oneroster", version, path)
    with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as archive:
        manifest = archive.read("manifest.csv").decode()
        users = archive.read("users.csv").decode()
        assert ("roles.csv" in archive.namelist()) == (version == "1.2")
    assert f"oneroster.version,{version}" in manifest
    assert "hunter2" not in users
    assert "child@x.cn" not in users
    said = json.loads(await shell.run("import", "oneroster", path, "--json"))
    assert said["errors"] == []
    assert await shell.counts() == before


def test_names_come_apart_and_together() -> None:
    for name in ("张三", "欧阳修", "欧阳", "王", "Mary Ann Smith", "Cher"):
        assert joined(*parted(name)) == name
