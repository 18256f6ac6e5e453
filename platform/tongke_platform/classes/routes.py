"""The JSON API of academic years, classes and class lists."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query

from tongke_platform.accounts.rights import RequiredPrincipal
from tongke_platform.classes import promotion, rights, service, years
from tongke_platform.classes.repository import ClassRepository, ClassRow, YearRepository
from tongke_platform.classes.schemas import (
    ClassChange,
    ClassIn,
    ClassList,
    ClassOut,
    PlanOut,
    PupilOut,
    PupilsIn,
    StepOut,
    YearChange,
    YearIn,
    YearOut,
)
from tongke_platform.frame import Reading, TheFrame, Writing
from tongke_platform.organisations import rights as places
from tongke_platform.organisations import service as organisations
from tongke_platform.organisations.models import SchoolClass
from tongke_platform.organisations.schemas import OrganisationOut, UndoOut
from tongke_platform.paging import LIMIT, MOST, Window
from tongke_platform.rights import Principal
from tongke_platform.undo import service as undos

router = APIRouter(prefix="/api", tags=["classes"])
After = Annotated[str, Query(max_length=1000)]
Limit = Annotated[int, Query(ge=1, le=MOST)]
Words = Annotated[str, Query(max_length=80, pattern=r"^[^\x00]*$")]


@router.get("/years")
async def list_years(session: Reading, principal: RequiredPrincipal) -> list[YearOut]:
    """Everybody's and those of the asker's regions, the newest first."""
    clause = places.regions(places.READ, principal)
    found = await YearRepository(session).visible(clause)
    return [YearOut.model_validate(one) for one in found]


@router.post("/years", status_code=201)
async def create_year(wanted: YearIn, session: Writing, principal: RequiredPrincipal) -> YearOut:
    region = await organisations.region_or_none(session, wanted.region_id)
    made = await service.create_year(
        session, name=wanted.name, starts_on=wanted.starts_on, ends_on=wanted.ends_on,
        region=region, by=principal,
    )  # fmt: skip
    return YearOut.model_validate(made)


@router.patch("/years/{year_id}")
async def correct_year(
    year_id: UUID, wanted: YearChange, session: Writing, principal: RequiredPrincipal
) -> YearOut:
    await years.correct(
        session, year_id, name=wanted.name, starts_on=wanted.starts_on, ends_on=wanted.ends_on,
        by=principal,
    )  # fmt: skip
    return YearOut.model_validate((await years.to_correct(session, year_id, principal)).year)


def _out(row: ClassRow) -> ClassOut:
    one, year = row.school_class, row.year
    return ClassOut(
        id=one.id,
        cohort=one.name,
        name=year.name if year else None,
        grade=year.grade if year else None,
        size=year.size if year else 0,
        pupils=row.pupils,
        starts_on=one.starts_on,
        ends_on=one.ends_on,
        organisation=OrganisationOut.model_validate(one.organisation),
    )


@router.get("/classes")
async def list_classes(
    session: Reading,
    principal: RequiredPrincipal,
    q: Words = "",
    organisation_id: UUID | None = None,
    grade: Annotated[int | None, Query(ge=1, le=12)] = None,
    state: Literal["open", "ended", "all"] = "open",
    after: After = "",
    limit: Limit = LIMIT,
) -> ClassList:
    """Those the asker may see, in the order of cohorts."""
    found = await ClassRepository(session).page(
        rights.READ.clause(principal), Window.of(after, limit), principal.today,
        q=q.strip(), organisation_id=organisation_id, grade=grade, state=state,
    )  # fmt: skip
    items = [_out(row) for row in found.items]
    return ClassList(items=items, next=found.next, total=found.total)


@router.get("/organisations/{organisation_id}/classes")
async def classes_of(
    organisation_id: UUID,
    session: Reading,
    principal: RequiredPrincipal,
    after: After = "",
    limit: Limit = LIMIT,
) -> ClassList:
    school = await organisations.organisation_seen(session, organisation_id, principal)
    rights.READ.check(principal, school)
    found = await ClassRepository(session).page(
        SchoolClass.organisation_id == school.id, Window.of(after, limit), principal.today
    )
    items = [_out(row) for row in found.items]
    return ClassList(items=items, next=found.next, total=found.total)


@router.post("/organisations/{organisation_id}/classes", status_code=201)
async def create_class(
    organisation_id: UUID, wanted: ClassIn, session: Writing, principal: RequiredPrincipal
) -> ClassOut:
    school = await organisations.organisation_seen(session, organisation_id, principal)
    made = await service.create_class(
        session, school, grade=wanted.grade, name=wanted.name, size=wanted.size, by=principal
    )
    return await _one(session, made.id, principal)


async def _one(session: Reading, key: UUID, principal: Principal) -> ClassOut:
    await service.class_seen(session, key, principal)
    found = await ClassRepository(session).page(
        SchoolClass.id == key, Window(), principal.today, state="all"
    )
    return _out(found.items[0])


@router.get("/classes/{class_id}")
async def get_class(class_id: UUID, session: Reading, principal: RequiredPrincipal) -> ClassOut:
    return await _one(session, class_id, principal)


@router.patch("/classes/{class_id}")
async def change_class(
    class_id: UUID, wanted: ClassChange, session: Writing, principal: RequiredPrincipal
) -> ClassOut:
    found = await service.class_to_change(session, class_id, principal)
    await service.change_class(session, found, name=wanted.name, size=wanted.size, by=principal)
    return await _one(session, class_id, principal)


@router.get("/classes/{class_id}/pupils")
async def list_pupils(
    class_id: UUID, session: Reading, principal: RequiredPrincipal
) -> list[PupilOut]:
    found = await service.class_seen(session, class_id, principal)
    listed = await service.pupils_of(session, found, by=principal)
    return [PupilOut.model_validate(pupil) for pupil, _ in listed]


@router.post("/classes/{class_id}/pupils", status_code=201)
async def add_pupils(
    class_id: UUID, wanted: PupilsIn, session: Writing, principal: RequiredPrincipal
) -> list[PupilOut]:
    """The whole list as it is then."""
    found = await service.class_to_change(session, class_id, principal)
    listed = [service.Listed(one.name, one.number) for one in wanted.pupils]
    await service.add_pupils(session, found, listed, by=principal)
    names = await service.pupils_of(session, found, by=principal)
    return [PupilOut.model_validate(pupil) for pupil, _ in names]


@router.get("/classes/{class_id}/pupils/{pupil_id}")
async def get_pupil(
    class_id: UUID, pupil_id: UUID, session: Reading, principal: RequiredPrincipal
) -> PupilOut:
    found = await service.class_seen(session, class_id, principal)
    pupil = await service.pupil_of(session, found, pupil_id, by=principal)
    return PupilOut.model_validate(pupil)


@router.delete("/classes/{class_id}/pupils/{pupil_id}", status_code=204)
async def remove_pupil(
    class_id: UUID, pupil_id: UUID, session: Writing, principal: RequiredPrincipal
) -> None:
    found = await service.class_to_change(session, class_id, principal)
    await service.remove_pupil(session, found, pupil_id, by=principal)


@router.get("/organisations/{organisation_id}/promotion")
async def preview(organisation_id: UUID, session: Writing, principal: RequiredPrincipal) -> PlanOut:
    """What would become of every class; nothing is done."""
    school = await organisations.organisation_seen(session, organisation_id, principal)
    planned = await promotion.plan(session, school, by=principal)
    return PlanOut(
        from_year=YearOut.model_validate(planned.from_year),
        to_year=YearOut.model_validate(planned.to_year),
        steps=[
            StepOut(
                class_id=one.now.class_id,
                now=one.now.name,
                grade=one.grade,
                name=one.name,
                done=one.done,
            )
            for one in planned.steps
        ],
    )


@router.post("/organisations/{organisation_id}/promotion")
async def promote(
    organisation_id: UUID, session: Writing, frame: TheFrame, principal: RequiredPrincipal
) -> UndoOut:
    await organisations.organisation_seen(session, organisation_id, principal)
    _, kept = await promotion.promote(session, organisation_id, by=principal)
    undo = await undos.keep(session, principal, "classes.promote", kept, frame.now())
    return UndoOut(undo=undo.id)
