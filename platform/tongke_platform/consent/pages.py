"""Consent as the school sees it: by class, by pupil, links to hand out, paper forms."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, File, Form, Query, Request, UploadFile
from starlette.responses import Response

from tongke_platform import pictures
from tongke_platform.accounts.rights import RequiredPrincipal
from tongke_platform.classes.repository import ClassRepository, PupilRepository
from tongke_platform.consent import service
from tongke_platform.consent.purposes import WORDS, Purpose
from tongke_platform.consent.repository import LinkRepository
from tongke_platform.consent.rights import MANAGE, READ
from tongke_platform.devices.pages import picture_of
from tongke_platform.errors import N_, Forbidden
from tongke_platform.frame import Frame, Reading, TheFrame, Writing
from tongke_platform.organisations.repository import OrganisationRepository
from tongke_platform.pages.desk import chosen, desk, done, query
from tongke_platform.pages.rendering import ThePages
from tongke_platform.pages.sections import Section, Waiting, add_section
from tongke_platform.paging import Window

router = APIRouter(prefix="/admin/consent", include_in_schema=False)
SECTION = add_section(
    Section(
        "consent",
        N_("Consent"),
        "/admin/consent",
        "shield-check",
        READ,
        N_("which guardians agreed to what"),
        (
            Waiting(
                N_("Pupils whose guardians have not agreed to recording: %(count)s"),
                "/admin/consent?state=missing",
                MANAGE,
                service.missing_recording,
            ),
        ),
    )
)
MAX_PHOTO = 16 << 20
Purposes = Annotated[list[Purpose], Form(default_factory=list, max_length=10)]


@router.get("")
async def classes(
    request: Request,
    pages: ThePages,
    session: Reading,
    principal: RequiredPrincipal,
    q: Annotated[str, Query(max_length=200)] = "",
    state: Annotated[str, Query(max_length=20)] = "",
    after: Annotated[str, Query(max_length=1000)] = "",
) -> Response:
    """Classes with how many of their pupils may be recorded."""
    if not READ.allows_anywhere(principal):
        raise Forbidden
    q = q.strip().replace("\0", "")
    readable, missing = READ.clause(principal), state == "missing"
    if missing:
        readable &= service.lacking(Purpose.RECORDING, principal.today)
    found = await ClassRepository(session).page(readable, Window.of(after), principal.today, q=q)
    keys = [row.school_class.id for row in found.items]
    counts = await service.agreed_by_class(session, keys, Purpose.RECORDING, principal.today)
    return desk(
        request,
        pages,
        principal,
        "admin/consent/list.html",
        section=SECTION.key,
        found=found,
        counts=counts,
        q=q,
        missing=missing,
        after=after,
        here=query(q=q, state="missing" if missing else ""),
    )


@router.get("/classes/{class_id}")
async def one_class(
    request: Request,
    pages: ThePages,
    frame: TheFrame,
    session: Reading,
    principal: RequiredPrincipal,
    class_id: UUID,
) -> Response:
    found = await service.class_for(session, principal, class_id)
    listed = await PupilRepository(session).of_class(found.id, principal.today)
    keys = [pupil.id for pupil, _ in listed]
    return desk(
        request,
        pages,
        principal,
        "admin/consent/class.html",
        section=SECTION.key,
        found=found,
        name=await ClassRepository(session).name_on(found, principal.today),
        pupils=[pupil for pupil, _ in listed],
        standing=await service.standing(session, keys, principal.today),
        waiting=await LinkRepository(session).waiting(keys, frame.now()),
        words=WORDS,
        manages=MANAGE.allows(principal, found.organisation),
    )


@router.post("/classes/{class_id}/ask")
async def ask(
    request: Request,
    pages: ThePages,
    frame: TheFrame,
    session: Writing,
    principal: RequiredPrincipal,
    class_id: UUID,
    purpose: Purposes,
) -> Response:
    """The links, to print or to send: they are shown this once."""
    found = await service.class_for(session, principal, class_id)
    MANAGE.check(principal, found.organisation)
    made = await service.ask(session, frame, principal, found, await chosen(request), purpose)
    base = _base(frame, request)
    links = [(pupil, f"{base}/consent/{token}") for pupil, token in made]
    page = desk(
        request,
        pages,
        principal,
        "admin/consent/asked.html",
        section=SECTION.key,
        found=found,
        name=await ClassRepository(session).name_on(found, principal.today),
        links=[(pupil, address, picture_of(address)) for pupil, address in links],
        purposes=[WORDS[one] for one in purpose],
        days=service.ASK_LIFE.days,
    )
    page.headers["Cache-Control"] = "no-store"
    return page


def _base(frame: Frame, request: Request) -> str:
    return (frame.settings.public_url or str(request.base_url)).rstrip("/")


@router.get("/pupils/{pupil_id}")
async def one_pupil(
    request: Request,
    pages: ThePages,
    session: Reading,
    principal: RequiredPrincipal,
    pupil_id: UUID,
) -> Response:
    pupil = await service.pupil_for(session, principal, READ, pupil_id)
    school = await OrganisationRepository(session).by_id(pupil.organisation_id)
    agreed = await service.standing(session, [pupil.id], principal.today)
    classes = ClassRepository(session)
    in_class = await classes.of_pupil(pupil.id, principal.today)
    return desk(
        request,
        pages,
        principal,
        "admin/consent/pupil.html",
        section=SECTION.key,
        pupil=pupil,
        school=school,
        in_class=in_class,
        class_name=await classes.name_on(in_class, principal.today) if in_class else "",
        agreed=agreed[pupil.id],
        history=await service.history(session, pupil),
        forms=await service.forms_of(session, pupil),
        words=WORDS,
        relations=service.RELATIONS,
        manages=school is not None and MANAGE.allows(principal, school),
    )


@router.post("/pupils/{pupil_id}/paper", max_body_size=MAX_PHOTO)
async def paper(
    frame: TheFrame,
    principal: RequiredPrincipal,
    pupil_id: UUID,
    purpose: Purposes,
    file: Annotated[UploadFile | None, File()] = None,
    guardian: Annotated[str, Form(max_length=200)] = "",
    relation: Annotated[str, Form(max_length=20)] = "",
) -> Response:
    async with frame.database.read() as reading:
        await service.pupil_for(reading, principal, MANAGE, pupil_id)
    who = service.Guardian.of(guardian, relation)
    jpeg = await pictures.photograph(await file.read() if file else b"")
    async with frame.database.write() as session:
        await service.enter_paper(session, frame, principal, pupil_id, purpose, who, jpeg)
    return done(f"/admin/consent/pupils/{pupil_id}", N_("The form is entered."))


@router.post("/pupils/{pupil_id}/withdraw")
async def withdraw(
    frame: TheFrame,
    session: Writing,
    principal: RequiredPrincipal,
    pupil_id: UUID,
    purpose: Annotated[Purpose, Form()],
) -> Response:
    await service.withdraw_at_school(session, frame, principal, pupil_id, purpose)
    return done(f"/admin/consent/pupils/{pupil_id}", N_("Withdrawn. It counts from this moment."))


@router.get("/forms/{form_id}")
async def form(
    frame: TheFrame, session: Writing, principal: RequiredPrincipal, form_id: UUID
) -> Response:
    data = await service.form_read(session, frame, principal, form_id)
    headers = {"Cache-Control": "no-store", "Content-Disposition": "inline; filename=form.jpg"}
    return Response(data, media_type="image/jpeg", headers=headers)
