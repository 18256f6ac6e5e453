"""The tree, its contents, knowledge points and the books of classes, over HTTP."""

import httpx2
import pytest
from sqlalchemy import select

from tests.makers import Makers, Someone
from tongke_courses.lessons.models import Lesson
from tongke_courses.textbooks import sample, service
from tongke_courses.textbooks.models import TextbookNode
from tongke_platform.accounts import service as accounts
from tongke_platform.frame import Frame
from tongke_platform.organisations.models import SchoolClass
from tongke_platform.people.roles import Role
from tongke_platform.rights import Principal

Shelf = dict[str, TextbookNode]


async def principal(frame: Frame, someone: Someone) -> Principal:
    async with frame.database.read() as session:
        found = await accounts.principal_of(session, someone.id, frame.today())
    assert found is not None
    return found


@pytest.fixture
async def teacher(make: Makers) -> Someone:
    return await make.person(await make.school(await make.region()))


@pytest.fixture
async def researcher(make: Makers) -> Someone:
    return await make.person(role=Role.RESEARCHER, region=await make.region())


@pytest.fixture
async def shelf(frame: Frame, researcher: Someone) -> Shelf:
    by = await principal(frame, researcher)
    async with frame.database.write() as session:
        return await sample.fill(session, by)


async def test_anonymous(client: httpx2.AsyncClient) -> None:
    assert (await client.get("/api/textbooks")).status_code == 401
    assert (await client.get("/textbooks")).status_code in (303, 401)


async def test_down_the_tree(
    client: httpx2.AsyncClient, make: Makers, teacher: Someone, shelf: Shelf
) -> None:
    headers = await make.bearer(teacher)
    roots = (await client.get("/api/textbooks", headers=headers)).json()
    assert [one["name"] for one in roots] == ["小学", "初中", "高中"]
    query = {"parent": roots[2]["id"], "kind": "volume"}
    volumes = (await client.get("/api/textbooks", params=query, headers=headers)).json()
    assert {one["name"] for one in volumes} == {"必修 上册", "必修 第一册"}
    wanted = {"stage": "小学", "subject": "数学", "edition": "人教版", "grade": "三年级"}
    found = await client.get("/api/textbooks/resolve", params=wanted, headers=headers)
    assert [one["name"] for one in found.json()["ancestors"]] == ["小学", "六•三", "数学", "人教版"]
    assert [one["name"] for one in found.json()["children"]] == ["上册", "下册"]
    wanted["edition"] = "没有版"
    refused = await client.get("/api/textbooks/resolve", params=wanted, headers=headers)
    assert refused.status_code == 404


async def test_teacher_fills_what_is_empty_only(
    client: httpx2.AsyncClient, make: Makers, frame: Frame, teacher: Someone, researcher: Someone,
    shelf: Shelf,
) -> None:  # fmt: skip
    headers = await make.bearer(teacher)
    async with frame.database.read() as session:
        bare = await service.resolve(session, subject="数学", grade="七年级", volume="上册")
    assert bare is not None
    address = f"/api/textbooks/{bare.id}/contents"
    text = {"text": "第一章 有理数\n  1.1 正数和负数\n第二章 整式"}
    filled = await client.put(address, json=text, headers=headers)
    assert [one["name"] for one in filled.json()["children"]] == ["第一章 有理数", "第二章 整式"]
    again = await client.put(address, json=text, headers=headers)
    assert (again.status_code, again.json()["code"]) == (409, "filled")
    kept = {one["id"] for one in filled.json()["children"]}
    corrected = await client.put(
        address, json={"text": "第二章 整式\n第一章 有理数"}, headers=await make.bearer(researcher)
    )
    assert [one["name"] for one in corrected.json()["children"]] == ["第二章 整式", "第一章 有理数"]
    assert {one["id"] for one in corrected.json()["children"]} == kept


async def test_units_by_hand(
    client: httpx2.AsyncClient, make: Makers, researcher: Someone, shelf: Shelf
) -> None:
    headers, book = await make.bearer(researcher), shelf["语文 统编版 上册"]
    body = {"parent_id": str(book.id), "kind": "unit", "name": "第四单元 预测", "position": 9}
    made = await client.post("/api/textbooks", json=body, headers=headers)
    assert made.status_code == 201
    assert (await client.post("/api/textbooks", json=body, headers=headers)).status_code == 409
    address = f"/api/textbooks/{made.json()['id']}"
    changed = await client.patch(address, json={"name": "第四单元 猜测"}, headers=headers)
    assert changed.json()["name"] == "第四单元 猜测"
    assert (await client.delete(address, headers=headers)).status_code == 204
    assert (await client.get(address, headers=headers)).status_code == 404
    whole = await client.delete(f"/api/textbooks/{book.id}", headers=headers)
    assert (whole.status_code, whole.json()["code"]) == (422, "not_below_volume")


async def test_the_same_in_other_books(
    client: httpx2.AsyncClient, make: Makers, teacher: Someone, shelf: Shelf
) -> None:
    headers = await make.bearer(teacher)
    book = shelf["数学 人教版 上册"]
    found = (await client.get(f"/api/textbooks/{book.id}/alike", headers=headers)).json()
    assert [(one["point"]["name"], one["node"]["name"]) for one in found] == [
        ("分数的初步认识", "第六单元 认识分数")
    ]
    assert "北师大版" in [one["name"] for one in found[0]["line"]]
    unit = (await client.get(f"/api/textbooks/{book.id}", headers=headers)).json()["children"][2]
    address = f"/api/textbooks/{unit['id']}/points"
    point = (await client.post(address, json={"name": "千米"}, headers=headers)).json()
    assert (await client.get(address, headers=headers)).json() == [point]
    query = {"subject": "数学", "q": "千"}
    listed = await client.get("/api/knowledge-points", params=query, headers=headers)
    assert listed.json() == [point]
    removed = await client.delete(f"{address}/{point['id']}", headers=headers)
    assert removed.status_code == 204
    assert (await client.get(address, headers=headers)).json() == []


async def test_class_uses_a_book(
    client: httpx2.AsyncClient, make: Makers, frame: Frame, teacher: Someone, shelf: Shelf
) -> None:
    assert teacher.school is not None
    async with frame.database.write() as session:
        one = SchoolClass(organisation_id=teacher.school.id, name="2024级1班",
                          starts_on=frame.today())  # fmt: skip
        session.add(one)
        await session.flush()
        key = one.id
    headers, address = await make.bearer(teacher), f"/api/classes/{key}/textbooks"
    first, second = shelf["数学 人教版 上册"], shelf["数学 北师大版 下册"]
    unit = (await client.get(f"/api/textbooks/{first.id}", headers=headers)).json()["children"][1]
    body = {"volume_id": str(first.id), "reached_id": unit["id"]}
    used = await client.put(address, json=body, headers=headers)
    assert (used.json()["subject"], used.json()["reached"]["id"]) == ("数学", unit["id"])
    body["volume_id"] = str(second.id)
    elsewhere = await client.put(address, json=body, headers=headers)
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (422, "elsewhere")
    other = await client.put(address, json={"volume_id": str(second.id)}, headers=headers)
    assert other.json()["volume"]["id"] == str(second.id)
    assert len((await client.get(address, headers=headers)).json()) == 1
    stranger = await make.bearer(await make.person(await make.school()))
    assert (await client.get(address, headers=stranger)).status_code == 404
    assert (await client.delete(f"{address}/数学", headers=headers)).status_code == 204
    assert (await client.get(address, headers=headers)).json() == []


async def test_page_of_a_book(
    client: httpx2.AsyncClient, make: Makers, frame: Frame, teacher: Someone, shelf: Shelf
) -> None:
    """Shows what stands there to those who may watch it, and to nobody else."""
    book = shelf["语文 统编版 上册"]
    async with frame.database.read() as session:
        period = (await session.execute(
            select(TextbookNode.id).where(TextbookNode.name == "4 古诗三首")
        )).scalar_one()  # fmt: skip
    made = await make.lesson(teacher, [])
    async with frame.database.write() as session:
        lesson = await session.get_one(Lesson, made.id)
        lesson.textbook_id, lesson.title = period, "山行"
    page = await client.get(f"/textbooks/{book.id}", headers=await make.bearer(teacher))
    assert page.status_code == 200
    assert "第二单元 金秋时节" in page.text
    assert "山行" in page.text
    stranger = await make.bearer(await make.person(await make.school()))
    other = await client.get(f"/textbooks/{book.id}", headers=stranger)
    assert "第二单元 金秋时节" in other.text
    assert "山行" not in other.text
    # What was pasted wrongly is not lost.
    bad = {"text": "第一章\n" + "长" * 300}
    async with frame.database.read() as session:
        bare = await service.resolve(session, subject="数学", grade="八年级", volume="上册")
    assert bare is not None
    again = await client.post(
        f"/textbooks/{bare.id}/contents", data=bad, headers=await make.bearer(teacher)
    )
    assert again.status_code == 422
    assert "长" * 300 in again.text
