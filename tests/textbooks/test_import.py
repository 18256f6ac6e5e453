"""``tongke import textbooks``: any file, twice, dry, and wrong."""

import asyncio
import codecs
import io
import json
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook
from sqlalchemy import func, select
from typer.testing import CliRunner

from tongke_courses.textbooks import service
from tongke_courses.textbooks.models import NodeKind, TextbookAlias, TextbookNode
from tongke_platform.cli.program import cli
from tongke_platform.frame import Frame
from tongke_platform.settings import Settings

PATH = "初中/数学/人教版-人民教育出版社/七年级/义务教育教科书·数学七年级上册"
SENIOR = "高中/数学/人教版-人民教育出版社/普通高中教科书·数学必修 第一册"
TEXT = f"path\n{PATH}\n\n不是书名\n{SENIOR}\n"


@pytest.fixture
def run(settings: Settings, tmp_path: Path) -> Any:
    env = {"TONGKE_DATA_DIR": str(settings.data_dir), "TONGKE_DATABASE_URL": settings.sql_url}

    async def run(data: bytes, *words: str, code: int = 0) -> Any:
        file = tmp_path / "books.tsv"
        file.write_bytes(data)
        command = ["import", "textbooks", str(file), *words]
        done = await asyncio.to_thread(CliRunner().invoke, cli, command, env=env)
        assert done.exit_code == code, (done.output, done.exception)
        if code:
            assert len(done.stderr.strip().splitlines()) == 1, done.stderr
        return json.loads(done.stdout) if "--json" in words and done.stdout else done.stdout

    return run


async def counts(frame: Frame) -> tuple[int, int]:
    async with frame.database.read() as session:
        return tuple(
            [(await session.execute(select(func.count()).select_from(table))).scalar_one()
             for table in (TextbookNode, TextbookAlias)]
        )  # type: ignore[return-value]  # fmt: skip


async def test_twice_changes_nothing(run: Any, frame: Frame) -> None:
    for _ in range(2):
        found = await run(TEXT.encode(), "--json")
        assert (found["rows"], found["parsed"]) == (3, 2)
        assert found["items"][0]["edition"] == "人教版"
        assert found["items"][1] is None
        assert found["items"][2]["system"] is None
        # 初中 六•三 数学 人教版 七年级 上册, 高中 数学 人教版 必修 第一册
        assert await counts(frame) == (10, 1)
    async with frame.database.read() as session:
        found = await service.resolve(
            session, stage="初中", subject="数学", edition="人教版-人民教育出版社", grade="7年级",
            volume="上册",
        )  # fmt: skip
        assert found is not None
        assert found.title == "义务教育教科书·数学七年级上册"
        assert found.path.count("/") == 7
        assert await service.resolve(session, subject="数学", edition="北师大版") is None


async def test_dry_run_writes_nothing(run: Any, frame: Frame) -> None:
    assert (await run(TEXT.encode(), "--dry-run", "--json"))["parsed"] == 2
    assert await counts(frame) == (0, 0)


def _workbook() -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["学段", "学科", "版本", "年级", "册次", "单元", "课时"])
    sheet.append(["小学", "数学", "人教版", "三年级", "上册", "第一单元 时、分、秒", "第1课时"])
    kept = io.BytesIO()
    book.save(kept)
    return kept.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        codecs.BOM_UTF8 + PATH.encode(),
        PATH.encode("gb18030"),
        codecs.BOM_UTF16_LE + PATH.encode("utf-16-le"),
        f'"{PATH}",第一单元,第1课\r\n'.encode(),
        f"路径\t单元\t课时\n{PATH}\t第一单元 有理数\t第1课时".encode(),
        _workbook(),
    ],
    ids=["bom", "gbk", "utf16", "csv", "columns", "xlsx"],
)
async def test_any_file(run: Any, data: bytes) -> None:
    found = await run(data, "--json", "--dry-run")
    assert (found["rows"], found["parsed"]) == (1, 1)
    assert found["items"][0]["volume"] == "上册"


async def test_below_the_volume(run: Any, frame: Frame) -> None:
    lines = [
        f"{PATH}\t第一单元 有理数\t第1课时",
        f"{PATH}/第二单元 整式",
        f"{PATH}\t第一单元 有理数\t第2课时",
    ]
    assert (await run("\n".join(lines).encode(), "--json"))["parsed"] == 3
    async with frame.database.read() as session:
        volume = await service.resolve(session, subject="数学", volume="上册")
        assert volume is not None
        units = await service.units_of(session, volume)
    assert [(one.name, one.periods) for one in units] == [
        ("第一单元 有理数", ["第1课时", "第2课时"]), ("第二单元 整式", []),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "data", [b"", b"%PDF-1.7", b"\x80\x81\xff\xfe\x00\x01", "姓名,电话\n王,1".encode()]
)
async def test_no_list_at_all(run: Any, data: bytes, frame: Frame) -> None:
    await run(data, code=2)
    assert await counts(frame) == (0, 0)


async def test_roots_come_in_their_order(run: Any, frame: Frame) -> None:
    await run(f"{SENIOR}\n{PATH}\n{PATH.replace('初中', '小学')}".encode())
    async with frame.database.read() as session:
        roots = await service.children(session, None, None, 10)
        assert [one.name for one in roots] == ["小学", "初中", "高中"]
        assert {one.kind for one in roots} == {NodeKind.STAGE}
