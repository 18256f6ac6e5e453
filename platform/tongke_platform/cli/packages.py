"""``tongke import package`` and ``tongke export course``: courses from and for other systems."""

import asyncio
import contextlib
import hashlib
import json
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, TypeVar
from uuid import UUID

import typer

from tongke_courses.packages import importing, service
from tongke_courses.packages.exporting import cartridge, folder
from tongke_courses.packages.models import PackageImport, PackageState
from tongke_courses.packages.reading.reader import opened_package
from tongke_courses.packages.repository import PackageImportRepository
from tongke_courses.packages.schemas import UNSAID
from tongke_courses.packages.unpacking import would_refuse
from tongke_courses.takehome import contents, recordings
from tongke_courses.takehome import service as takehome
from tongke_courses.takehome.contents import Contents
from tongke_courses.takehome.members import Member
from tongke_platform.accounts import service as accounts
from tongke_platform.app.factory import make_frame
from tongke_platform.cli.import_ import AsJson, DataDir, Lang, Report, prepare
from tongke_platform.cli.options import fail
from tongke_platform.database import ReadSession
from tongke_platform.errors import N_, Invalid, NotFound, TongkeError
from tongke_platform.frame import Frame
from tongke_platform.imports import service as imports
from tongke_platform.imports.asker import OPERATOR
from tongke_platform.organisations.models import Organisation
from tongke_platform.pages.languages import translations
from tongke_platform.people.roles import Role, Scope
from tongke_platform.rights import Post, Principal
from tongke_platform.settings import Settings

T = TypeVar("T")
NO_PERSON = N_("There is nobody with this sign-in name.")
NO_MAKER = N_("Nobody at this school may make courses. Please name a teacher.")
FORMS = ("cartridge", "folder")


def register(import_cli: typer.Typer, export_cli: typer.Typer) -> None:
    import_cli.command("package")(package_command)
    export_cli.command("course")(course_command)


def with_frame(settings: Settings, work: Callable[[Frame], Awaitable[T]]) -> T:
    async def run() -> T:
        frame = make_frame(settings)
        try:
            return await work(frame)
        finally:
            frame.passwords.close()
            await frame.database.close()

    return asyncio.run(run())


def package_command(
    file: Annotated[Path, typer.Argument(help="The package.", show_default=False)],
    school: Annotated[
        str | None,
        typer.Option(
            "--school", help="Code of the school that gets the course; without: only read."
        ),
    ] = None,
    teacher: Annotated[
        str | None,
        typer.Option(
            "--teacher", help="Sign-in name of who leads it; by default one of the school."
        ),
    ] = None,
    subject: Annotated[str, typer.Option("--subject", help="Of the course.")] = UNSAID,
    grade: Annotated[str, typer.Option("--grade", help="Of the course.")] = UNSAID,
    again: Annotated[
        bool, typer.Option("--again", help="Make another course of a file that was brought in.")
    ] = False,
    as_json: AsJson = False,
    language: Lang = None,
    data_dir: DataDir = None,
) -> None:
    """Make a draft course of a Common Cartridge 1.1 to 1.3, SCORM 1.2 or Moodle backup.

    Its kind is seen from its content. "imported" counts the items that have a place here: lessons
    and their materials (units and the course itself are not counted); what has none is listed with
    the reason. The same file for the same school makes no second course without --again. Without
    --school nothing is written.

    Exit codes: 0 done; 2 the file, the school or the teacher is wrong.
    """
    settings, report = prepare(data_dir, language, as_json)
    if not file.is_file():
        fail(f"{file}: no such file")

    async def work(frame: Frame) -> dict[str, Any]:
        if school is None:
            return await _read(frame, report, file)
        wanted = PackageImport(name=file.name[:255], subject=subject[:40], grade=grade[:40])
        return await _bring(frame, report, file, school, teacher, wanted, again)

    try:
        _say_package(report, with_frame(settings, work))
    except TongkeError as error:
        refuse(report, error)


def refuse(report: Report, error: TongkeError) -> None:
    text = report.say(error.message)
    fail(text % error.params if error.params else text)


def _say_package(report: Report, found: dict[str, Any]) -> None:
    if report.as_json:
        print(json.dumps(found, ensure_ascii=False))
        return
    print(f"{found['kind']}: {found['imported']} imported, {len(found['skipped'])} skipped")
    for one in found["skipped"]:
        print(f"  {one['what']}: {one['why']}")
    if found.get("course"):
        print(f"/courses/{found['course']}")


def _answer(
    report: Report, kind: str, imported: int, skipped: Iterable[Sequence[str]], **more: Any
) -> dict[str, Any]:
    shown = [{"what": what, "why": report.say(why)} for what, why in skipped]
    return {"kind": kind, "imported": imported, "skipped": shown, **more}


async def _read(frame: Frame, report: Report, file: Path) -> dict[str, Any]:
    """As if it were brought in, but nothing is written."""
    opening = opened_package(file)
    archive, package = await asyncio.to_thread(opening.__enter__)
    with contextlib.ExitStack() as stack:
        stack.push(opening.__exit__)
        plan = await importing.read_plan(frame, archive, package)
        refused = await asyncio.to_thread(would_refuse, archive, plan.steps)
    skipped = [(one.what, one.why) for one in (*plan.skipped, *refused)]
    return _answer(report, package.kind.value, len(plan.steps) - len(refused), skipped)


async def _bring(
    frame: Frame,
    report: Report,
    file: Path,
    code: str,
    teacher: str | None,
    wanted: PackageImport,
    again: bool,
) -> dict[str, Any]:
    with opened_package(file):
        pass  # what is no package leaves nothing behind
    wanted.sha256 = await asyncio.to_thread(_sha256, file)
    async with frame.database.write() as session:
        school = await imports.school_of_code(session, OPERATOR, code)
        by = await _maker(frame, session, school, teacher)
        wanted.school_id, wanted.by_id = (
            (await service.school_for(session, by, school.id)).id,
            by.id,
        )
        made, _ = await service.begin(session, wanted, again=again)
    with report.bar() as bar:
        task = bar.add_task("import", total=None)
        await importing.bring_in(
            frame, made.id, file,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )  # fmt: skip
    async with frame.database.read() as session:
        found = await PackageImportRepository(session).by_id(made.id)
    assert found is not None, "just made"
    if found.state is PackageState.FAILED:
        raise Invalid(found.trouble)
    return _answer(report, found.kind, found.imported, found.skipped, course=str(found.course_id))


def _sha256(file: Path) -> str:
    with file.open("rb") as data:
        return hashlib.file_digest(data, "sha256").hexdigest()


async def _maker(
    frame: Frame, session: ReadSession, school: Organisation, name: str | None
) -> Principal:
    """Raises NotFound ``no_person``, Invalid ``no_maker``."""
    if name is not None:
        person = await accounts.person_named(session, name)
    else:
        person = await PackageImportRepository(session).teacher_of(school.id, frame.today())
    if person is None:
        if name is not None:
            raise NotFound(NO_PERSON, code="no_person")
        raise Invalid(NO_MAKER, code="no_maker")
    found = await accounts.principal_of(session, person.id, frame.today())
    if found is None:
        raise NotFound(NO_PERSON, code="no_person")
    return found


def course_command(
    course: Annotated[str, typer.Argument(help="The id of the course.", show_default=False)],
    file: Annotated[Path, typer.Argument(help="The file to write.", show_default=False)],
    form: Annotated[
        str, typer.Option("--as", help="cartridge (Common Cartridge 1.3) or folder.")
    ] = "cartridge",
    language: Lang = None,
    data_dir: DataDir = None,
) -> None:
    """Write a course for other systems, or as pages that open in a browser from a stick.

    With --as folder a FILE that ends with .zip is one archive, any other a folder that is made.
    Materials whose licence keeps them here are named and left out.

    Exit codes: 0 done; 2 the course, the form or the file is wrong.
    """
    settings, report = prepare(data_dir, language, False)
    if form not in FORMS:
        fail(f"--as: {form} is neither cartridge nor folder")
    try:
        key = UUID(course)
    except ValueError:
        fail(f"{course} is no id of a course")

    async def work(frame: Frame) -> None:
        found = await _contents(frame, key)
        if form == "cartridge":
            say = translations(settings.default_language).gettext
            await _write_zip(frame, report, cartridge.members(found, say), file)
            return
        made = folder.members(found, settings.default_language)
        if file.suffix == ".zip":
            await _write_zip(frame, report, made, file)
        else:
            await write_folder(frame, report, made, file)

    try:
        with_frame(settings, work)
    except TongkeError as error:
        refuse(report, error)
    except OSError as error:
        fail(f"{file}: {error.strerror}")


async def _contents(frame: Frame, key: UUID) -> Contents:
    """As the server's operator sees it. Raises NotFound."""
    async with frame.database.read() as session:
        who = await operator(frame, session)
        found = await contents.of_course(session, who, key)
    await recordings.add_to(frame, who, found)
    await takehome.count_recordings(frame, found)
    return found


async def operator(frame: Frame, session: ReadSession) -> Principal:
    """Somebody who may see all; no rights of a person are borrowed beyond this call."""
    person = await PackageImportRepository(session).anybody()
    found = await accounts.principal_of(session, person, frame.today()) if person else None
    if found is None:
        raise NotFound
    return replace(found, posts=(Post(Role.ADMIN, Scope.PLATFORM),), entrusted=())


async def _write_zip(frame: Frame, report: Report, members: Sequence[Member], file: Path) -> None:
    """First beside it, so that a file of this name is always a whole one."""
    archive = await takehome.archive_of(frame, members)
    part = file.with_name(file.name + ".part")
    with report.bar() as bar, part.open("wb") as out:
        task = bar.add_task("export", total=archive.size)
        async for data in takehome.stream(frame, archive, 0, archive.size):
            await asyncio.to_thread(out.write, data)
            bar.advance(task, len(data))
    part.replace(file)


async def write_folder(frame: Frame, report: Report, members: Sequence[Member], top: Path) -> None:
    top.mkdir(parents=True)
    with report.bar() as bar:
        for one in bar.track(members, description="export"):
            path = top / one.path
            path.parent.mkdir(parents=True, exist_ok=True)
            await takehome.fetch(frame, one, path)
