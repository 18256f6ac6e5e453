"""Partnerships over the API: proposed, accepted by every side, paused, resumed, ended."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx2
import pytest

from tests.makers import Makers, Someone
from tongke_platform.accounts import service as accounts
from tongke_platform.app.rules import all_rules
from tongke_platform.frame import Frame
from tongke_platform.organisations import closing
from tongke_platform.organisations.models import Organisation
from tongke_platform.organisations.repository import OrganisationRepository
from tongke_platform.partnerships.models import Act, PartnershipState
from tongke_platform.partnerships.repository import PartnershipRepository
from tongke_platform.partnerships.service import NEXT
from tongke_platform.people.roles import Role

URL = "/api/partnerships"


@dataclass
class Two:
    """Two schools of two regions with their administrators, and a proposal's body."""

    lead: Organisation
    partner: Organisation
    lead_admin: Someone
    partner_admin: Someone
    body: dict[str, Any]


@pytest.fixture
async def two(make: Makers, frame: Frame) -> Two:
    lead = await make.school(await make.region())
    partner = await make.school(await make.region())
    body = {
        "kind": "paired",
        "lead_id": str(lead.id),
        "partner_ids": [str(partner.id)],
        "subjects": ["语文"],
        "starts_on": frame.today().isoformat(),
        "promises": [{"kind": "lessons", "quantity": 20, "period": "term"}],
    }
    return Two(
        lead,
        partner,
        await make.person(lead, Role.SCHOOL_ADMIN),
        await make.person(partner, Role.PRINCIPAL),
        body,
    )


async def propose(client: httpx2.AsyncClient, make: Makers, two: Two, **change: Any) -> str:
    answer = await client.post(
        URL, json={**two.body, **change}, headers=await make.bearer(two.lead_admin)
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def post(
    client: httpx2.AsyncClient, make: Makers, who: Someone, key: str, act: str, **body: Any
) -> httpx2.Response:
    return await client.post(f"{URL}/{key}/{act}", json=body, headers=await make.bearer(who))


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("POST", ""),
        ("GET", "/schools?q=x"),
        ("GET", "/rights"),
        ("GET", "/{id}"),
        *[("POST", f"/{{id}}/{act}") for act in Act if act is not Act.PROPOSE],
    ],
)
async def test_anonymous(
    client: httpx2.AsyncClient, make: Makers, two: Two, method: str, path: str
) -> None:
    key = await propose(client, make, two)
    answer = await client.request(method, URL + path.format(id=key), json={"reason": "x"})
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")


async def test_from_proposal_to_end(client: httpx2.AsyncClient, make: Makers, two: Two) -> None:
    key = await propose(client, make, two)
    seen = (await client.get(f"{URL}/{key}", headers=await make.bearer(two.partner_admin))).json()
    assert seen["state"] == "proposed"
    assert [(one["part"], one["answer"]) for one in seen["sides"]] == [
        ("lead", "accepted"),
        ("partner", "waiting"),
    ]
    assert seen["promises"] == [
        {"kind": "lessons", "quantity": 20, "unit": "lesson", "period": "term"}
    ]
    again = await post(client, make, two.lead_admin, key, "accept")
    assert (again.status_code, again.json()["code"]) == (409, "answered")
    accepted = await post(client, make, two.partner_admin, key, "accept")
    assert accepted.json()["state"] == "active"
    assert (await post(client, make, two.lead_admin, key, "pause")).status_code == 422
    paused = await post(client, make, two.lead_admin, key, "pause", reason="校舍维修")
    assert paused.json()["state"] == "paused"
    other = await post(client, make, two.partner_admin, key, "resume", reason="想上课")
    assert other.status_code == 403, "what one side paused another cannot resume"
    assert (await post(client, make, two.lead_admin, key, "resume", reason="修好了")).is_success
    ended = await post(client, make, two.partner_admin, key, "end", reason="学年结束")
    assert ended.json()["state"] == "ended"
    steps = [(one["act"], one["by"]["id"], one["reason"]) for one in ended.json()["steps"]]
    lead, partner = str(two.lead_admin.id), str(two.partner_admin.id)
    assert steps == [
        ("propose", lead, ""),
        ("accept", partner, ""),
        ("pause", lead, "校舍维修"),
        ("resume", lead, "修好了"),
        ("end", partner, "学年结束"),
    ]


@pytest.mark.parametrize("state", PartnershipState)
async def test_the_state_machine(
    client: httpx2.AsyncClient, make: Makers, frame: Frame, two: Two, state: PartnershipState
) -> None:
    """Every act in every state: what the table does not name is refused and changes nothing."""
    headers = await make.bearer(await make.person(role=Role.ADMIN))
    for act in [act for act in Act if act is not Act.PROPOSE]:
        key = await propose(client, make, two)
        async with frame.database.write() as session:
            found = await PartnershipRepository(session).to_change(UUID(key))
            assert found is not None
            found.state, found.paused_for_id = state, two.lead.id
        address, body = f"{URL}/{key}/{act.value}", {"reason": "测试"}
        answer = await client.post(address, json=body, headers=headers)
        wanted = NEXT.get((state, act))
        if wanted is None:
            assert (answer.status_code, answer.json()["code"]) == (409, "wrong_state")
        else:
            assert answer.status_code == 200
            # The lead's own administrator has accepted already: this was the last answer.
            assert answer.json()["state"] == ("active" if act is Act.ACCEPT else wanted.value)


async def test_who_sees_one(client: httpx2.AsyncClient, make: Makers, two: Two) -> None:
    key = await propose(client, make, two)
    region = await make.region()
    people = {
        "teacher of a side": (await make.person(two.partner), True, 403),
        "admin of the platform": (await make.person(role=Role.ADMIN), True, 200),
        "admin of another school": (
            await make.person(await make.school(), Role.SCHOOL_ADMIN),
            False,
            404,
        ),
        "another bureau": (await make.person(role=Role.BUREAU_ADMIN, region=region), False, 404),
        "a donor": (await make.person(role=Role.DONOR), False, 404),
    }
    for name, (who, sees, answers) in people.items():
        headers = await make.bearer(who)
        read = await client.get(f"{URL}/{key}", headers=headers)
        assert read.status_code == (200 if sees else 404), name
        listed = await client.get(URL, headers=headers)
        items = listed.json().get("items", [])
        assert [one["id"] for one in items] == ([key] if sees else []), name
        answer = await post(client, make, who, key, "accept")
        assert answer.status_code == answers, name


async def test_a_bureau_proposes_and_answers(
    client: httpx2.AsyncClient, make: Makers, frame: Frame
) -> None:
    region = await make.region()
    lead, partner = await make.school(region), await make.school(await make.region())
    bureau = await make.person(role=Role.BUREAU_ADMIN, region=region)
    headers = await make.bearer(bureau)
    body = {
        "kind": "paired",
        "lead_id": str(lead.id),
        "partner_ids": [str(partner.id)],
        "starts_on": frame.today().isoformat(),
    }
    made = (await client.post(URL, json=body, headers=headers)).json()
    assert [one["answer"] for one in made["sides"]] == ["waiting", "waiting"]
    first = await post(client, make, bureau, made["id"], "accept")
    assert first.json()["state"] == "proposed"
    theirs = await post(client, make, bureau, made["id"], "accept", organisation_id=str(partner.id))
    assert theirs.status_code == 403, "the other side is not its to answer for"
    head = await make.person(partner, Role.SCHOOL_ADMIN)
    assert (await post(client, make, head, made["id"], "accept")).json()["state"] == "active"


async def test_one_of_many_declines(
    client: httpx2.AsyncClient, make: Makers, frame: Frame, two: Two
) -> None:
    third = await make.school()
    key = await propose(client, make, two, partner_ids=[str(two.partner.id), str(third.id)])
    accepted = await post(client, make, two.partner_admin, key, "accept")
    assert accepted.json()["state"] == "proposed", "not everybody has answered"
    head = await make.person(third, Role.PRINCIPAL)
    declined = await post(client, make, head, key, "decline", reason="没有设备")
    assert declined.json()["state"] == "declined"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"partner_ids": []}, "invalid"),
        ({"partner_ids": ["018f0000-0000-7000-8000-000000000000"]}, "no_school"),
        ({"ends_on": "2020-01-01"}, "invalid"),
        ({"starts_on": "2020-01-01", "ends_on": "2020-02-01"}, "wrong_days"),
        ({"kind": "friendship"}, "invalid"),
        ({"kind": "entrusted"}, "wrong_rights"),
        ({"kind": "entrusted", "rights": ["partnerships.answer"]}, "wrong_rights"),
        ({"rights": ["lesson.assign"]}, "wrong_rights"),
        ({"promises": [{"kind": "lessons", "quantity": 0, "period": "term"}]}, "invalid"),
        ({"note": "a\0b"}, "invalid"),
        ({"state": "active"}, "invalid"),
        ({"proposed_by_id": "018f0000-0000-7000-8000-000000000000"}, "invalid"),
    ],
)
async def test_wrong_proposal(
    client: httpx2.AsyncClient, make: Makers, two: Two, change: dict[str, Any], code: str
) -> None:
    headers = await make.bearer(two.lead_admin)
    answer = await client.post(URL, json={**two.body, **change}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert (await client.get(URL, headers=headers)).json()["items"] == []


async def test_a_school_proposes_for_itself_only(
    client: httpx2.AsyncClient, make: Makers, two: Two
) -> None:
    stranger = await make.bearer(await make.person(await make.school(), Role.SCHOOL_ADMIN))
    assert (await client.post(URL, json=two.body, headers=stranger)).status_code == 403
    teacher = await make.bearer(await make.person(two.lead))
    assert (await client.post(URL, json=two.body, headers=teacher)).status_code == 403
    assert (await client.get(f"{URL}/schools?q=小学", headers=teacher)).status_code == 403
    found = await client.get(
        f"{URL}/schools?q={two.partner.code}", headers=await make.bearer(two.lead_admin)
    )
    assert [one["id"] for one in found.json()] == [str(two.partner.id)]


async def test_entrusted_rights_come_and_go(
    client: httpx2.AsyncClient, make: Makers, frame: Frame, two: Two
) -> None:
    key = await propose(client, make, two, kind="entrusted", rights=["lesson.assign"])

    async def lent() -> bool:
        async with frame.database.read() as session:
            found = await accounts.principal_of(session, two.lead_admin.id, frame.today())
        assert found is not None
        return bool(found.entrusted)

    assert not await lent()
    await post(client, make, two.partner_admin, key, "accept")
    assert await lent()
    offered = await client.get(f"{URL}/rights", headers=await make.bearer(two.lead_admin))
    names = {one["name"] for one in offered.json()}
    assert "lesson.assign" in names
    assert names == {one.name for one in all_rules() if one.entrustable}, "of every slice"
    assert not {name for name in names if name.startswith("partnerships.")}
    for act, holds in (("pause", False), ("resume", True), ("end", False)):
        assert (await post(client, make, two.partner_admin, key, act, reason="x")).is_success
        assert await lent() is holds, act


async def test_two_accept_at_once(
    client: httpx2.AsyncClient, make: Makers, two: Two, frame: Frame
) -> None:
    third, fourth = await make.school(), await make.school()
    heads = [
        two.partner_admin,
        await make.person(third, Role.PRINCIPAL),
        await make.person(fourth, Role.PRINCIPAL),
    ]
    partners = [str(one.id) for one in (two.partner, third, fourth)]
    key = await propose(
        client, make, two, kind="entrusted", rights=["lesson.assign"], partner_ids=partners
    )
    headers = [await make.bearer(who) for who in (*heads, heads[0])]
    answers = await asyncio.gather(
        *(client.post(f"{URL}/{key}/accept", headers=one) for one in headers)
    )
    assert sorted(one.status_code for one in answers) == [200, 200, 200, 409]
    read = (await client.get(f"{URL}/{key}", headers=headers[0])).json()
    assert read["state"] == "active"
    assert [one["act"] for one in read["steps"]].count("accept") == 3
    async with frame.database.read() as session:
        found = await accounts.principal_of(session, two.lead_admin.id, frame.today())
    assert found is not None
    assert len(found.entrusted) == 3, "lent once to each"


async def test_a_closed_school_has_no_partnerships(
    client: httpx2.AsyncClient, make: Makers, frame: Frame, two: Two
) -> None:
    active = await propose(client, make, two)
    await post(client, make, two.partner_admin, active, "accept")
    proposed = await propose(client, make, two)
    admin = await make.person(role=Role.ADMIN)
    async with frame.database.write() as session:
        by = await accounts.principal_of(session, admin.id, frame.today())
        gone = await OrganisationRepository(session).by_code(two.partner.code)
        assert by is not None
        assert gone is not None
        await closing.close(session, gone, day=frame.today(), by=by)
    headers = await make.bearer(two.lead_admin)
    for key, state in ((active, "ended"), (proposed, "withdrawn")):
        read = (await client.get(f"{URL}/{key}", headers=headers)).json()
        assert read["state"] == state
        assert read["steps"][-1]["by"]["id"] == str(admin.id)
    again = await client.post(URL, json=two.body, headers=headers)
    assert again.json()["code"] == "no_school"


async def test_pages_of_the_list(
    client: httpx2.AsyncClient, make: Makers, two: Two, frame: Frame
) -> None:
    keys = [await propose(client, make, two) for _ in range(5)][::-1]
    headers = await make.bearer(two.lead_admin)
    seen, before = [], ""
    while True:
        page = (await client.get(f"{URL}?limit=2{before}", headers=headers)).json()
        seen += [one["id"] for one in page["items"]]
        if page["next"] is None:
            break
        before = f"&before={page['next']}"
    assert seen == keys
    assert (await client.get(f"{URL}?limit=201", headers=headers)).status_code == 422
    assert (await client.get(f"{URL}?state=ended", headers=headers)).json()["items"] == []


async def test_far_days_are_only_days(
    client: httpx2.AsyncClient, make: Makers, two: Two, frame: Frame
) -> None:
    key = await propose(client, make, two, starts_on="1900-01-01", ends_on="2199-12-31")
    assert (await post(client, make, two.partner_admin, key, "accept")).is_success
    later = frame.now() + timedelta(days=1)
    frame.now = lambda: later
    assert (await post(client, make, two.partner_admin, key, "end", reason="x")).is_success
