"""The audit log as a page of the administration."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from tongke_platform.accounts.rights import RequiredPrincipal
from tongke_platform.audit import service
from tongke_platform.audit.acts import LABELS, label_of
from tongke_platform.audit.repository import Filter, Shown
from tongke_platform.audit.rights import READ
from tongke_platform.audit.words import names_in, said
from tongke_platform.errors import N_
from tongke_platform.fields import parse_day
from tongke_platform.frame import Reading
from tongke_platform.pages.languages import translations
from tongke_platform.pages.rendering import ThePages
from tongke_platform.pages.sections import Section, add_section
from tongke_platform.pages.viewer import viewer_of

router = APIRouter(include_in_schema=False)
SECTION = add_section(
    Section(
        "audit",
        N_("Audit log"),
        "/admin/audit",
        "scroll-text",
        READ,
        N_("who changed what, and when"),
    )
)
PAGE = 50


@dataclass(frozen=True)
class Row:
    """An entry as the page shows it; ``detail`` are pairs of a field and what is said of it."""

    shown: Shown
    label: str
    detail: Sequence[tuple[str, str]]


@router.get("/admin/audit")
async def log(
    request: Request,
    pages: ThePages,
    session: Reading,
    principal: RequiredPrincipal,
    act: str = "",
    person: str = "",
    subject: str = "",
    organisation: str = "",
    first_day: str = "",
    last_day: str = "",
    before: str = "",
) -> Response:
    """A field that says nothing sensible is as good as empty: the page stays a page."""
    wanted = Filter(
        act if act in LABELS else "",
        _uuid(person),
        _uuid(subject),
        _uuid(organisation),
        parse_day(first_day),
        parse_day(last_day),
    )
    found = await service.search(session, principal, wanted, before=_uuid(before), limit=PAGE + 1)
    shown = found[:PAGE]
    names = await names_in(session, (one.entry.detail for one in shown))
    words = translations(pages.language(request)).gettext
    rows = [
        Row(one, label_of(one.entry.act), said(one.entry.detail, names, words)) for one in shown
    ]
    older = found[PAGE - 1].entry.id if len(found) > PAGE else None
    fields = {name: value for name, value in request.query_params.items() if value}
    return pages.render(
        request,
        "admin/audit/log.html",
        viewer=viewer_of(principal),
        section=SECTION.key,
        rows=rows,
        acts=LABELS,
        wanted=wanted,
        filtered=wanted != Filter(),
        first_page=_uuid(before) is None,
        older=urlencode({**fields, "before": str(older)}) if older else "",
    )


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
