"""The page's button that takes a roster out."""

from typing import Annotated

from fastapi import APIRouter, Form
from starlette.responses import Response

from tongke_platform.accounts.rights import RequiredPrincipal
from tongke_platform.frame import TheFrame, Writing
from tongke_platform.imports import exporting
from tongke_platform.imports.oneroster.files import ZIP
from tongke_platform.imports.paper import download

router = APIRouter(prefix="/admin/import", include_in_schema=False)


@router.post("/export")
async def export(
    frame: TheFrame,
    session: Writing,
    principal: RequiredPrincipal,
    school: Annotated[str, Form(max_length=32)] = "",
    version: Annotated[str, Form(max_length=8)] = "1.2",
) -> Response:
    """Of one school by its code, or of all they look after."""
    data, name = await exporting.roster(frame, session, principal, school.strip(), version)
    return download(data, f"{name}.zip", ZIP)
