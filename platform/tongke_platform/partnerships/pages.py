"""Pages of partnerships: the list, one of them, and a proposal in four steps."""

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import ValidationError
from starlette.responses import Response

from tongke_platform.accounts.rights import RequiredPrincipal
from tongke_platform.database import ReadSession
from tongke_platform.errors import N_, Forbidden, NotFound, TongkeError
from tongke_platform.frame import Reading, TheFrame, Writing
from tongke_platform.pages.desk import desk, done, query
from tongke_platform.pages.rendering import Pages, ThePages
from tongke_platform.pages.sections import Section, Waiting, add_section
from tongke_platform.partnerships import rights, service, words
from tongke_platform.partnerships.models import Act, PartnershipKind, PartnershipState
from tongke_platform.partnerships.schemas import PartnershipIn
from tongke_platform.rights import Principal

router = APIRouter(include_in_schema=False)
SECTION = add_section(
    Section(
        "partnerships",
        N_("Partnerships"),
        "/admin/partnerships",
        "handshake",
        rights.SEE,
        N_("between which schools lessons travel, and what was promised"),
        (
            Waiting(
                N_("Partnerships that wait for your school's answer: %(count)s"),
                "/admin/partnerships?state=proposed",
                rights.ANSWER,
                service.unanswered,
            ),
        ),
    )
)
LIST = "/admin/partnerships"
PROMISE_ROWS = 4

Fields = dict[str, list[str]]
# What each step of a proposal asks for; the last one only shows it all.
STEPS: tuple[tuple[str, ...], ...] = (
    ("kind", "lead", "partner"),
    ("name", "subjects", "grades", "periods_per_week", "starts_on", "ends_on", "right"),
    ("promise", "quantity", "period", "note"),
    (),
)
TROUBLES = {
    "lead_id": N_("Please choose the lead school."),
    "partner_ids": N_("Please choose at least one partner school."),
    "starts_on": N_("Please give the first day."),
    "ends_on": N_("The last day is not a day."),
    "periods_per_week": N_("Periods a week are a number from 1 to 100."),
    "promises": N_("A promise is a number from 1 on."),
}
WRONG = N_("Something in what was sent is not right.")
WRONG_ORDER = N_("Please check the schools and the days: the last day lies after the first.")


@router.get(LIST)
async def listing(
    request: Request,
    pages: ThePages,
    session: Reading,
    principal: RequiredPrincipal,
    state: str = "",
    before: str = "",
    q: Annotated[str, Query(max_length=80)] = "",
) -> Response:
    if not rights.SEE.allows_anywhere(principal):
        raise Forbidden
    wanted = PartnershipState(state) if state in set(PartnershipState) else None
    q = q.strip().replace("\0", "")
    found, following = await service.page(
        session, principal, state=wanted, before=_uuid(before), limit=50, q=q
    )
    return desk(
        request,
        pages,
        principal,
        "admin/partnerships/list.html",
        section=SECTION.key,
        found=found,
        state=wanted or "",
        q=q,
        words=words,
        may_propose=rights.PROPOSE.allows_anywhere(principal),
        next=LIST + query(state=wanted or "", q=q, before=following) if following else "",
        first=LIST + query(state=wanted or "", q=q) if _uuid(before) else "",
    )


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


@router.get(LIST + "/new")
async def begin(
    request: Request,
    pages: ThePages,
    frame: TheFrame,
    session: Reading,
    principal: RequiredPrincipal,
) -> Response:
    if not rights.PROPOSE.allows_anywhere(principal):
        raise Forbidden
    fields: Fields = {"kind": ["paired"], "starts_on": [frame.today().isoformat()]}
    return await _step(request, pages, session, principal, fields, 0)


@router.post(LIST + "/new")
async def proceed(
    request: Request,
    pages: ThePages,
    frame: TheFrame,
    session: Writing,
    principal: RequiredPrincipal,
) -> Response:
    """One step on or back, a school found or chosen, or the proposal itself."""
    if not rights.PROPOSE.allows_anywhere(principal):
        raise Forbidden
    fields, asked = await _read(request)
    step = min(int(asked["step"]), len(STEPS) - 1) if asked["step"].isdecimal() else 0
    if asked["go"] == "next":
        trouble = "" if step else _nobody(fields)
        following = step if trouble else min(step + 1, len(STEPS) - 1)
        return await _step(request, pages, session, principal, fields, following, trouble=trouble)
    if asked["go"] == "propose":
        return await _propose(request, pages, frame, session, principal, fields)
    if asked["go"] == "back":
        return await _step(request, pages, session, principal, fields, max(step - 1, 0))
    found = "" if _choose(fields, asked["go"]) else asked["q"]
    return await _step(request, pages, session, principal, fields, step, found=found)


async def _read(request: Request) -> tuple[Fields, dict[str, str]]:
    """The fields of all steps, and what was asked of the page: ``go``, ``step``, ``q``."""
    form = await request.form(max_fields=400)
    sent: Fields = {}
    for name, value in form.multi_items():
        if isinstance(value, str):
            sent.setdefault(name, []).append(value.replace("\0", "")[:2000])
    known = {name for names in STEPS for name in names}
    asked = {name: sent.get(name, [""])[0] for name in ("go", "step", "q")}
    return {name: values for name, values in sent.items() if name in known}, asked


def _nobody(fields: Fields) -> str:
    if not fields.get("lead"):
        return TROUBLES["lead_id"]
    return "" if fields.get("partner") else TROUBLES["partner_ids"]


def _choose(fields: Fields, go: str) -> bool:
    """Whether a school was meant: ``lead:{id}``, ``partner:{id}``, ``drop:{id}`` are its buttons."""
    act, _, school = go.partition(":")
    if _uuid(school) is None:
        return False
    for name in ("lead", "partner"):
        fields[name] = [one for one in fields.get(name, []) if one != school]
    if act == "lead":
        fields["lead"] = [school]
    elif act == "partner":
        fields["partner"].append(school)
    return True


async def _step(
    request: Request,
    pages: Pages,
    session: ReadSession,
    principal: Principal,
    fields: Fields,
    step: int,
    *,
    found: str = "",
    trouble: str = "",
    status: int = 200,
) -> Response:
    chosen = [_uuid(one) for one in [*fields.get("lead", []), *fields.get("partner", [])]]
    known = await service.schools(session, [one for one in chosen if one is not None])
    if found:
        offered = await service.schools_called(session, principal, found)
    else:
        offered = await service.own_schools(session, principal)
    carried = [
        (name, value)
        for name, values in fields.items()
        if name not in STEPS[step] or name in {"lead", "partner"}
        for value in values
    ]
    return desk(
        request,
        pages,
        principal,
        "admin/partnerships/propose.html",
        section=SECTION.key,
        status=status,
        step=step,
        fields=fields,
        carried=carried,
        schools={str(key): one for key, one in known.items()},
        offered=[one for one in offered if one.id not in known],
        q=found,
        entrustable=rights.entrustable(),
        entrusted=fields.get("kind") == [PartnershipKind.ENTRUSTED.value],
        rows=_rows(fields),
        trouble=pages.say(request, trouble, {}) if trouble else "",
        words=words,
    )


def _rows(fields: Fields) -> list[tuple[str, str, str]]:
    """Kind, quantity and period of each promise, padded with empty ones."""
    parts = [fields.get(name, []) for name in ("promise", "quantity", "period")]
    found = [row for row in zip(*parts, strict=False) if row[1].strip()][:20]
    return found + [("lessons", "", "term")] * max(1, PROMISE_ROWS - len(found))


async def _propose(
    request: Request,
    pages: Pages,
    frame: TheFrame,
    session: Writing,
    principal: Principal,
    fields: Fields,
) -> Response:
    try:
        wanted = PartnershipIn.model_validate(_body(fields))
        made = await service.propose(frame, session, principal, wanted)
    except (ValidationError, TongkeError) as error:
        step, trouble = _what_is_wrong(error)
        return await _step(
            request, pages, session, principal, fields, step, trouble=trouble, status=422
        )
    return done(f"{LIST}/{made.id}", N_("The partnership is proposed. The other side is asked."))


def _what_is_wrong(error: ValidationError | TongkeError) -> tuple[int, str]:
    """The step to go back to, and what to say there."""
    if isinstance(error, TongkeError):
        return (1 if error.code in {"wrong_days", "wrong_rights"} else 0), error.message
    place = error.errors()[0]["loc"]
    name = str(place[0]) if place else ""
    step = {"lead_id": 0, "partner_ids": 0, "kind": 0, "promises": 2, "note": 2}.get(name, 1)
    return step, TROUBLES.get(name, WRONG if place else WRONG_ORDER)


def _body(fields: Fields) -> dict[str, Any]:
    one = {name: values[0].strip() for name, values in fields.items() if values}
    body: dict[str, Any] = {
        name: one.get(name) or None for name in ("starts_on", "ends_on", "periods_per_week")
    }
    entrusted = one.get("kind") == PartnershipKind.ENTRUSTED.value
    promises = [row for row in _rows(fields) if row[1].strip()]
    return {
        **body,
        "kind": one.get("kind"),
        "name": one.get("name", ""),
        "lead_id": one.get("lead"),
        "partner_ids": fields.get("partner", []),
        "subjects": _listed(one.get("subjects", "")),
        "grades": _listed(one.get("grades", "")),
        "rights": fields.get("right", []) if entrusted else [],
        "promises": [{"kind": k, "quantity": q.strip(), "period": p} for k, q, p in promises],
        "note": one.get("note", ""),
    }


def _listed(text: str) -> Sequence[str]:
    """Words with anything between them that people put there."""
    return [one for one in re.split(r"[\s,，、;；]+", text) if one]


@router.get(LIST + "/{partnership_id}")
async def one(
    request: Request,
    pages: ThePages,
    frame: TheFrame,
    session: Reading,
    principal: RequiredPrincipal,
    partnership_id: str,
) -> Response:
    found = await service.get(session, principal, _key(partnership_id))
    known = rights.entrustable()
    return desk(
        request,
        pages,
        principal,
        "admin/partnerships/one.html",
        section=SECTION.key,
        one=found,
        acts={act.value for act in service.open_acts(principal, found)},
        lent=[known[name].says if name in known else name for name in found.rights],
        words=words,
        reached_end=found.ends_on is not None and found.ends_on < frame.today(),
    )


def _key(text: str) -> UUID:
    key = _uuid(text)
    if key is None:
        raise NotFound
    return key


ANSWERS: Mapping[str, Act] = {"accept": Act.ACCEPT, "decline": Act.DECLINE}
CHANGES: Mapping[str, Act] = {
    one.value: one for one in (Act.WITHDRAW, Act.PAUSE, Act.RESUME, Act.END)
}


@router.post(LIST + "/{partnership_id}/{act}")
async def act(
    request: Request,
    frame: TheFrame,
    session: Writing,
    principal: RequiredPrincipal,
    partnership_id: str,
    act: str,
) -> Response:
    """A button of the page. The reason may be left out only where nothing is taken away."""
    key = _key(partnership_id)
    form = await request.form()
    reason = str(form.get("reason", "")).replace("\0", "").strip()[:500]
    if act in ANSWERS:
        wanted = ANSWERS[act]
        await service.answer(frame, session, principal, key, wanted, reason=reason)
    elif act in CHANGES:
        wanted = CHANGES[act]
        await service.change(frame, session, principal, key, wanted, reason=reason or "—")
    else:
        raise NotFound
    return done(f"{LIST}/{key}", words.DONE[wanted])
