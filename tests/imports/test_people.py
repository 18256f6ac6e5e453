"""A table of people over the API: preview, confirm, result; and who may."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest
from sqlalchemy import select

from tests.imports.sheets import TITLES, table, teachers, workbook
from tests.makers import Makers, Someone
from tongke_platform.accounts.models import Credential
from tongke_platform.accounts.repository import CredentialRepository
from tongke_platform.audit.models import AuditEntry
from tongke_platform.frame import Frame
from tongke_platform.organisations.models import Organisation
from tongke_platform.people.models import NameKind, Person
from tongke_platform.people.repository import PersonRepository
from tongke_platform.people.roles import Role
from tongke_platform.people.service import add_name, appoint


@dataclass
class Desk:
    """An administrator at the API."""

    client: httpx2.AsyncClient
    frame: Frame
    headers: dict[str, str]
    who: Someone
    school: Organisation

    async def upload(self, data: bytes, school: str | None = None) -> httpx2.Response:
        code = self.school.code if school is None else school
        return await self.client.post(
            "/api/imports",
            files={"file": ("教师.xlsx", data)},
            data={"school": code},
            headers=self.headers,
        )

    async def preview(self, data: bytes, school: str | None = None) -> dict[str, Any]:
        answer = await self.upload(data, school)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def rows(self, key: str, **params: Any) -> list[dict[str, Any]]:
        answer = await self.client.get(
            f"/api/imports/{key}/rows", params=params, headers=self.headers
        )
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()
        return found

    async def confirm(self, key: str, skip: bool = False) -> httpx2.Response:
        return await self.client.post(
            f"/api/imports/{key}/confirm", json={"skip_errors": skip}, headers=self.headers
        )

    async def write(self, data: bytes, skip: bool = False) -> dict[str, Any]:
        """Upload, confirm, and let the jobs run to the end."""
        key = (await self.preview(data))["id"]
        answer = await self.confirm(key, skip)
        assert answer.status_code == 202, answer.text
        await self.frame.jobs.run_due()
        found: dict[str, Any] = (
            await self.client.get(f"/api/imports/{key}", headers=self.headers)
        ).json()
        assert found["state"] == "done"
        return found

    async def error(self, *row: Any, titles: Sequence[str] = TITLES) -> dict[str, Any]:
        """What is said of a table with this one row."""
        found = await self.preview(table(titles, row))
        assert found["counts"]["wrong"] == 1
        error: dict[str, Any] = (await self.rows(found["id"]))[0]["errors"][0]
        return error


@pytest.fixture
async def desk(client: httpx2.AsyncClient, frame: Frame, make: Makers) -> Desk:
    school = await make.school(await make.region())
    who = await make.person(school, Role.SCHOOL_ADMIN)
    return Desk(client, frame, await make.bearer(who), who, school)


async def people_named(frame: Frame, value: str, code: str = "") -> list[Person]:
    async with frame.database.read() as session:
        found = await PersonRepository(session).by_name(value, code)
        full = [await PersonRepository(session).full(one.id) for one in found]
    return [one for one in full if one is not None]


async def person_named(frame: Frame, value: str, code: str = "") -> Person:
    found = await people_named(frame, value, code)
    assert len(found) == 1
    return found[0]


async def test_anonymous(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/api/imports", files={"file": ("a.csv", b"x")})
    assert answer.status_code == 401


@pytest.mark.parametrize("role", [Role.LEAD_TEACHER, Role.PRINCIPAL, Role.IT, None])
async def test_others_may_not(desk: Desk, make: Makers, role: Role | None) -> None:
    desk.headers = await make.bearer(await make.person(desk.school, role))
    assert (await desk.upload(table(TITLES, *teachers(1)))).status_code == 403


async def test_nothing_is_written_before_it_is_confirmed(desk: Desk) -> None:
    found = await desk.preview(workbook(TITLES, *teachers(3)))
    assert found["counts"] == {"new": 3, "changed": 0, "unchanged": 0, "wrong": 0}
    await desk.frame.jobs.run_due()
    assert await people_named(desk.frame, "13900000001") == []


async def test_people_come_in_with_names_and_posts_and_no_password(desk: Desk) -> None:
    row = ["张三", "T1", 13912345678, "主讲、教务", "教务主任", "z@School.cn", "2024-09-01"]
    found = await desk.write(workbook([*TITLES, "邮箱", "入职日期"], row))
    assert (found["written"], found["failed"]) == (1, 0)
    person = await person_named(desk.frame, "13912345678")
    assert person.display_name == "张三"
    assert {(one.kind, one.value, one.organisation_code) for one in person.names} == {
        (NameKind.STAFF, "T1", desk.school.code),
        (NameKind.PHONE, "13912345678", ""),
        (NameKind.MAIL, "z@school.cn", ""),
    }
    posts = {(m.role, m.organisation_id, m.post, str(m.starts_on)) for m in person.memberships}
    at = (desk.school.id, "教务主任", "2024-09-01")
    assert posts == {(Role.LEAD_TEACHER, *at), (Role.ACADEMIC_OFFICE, *at)}
    assert all(one.granted_by_id == desk.who.id for one in person.memberships)
    async with desk.frame.database.read() as session:
        credential: Credential | None = await CredentialRepository(session).of(person.id)
    assert credential is None


async def test_the_same_file_twice_changes_nothing(desk: Desk) -> None:
    data = workbook(TITLES, *teachers(3))
    await desk.write(data)
    found = await desk.preview(data)
    assert found["counts"] == {"new": 0, "changed": 0, "unchanged": 3, "wrong": 0}
    answer = await desk.confirm(found["id"])
    assert (answer.status_code, answer.json()["code"]) == (409, "nothing_to_write")


async def test_what_changes_is_shown_and_written(desk: Desk) -> None:
    await desk.write(table(TITLES, ["张三", "T1", "13912345678", "教师", ""]))
    data = table(TITLES, ["张三丰", "T1", "13912345679", "教师,校长", "校长"])
    found = await desk.preview(data)
    assert found["counts"]["changed"] == 1
    changes = (await desk.rows(found["id"]))[0]["changes"]
    assert ["Full name", "张三", "张三丰"] in changes
    assert ["Phone", "13912345678", "13912345679"] in changes
    assert ["Role", "", "Principal"] in changes
    await desk.write(data)
    person = await person_named(desk.frame, "13912345679")
    assert person.display_name == "张三丰"
    assert len(person.memberships) == 2
    assert await people_named(desk.frame, "13912345678") == []
    assert (await desk.preview(data))["counts"]["unchanged"] == 1


async def test_matched_by_phone_a_person_gets_a_staff_number(desk: Desk, make: Makers) -> None:
    known = await make.person(desk.school, Role.LOCAL_TEACHER)
    await desk.write(table(TITLES, [known.display_name, "T9", known.username, "教师", ""]))
    assert (await person_named(desk.frame, "T9", desk.school.code)).id == known.id


async def test_errors_name_row_and_column_in_the_users_language(desk: Desk) -> None:
    found = await desk.preview(
        table(
            ["姓名", "手机号"], ["张三", "1.38E+10"], ["李四", "13900000002"], ["", "13900000003"]
        )
    )
    assert found["counts"] == {"new": 1, "changed": 0, "unchanged": 0, "wrong": 2}
    first, last = await desk.rows(found["id"], outcome="wrong")
    assert (first["errors"][0]["row"], first["errors"][0]["column"]) == (2, "手机号")
    assert "shortened" in first["errors"][0]["message"]
    assert (last["line"], last["errors"][0]["column"]) == (4, "姓名")
    desk.headers["Accept-Language"] = "zh-CN"
    said = await desk.rows(found["id"], outcome="wrong", limit=1)
    assert "文本" in said[0]["errors"][0]["message"]


async def test_wrong_rows_hold_all_back_unless_left_out(desk: Desk) -> None:
    data = table(TITLES, *teachers(2), ["李四", "", "", "教师", ""])
    found = await desk.preview(data)
    answer = await desk.confirm(found["id"])
    assert (answer.status_code, answer.json()["code"]) == (409, "has_errors")
    await desk.frame.jobs.run_due()
    assert await people_named(desk.frame, "13900000001") == []
    assert (await desk.write(data, skip=True))["written"] == 2


async def test_a_preview_is_confirmed_once(desk: Desk) -> None:
    found = await desk.preview(table(TITLES, *teachers(1)))
    assert (await desk.confirm(found["id"])).status_code == 202
    assert (await desk.confirm(found["id"])).json()["code"] == "already_confirmed"
    answer = await desk.client.delete(f"/api/imports/{found['id']}", headers=desk.headers)
    assert answer.status_code == 409


async def test_who_confirmed_it_stands_in_the_log(desk: Desk) -> None:
    found = await desk.write(table(TITLES, *teachers(2)))
    async with desk.frame.database.read() as session:
        wanted = select(AuditEntry).where(AuditEntry.act == "people.imported")
        entry = (await session.execute(wanted)).scalar_one()
    assert (entry.person_id, entry.organisation_id) == (desk.who.id, desk.school.id)
    assert (str(entry.subject_id), entry.detail["new"]) == (found["id"], 2)


async def test_a_discarded_preview_is_gone(desk: Desk) -> None:
    found = await desk.preview(table(TITLES, *teachers(1)))
    address = f"/api/imports/{found['id']}"
    assert (await desk.client.delete(address, headers=desk.headers)).status_code == 204
    assert (await desk.client.get(address, headers=desk.headers)).status_code == 404


async def test_an_import_is_its_makers_alone(desk: Desk, make: Makers) -> None:
    key = (await desk.preview(table(TITLES, *teachers(1))))["id"]
    desk.headers = await make.bearer(await make.person(desk.school, Role.SCHOOL_ADMIN))
    assert (await desk.confirm(key)).status_code == 404
    answer = await desk.client.get(f"/api/imports/{key}/rows", headers=desk.headers)
    assert answer.status_code == 404
    assert (await desk.client.get("/api/imports", headers=desk.headers)).json() == []


async def test_duplicates_within_the_file(desk: Desk) -> None:
    twice = table(TITLES, *teachers(1), ["李四", "X", "13900000001", "", ""])
    found = await desk.preview(twice)
    assert found["counts"]["wrong"] == 1
    error = (await desk.rows(found["id"], outcome="wrong"))[0]["errors"][0]
    assert (error["row"], error["column"]) == (3, "手机号")
    assert "Row 2" in error["message"]


async def test_two_people_in_one_row(desk: Desk) -> None:
    await desk.write(table(TITLES, *teachers(2)))
    error = await desk.error("教师1", "T00001", "13900000002", "教师", "")
    assert "different people" in error["message"]


async def test_a_number_typed_for_somebody_else(desk: Desk) -> None:
    await desk.write(table(TITLES, *teachers(1)))
    error = await desk.error("李四", "", "13900000001", "教师", "")
    assert (error["column"], "another name" in error["message"]) == ("姓名", True)


async def test_people_of_other_schools_are_not_taken_over(desk: Desk, make: Makers) -> None:
    """Whoever adds them could next reset their password."""
    other = await make.person(await make.school(), Role.PRINCIPAL)
    error = await desk.error(other.display_name, "T1", other.username, "教师", "")
    assert "another school" in error["message"]


async def test_who_also_works_elsewhere_keeps_their_ways_to_sign_in(
    desk: Desk, make: Makers
) -> None:
    both = await make.person(await make.school(), Role.LEAD_TEACHER)
    async with desk.frame.database.write() as session:
        await add_name(
            session, both.person, "T1", kind=NameKind.STAFF, organisation_code=desk.school.code
        )
        await appoint(session, both.person, Role.LOCAL_TEACHER, organisation=desk.school)
    error = await desk.error(both.display_name, "T1", "13911112222", "教师", "")
    assert "another school" in error["message"]
    assert "another name" in (await desk.error("改名", "T1", "", "教师", ""))["message"]
    found = await desk.write(table(TITLES, [both.display_name, "T1", "", "教师,教务", ""]))
    assert found["written"] == 1


async def test_a_switched_off_account_stays_off(desk: Desk, make: Makers) -> None:
    known = await make.person(desk.school, Role.LOCAL_TEACHER)
    async with desk.frame.database.write() as session:
        person = await PersonRepository(session).by_id(known.id)
        assert person is not None
        person.deactivated_at = desk.frame.now()
    error = await desk.error(known.display_name, "T1", known.username, "教师", "")
    assert "switched off" in error["message"]


@pytest.mark.parametrize("role", ["平台管理员", "教育局管理员", "督导", "教研员"])
async def test_no_role_above_ones_own(desk: Desk, role: str) -> None:
    error = await desk.error("张三", "T1", "", role, "")
    assert (error["column"], "cannot give" in error["message"]) == ("角色", True)


async def test_ones_own_role_may_be_given(desk: Desk) -> None:
    await desk.write(table(TITLES, ["张三", "T1", "", "管理员", ""]))
    person = await person_named(desk.frame, "T1", desk.school.code)
    assert [one.role for one in person.memberships] == [Role.SCHOOL_ADMIN]


async def test_only_into_ones_own_school(desk: Desk, make: Makers) -> None:
    other = await make.school()
    assert (await desk.upload(table(TITLES, *teachers(1)), other.code)).status_code == 404
    assert (await desk.upload(table(TITLES, *teachers(1)), "nowhere")).status_code == 404
    titles = ["姓名", "工号", "学校代码"]
    known = await desk.error("张三", "T1", other.code, titles=titles)
    unknown = await desk.error("张三", "T1", "nowhere", titles=titles)
    assert known["message"].replace(other.code, "nowhere") == unknown["message"]
    assert known["column"] == "学校代码"


async def test_a_bureau_fills_its_schools_from_one_file(desk: Desk, make: Makers) -> None:
    region = await make.region()
    one, two = await make.school(region), await make.school(region)
    desk.headers = await make.bearer(await make.person(role=Role.BUREAU_ADMIN, region=region))
    data = table(
        ["姓名", "工号", "学校", "角色"],
        ["张三", "1", one.name, "教研员"],
        ["李四", "1", two.code, "校长"],
        ["王五", "2", desk.school.name, "教师"],
        ["赵六", "3", "", "教师"],
    )
    found = await desk.preview(data, "")
    assert found["counts"] == {"new": 2, "changed": 0, "unchanged": 0, "wrong": 2}
    assert (await desk.confirm(found["id"], skip=True)).status_code == 202
    await desk.frame.jobs.run_due()
    assert (await person_named(desk.frame, "1", one.code)).display_name == "张三"
    assert (await person_named(desk.frame, "1", two.code)).display_name == "李四"


async def test_what_changed_since_the_preview_is_not_overwritten(desk: Desk, make: Makers) -> None:
    known = await make.person(await make.school(), Role.LEAD_TEACHER)
    data = table(TITLES, *teachers(1), ["张三", "T2", "13955556666", "教师", ""])
    key = (await desk.preview(data))["id"]
    async with desk.frame.database.write() as session:
        await add_name(session, known.person, "13955556666")
    assert (await desk.confirm(key)).status_code == 202
    await desk.frame.jobs.run_due()
    found = (await desk.client.get(f"/api/imports/{key}", headers=desk.headers)).json()
    assert (found["written"], found["failed"]) == (1, 1)
    assert "another school" in (await desk.rows(key, outcome="wrong"))[0]["errors"][0]["message"]


async def test_who_lost_the_right_meanwhile_writes_nothing(desk: Desk, make: Makers) -> None:
    key = (await desk.preview(table(TITLES, *teachers(1))))["id"]
    assert (await desk.confirm(key)).status_code == 202
    async with desk.frame.database.write() as session:
        person = await PersonRepository(session).full(desk.who.id)
        assert person is not None
        person.memberships[0].role = Role.LEAD_TEACHER
    await desk.frame.jobs.run_due()
    assert await people_named(desk.frame, "13900000001") == []


async def test_many_rows_are_written_batch_by_batch(desk: Desk) -> None:
    found = await desk.write(table(TITLES, *teachers(1201)))
    assert (found["written"], found["to_write"]) == (1201, 1201)
    assert (await person_named(desk.frame, "T01201", desk.school.code)).memberships


async def test_files_above_the_usual_size_come_through_here_only(desk: Desk) -> None:
    data = table(TITLES, *teachers(1)) + b",,,,\r\n" * 400_000
    assert len(data) > 1 << 21
    assert (await desk.upload(data)).json()["code"] == "too_many_rows"
    answer = await desk.client.post("/api/sessions", content=data, headers=desk.headers)
    assert answer.status_code == 413
    answer = await desk.upload(b"x" * (21 << 20))
    assert answer.status_code == 413


async def test_a_file_that_is_no_table_is_a_problem(desk: Desk) -> None:
    answer = await desk.upload(b"%PDF-1.7")
    assert (answer.status_code, answer.json()["code"]) == (422, "not_a_table")
    assert ".xlsx" in answer.json()["detail"]


async def test_old_previews_are_removed(desk: Desk) -> None:
    key = (await desk.preview(table(TITLES, *teachers(1))))["id"]
    now = desk.frame.now()
    desk.frame.now = lambda: now.replace(year=now.year + 1)
    await desk.preview(table(TITLES, *teachers(1)))
    answer = await desk.client.get(f"/api/imports/{key}", headers=desk.headers)
    assert answer.status_code == 404
