"""The front page of the administration: what waits, and what each part is for."""

from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter, Request
from starlette.responses import Response

from tongke_platform.accounts.rights import RequiredPrincipal
from tongke_platform.database import ReadSession
from tongke_platform.frame import Reading, TheFrame
from tongke_platform.pages.desk import desk
from tongke_platform.pages.rendering import ThePages
from tongke_platform.pages.sections import Section, Waiting, sections_for
from tongke_platform.rights import Principal

router = APIRouter(include_in_schema=False)
HOME = "/admin"


@dataclass(frozen=True)
class Waits:
    section: Section
    waiting: Waiting
    count: int


@router.get(HOME)
async def front(
    request: Request,
    pages: ThePages,
    frame: TheFrame,
    session: Reading,
    principal: RequiredPrincipal,
) -> Response:
    """Whoever has nothing to look after reads so."""
    waits = await what_waits(session, principal, frame.now())
    return desk(request, pages, principal, "admin/front.html", section="", waits=waits)


async def what_waits(session: ReadSession, principal: Principal, now: datetime) -> list[Waits]:
    """In the order of the menu; only what there is any of."""
    found = []
    for section in sections_for(principal):
        for one in section.waiting:
            if not one.rule.allows_anywhere(principal):
                continue
            if count := await one.count(session, principal, now):
                found.append(Waits(section, one, count))
    return found
