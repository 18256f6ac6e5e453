"""A school asks, guardians answer on their phones, and the class may be recorded."""

import io
import re

import httpx2
from PIL import Image
from sqlalchemy import select

from tests.makers import Makers
from tests.organisations.test_pages import said, sign_in
from tongke_platform.consent.models import ConsentEvent
from tongke_platform.frame import Frame
from tongke_platform.organisations.models import Pupil
from tongke_platform.people.roles import Role

GUARDIAN = {"guardian": "李梅", "relation": "mother", "agreed": ["recording"]}


async def _class(client: httpx2.AsyncClient, make: Makers) -> tuple[str, str]:
    """A class with one name on its list, made by pages: its id and that of the pupil."""
    school = await make.school(await make.region())
    await sign_in(client, await make.person(school, Role.SCHOOL_ADMIN))
    form = {"school": school.code, "grade": "3", "name": "1班", "size": "1"}
    made = await client.post("/admin/classes", data=form)
    key = made.headers["location"].rsplit("/", 1)[1]
    await client.post(f"/admin/classes/{key}/pupils", data={"names": "李小红,1"})
    async with make.frame.database.read() as session:
        pupil = (await session.execute(select(Pupil.id))).scalar_one()
    return key, str(pupil)


async def _link(client: httpx2.AsyncClient, key: str, pupil: str, purpose: str) -> str:
    page = await client.post(
        f"/admin/consent/classes/{key}/ask", data={"id": pupil, "purpose": purpose}
    )
    assert page.status_code == 200, page.text
    assert page.headers["cache-control"] == "no-store"
    found = re.search(r"http://school\.test(/consent/[\w-]{43})", page.text)
    assert found
    return found[1]


async def test_from_question_to_withdrawal(client: httpx2.AsyncClient, make: Makers) -> None:
    key, pupil = await _class(client, make)
    assert "0 of 1" in (await client.get("/admin/consent")).text
    address = await _link(client, key, pupil, "recording")
    assert "Asked, no answer yet" in (await client.get(f"/admin/consent/classes/{key}")).text

    admin = dict(client.cookies)
    client.cookies.clear()
    page = await client.get(address)
    assert "李＊＊" in page.text
    assert "小红" not in page.text
    answer = await client.post(address, data={**GUARDIAN, "guardian": " "})
    assert answer.status_code == 422
    assert "checked" in answer.text
    answer = await client.post(address, data=GUARDIAN)
    assert answer.status_code == 303
    receipt = answer.headers["location"]
    assert "You agreed, until" in (await client.get(receipt)).text
    assert (await client.get(address)).status_code == 404
    assert (await client.post(address, data=GUARDIAN)).status_code == 404

    client.cookies.update(admin)
    assert "1 of 1" in (await client.get("/admin/consent")).text
    assert "李梅" in (await client.get(f"/admin/consent/pupils/{pupil}")).text
    client.cookies.clear()
    answer = await client.post(f"{receipt}/withdraw", data={"purpose": "recording"})
    assert answer.status_code == 303
    assert "You do not agree" in (await client.get(receipt)).text
    client.cookies.update(admin)
    assert "0 of 1" in (await client.get("/admin/consent")).text


async def test_a_paper_form(client: httpx2.AsyncClient, make: Makers, frame: Frame) -> None:
    _key, pupil = await _class(client, make)
    form = {"guardian": "李梅", "relation": "mother", "purpose": "recording"}
    made = io.BytesIO()
    Image.new("RGB", (60, 40), "white").save(made, "JPEG")
    address = f"/admin/consent/pupils/{pupil}/paper"
    bad = {"file": ("form.jpg", b"<script>", "image/jpeg")}
    assert (await client.post(address, data=form, files=bad)).status_code == 422
    good = {"file": ("form.exe", made.getvalue(), "application/x-msdownload")}
    page = await said(client, await client.post(address, data=form, files=good))
    assert "The form is entered." in page
    found = re.search(r"/admin/consent/forms/[\w-]{36}", page)
    assert found
    picture = await client.get(found[0])
    assert picture.headers["content-type"] == "image/jpeg"
    assert picture.headers["cache-control"] == "no-store"
    assert picture.content.startswith(b"\xff\xd8")
    await said(
        client,
        await client.post(f"/admin/consent/pupils/{pupil}/withdraw", data={"purpose": "recording"}),
    )
    async with frame.database.read() as session:
        acts = (await session.execute(select(ConsentEvent.act).order_by(ConsentEvent.id))).scalars()
        assert [*acts] == ["given", "withdrawn"]


async def test_other_schools_see_nothing(client: httpx2.AsyncClient, make: Makers) -> None:
    key, pupil = await _class(client, make)
    await sign_in(client, await make.person(await make.school(), Role.SCHOOL_ADMIN))
    assert "李小红" not in (await client.get("/admin/consent")).text
    for path in (f"classes/{key}", f"pupils/{pupil}"):
        assert (await client.get(f"/admin/consent/{path}")).status_code == 404
    asked = {"id": pupil, "purpose": "recording"}
    answer = await client.post(f"/admin/consent/classes/{key}/ask", data=asked)
    assert answer.status_code == 404
