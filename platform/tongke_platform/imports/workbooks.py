"""Excel workbooks (.xlsx): looked over before they are opened, since anybody may send one."""

import io
import zipfile
from collections.abc import Iterator
from datetime import datetime
from typing import IO, Any
from xml.parsers import expat

from openpyxl import load_workbook
from openpyxl.cell.cell import TYPE_ERROR, TYPE_FORMULA

from tongke_platform.errors import N_
from tongke_platform.imports.table import (
    MAX_COLUMNS,
    MAX_ROWS,
    BadFile,
    Odd,
    Row,
    Sheet,
    Value,
    is_empty,
)
from tongke_platform.imports.texts import TOO_MANY

# A sheet of 50,000 people is 30 MB of XML; everything else in a workbook is small.
MAX_SHEET = 96 << 20
MAX_PART = 8 << 20
MAX_PARTS = 2000
MAX_WHOLE = 256 << 20
MAX_CELLS_OF_ROW = 16_384
MAX_CELLS = 3_000_000
MAX_LINE = 1_048_576
MAX_SHEETS = 20
_CHUNK = 1 << 16

MACROS = N_("This workbook holds macros. Please save it as an ordinary .xlsx file and try again.")
BINARY = N_("This is a binary workbook (.xlsb). Please save it as .xlsx and try again.")
NOT_WORKBOOK = N_("This is not a table. Please choose an .xlsx or .csv file.")
BOMB = N_("This workbook unfolds to far more than a list of people. Please copy the list into a "
          "new workbook and try again.")  # fmt: skip
BROKEN = N_("This workbook is damaged and cannot be read. Please save it again and try again.")
ENTITIES = N_("This workbook holds XML that no spreadsheet program writes; it was refused.")


def read_workbook(data: bytes) -> list[Sheet]:
    """The visible sheets of an .xlsx file. Raises BadFile."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _look_over(archive)
        return list(_sheets(data))
    except BadFile:
        raise
    except Exception as error:  # a library's errors over hostile bytes have no common base
        raise BadFile(BROKEN, code="broken_workbook") from error


def _look_over(archive: zipfile.ZipFile) -> None:
    """Refuse what would take much memory or time. The sizes named are what zipfile holds to."""
    parts = archive.infolist()
    names = {part.filename.lower() for part in parts}
    if any(name.endswith("vbaproject.bin") for name in names):
        raise BadFile(MACROS, code="macros")
    if "xl/workbook.bin" in names:
        raise BadFile(BINARY, code="old_format")
    if "xl/workbook.xml" not in names:
        raise BadFile(NOT_WORKBOOK, code="not_a_table")
    whole = sum(part.file_size for part in parts if _is_read(part))
    if len(parts) > MAX_PARTS or whole > MAX_WHOLE or any(part.flag_bits & 1 for part in parts):
        raise BadFile(BOMB, code="too_big")
    for part in parts:
        _look_at(archive, part)


def _is_read(part: zipfile.ZipInfo) -> bool:
    return part.filename.lower().endswith((".xml", ".rels"))


def _look_at(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    if not _is_read(part):
        return
    name = part.filename.lower()
    sheet = name.startswith("xl/worksheets/sheet")
    limit = MAX_SHEET if sheet or name == "xl/sharedstrings.xml" else MAX_PART
    if part.file_size > limit:
        raise BadFile(BOMB, code="too_big")
    with archive.open(part) as file:
        _scan(file, _SheetShape() if sheet else None)


class _SheetShape:
    """Counts cells and rows that hold anything, as the XML goes by."""

    def __init__(self) -> None:
        self._cells = self._of_row = self._rows = 0
        self._counted = False

    def start(self, name: str, _attributes: object) -> None:
        kind = name.rpartition(":")[2]
        if kind == "c":
            self._cells += 1
            self._of_row += 1
            if self._of_row > MAX_CELLS_OF_ROW or self._cells > MAX_CELLS:
                raise BadFile(BOMB, code="too_big")
        elif kind == "row":
            self._of_row, self._counted = 0, False
        elif kind in {"v", "is"} and not self._counted:
            self._counted = True
            self._rows += 1
            if self._rows > MAX_ROWS + 30:
                raise BadFile(TOO_MANY, code="too_many_rows", limit=MAX_ROWS)


def _scan(file: IO[bytes], shape: _SheetShape | None) -> None:
    """Office files have no DOCTYPE (ECMA-376 part 2 clause 8): one means entities."""

    def refuse(*_args: Any) -> None:
        raise BadFile(ENTITIES, code="entities")

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    if shape is not None:
        parser.StartElementHandler = shape.start
    while chunk := file.read(_CHUNK):
        parser.Parse(chunk)
    parser.Parse(b"", True)


def _sheets(data: bytes) -> Iterator[Sheet]:
    book = load_workbook(io.BytesIO(data), read_only=True, data_only=False, keep_links=False)
    try:
        for sheet in book.worksheets[:MAX_SHEETS]:
            if sheet.sheet_state == "visible":
                sheet.reset_dimensions()
                yield Sheet(sheet.title, list(_rows(sheet)))
    finally:
        book.close()


def _rows(sheet: Any) -> Iterator[Row]:
    for line, cells in enumerate(sheet.iter_rows(max_col=MAX_COLUMNS), start=1):
        if line > MAX_LINE:
            raise BadFile(BOMB, code="too_big")
        values = [_value(cell) for cell in cells]
        if not all(is_empty(value) for value in values):
            yield Row(line, values)


def _value(cell: Any) -> Value:
    if cell.data_type == TYPE_FORMULA:
        return Odd.FORMULA
    if cell.data_type == TYPE_ERROR:
        return Odd.ERROR
    value: Value = cell.value
    return value.date() if isinstance(value, datetime) else value
