"""What a file really is, by its content. Its name is not believed."""

import re
import struct
import zipfile
from pathlib import Path

from tongke_courses.materials.captions import looks_like_srt
from tongke_courses.materials.models import MaterialKind
from tongke_courses.materials.names import ending_of
from tongke_platform import pictures
from tongke_platform.errors import N_, Invalid

OTHER = "application/octet-stream"
PDF = "application/pdf"
ZIP = "application/zip"
VTT, SRT = "text/vtt", "application/x-subrip"
_OFFICE = "application/vnd.openxmlformats-officedocument."
DOCX = _OFFICE + "wordprocessingml.document"
PPTX = _OFFICE + "presentationml.presentation"
XLSX = _OFFICE + "spreadsheetml.sheet"

_HEAD = 1 << 20
_MAX_DIRECTORY = 16 << 20
# ELF, scripts, Java and Mach-O, shortcuts of Windows.
_PROGRAMS = (
    b"\x7fELF", b"#!/", b"\xca\xfe\xba\xbe", b"L\x00\x00\x00\x01\x14\x02\x00",
    b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf", b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe",
)  # fmt: skip
# What Windows runs by its name, whatever is in it.
_PROGRAM_ENDINGS = frozenset(
    [
        "exe",
        "com",
        "scr",
        "bat",
        "cmd",
        "ps1",
        "vbs",
        "vbe",
        "js",
        "jse",
        "wsf",
        "wsh",
        "hta",
        "msi",
        "msp",
        "jar",
        "lnk",
        "reg",
        "cpl",
        "pif",
    ]
)
# Old Office: the names of streams in a compound file (MS-CFB), in UTF-16.
_OLE = {
    "WordDocument": "application/msword",
    "Workbook": "application/vnd.ms-excel",
    "PowerPoint Document": "application/vnd.ms-powerpoint",
}
_PARTS = {"word/document.xml": DOCX, "ppt/presentation.xml": PPTX, "xl/workbook.xml": XLSX}
_MARKUP = re.compile(
    rb"\s*<(?:!doctype|!--|\?xml|html|head|body|script|svg|iframe|meta|a|div)\b", re.IGNORECASE
)
_MARKUP_ANYWHERE = re.compile(rb"<(?:script|svg|html|iframe)\b", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
# Pictures in boxes (ISO 23008-12, annex B), as telephones take them: not every browser shows them.
_BOXED = {
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"), "image/heic"),
    **dict.fromkeys((b"mif1", b"msf1"), "image/heif"),
    **dict.fromkeys((b"avif", b"avis"), "image/avif"),
}
# What browsers show without running anything.
_SHOWN = {PDF, VTT, "image/png", "image/jpeg", "image/webp", "image/gif"}

NO_PROGRAMS = N_("Programs cannot be sent here. Please send documents, pictures, sound or video.")


def look(path: Path) -> str:
    """The media type, with the charset of text. Reads only parts of a large file.

    Raises Invalid ``program`` for what a computer would run: such files are not kept.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if head.startswith(_PROGRAMS) or (head.startswith(b"MZ") and b"\0" in head[:1024]):
        raise Invalid(NO_PROGRAMS, code="program")
    return (
        (PDF if head.startswith(b"%PDF-") else None)
        or _picture(path, head)
        or _sound_or_video(head)
        or _archive(path, head)
        or _old_office(path, head)
        or _text(head, whole=len(head) < _HEAD)
        or OTHER
    )


def check_name(name: str) -> None:
    """Raises Invalid ``program`` for an ending that makes a computer run the file."""
    if ending_of(name) in _PROGRAM_ENDINGS:
        raise Invalid(NO_PROGRAMS, code="program")


def kind_of(media_type: str) -> MaterialKind:
    main = media_type.partition(";")[0]
    if main in {VTT, SRT}:
        return MaterialKind.CAPTIONS
    for prefix, kind in (
        ("image/", MaterialKind.PICTURE),
        ("audio/", MaterialKind.SOUND),
        ("video/", MaterialKind.VIDEO),
    ):
        if main.startswith(prefix):
            return kind
    known = {PDF, "text/plain", *_PARTS.values(), *_OLE.values()}
    return MaterialKind.DOCUMENT if main in known else MaterialKind.OTHER


def shown_inline(media_type: str) -> bool:
    """Whether a browser may show it in place; everything else is downloaded."""
    main = media_type.partition(";")[0]
    return main in _SHOWN or main == "text/plain" or main.startswith(("audio/", "video/"))


def _picture(path: Path, head: bytes) -> str | None:
    starts = (b"\x89PNG\r\n", b"\xff\xd8\xff", b"GIF8")
    if not head.startswith(starts) and not (head[:4] == b"RIFF" and head[8:12] == b"WEBP"):
        return None
    return pictures.media_type_of(path)


def _sound_or_video(head: bytes) -> str | None:
    if head[4:8] == b"ftyp":
        if head[8:12] in _BOXED:
            return _BOXED[head[8:12]]
        return "audio/mp4" if head[8:12] in {b"M4A ", b"M4B "} else "video/mp4"
    if head.startswith(b"\x1aE\xdf\xa3") and b"webm" in head[:64]:
        return "video/webm"
    if head.startswith(b"OggS"):
        return "video/ogg" if b"theora" in head[:512] else "audio/ogg"
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return "audio/wav"
    if head.startswith(b"fLaC"):
        return "audio/flac"
    return "audio/mpeg" if head.startswith(b"ID3") or _is_mpeg_frame(head) else None


def _is_mpeg_frame(head: bytes) -> bool:
    """A frame of MPEG audio layer III and the next where its length says (ISO 11172-3, 2.4.1.3)."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:
        return False
    version, rate, hz = head[1] >> 3 & 3, head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or rate in {0, 15} or hz == 3:
        return False
    one = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
    two = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
    kbit = (one if version == 3 else two)[rate]
    samples = (44100, 48000, 32000)[hz] // {3: 1, 2: 2, 0: 4}[version]
    length = (144 if version == 3 else 72) * kbit * 1000 // samples + (head[2] >> 1 & 1)
    after = head[length : length + 2]
    return len(after) == 2 and after[0] == 0xFF and after[1] & 0xE6 == 0xE2


def _archive(path: Path, head: bytes) -> str | None:
    if not head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return None
    if not small_directory(path):
        return OTHER
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, struct.error):
        return OTHER
    if "[Content_Types].xml" not in names:
        return ZIP
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        return OTHER  # macros
    return next((kind for part, kind in _PARTS.items() if part in names), ZIP)


def small_directory(path: Path) -> bool:
    """Whether a zip's list of entries can be read without harm (APPNOTE 4.3.16)."""
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, size - 65_557))
        tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) < at + 22:
        return False
    length = int(struct.unpack_from("<I", tail, at + 12)[0])
    return length <= min(size, _MAX_DIRECTORY)


def _old_office(path: Path, head: bytes) -> str | None:
    if not head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") or len(head) < 512:
        return None
    sector = 1 << min(struct.unpack_from("<H", head, 30)[0], 12)
    first = int(struct.unpack_from("<I", head, 48)[0])
    with path.open("rb") as file:
        file.seek(sector * (first + 1))
        entries = file.read(1 << 16)
    found = (kind for name, kind in _OLE.items() if name.encode("utf-16-le") in entries)
    return next(found, OTHER)


def _text(head: bytes, *, whole: bool) -> str | None:
    charset = charset_of(head, whole=whole)
    if charset is None:
        return None
    if _MARKUP.match(head.lstrip(b"\xef\xbb\xbf")) or _MARKUP_ANYWHERE.search(head[:4096]):
        return OTHER
    text = head.decode(charset, "ignore").lstrip("\ufeff")
    if text.startswith("WEBVTT"):
        return f"{VTT}; charset={charset}"
    if looks_like_srt(text[:2000]):
        return f"{SRT}; charset={charset}"
    return f"text/plain; charset={charset}"


def charset_of(head: bytes, *, whole: bool = True) -> str | None:
    """``utf-8``, ``utf-16`` or ``gb18030``; None for what is no text. Without ``whole`` a character
    may be cut off at the end.
    """
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16" if _decodes(head, "utf-16", whole) else None
    return next((one for one in ("utf-8", "gb18030") if _decodes(head, one, whole)), None)


def _decodes(head: bytes, charset: str, whole: bool) -> bool:
    for cut in range(1 if whole else 4):
        try:
            text = head[: len(head) - cut].decode(charset)
        except UnicodeDecodeError:
            continue
        return bool(text) and _CONTROL.search(text) is None
    return False
