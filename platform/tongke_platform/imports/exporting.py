"""A roster taken out by somebody, with what they may read."""

from collections.abc import Sequence

from tongke_platform.audit import service as audit
from tongke_platform.classes.rights import PUPILS
from tongke_platform.database import ReadSession, WriteSession
from tongke_platform.errors import N_, Invalid, NotFound
from tongke_platform.frame import Frame
from tongke_platform.imports.oneroster.files import COLUMNS
from tongke_platform.imports.oneroster.outgoing import export_schools
from tongke_platform.imports.repository import PlaceRepository
from tongke_platform.imports.rights import EXPORT
from tongke_platform.organisations.models import Organisation
from tongke_platform.organisations.repository import OrganisationRepository
from tongke_platform.rights import Principal

ACT = "roster.exported"
# One request answers with all of it.
MOST = 200
NO_SCHOOL = N_("There is no such school among those whose roster you may take out.")
NO_VERSION = N_("OneRoster can be written as 1.1 or 1.2.")
MANY = N_("These are more than %(limit)s schools. Please choose one of them.")


async def schools_for(session: ReadSession, by: Principal, frame: Frame) -> Sequence[Organisation]:
    """What a form offers; none for those who may take out nothing."""
    if not EXPORT.allows_anywhere(by):
        return []
    return await PlaceRepository(session).some(EXPORT.clause(by), frame.today())


async def roster(
    frame: Frame, session: WriteSession, by: Principal, code: str, version: str
) -> tuple[bytes, str]:
    """The zip and a name for it; ``code`` empty is all they look after.

    Raises NotFound ``no_school``, Invalid ``bad_version``, ``too_many``.
    """
    if version not in COLUMNS:
        raise Invalid(NO_VERSION, code="bad_version")
    schools = await _chosen(frame, session, by, code)
    listed = {one.id for one in schools if PUPILS.allows(by, one)}
    data = await export_schools(session, schools, version, frame.today(), listed)
    for one in schools:
        audit.record(session, by, ACT, one, one, {"class_lists": one.id in listed})
    return data, f"oneroster-{schools[0].code if len(schools) == 1 else 'all'}-{frame.today()}"


async def _chosen(
    frame: Frame, session: ReadSession, by: Principal, code: str
) -> Sequence[Organisation]:
    if code:
        found = await OrganisationRepository(session).by_code(code.replace("\0", ""))
        schools = [found] if found and EXPORT.allows(by, found) else []
    else:
        schools = [*await schools_for(session, by, frame)]
    if not schools:
        raise NotFound(NO_SCHOOL, code="no_school")
    if len(schools) >= MOST:
        raise Invalid(MANY, code="too_many", limit=MOST - 1)
    return schools
