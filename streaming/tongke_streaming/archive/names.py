"""Names that come from outside and become folders: checked before anything is opened."""

import re

_LESSON = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}\Z")
_RENDITION = re.compile(r"([A-Za-z0-9][A-Za-z0-9_-]{0,79}?)-(?:v-([A-Za-z0-9]{1,16})|a)\Z")
_KEY = re.compile(r"[A-Za-z0-9_-]{22,128}\Z")  # 22 base64url characters hold 128 bits


class BadName(ValueError):
    """A name that no lesson, rendition or key can have."""


def check_lesson(lesson: str) -> str:
    if _LESSON.match(lesson) is None:
        raise BadName("not a lesson id")
    return lesson


def check_key(key: str) -> str:
    if _KEY.match(key) is None:
        raise BadName("not a media key of at least 128 bits in base64url or hex")
    return key


def source_of(rendition: str) -> str:
    """``room-3-v-h`` and ``room-3-a`` are both renditions of the source ``room-3``."""
    match = _RENDITION.match(rendition)
    if match is None:
        raise BadName("not a rendition name")
    return match.group(1)
