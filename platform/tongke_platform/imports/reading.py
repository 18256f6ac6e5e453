"""From an uploaded file to the table in it. The file's name is never believed."""

from collections.abc import Iterable

from tongke_platform.errors import N_
from tongke_platform.imports.table import MAX_FILE, BadFile, Sheet
from tongke_platform.imports.texts import UNKNOWN_TEXT, Score, read_text
from tongke_platform.imports.workbooks import NOT_WORKBOOK, read_workbook

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OTHERS = (b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"Rar!", b"7z\xbc\xaf", b"\x7fELF", b"MZ")

EMPTY = N_("The file is empty.")
TOO_BIG = N_("The file is larger than %(limit)s MB. Please split it into several files.")
ENCRYPTED = N_(
    "This workbook is protected by a password. Please save it without one and try again."
)
OLD = N_("This is an old workbook (.xls). Please save it as .xlsx and try again.")
WEB_PAGE = N_("This is a web page with the name of a table. Please open it in a spreadsheet program "
              "and save it as .xlsx.")  # fmt: skip


def read_sheets(data: bytes, score: Score) -> list[Sheet]:
    """Every sheet in which ``score`` finds titles, of an .xlsx file or of a text file.

    ``score`` counts the titles it knows in the rows it is given. Raises BadFile.
    """
    if len(data) > MAX_FILE:
        raise BadFile(TOO_BIG, code="too_big", limit=MAX_FILE >> 20)
    if not data.strip(b"\0 \t\r\n\xef\xbb\xbf\xff\xfe"):
        raise BadFile(EMPTY, code="empty_file")
    refuse_others(data)
    if not data.startswith(b"PK"):
        return [read_text(data, score)]
    found = [sheet for sheet in read_workbook(data) if score(sheet.rows[:30])]
    if not found:
        raise BadFile(UNKNOWN_TEXT, code="no_titles")
    return found


def refuse_others(data: bytes) -> None:
    """What the first bytes show to be something else than a table. Raises BadFile."""
    if data.startswith(_OLE):
        # The directory of the compound file names its streams in UTF-16.
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise BadFile(ENCRYPTED, code="encrypted")
        raise BadFile(OLD, code="old_format")
    if _begins(data, _OTHERS):
        raise BadFile(NOT_WORKBOOK, code="not_a_table")
    head = data[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if _begins(head, (b"<html", b"<!doctype", b"<table", b"<?xml", b"<meta")):
        raise BadFile(WEB_PAGE, code="web_page")


def _begins(data: bytes, marks: Iterable[bytes]) -> bool:
    return any(data.startswith(mark) for mark in marks)
