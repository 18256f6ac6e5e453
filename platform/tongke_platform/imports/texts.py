"""Text files of unknown encoding: what the bytes can be, and what makes sense as a table."""

import codecs
import csv
import io
from collections.abc import Callable, Iterator, Sequence

from tongke_platform.errors import N_
from tongke_platform.imports.table import MAX_COLUMNS, MAX_ROWS, BadFile, Row, Sheet

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
DELIMITERS = (",", "\t", ";", "，")
_FIRST_LINES = 30

UNKNOWN_TEXT = N_(
    "No column titles were found. Please check that the table has a row with titles such as Name "
    "and Phone, and save it as .xlsx or as CSV UTF-8."
)
TOO_MANY = N_("The table has more than %(limit)s rows. Please split it into several files.")
HUGE_CELL = N_("Line %(line)s holds a cell far too long for a name or number.")

Score = Callable[[Sequence[Row]], int]


def decodings(data: bytes) -> Iterator[str]:
    """What the bytes may say, the likelier first. A byte-order mark settles it."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            yield from _decoded(data, encoding)
            return
    if b"\0" in data[:4096]:
        # ASCII separators show as NUL on one side: which byte order it is.
        little = data[1:4096:2].count(0) >= data[0:4096:2].count(0)
        yield from _decoded(data, "utf-16-le" if little else "utf-16-be")
    yield from _decoded(data, "utf-8")
    yield from _decoded(data, "gb18030")


def _decoded(data: bytes, encoding: str) -> Iterator[str]:
    try:
        yield data.decode(encoding)
    except UnicodeDecodeError:
        return


def read_text(data: bytes, score: Score) -> Sheet:
    """The reading in which ``score`` finds most titles; a tie goes to the likelier encoding.

    Raises BadFile when no reading has titles, when there are too many rows or huge cells.
    """
    best, found, refusal = 0, None, BadFile(UNKNOWN_TEXT, code="no_titles")
    for text in decodings(data):
        head = "\n".join(text.splitlines()[:_FIRST_LINES])
        for delimiter in DELIMITERS:
            try:
                titles = score(list(_rows(head, delimiter)))
            except BadFile as error:
                refusal = error
                continue
            if titles > best:
                best, found = titles, (text, delimiter)
    if found is None:
        raise refusal
    return Sheet("", list(_rows(*found)))


def _rows(text: str, delimiter: str) -> Iterator[Row]:
    """Quoted cells may hold line ends, so a row is numbered by the records before it."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    number = 0
    while True:
        number += 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            raise BadFile(HUGE_CELL, code="huge_cell", line=number) from None
        if number > MAX_ROWS + _FIRST_LINES:
            raise BadFile(TOO_MANY, code="too_many_rows", limit=MAX_ROWS)
        yield Row(number, cells[:MAX_COLUMNS])
