"""Pages of the administration that bring people in: choose, look, confirm, watch it done."""

from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, File, Form, Query, Request, UploadFile
from starlette.responses import RedirectResponse, Response

from tongke_platform.accounts.rights import RequiredPrincipal
from tongke_platform.errors import N_, Forbidden, TongkeError
from tongke_platform.frame import Reading, TheFrame, Writing
from tongke_platform.imports import exporting, paper, service
from tongke_platform.imports.models import Import, ImportState, Outcome
from tongke_platform.imports.rights import PEOPLE
from tongke_platform.imports.routes import MAX_UPLOAD, speaker
from tongke_platform.imports.schemas import errors_of, line_of, row_out
from tongke_platform.pages.desk import desk, done
from tongke_platform.pages.rendering import Pages, ThePages
from tongke_platform.pages.sections import Section, Waiting, add_section
from tongke_platform.people.roles import NAMES, Role
from tongke_platform.rights import Principal

router = APIRouter(prefix="/admin/import", include_in_schema=False)
SECTION = add_section(
    Section(
        "import",
        N_("Bring people in"),
        "/admin/import",
        "upload",
        PEOPLE,
        N_("whole staff rooms and class lists from a file"),
        (
            Waiting(
                N_("Imports looked at, but not confirmed yet: %(count)s"),
                "/admin/import#recent",
                PEOPLE,
                service.to_confirm,
            ),
        ),
    )
)
SHOWN = 100
DISCARDED = N_("The preview was discarded. Nothing was written.")


@router.get("")
async def choose(
    request: Request,
    pages: ThePages,
    frame: TheFrame,
    session: Reading,
    principal: RequiredPrincipal,
) -> Response:
    return await _form(request, pages, frame, session, principal)


async def _form(
    request: Request,
    pages: Pages,
    frame: TheFrame,
    session: Reading,
    principal: Principal,
    error: TongkeError | None = None,
    school: str = "",
) -> Response:
    schools = await service.schools_for(session, principal, frame.today())
    return desk(
        request,
        pages,
        principal,
        "admin/import/choose.html",
        section=SECTION.key,
        status=error.status if error else 200,
        trouble=pages.say(request, error.message, error.params) if error else "",
        schools=[(one.code, one.name) for one in schools],
        school=school or (schools[0].code if len(schools) == 1 else ""),
        recent=await service.recent(session, principal, limit=10),
        exports=[
            (one.code, one.name) for one in await exporting.schools_for(session, principal, frame)
        ],
    )


@router.post("", max_body_size=MAX_UPLOAD)
async def upload(
    request: Request,
    pages: ThePages,
    frame: TheFrame,
    session: Reading,
    principal: RequiredPrincipal,
    file: Annotated[UploadFile | None, File()] = None,
    school: Annotated[str, Form(max_length=32)] = "",
) -> Response:
    """A refusal shows the form again with a sentence."""
    data = await file.read() if file else b""
    name = (file.filename if file else "") or ""
    try:
        key = await service.preview(frame, principal, data, name, school)
    except Forbidden:
        raise
    except TongkeError as error:
        return await _form(request, pages, frame, session, principal, error, school)
    return RedirectResponse(f"/admin/import/{key}", 303)


@router.get("/template.{kind}")
async def template(
    request: Request, pages: ThePages, frame: TheFrame, principal: RequiredPrincipal, kind: str
) -> Response:
    say = speaker(frame, request)
    name = say(N_("Table of people"))
    if kind == "csv":
        return paper.download(paper.template_csv(say), f"{name}.csv", paper.CSV)
    return paper.download(paper.template_xlsx(say), f"{name}.xlsx", paper.XLSX)


@router.get("/{key}")
async def one(
    request: Request,
    pages: ThePages,
    frame: TheFrame,
    session: Reading,
    principal: RequiredPrincipal,
    key: UUID,
    show: Annotated[Outcome | None, Query()] = None,
    after: Annotated[int, Query(ge=0, le=2_000_000)] = 0,
) -> Response:
    found = await service.get(session, principal, key)
    if show is None:
        show = Outcome.WRONG if found.count(Outcome.WRONG) or found.failed else None
    rows = await service.rows_of(session, found, (show,) if show else (), after, SHOWN + 1)
    say = speaker(frame, request)
    return desk(
        request,
        pages,
        principal,
        "admin/import/one.html",
        section=SECTION.key,
        found=found,
        show=show.value if show else "",
        rows=[row_out(row, say) for row in rows[:SHOWN]],
        next_after=rows[SHOWN - 1].line if len(rows) > SHOWN else 0,
        first=after > 0,
        role_names={role.value: NAMES[role] for role in Role},
        **_progress(found, frame),
    )


def _progress(found: Import, frame: TheFrame) -> dict[str, Any]:
    """``left`` None while nothing is known of the speed."""
    finished = found.written + found.failed
    left = None
    if found.state is ImportState.RUNNING and found.started_at and finished:
        gone = (frame.now() - found.started_at) / finished
        left = max(timedelta(seconds=1), gone * (found.to_write - finished))
    return {"finished": finished, "left": left}


@router.get("/{key}/errors.csv")
async def errors(
    request: Request,
    frame: TheFrame,
    session: Reading,
    principal: RequiredPrincipal,
    key: UUID,
) -> Response:
    found = await service.get(session, principal, key)
    say = speaker(frame, request)
    rows = await service.rows_of(session, found, (Outcome.WRONG,), limit=100_000)
    said = [error for row in rows for error in errors_of(line_of(row), row.problems, say)]
    name = say(N_("Rows to correct"))
    return paper.download(paper.errors_csv(said, say), f"{name}.csv", paper.CSV)


@router.post("/{key}/confirm")
async def confirm(
    frame: TheFrame,
    session: Writing,
    principal: RequiredPrincipal,
    key: UUID,
    skip_errors: Annotated[bool, Form()] = False,
) -> Response:
    await service.confirm(frame, session, principal, key, skip_errors)
    return RedirectResponse(f"/admin/import/{key}", 303)


@router.post("/{key}/discard")
async def discard(
    frame: TheFrame, session: Writing, principal: RequiredPrincipal, key: UUID
) -> Response:
    await service.discard(frame, session, principal, key)
    return done("/admin/import", DISCARDED)
