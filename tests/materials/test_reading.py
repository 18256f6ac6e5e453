"""Words of documents, read in a process of its own."""

import time
import zipfile
from pathlib import Path

import pytest

from tests.materials import files
from tongke_courses.materials import reading
from tongke_courses.materials.looking import look

A = "http://schemas.openxmlformats.org/drawingml/2006/main"
PPTX = {
    "ppt/presentation.xml": "<x/>",
    "ppt/slides/slide10.xml": f'<p xmlns:a="{A}"><a:p><a:r><a:t>第十</a:t></a:r></a:p></p>',
    "ppt/slides/slide2.xml": f'<p xmlns:a="{A}"><a:p><a:r><a:t>第</a:t></a:r><a:r><a:t>二</a:t></a:r></a:p></p>',
}
XLSX = {
    "xl/workbook.xml": "<x/>",
    "xl/sharedStrings.xml": "<sst><si><t>姓名</t></si><si><t>得分</t></si></sst>",
}
PDF = b"""%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]/Contents 4 0 R
/Resources<</Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>>>endobj
4 0 obj<</Length 44>>stream
BT /F1 24 Tf 20 100 Td (Circle area) Tj ET  
endstream endobj
trailer<</Root 1 0 R/Size 5>>
startxref
0
%%EOF
"""
GOOD = [
    (files.docx("圆的面积", "半径 r"), "圆的面积\n半径 r"),
    (files.office(PPTX), "第二\n第十"),
    (files.office(XLSX), "姓名\n得分"),
    (PDF, "Circle area"),
    ("\ufeff  学习单\r\n\r\n 一".encode(), "学习单\n一"),
    ("学习单一张".encode("gbk"), "学习单一张"),
    (files.picture(), ""),
]

LAUGHS = (
    '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "' + "&a;" * 100 + '"><!ENTITY c "' + "&b;" * 100
    + '">]><w:document xmlns:w="w"><w:p><w:t>&c;</w:t></w:p></w:document>'
)  # fmt: skip
ENTITY = '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><d><t>&f;</t></d>'


@pytest.mark.parametrize(("data", "text"), GOOD)
async def test_good(tmp_path: Path, data: bytes, text: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(data)
    assert await reading.text_of(path, look(path)) == text


@pytest.mark.parametrize("document", [LAUGHS, ENTITY, "<w:document", "\0"])
async def test_hostile_documents(tmp_path: Path, document: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(files.office({"word/document.xml": document}))
    assert await reading.text_of(path, look(path)) == ""


async def test_a_bomb(tmp_path: Path) -> None:
    """A gigabyte of one letter in a megabyte."""
    path = tmp_path / "bomb.docx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "x")
        with archive.open("word/document.xml", "w", force_zip64=True) as part:
            part.write(b"<d><t>")
            for _ in range(96):
                part.write(b"a" * (1 << 20))
    began = time.perf_counter()
    text = await reading.text_of(path, look(path))
    assert set(text) <= {"a"}
    assert len(text) <= reading.MAX_TEXT
    assert time.perf_counter() - began < reading.SECONDS + 5


async def test_a_process_that_hangs_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "SECONDS", 0.001)
    path = tmp_path / "file"
    path.write_bytes(PDF)
    assert await reading.text_of(path, "application/pdf") == ""
