"""File names as people send them, and as headers carry them."""

import unicodedata
from urllib.parse import quote

MAX_NAME = 180
# Letters that make a name read backwards or not at all: ``kcehc\u202efdp.exe``.
_HIDDEN = {"Cf", "Cc", "Cs", "Co", "Cn", "Zl", "Zp"}
_BAD = '<>:"/\\|?*'


def clean(name: str, otherwise: str = "file") -> str:
    """A name that can stand in a folder of any system: the last part of a path, without control or
    hidden characters, at most 180 characters with its ending kept.
    """
    name = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    shown = "".join(
        " " if one in "\t\r\n" else "_" if one in _BAD else one
        for one in name
        if one in "\t\r\n" or unicodedata.category(one) not in _HIDDEN
    )
    shown = " ".join(shown.split()).strip(". ")
    if len(shown) > MAX_NAME:
        stem, ending = split(shown)
        shown = stem[: MAX_NAME - len(ending)].rstrip(". ") + ending
    return shown or otherwise


def split(name: str) -> tuple[str, str]:
    """Stem and ending (with its dot, at most 12 characters; empty when there is none)."""
    stem, dot, ending = name.rpartition(".")
    if not dot or not stem or not 0 < len(ending) <= 12:
        return name, ""
    return stem, dot + ending


def ending_of(name: str) -> str:
    """Lower-case, without the dot."""
    return split(name)[1][1:].lower()


def disposition(name: str, *, inline: bool) -> str:
    """Content-Disposition (RFC 6266), the name in UTF-8 (RFC 8187) beside a plain one."""
    kind = "inline" if inline else "attachment"
    stem, ending = split(name)
    plain = "".join(one if 32 <= ord(one) < 127 and one not in '"\\%' else "_" for one in stem)
    plain_ending = ending if ending.isascii() and ending[1:].isalnum() else ""
    return f"{kind}; filename=\"{plain}{plain_ending}\"; filename*=UTF-8''{quote(name, safe='')}"
