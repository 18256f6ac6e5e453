"""Materials as the API shows them."""

from collections.abc import Sequence

from tongke_courses.catalogue.models import Licence
from tongke_courses.materials import rights, service
from tongke_courses.materials.downloads import href_of
from tongke_courses.materials.looking import shown_inline
from tongke_courses.materials.models import Material, MaterialVersion
from tongke_courses.materials.schemas import MaterialOut, MaterialWithVersions, VersionOut
from tongke_platform.database import ReadSession
from tongke_platform.rights import Principal


async def shown(
    session: ReadSession, principal: Principal | None, found: Sequence[Material]
) -> list[MaterialOut]:
    """All of one lesson or course, as a list shows them to somebody who may see them."""
    if not found:
        return []
    owner = await rights.owner_of(session, found[0])
    edits = rights.may_edit_owner(principal, owner)
    course_licence = await rights.licence_of_owner(session, owner)
    signed_in = principal is not None
    return [
        _out(one, rights.licence_in(one, course_licence), signed_in=signed_in, edits=edits)
        for one in found
    ]


def _out(material: Material, licence: Licence, *, signed_in: bool, edits: bool) -> MaterialOut:
    current = material.current
    file = current.file if current else None
    return MaterialOut(
        id=material.id,
        lesson_id=material.lesson_id,
        course_id=material.course_id,
        kind=material.kind,
        title=material.title,
        name=current.name if current else "",
        size=file.size if file else 0,
        media_type=file.media_type if file else "",
        licence=licence,
        credits=material.credits,
        position=material.position,
        updated_at=material.changed_at,
        url=material.url,
        href=href_of(current) if current else material.url,
        version_id=material.current_id,
        inline=file is not None and shown_inline(file.media_type),
        may_download=edits or not rights.why_not(licence, of_school=signed_in),
        may_edit=edits,
        removed=material.removed_at is not None,
    )


async def with_versions(
    session: ReadSession, principal: Principal | None, material: Material
) -> MaterialWithVersions:
    out = (await shown(session, principal, [material]))[0]
    found = await service.versions_of(session, material)
    if not out.may_edit:
        found = [one for one in found if one.id == material.current_id]
    versions = [_version(one, named=out.may_edit) for one in found]
    return MaterialWithVersions(**out.model_dump(), versions=versions)


def _version(one: MaterialVersion, *, named: bool) -> VersionOut:
    return VersionOut(
        id=one.id,
        number=one.number,
        name=one.name,
        size=one.file.size,
        media_type=one.file.media_type,
        sha256=one.file.sha256,
        note=one.note,
        at=one.created_at,
        by=one.by.display_name if named and one.by else None,
        href=href_of(one),
    )
