"""The page of an activity: what it is about, who owes what, its minutes."""

from collections.abc import Mapping
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.responses import Response

from tongke_courses.groups import activities, rights, words
from tongke_courses.groups.page_forms import LABELS, said_days
from tongke_courses.groups.repository import MemberRepository
from tongke_courses.groups.schemas import DueIn, MinutesIn
from tongke_platform.accounts.rights import RequiredPrincipal
from tongke_platform.database import ReadSession, WriteSession
from tongke_platform.errors import N_, Conflict, Invalid, NotFound
from tongke_platform.frame import Frame, Reading, TheFrame
from tongke_platform.pages.desk import LONG_FORM, desk, done, mistake, parse_uuid, trouble_of, typed
from tongke_platform.pages.rendering import Pages, ThePages
from tongke_platform.pages.times import local
from tongke_platform.rights import Principal

router = APIRouter(include_in_schema=False)
Values = Mapping[str, str]


@router.get("/activities/{activity_id}")
async def one(
    request: Request,
    pages: ThePages,
    frame: TheFrame,
    session: Reading,
    principal: RequiredPrincipal,
    activity_id: UUID,
) -> Response:
    return await _page(request, pages, frame, session, principal, activity_id, {})


async def _page(
    request: Request, pages: Pages, frame: Frame, session: ReadSession, principal: Principal,
    key: UUID, values: Values, *, trouble: str = "", status: int = 200,
) -> Response:  # fmt: skip
    found, part = await activities.get(session, principal, key)
    people = await MemberRepository(session).of(found.group_id, principal.today)
    mine = [one for one in found.dues if one.person_id == principal.id and one.done_at is None]
    return desk(
        request, pages, principal, "groups/activity.html", section="", one=found,
        group=found.group, words=words, said_day=said_days(pages, request, principal.today), plans=part in rights.PLAN.roles, me=principal.id,
        people=[(one.person.id, one.person.display_name) for one in people], mine=mine,
        lesson=await activities.lesson_shown(session, principal, found),
        begun=found.starts_at <= frame.now(), over=found.ends_at <= frame.now(),
        first_due=local(found.starts_at, frame.settings.zone).date().isoformat(),
        today=principal.today, values=values, trouble=trouble, status=status,
    )  # fmt: skip


async def _cancel(s: WriteSession, f: Frame, by: Principal, key: UUID, values: Values) -> str:
    reason = values.get("reason", "").replace("\0", "").strip()[:500]
    await activities.cancel(s, f, by, key, reason)
    return N_("Cancelled. The group is told.")


async def _minutes(s: WriteSession, f: Frame, by: Principal, key: UUID, values: Values) -> str:
    body = {"text": values.get("text"), "version": values.get("version")}
    await activities.write_minutes(s, f, by, key, MinutesIn.model_validate(body))
    return N_("The minutes are kept.")


async def _owe(s: WriteSession, f: Frame, by: Principal, key: UUID, values: Values) -> str:
    body = {name: values.get(name) for name in ("item", "person_id", "due_on")}
    await activities.owe(s, by, key, DueIn.model_validate(body))
    return N_("Written down.")


async def _done(s: WriteSession, f: Frame, by: Principal, key: UUID, values: Values) -> str:
    is_done = values.get("act") == "done"
    await activities.done(s, f, by, key, _due(values), is_done)
    return N_("Done.") if is_done else N_("Open again.")


async def _drop(s: WriteSession, f: Frame, by: Principal, key: UUID, values: Values) -> str:
    await activities.drop(s, by, key, _due(values))
    return N_("Taken out.")


def _due(values: Values) -> UUID:
    """Raises NotFound."""
    found = parse_uuid(values.get("due", ""))
    if found is None:
        raise NotFound
    return found


ACTS = {
    "cancel": _cancel,
    "minutes": _minutes,
    "owe": _owe,
    "done": _done,
    "undone": _done,
    "drop": _drop,
}


@router.post("/activities/{activity_id}", max_body_size=LONG_FORM)
async def act(
    request: Request,
    pages: ThePages,
    frame: TheFrame,
    principal: RequiredPrincipal,
    activity_id: UUID,
) -> Response:
    """``act`` is one of ACTS."""
    values = await typed(request)
    run = ACTS.get(values.get("act", ""))
    if run is None:
        raise NotFound
    try:
        async with frame.database.write() as session:
            said = await run(session, frame, principal, activity_id, values)
    except ValidationError as error:
        trouble, status = mistake(request, pages, error, LABELS), 422
    except (Invalid, Conflict) as error:
        trouble, status = trouble_of(request, pages, error), error.status
    else:
        return done(f"/activities/{activity_id}", said)
    async with frame.database.read() as reading:
        return await _page(
            request, pages, frame, reading, principal, activity_id, values,
            trouble=trouble, status=status,
        )  # fmt: skip
