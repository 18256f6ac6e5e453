"""Rules of bringing packages in: who may, and that the same file makes one course."""

from uuid import UUID

from tongke_courses.catalogue import service as courses
from tongke_courses.catalogue.rights import CREATE
from tongke_courses.materials import uploading
from tongke_courses.packages.models import PackageImport, PackageState
from tongke_courses.packages.repository import PackageImportRepository
from tongke_courses.packages.schemas import PackageIn
from tongke_platform.database import ReadSession, WriteSession
from tongke_platform.errors import N_, Conflict, Invalid, NotFound
from tongke_platform.frame import Frame
from tongke_platform.organisations import service as organisations
from tongke_platform.organisations.models import Organisation
from tongke_platform.organisations.repository import OrganisationRepository
from tongke_platform.rights import Principal

JOB = "packages.import"
NO_IMPORT = N_("There is no such import. Please send the package again.")


async def start(frame: Frame, by: Principal, wanted: PackageIn) -> PackageImport:
    """From an upload, as a job; what was brought in before is answered as it is.

    Raises NotFound, Conflict ``not_whole``, Invalid ``no_lead_school``, Forbidden.
    """
    upload = await uploading.get(frame, by, wanted.upload_id)
    if upload.file is None:
        raise Conflict(uploading.NOT_WHOLE, code="not_whole")
    async with frame.database.write() as session:
        school = await school_for(session, by, wanted.school_id)
        made, new = await begin(
            session,
            PackageImport(
                school_id=school.id,
                by_id=by.id,
                file_id=upload.file.id,
                sha256=upload.file.sha256,
                name=upload.name,
                subject=wanted.subject,
                grade=wanted.grade,
            ),
            again=wanted.again,
        )
        if new:
            await frame.jobs.add(session, JOB, id=str(made.id))
        return made


async def school_for(session: ReadSession, by: Principal, key: UUID | None) -> Organisation:
    """Raises Invalid ``no_lead_school``, NotFound, Forbidden."""
    key = key or by.school_id
    if key is None:
        raise Invalid(courses.NO_SCHOOL, code="no_lead_school")
    school = await organisations.organisation(session, key)
    CREATE.check(by, school)
    return school


async def begin(
    session: WriteSession, wanted: PackageImport, *, again: bool
) -> tuple[PackageImport, bool]:
    """The import of this file for this school, and whether it is a new one. One that failed, or
    whose course is gone, is begun anew.
    """
    # Two who send the same at the same moment come one after the other.
    await OrganisationRepository(session).to_change(wanted.school_id)
    repository = PackageImportRepository(session)
    there = await repository.latest(wanted.school_id, wanted.sha256)
    if there is not None and not again and _stands(there):
        return there, False
    wanted.round = 0 if there is None else there.round + 1
    return await repository.add(wanted), True


def _stands(there: PackageImport) -> bool:
    if there.state is PackageState.DONE:
        return there.course_id is not None
    return there.state is PackageState.RUNNING


async def get(session: ReadSession, by: Principal, key: UUID) -> PackageImport:
    """One's own, or one of a school one may make courses for. Raises NotFound ``no_import``."""
    found = await PackageImportRepository(session).by_id(key)
    if found is None:
        raise NotFound(NO_IMPORT, code="no_import")
    if found.by_id != by.id:
        school = await organisations.organisation(session, found.school_id)
        if not CREATE.allows(by, school):
            raise NotFound(NO_IMPORT, code="no_import")
    return found
