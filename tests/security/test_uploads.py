"""Files that are not what they say, at every address that takes one: a sentence, and nothing kept."""

import io
import zipfile
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx2
import pytest
from fastapi import FastAPI
from PIL import Image
from sqlalchemy import func, select

from tests.imports.sheets import TITLES, teachers, workbook
from tests.makers import Makers, Someone
from tests.rights.addresses import addresses
from tongke_platform.accounts.rights import COOKIE
from tongke_platform.accounts.service import log_in
from tongke_platform.consent import service as consent
from tongke_platform.consent.models import ConsentEvent, ConsentForm
from tongke_platform.frame import Frame
from tongke_platform.imports.models import Import, ImportRow
from tongke_platform.people.roles import Role

SCRIPT = b"<script>alert(7)</script>"


def photo(kind: str = "JPEG") -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (40, 30), "white").save(made, kind)
    return made.getvalue()


def scattered_bomb() -> bytes:
    """Sheets of which none is too large."""
    out = io.BytesIO(workbook(TITLES, *teachers(1)))
    blank = b"<worksheet>" + b" " * (90 << 20) + b"</worksheet>"
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for number in range(2, 5):
            archive.writestr(f"xl/worksheets/sheet{number}.xml", blank)
    return out.getvalue()


NO_TABLES = {
    "empty": b"",
    "zip only by name": b"PK\3\4" + b"\0" * 200,
    "cut off": workbook(TITLES, *teachers(3))[:-200],
    "binary": bytes(range(256)) * 20,
    "picture": photo("PNG"),
    "script": SCRIPT,
    "page": b"<!DOCTYPE html><table><tr><td>" + "姓名".encode(),
    "svg": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(7)'/>",
}
NO_PICTURES = {
    "empty": b"",
    "script": SCRIPT,
    "svg": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(7)'/>",
    "page": b"<!DOCTYPE html>" + SCRIPT,
    "gif": b"GIF89a" + b"\1\0\1\0\x80\0\0" + SCRIPT,
    "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 1 1\n",
    "cut off": photo()[:200],
    "head only": photo("PNG")[:40] + SCRIPT,
    "table": workbook(TITLES),
}


@dataclass
class Place:
    """An address that takes a file, as a school's administrator uses it."""

    client: httpx2.AsyncClient
    frame: Frame
    address: str
    fields: dict[str, str]

    async def send(self, data: bytes, name: str = "x.xlsx") -> httpx2.Response:
        return await self.client.post(
            self.address,
            data=self.fields,
            files={"file": (name, data)},
            headers={"sec-fetch-site": "same-origin"},
        )

    async def kept(self) -> int:
        """Rows and files there are of whatever was uploaded."""
        kinds = (Import, ImportRow, ConsentForm, ConsentEvent)
        async with self.frame.database.read() as session:
            count = [
                (
                    await session.execute(select(func.count()).select_from(one.__table__))
                ).scalar_one()
                for one in kinds
            ]
        folder = consent.folder(self.frame)
        return sum(count) + (len([*folder.iterdir()]) if folder.exists() else 0)


@pytest.fixture
async def admin(client: httpx2.AsyncClient, make: Makers, frame: Frame) -> Someone:
    found = await make.person(await make.school(await make.region()), Role.SCHOOL_ADMIN)
    async with frame.database.write() as session:
        lifetime = frame.now() - frame.now().replace(year=frame.now().year - 1)
        cookie = await log_in(session, found.id, now=frame.now(), lifetime=lifetime)
    client.cookies.set(COOKIE, cookie)
    return found


@pytest.fixture(params=["/api/imports", "/admin/import"])
def tables(
    client: httpx2.AsyncClient, frame: Frame, admin: Someone, request: pytest.FixtureRequest
) -> Place:
    assert admin.school is not None
    return Place(client, frame, request.param, {"school": admin.school.code})


@pytest.fixture
async def paper(client: httpx2.AsyncClient, make: Makers, frame: Frame, admin: Someone) -> Place:
    assert admin.school is not None
    (pupil,) = await make.class_in(await make.room(admin.school), "小明")
    fields = {"guardian": "李梅", "relation": "mother", "purpose": "recording"}
    return Place(client, frame, f"/admin/consent/pupils/{pupil}/paper", fields)


def test_every_address_with_a_file_is_known(app: FastAPI) -> None:
    """One that comes to take files is tried here, too."""
    taking = {
        f"{method.upper()} {path}"
        for path, methods in app.openapi()["paths"].items()
        for method, told in methods.items()
        if "multipart/form-data" in told.get("requestBody", {}).get("content", {})
    }
    assert taking == {"POST /api/imports", "PUT /api/courses/{course_id}/cover"}
    assert {"POST /admin/import", "POST /admin/consent/pupils/{pupil_id}/paper"} <= addresses(app)


async def test_anonymous(client: httpx2.AsyncClient) -> None:
    files = {"file": ("x.csv", b"x")}
    assert (await client.post("/api/imports", files=files)).status_code == 401


async def test_no_tables(tables: Place) -> None:
    before, trouble = await tables.kept(), []
    for what, data in NO_TABLES.items():
        answer = await tables.send(data, "people.csv")
        if answer.status_code != 422 or SCRIPT in answer.content:
            trouble.append((what, answer.status_code))
    assert trouble == []
    assert await tables.kept() == before


async def test_a_bomb_in_many_parts(tables: Place) -> None:
    answer = await tables.send(scattered_bomb())
    assert answer.status_code == 422
    assert "far more than a list" in answer.text


async def test_no_pictures(paper: Place) -> None:
    before, trouble = await paper.kept(), []
    for what, data in NO_PICTURES.items():
        answer = await paper.send(data, "form.jpg")
        if answer.status_code != 422 or SCRIPT in answer.content:
            trouble.append((what, answer.status_code))
    assert trouble == []
    assert await paper.kept() == before


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
async def test_a_picture_that_is_also_a_page_is_only_a_picture(paper: Place, kind: str) -> None:
    answer = await paper.send(photo(kind) + SCRIPT, "form.html")
    assert answer.status_code == 303
    (kept,) = consent.folder(paper.frame).iterdir()
    async with paper.frame.database.read() as session:
        form = (await session.execute(select(ConsentForm.id))).scalar_one()
    shown = await paper.client.get(f"/admin/consent/forms/{form}")
    assert shown.headers["content-type"] == "image/jpeg"
    assert shown.headers["x-content-type-options"] == "nosniff"
    assert shown.content.startswith(b"\xff\xd8")
    assert SCRIPT not in shown.content
    assert SCRIPT not in kept.read_bytes()


@pytest.mark.parametrize("much", [17 << 20, 21 << 20])
async def test_too_large(paper: Place, much: int) -> None:
    before = await paper.kept()
    answer = await paper.send(photo() + b"\0" * much)
    assert answer.status_code == 413
    assert await paper.kept() == before


@pytest.mark.parametrize("declared", [True, False])
async def test_too_much_is_refused_as_everything_is(
    client: httpx2.AsyncClient, admin: Someone, declared: bool
) -> None:
    """Whether the length is said before or found while reading; programs get a problem, people a page."""

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b"x" * (1 << 20)

    body = b"x" * (3 << 20) if declared else pieces()
    headers = {"content-type": "application/json", "sec-fetch-site": "same-origin"}
    answer = await client.post("/api/groups", content=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["content-security-policy"]
    form = {"content-type": "application/x-www-form-urlencoded", "accept": "text/html"}
    body = b"x" * (3 << 20) if declared else pieces()
    page = await client.post("/me", content=body, headers={**headers, **form})
    assert page.status_code == 413
    assert page.headers["content-type"].startswith("text/html")
    assert "Nothing of it was saved" in page.text


async def test_large_files_are_taken_where_files_are_taken_only(
    client: httpx2.AsyncClient, admin: Someone
) -> None:
    answer = await client.post(
        "/me", files={"file": ("x", b"\0" * (2 << 20))}, headers={"sec-fetch-site": "same-origin"}
    )
    assert answer.status_code == 413
