"""Files to download: an empty table to fill in, and the errors of an import."""

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from urllib.parse import quote

from openpyxl import Workbook
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter
from starlette.responses import Response

from tongke_platform.errors import N_
from tongke_platform.imports.schemas import RowError
from tongke_platform.imports.titles import LABELS, Field
from tongke_platform.people.roles import NAMES, Role

Say = Callable[[str], str]

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV = "text/csv; charset=utf-8"
COLUMNS = (Field.NAME, Field.NUMBER, Field.PHONE, Field.MAIL, Field.ROLE, Field.POST,
           Field.STARTS_ON)  # fmt: skip
ROLES = (Role.LOCAL_TEACHER, Role.LEAD_TEACHER, Role.ACADEMIC_OFFICE, Role.PRINCIPAL, Role.IT,
         Role.SCHOOL_ADMIN, Role.VOLUNTEER)  # fmt: skip
SHEET = N_("People")
NOTES = N_("How to fill it in")
ROWS_TO_FILL = 500

_HELP = (
    N_("One row for each person. The row of titles stays."),
    N_("Each person needs a name and a staff number, a phone number or a mail address."),
    N_("An empty role means local teacher. Several roles are written with a comma between them."),
    N_("Passwords are never brought in: everybody sets their own by an invitation or a code."),
    N_("The roles there are:"),
)
# What a spreadsheet program would take for the beginning of a formula.
_FORMULA_MARKS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


def harmless(text: str) -> str:
    """Text that no spreadsheet program runs as a formula (OWASP, CSV Injection)."""
    return "'" + text if text.startswith(_FORMULA_MARKS) else text


def csv_file(rows: Iterable[Sequence[object]]) -> bytes:
    """UTF-8 with a byte-order mark, without which Excel takes it for GBK."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    for row in rows:
        writer.writerow([harmless(str(cell)) for cell in row])
    return out.getvalue().encode("utf-8-sig")


def errors_csv(errors: Iterable[RowError], say: Say) -> bytes:
    titles = [say(N_("Row")), say(N_("Column")), say(N_("What to do"))]
    return csv_file([titles, *([one.row, one.column, one.message] for one in errors)])


def template_csv(say: Say) -> bytes:
    return csv_file([[say(LABELS[one]) for one in COLUMNS]])


def template_xlsx(say: Say) -> bytes:
    """Numbers stand in columns of text, so that Excel does not shorten them."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None, "a new workbook has a sheet"
    sheet.title = say(SHEET)
    sheet.append([say(LABELS[one]) for one in COLUMNS])
    sheet.freeze_panes = "A2"
    for column, name in enumerate(COLUMNS, start=1):
        head = sheet.cell(1, column)
        head.font, head.fill = Font(bold=True), PatternFill("solid", fgColor="E4F2EE")
        sheet.column_dimensions[get_column_letter(column)].width = 20
        for line in range(2, ROWS_TO_FILL + 2):
            sheet.cell(line, column).number_format = (
                "yyyy-mm-dd" if name is Field.STARTS_ON else "@"
            )
    notes = book.create_sheet(say(NOTES))
    notes.column_dimensions["A"].width = 90
    for sentence in (*_HELP, *(NAMES[role] for role in ROLES)):
        notes.append([say(sentence)])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def download(data: bytes, name: str, kind: str) -> Response:
    """A file to keep, under a name in any script."""
    disposition = f"attachment; filename*=UTF-8''{quote(name)}"
    headers = {"Content-Disposition": disposition, "Cache-Control": "no-store"}
    return Response(data, media_type=kind, headers=headers)
