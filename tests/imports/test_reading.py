"""Whatever file a school sends: what is read of it, and what is said when it cannot be."""

import io
import zipfile
from contextlib import suppress
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.imports.sheets import TITLES, table, teachers, with_part, workbook
from tongke_platform.imports.cells import Draft
from tongke_platform.imports.people import read_people
from tongke_platform.imports.table import BadFile
from tongke_platform.imports.titles import FIELDS, Field, field_of

SHEET = "xl/worksheets/sheet1.xml"
ONE = ["张三", "T1", "13800000001", "教师", "班主任"]


def drafts(data: bytes) -> list[Draft]:
    return read_people(data).drafts


def only(data: bytes) -> Draft:
    found = drafts(data)
    assert len(found) == 1
    return found[0]


def cell(title: str, value: Any) -> Draft:
    """One person whose cell under ``title`` holds ``value``."""
    return only(workbook(["姓名", "工号", title], ["张三", "T1", value]))


def code_of(data: bytes) -> str:
    with pytest.raises(BadFile) as caught:
        read_people(data)
    return caught.value.code


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16", "utf-16-le", "utf-16-be"]
)
def test_encodings(encoding: str) -> None:
    draft = only(
        table(TITLES, ["欧阳龘" if encoding != "gbk" else "欧阳", *ONE[1:]], encoding=encoding)
    )
    assert draft.values["name"].startswith("欧阳")
    assert draft.values["post"] == "班主任"
    assert not draft.problems


def test_gbk_that_is_also_utf_8_is_not_guessed_wrong() -> None:
    """The bytes of 联通 in GBK are valid UTF-8 for something else."""
    draft = only(table(["姓名", "手机"], ["联通", "13800000001"], encoding="gbk"))
    assert draft.values["name"] == "联通"


@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_delimiters(delimiter: str) -> None:
    text = f"姓名{delimiter}手机\r\n张三{delimiter}13800000001\r\n"
    assert only(text.encode()).values["phone"] == "13800000001"


def test_every_synonym_names_its_field() -> None:
    for word, field in FIELDS.items():
        assert field_of(f" *{word}（必填）") is field
    assert field_of("Staff Number") is Field.NUMBER
    assert field_of("张三") is None


def test_titles_below_headings_and_merged_over_two_rows() -> None:
    data = workbook(
        ["云县第一小学教职工名单"],
        ["2026年9月"],
        ["姓名", "工号", "联系", None, "角色"],
        [None, None, "手机号", "邮箱", None],
        ["张三", "T1", 13800000001, "z@x.cn", "校长"],
        merged=["A1:E1", "A3:A4", "B3:B4", "C3:D3", "E3:E4"],
    )
    draft = only(data)
    assert draft.line == 5
    assert draft.values["mail"] == "z@x.cn"
    assert draft.values["roles"] == ["principal"]


def test_empty_rows_are_no_people() -> None:
    data = workbook(TITLES, ONE, [None] * 5, ["  ", "", None], *([[None]] * 50))
    assert [one.line for one in drafts(data)] == [2]


def test_the_dimension_a_sheet_claims_is_not_believed() -> None:
    data = workbook(TITLES, ONE)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        sheet = archive.read(SHEET).replace(b'ref="A1:E2"', b'ref="A1:A1"')
    assert only(with_part(data, SHEET, sheet)).values["number"] == "T1"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (13800000001, "13800000001"),
        (13800000001.0, "13800000001"),
        ("１３８ 0000-0001", "13800000001"),
        ("+86 138 0000 0001", "13800000001"),
        ("8613800000001", "13800000001"),
        ("\u200b13800000001\u3000", "13800000001"),
        ("010-62345678", "01062345678"),
    ],
)
def test_phones(written: Any, read: str) -> None:
    assert cell("联系电话", written).values["phone"] == read


def test_a_shortened_number_is_told_apart() -> None:
    problem = cell("手机号码", "1.38E+10").problems[0]
    assert problem.column == "手机号码"
    assert "shortened" in problem.message
    assert "11 digits" in cell("手机号码", "1380000000").problems[0].message


@pytest.mark.parametrize(
    "written", [date(2024, 9, 1), "2024-09-01", "2024/9/1", "2024年9月1日", "20240901", 45536]
)
def test_days(written: Any) -> None:
    assert cell("入职日期", written).values["starts_on"] == "2024-09-01"


@pytest.mark.parametrize("written", ["2024-13-01", "去年", "202491", "0000-01-01"])
def test_no_days(written: str) -> None:
    assert "not a date" in cell("入职日期", written).problems[0].message


@pytest.mark.parametrize(
    ("written", "roles"),
    [
        ("教师", ["local_teacher"]),
        ("主讲", ["lead_teacher"]),
        ("校长、教务", ["principal", "academic_office"]),
        ("管理员", ["school_admin"]),
        ("电教", ["it"]),
        ("Local teacher", ["local_teacher"]),
        ("school_admin", ["school_admin"]),
        ("", ["local_teacher"]),
    ],
)
def test_roles(written: str, roles: list[str]) -> None:
    assert cell("角色", written).values["roles"] == roles


def test_a_post_tells_the_role_when_no_column_does() -> None:
    draft = cell("职务", "教务主任")
    assert (draft.values["roles"], draft.values["post"]) == (["academic_office"], "教务主任")


@pytest.mark.parametrize(
    ("title", "value", "words"),
    [
        ("手机", "=1+1", "formula"),
        ("角色", "皇帝", "no role"),
        ("邮箱", "a@b", "not a mail"),
        ("职务", "长" * 81, "too long"),
        ("职务", "长" * 40_000, "too long"),
        ("手机", "#N/A", "could not compute"),
    ],
)
def test_wrong_cells(title: str, value: str, words: str) -> None:
    problem = cell(title, value).problems[0]
    assert words in problem.message
    assert problem.column == title


def test_control_characters_are_refused() -> None:
    draft = only("姓名,手机\r\n张\0三,13800000001\r\n".encode())
    assert "invisible" in draft.problems[0].message


def test_who_has_no_number_at_all() -> None:
    assert "needed" in only(table(["姓名", "手机"], ["张三", ""])).problems[0].message


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty_file"),
        (b"\xef\xbb\xbf \r\n", "empty_file"),
        (table(["姓名"], ["张三"]), "no_contact"),
        (table(["手机"], ["13800000001"]), "no_names"),
        (table(["姓名", "手机"]), "no_rows"),
        (table(["姓名", "手机", "联系电话"], ["张三", "", ""]), "title_twice"),
        (b"just some words, nothing more", "no_titles"),
        (bytes(range(256)) * 20, "no_titles"),
        (b"%PDF-1.7 ...", "not_a_table"),
        (b"<html><table><tr><td>\xe5\xa7\x93</td></tr></table>", "web_page"),
        (b"PK\x03\x04 broken", "broken_workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "old_format"),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"),
            "encrypted",
        ),
        (b"x" * ((20 << 20) + 1), "too_big"),
    ],
)
def test_files_that_are_no_table(data: bytes, code: str) -> None:
    assert code_of(data) == code


def test_macros_and_binary_workbooks() -> None:
    data = workbook(TITLES, ONE)
    assert code_of(with_part(data, "xl/vbaProject.bin", b"...")) == "macros"
    assert code_of(with_part(data, "xl/workbook.bin", b"...")) == "old_format"


def test_another_kind_of_zip_is_no_table() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("word/document.xml", "<x/>")
    assert code_of(out.getvalue()) == "not_a_table"


def test_entities_are_refused() -> None:
    bomb = (
        b'<?xml version="1.0"?><!DOCTYPE worksheet [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
        b"<worksheet><sheetData><row><c><v>&a;</v></c></row></sheetData></worksheet>"
    )
    assert code_of(with_part(workbook(TITLES, ONE), SHEET, bomb)) == "entities"


def test_a_zip_bomb_is_refused_before_it_unfolds() -> None:
    blank = b"<worksheet>" + b" " * (97 << 20) + b"</worksheet>"
    data = with_part(workbook(TITLES, ONE), SHEET, blank)
    assert len(data) < 1 << 20
    assert code_of(data) == "too_big"


def test_a_million_rows_are_refused_by_number() -> None:
    row = b'<row><c t="inlineStr"><is><t>x</t></is></c></row>'
    sheet = b"<worksheet><sheetData>" + row * 1_000_000 + b"</sheetData></worksheet>"
    assert code_of(with_part(workbook(TITLES, ONE), SHEET, sheet)) == "too_many_rows"
    assert code_of(table(TITLES, *teachers(50_040))) == "too_many_rows"


def test_a_row_of_countless_cells_is_refused() -> None:
    sheet = b"<worksheet><sheetData><row>" + b"<c/>" * 20_000 + b"</row></sheetData></worksheet>"
    assert code_of(with_part(workbook(TITLES, ONE), SHEET, sheet)) == "too_big"


def test_a_cell_of_megabytes_is_a_wrong_cell() -> None:
    """In text the reader gives up; in a workbook the row is told."""
    assert code_of(b"\xe5\xa7\x93\xe5\x90\x8d,\xe6\x89\x8b\xe6\x9c\xba\n" + b"x" * (5 << 20)) == (
        "huge_cell"
    )
    small = workbook(["姓名", "手机"], ["一个名字", "13800000001"])
    with zipfile.ZipFile(io.BytesIO(small)) as archive:
        sheet = archive.read(SHEET)
    huge = sheet.replace("一个名字".encode(), b"x" * (50 << 20))
    assert len(huge) > 50 << 20
    draft = only(with_part(small, SHEET, huge))
    assert "too long" in draft.problems[0].message


@given(st.binary(max_size=400))
def test_no_bytes_bring_it_down(data: bytes) -> None:
    for prefix in (b"", "姓名,手机\n".encode(), "姓名,手机\n".encode("gbk")):
        with suppress(BadFile):
            assert read_people(prefix + data).drafts
