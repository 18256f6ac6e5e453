"""The pages that bring people in, as a browser walks them."""

import csv
import io

import httpx2
import pytest
from openpyxl import load_workbook

from tests.imports.sheets import TITLES, table, teachers
from tests.makers import PASSWORD, Makers, Someone
from tongke_platform.frame import Frame
from tongke_platform.imports.paper import csv_file, harmless, template_csv, template_xlsx
from tongke_platform.imports.titles import LABELS, Field, count_titles, field_of, find_titles
from tongke_platform.imports.workbooks import read_workbook
from tongke_platform.pages.languages import LANGUAGES, Language, translations
from tongke_platform.people.roles import Role

PAGE = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}


async def log_in(client: httpx2.AsyncClient, who: Someone) -> None:
    client.headers.update(PAGE)
    form = {"username": who.username, "password": PASSWORD}
    assert (await client.post("/login", data=form)).status_code == 303


@pytest.fixture
async def admin(client: httpx2.AsyncClient, make: Makers) -> Someone:
    who = await make.person(await make.school(), Role.SCHOOL_ADMIN)
    await log_in(client, who)
    return who


async def upload(client: httpx2.AsyncClient, data: bytes, school: str) -> httpx2.Response:
    return await client.post(
        "/admin/import", files={"file": ("名单.csv", data)}, data={"school": school}
    )


def code_of(admin: Someone) -> str:
    assert admin.school is not None
    return admin.school.code


async def test_anonymous(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/admin/import", headers=PAGE)
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=/admin/import")


async def test_a_teacher_finds_no_way_in(client: httpx2.AsyncClient, make: Makers) -> None:
    await log_in(client, await make.person(await make.school(), Role.LEAD_TEACHER))
    assert (await client.get("/admin/import")).status_code == 403
    assert (await upload(client, table(TITLES, *teachers(1)), "")).status_code == 403


async def test_the_whole_way(client: httpx2.AsyncClient, admin: Someone, frame: Frame) -> None:
    page = await client.get("/admin/import")
    assert 'enctype="multipart/form-data"' in page.text
    answer = await upload(client, table(TITLES, *teachers(2)), code_of(admin))
    assert answer.status_code == 303
    address = answer.headers["location"]
    page = await client.get(address)
    assert "教师1" in page.text
    assert "Write 2 rows" in page.text
    assert (await client.post(f"{address}/confirm")).status_code == 303
    page = await client.get(address)
    assert "0 of 2 rows" in page.text
    assert 'http-equiv="refresh"' in page.text
    await frame.jobs.run_due()
    page = await client.get(address)
    assert "Done: 2 rows were written." in page.text
    assert 'http-equiv="refresh"' not in page.text
    assert address in (await client.get("/admin/import")).text


async def test_a_refused_file_shows_the_form_again(
    client: httpx2.AsyncClient, admin: Someone
) -> None:
    answer = await upload(client, b"%PDF-1.7", code_of(admin))
    assert answer.status_code == 422
    assert "This is not a table" in answer.text
    assert 'name="file"' in answer.text


async def test_errors_are_shown_and_can_be_taken_along(
    client: httpx2.AsyncClient, admin: Someone
) -> None:
    data = table(["=cmd()姓名", "姓名", "手机号"], ["", "=1+1", "12"], ["", "<b>李四</b>", "1"])
    address = (await upload(client, data, code_of(admin))).headers["location"]
    page = await client.get(address)
    assert "<b>李四" not in page.text
    assert "2 rows need a correction." in page.text
    answer = await client.get(f"{address}/errors.csv")
    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert "attachment" in answer.headers["content-disposition"]
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert rows[0] == ["Row", "Column", "What to do"]
    assert rows[1][:2] == ["2", "手机号"]


async def test_a_preview_can_be_discarded(client: httpx2.AsyncClient, admin: Someone) -> None:
    address = (await upload(client, table(TITLES, *teachers(1)), code_of(admin))).headers[
        "location"
    ]
    answer = await client.post(f"{address}/discard")
    assert (answer.status_code, answer.headers["location"]) == (303, "/admin/import")
    assert (await client.get(address)).status_code == 404


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
@pytest.mark.parametrize("language", ["zh", "en"])
async def test_the_template_is_read_as_it_was_written(
    client: httpx2.AsyncClient, admin: Someone, kind: str, language: str
) -> None:
    answer = await client.get(f"/admin/import/template.{kind}?lang={language}")
    assert answer.status_code == 200
    found = await upload(client, answer.content, code_of(admin))
    assert "There are no rows below the titles." in found.text


def test_the_template_keeps_numbers_as_text() -> None:
    data = template_xlsx(str)
    titles = find_titles(read_workbook(data)[0].rows)
    assert Field.STARTS_ON in titles.columns
    sheet = load_workbook(io.BytesIO(data)).worksheets[0]
    assert sheet.cell(2, titles.columns[Field.PHONE] + 1).number_format == "@"
    assert count_titles(read_workbook(data)[0].rows) == 7
    assert template_csv(str).startswith(b"\xef\xbb\xbf")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_title_of_ours_is_understood(language: Language) -> None:
    for field, label in LABELS.items():
        assert field_of(translations(language).gettext(label)) is field


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1"])
def test_no_cell_of_ours_is_a_formula(cell: str) -> None:
    assert harmless(cell) == "'" + cell
    rows = list(csv.reader(io.StringIO(csv_file([[cell]]).decode("utf-8-sig"), newline="")))
    assert rows[0][0][0] == "'"
