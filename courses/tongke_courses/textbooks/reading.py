"""Lists of textbooks, row by row, from a file of any size: text of any usual encoding, or .xlsx."""

import codecs
import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tongke_courses.textbooks import parsing, words
from tongke_courses.textbooks.parsing import Title
from tongke_platform.imports.reading import EMPTY, TOO_BIG, refuse_others
from tongke_platform.imports.table import MAX_FILE, BadFile, Row
from tongke_platform.imports.texts import HUGE_CELL
from tongke_platform.imports.workbooks import NOT_WORKBOOK, read_workbook

_CHUNK = 1 << 20
_HEAD_LINES = 30
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_PLACE = ("stage", "system", "subject", "edition", "grade", "volume")
# The titles of columns, as people and programs write them.
_COLUMNS = {
    "path": "path", "路径": "path", "目录": "path", "教材": "path", "教材路径": "path",
    "title": "path", "书名": "path", "教材名称": "path", "name": "path", "名称": "path",
    "stage": "stage", "学段": "stage", "system": "system", "学制": "system",
    "subject": "subject", "学科": "subject", "科目": "subject",
    "edition": "edition", "版本": "edition", "教材版本": "edition",
    "grade": "grade", "年级": "grade", "volume": "volume", "册次": "volume", "册别": "volume",
    "unit": "unit", "单元": "unit", "period": "period", "课时": "period", "课": "period",
}  # fmt: skip


@dataclass(frozen=True)
class Found:
    """A row of the list, and what it says; ``line`` is its number in the file."""

    line: int
    title: Title | None


class Columns:
    """Which cell says what; without a row of titles the first is the path, then unit and period."""

    def __init__(self, names: Sequence[str] = ()) -> None:
        self._at = {name: n for n, name in reversed(list(enumerate(names))) if name}

    @classmethod
    def of(cls, cells: Sequence[str]) -> "Columns | None":
        """None when ``cells`` are no row of titles."""
        names = [_COLUMNS.get(words.even(cell).lower(), "") for cell in cells]
        known = {"path"} & {*names} or {"subject", "edition"} <= {*names}
        return cls(names) if known and not any("/" in cell for cell in cells) else None

    def read(self, cells: Sequence[str]) -> Title | None:
        if not self._at:
            return parsing.parse(cells[0], cells[1:])
        below = [self._cell(cells, name) for name in ("unit", "period")]
        if "path" in self._at:
            return parsing.parse(self._cell(cells, "path"), below)
        place = [part for name in _PLACE if (part := self._cell(cells, name))]
        return parsing.parse("/".join(place), below)

    def _cell(self, cells: Sequence[str], name: str) -> str:
        at = self._at.get(name)
        return cells[at].strip() if at is not None and at < len(cells) else ""


def read(path: Path) -> Iterator[Found]:
    """Rows that hold anything, as they come; the whole file is never in memory, but a workbook is.

    Raises BadFile, OSError.
    """
    columns: Columns | None = None
    for row in _rows(path):
        cells = ["" if cell is None else str(cell) for cell in row.values]
        if not any(cell.strip() for cell in cells):
            continue
        if columns is None:
            columns = Columns.of(cells)
            if columns is not None:
                continue
            columns = Columns()
        yield Found(row.line, columns.read(cells))


def _rows(path: Path) -> Iterator[Row]:
    with path.open("rb") as file:
        head = file.read(_CHUNK)
    if not head.strip(b"\0 \t\r\n\xef\xbb\xbf\xff\xfe"):
        raise BadFile(EMPTY, code="empty_file")
    refuse_others(head)
    if head.startswith(b"PK"):
        yield from _of_workbook(path)
    else:
        yield from _of_text(path, encoding_of(path))


def _of_workbook(path: Path) -> Iterator[Row]:
    if path.stat().st_size > MAX_FILE:
        raise BadFile(TOO_BIG, code="too_big", limit=MAX_FILE >> 20)
    for sheet in read_workbook(path.read_bytes()):
        yield from sheet.rows


def encoding_of(path: Path) -> str:
    """The one in which the whole file can be read. Raises BadFile."""
    with path.open("rb") as file:
        head = file.read(4)
    marked = next((name for mark, name in _MARKS if head.startswith(mark)), None)
    for encoding in [marked] if marked else ["utf-8", "gb18030"]:
        if _decodes(path, encoding):
            return encoding
    raise BadFile(NOT_WORKBOOK, code="not_a_table")


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                if "\0" in decoder.decode(chunk):
                    return False
            decoder.decode(b"", True)
    except UnicodeDecodeError:
        return False
    return True


def _of_text(path: Path, encoding: str) -> Iterator[Row]:
    """Of tab-separated text a quotation mark is a letter like any other."""
    with path.open(encoding=encoding, newline="") as file:
        head = [line for _, line in zip(range(_HEAD_LINES), file, strict=False)]
        tabs = any("\t" in line for line in head)
        file.seek(0)
        reader = csv.reader(file)
        if tabs:
            reader = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        while True:
            try:
                yield Row(reader.line_num + 1, next(reader))
            except StopIteration:
                return
            except csv.Error:
                raise BadFile(HUGE_CELL, code="huge_cell", line=reader.line_num) from None
