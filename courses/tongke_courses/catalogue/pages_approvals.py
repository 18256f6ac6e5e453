"""What schools are asked: may a lesson in which their class is heard or seen become public?"""

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.responses import Response

from tongke_courses.catalogue import approvals
from tongke_courses.catalogue.models import ApprovalState
from tongke_courses.catalogue.rights import APPROVE
from tongke_courses.catalogue.schemas import RefusalIn
from tongke_courses.catalogue.voice_repository import ApprovalRepository
from tongke_platform.accounts.rights import RequiredPrincipal
from tongke_platform.database import ReadSession
from tongke_platform.errors import N_, Invalid
from tongke_platform.frame import Reading, TheFrame, Writing
from tongke_platform.pages.desk import desk, done, parse_uuid, query, typed
from tongke_platform.pages.rendering import ThePages
from tongke_platform.pages.sections import Section, Waiting, add_section
from tongke_platform.rights import Principal

router = APIRouter(include_in_schema=False, prefix="/admin/approvals")
NO_REASON = N_("Please say why, so that the school knows what to do.")


async def _asked(session: ReadSession, principal: Principal, _: datetime) -> int:
    return await ApprovalRepository(session).count_asked(principal)


APPROVALS = add_section(
    Section(
        "approvals",
        N_("Requests to go public"),
        "/admin/approvals",
        "shield-check",
        APPROVE,
        N_("lessons with a voice or picture of your classes that others want to open to everybody"),
        (
            Waiting(
                N_("Lessons that wait for your school's yes: %(count)s"),
                "/admin/approvals",
                APPROVE,
                _asked,
            ),
        ),
    )
)


@router.get("")
async def listed(
    request: Request,
    pages: ThePages,
    session: Reading,
    principal: RequiredPrincipal,
    state: str = "",
    before: str = "",
) -> Response:
    chosen = ApprovalState(state) if state in set(ApprovalState) else None
    found, after = await approvals.page(
        session, principal, state=chosen, before=parse_uuid(before), limit=20
    )
    return desk(
        request, pages, principal, "catalogue/approvals.html", section=APPROVALS.key, found=found,
        state=state, next=f"/admin/approvals{query(state=state, before=after)}" if after else "",
        first="/admin/approvals" if before else "",
    )  # fmt: skip


@router.post("/{approval_id}/approve")
async def approve(
    frame: TheFrame, session: Writing, principal: RequiredPrincipal, approval_id: UUID
) -> Response:
    found = await approvals.approve(frame, session, principal, approval_id)
    return done(
        APPROVALS.href, N_("Your school agrees: %(lesson)s may become public."),
        lesson=found.lesson.title,
    )  # fmt: skip


@router.post("/{approval_id}/refuse")
async def refuse(
    request: Request, frame: TheFrame, principal: RequiredPrincipal, approval_id: UUID
) -> Response:
    """Also takes back a yes."""
    try:
        wanted = RefusalIn.model_validate({"reason": (await typed(request)).get("reason", "")})
    except ValidationError:
        raise Invalid(NO_REASON, code="no_reason") from None
    async with frame.database.write() as session:
        found = await approvals.refuse(frame, session, principal, approval_id, wanted.reason)
    return done(APPROVALS.href, N_("%(lesson)s does not become public."), lesson=found.lesson.title)
