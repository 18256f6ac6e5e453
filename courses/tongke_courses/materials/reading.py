"""The plain text of a document, for the search: ``python -m tongke_courses.materials.reading``.

A hostile file can at worst waste one bounded process of its own: the server starts this module with
a path and a media type, ends it after some seconds, and reads UTF-8 text from its output.
"""

import asyncio
import re
import resource
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from xml.parsers import expat

MAX_TEXT = 1_000_000  # characters
MAX_PART = 64 << 20  # bytes of one part of a document, unpacked
MAX_PAGES = 500
SECONDS = 10
_MEMORY = 1 << 30

_OFFICE = "application/vnd.openxmlformats-officedocument."
# The parts with words in them, by kind of document (ECMA-376 part 1).
_PARTS = {
    _OFFICE + "wordprocessingml.document": re.compile(
        r"word/(document|footnotes|endnotes|header\d*|footer\d*)\.xml"
    ),
    _OFFICE + "presentationml.presentation": re.compile(
        r"ppt/(slides/slide|notesSlides/notesSlide)\d+\.xml"
    ),
    _OFFICE + "spreadsheetml.sheet": re.compile(r"xl/(sharedStrings|worksheets/sheet\d+)\.xml"),
}
_WORDS = {"t", "v"}
_BREAKS = {"p", "br", "tab", "si", "c", "row", "tr"}


def reads(media_type: str) -> bool:
    main = media_type.partition(";")[0]
    return main in {"text/plain", "application/pdf", *_PARTS}


async def text_of(path: Path, media_type: str) -> str:
    """At most MAX_TEXT characters; what cannot be read has none."""
    if not reads(media_type):
        return ""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tongke_courses.materials.reading", str(path), media_type),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(SECONDS):
            said, _ = await process.communicate()
    except TimeoutError:
        return ""
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return said.decode("utf-8", "ignore")[:MAX_TEXT] if process.returncode == 0 else ""


def main() -> None:
    path, media_type = Path(sys.argv[1]), sys.argv[2]
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    text = squeezed(pieces(path, media_type))
    sys.stdout.buffer.write(text.encode("utf-8", "ignore"))


def squeezed(found: Iterator[str]) -> str:
    """Blanks put together, up to MAX_TEXT characters."""
    kept: list[str] = []
    room = MAX_TEXT
    for piece in found:
        piece = re.sub(r"[ \t\r\f\v\x00]+", " ", piece)[:room]
        kept.append(piece)
        room -= len(piece)
        if room <= 0:
            break
    return re.sub(r"\s*\n\s*", "\n", "".join(kept)).strip()


def pieces(path: Path, media_type: str) -> Iterator[str]:
    main, _, parameters = media_type.partition(";")
    if main == "text/plain":
        charset = parameters.partition("charset=")[2] or "utf-8"
        with path.open("rb") as file:
            yield file.read(4 * MAX_TEXT).decode(charset, "ignore").lstrip("\ufeff")
    elif main == "application/pdf":
        yield from _pages(path)
    else:
        yield from _office(path, _PARTS[main])


def _pages(path: Path) -> Iterator[str]:
    from pypdf import PdfReader

    reader = PdfReader(path)
    for number, page in enumerate(reader.pages):
        if number == MAX_PAGES:
            return
        yield page.extract_text() + "\n"


def _office(path: Path, wanted: re.Pattern[str]) -> Iterator[str]:
    with zipfile.ZipFile(path) as archive:
        names = [one for one in archive.namelist() if wanted.fullmatch(one)]
        for name in sorted(names, key=lambda one: (len(one), one)):
            with archive.open(name) as part:
                yield from _xml_words(iter(lambda: part.read(1 << 16), b""))
            yield "\n"


def _xml_words(data: Iterator[bytes]) -> Iterator[str]:
    """The words of one part. Nothing is expanded: a document type of its own ends the reading."""
    found: list[str] = []
    inside = 0

    def start(name: str, _attributes: object) -> None:
        nonlocal inside
        local = name.rpartition(":")[2]
        inside += local in _WORDS
        if local in _BREAKS:
            found.append("\n" if local in {"p", "br", "row", "tr", "si"} else " ")

    def end(name: str) -> None:
        nonlocal inside
        inside -= name.rpartition(":")[2] in _WORDS

    def words(text: str) -> None:
        if inside > 0:
            found.append(text)

    def refuse(*_arguments: object) -> None:
        raise ValueError("a document type")

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler, parser.StartDoctypeDeclHandler = words, refuse
    read = 0
    for chunk in data:
        read += len(chunk)
        if read > MAX_PART:
            return
        parser.Parse(chunk, False)
        yield from found
        found.clear()


if __name__ == "__main__":
    main()
