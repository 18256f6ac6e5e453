"""A rule answers for one organisation what its condition answers for a list of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import httpx2
import pytest
from sqlalchemy import event, select

from tests.makers import Makers, Someone
from tongke_platform.accounts import service as accounts
from tongke_platform.frame import Frame
from tongke_platform.organisations.models import Organisation, OrganisationKind
from tongke_platform.people import service as people
from tongke_platform.people.models import Entrustment
from tongke_platform.rights import Principal, Role, Rule

ROLES = frozenset(
    {Role.ADMIN, Role.BUREAU_ADMIN, Role.RESEARCHER, Role.SCHOOL_ADMIN, Role.PROGRAMME_OFFICER}
)
RULE = Rule("tests.rule", "Do it", ROLES, entrustable=True)


async def principal(frame: Frame, someone: Someone) -> Principal:
    async with frame.database.read() as session:
        found = await accounts.principal_of(session, someone.id, frame.today())
    assert found is not None
    return found


async def listed(frame: Frame, asker: Principal) -> set[str]:
    async with frame.database.read() as session:
        found = await session.execute(select(Organisation.name).where(RULE.clause(asker)))
    return set(found.scalars())


async def allowed(frame: Frame, asker: Principal) -> set[str]:
    async with frame.database.read() as session:
        every = (await session.execute(select(Organisation))).scalars().all()
    return {one.name for one in every if RULE.allows(asker, one)}


@contextmanager
def statements(frame: Frame) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(*arguments: object) -> None:
        seen.append(str(arguments[2]))

    engine = frame.database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


async def test_scopes(make: Makers, frame: Frame) -> None:
    province = await make.region()
    county, other_county = await make.region(province), await make.region(province)
    centre = await make.school(county, OrganisationKind.TOWNSHIP_CENTRE)
    point = await make.school(county, OrganisationKind.TEACHING_POINT, centre)
    beside, away = await make.school(county), await make.school(other_county)
    homeless = await make.school()
    everything = {one.name for one in (centre, point, beside, away, homeless)}
    expected: dict[str, tuple[Someone, set[str]]] = {
        "admin": (await make.person(role=Role.ADMIN), everything),
        "province": (
            await make.person(role=Role.BUREAU_ADMIN, region=province),
            everything - {homeless.name},
        ),
        "county": (
            await make.person(role=Role.RESEARCHER, region=county),
            {centre.name, point.name, beside.name},
        ),
        "centre": (await make.person(centre, Role.SCHOOL_ADMIN), {centre.name, point.name}),
        "point": (await make.person(point, Role.SCHOOL_ADMIN), {point.name}),
        "a role the rule does not name": (await make.person(centre, Role.LEAD_TEACHER), set()),
        "nobody": (await make.person(role=None), set()),
    }
    for who, (someone, places) in expected.items():
        asker = await principal(frame, someone)
        assert await allowed(frame, asker) == places, who
        assert await listed(frame, asker) == places, who
        assert RULE.allows_anywhere(asker) is bool(places), who


@pytest.mark.parametrize(
    ("starts", "ends", "holds"),
    [(None, None, True), (0, 0, True), (1, None, False), (None, -1, False), (-9, 9, True)],
)
async def test_a_post_holds_on_its_days(
    make: Makers, frame: Frame, starts: int | None, ends: int | None, holds: bool
) -> None:
    school, someone = await make.school(), await make.person(role=None)
    today = frame.today()
    async with frame.database.write() as session:
        await people.appoint(
            session,
            someone.person,
            Role.SCHOOL_ADMIN,
            organisation=school,
            starts_on=None if starts is None else today + timedelta(starts),
            ends_on=None if ends is None else today + timedelta(ends),
        )
    asker = await principal(frame, someone)
    assert RULE.allows(asker, school) is holds
    assert bool(await listed(frame, asker)) is holds


@pytest.mark.parametrize("case", ["lent", "another rule", "over", "suspended", "not entrustable"])
async def test_entrusted_management(make: Makers, frame: Frame, case: str) -> None:
    manager, managed = await make.school(), await make.school()
    someone = await make.person(manager, Role.SCHOOL_ADMIN)
    rule = RULE if case != "not entrustable" else Rule("tests.rule", "Do it", ROLES)
    async with frame.database.write() as session:
        session.add(
            Entrustment(
                manager_id=manager.id,
                organisation_id=managed.id,
                rule="tests.other" if case == "another rule" else "tests.rule",
                ends_on=frame.today() - timedelta(1) if case == "over" else None,
                suspended_at=frame.now() if case == "suspended" else None,
            )
        )
    asker = await principal(frame, someone)
    assert rule.allows(asker, managed) is (case == "lent")
    # A teacher of the managing school has no part in it.
    teacher = await principal(frame, await make.person(manager, Role.LEAD_TEACHER))
    assert not rule.allows(teacher, managed)


async def test_two_queries_find_who_asks(
    client: httpx2.AsyncClient, make: Makers, frame: Frame
) -> None:
    """However many posts they hold."""
    someone = await make.person(await make.school(), Role.SCHOOL_ADMIN)
    more = {role: await make.school() for role in (Role.LEAD_TEACHER, Role.IT, Role.PRINCIPAL)}
    async with frame.database.write() as session:
        for role, school in more.items():
            await people.appoint(session, someone.person, role, organisation=school)
    headers = await make.bearer(someone)
    # A token's last use is noted now and then only.
    await client.get("/api/me", headers=headers)
    with statements(frame) as seen:
        assert (await client.get("/api/me", headers=headers)).status_code == 200
    assert len([one for one in seen if not one.startswith(("BEGIN", "ROLLBACK"))]) <= 2, seen
