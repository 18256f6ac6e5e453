"""Times as people say them."""

from datetime import UTC, datetime, timedelta

import pytest

from tongke_platform.pages import times
from tongke_platform.pages.languages import Language

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)  # Monday, 12:00 in the schools' zone


@pytest.mark.parametrize(
    ("instant", "language", "words"),
    [
        (NOON, "zh_CN", "今天 12:00"),
        (NOON, "en", "today 12:00"),
        (NOON + timedelta(hours=12), "zh_CN", "明天 00:00"),
        (NOON - timedelta(hours=12, seconds=1), "zh_CN", "昨天 23:59"),
        (NOON + timedelta(days=3), "zh_CN", "周四 12:00"),
        (NOON + timedelta(days=3), "en", "Thu 12:00"),
        (NOON + timedelta(days=7), "zh_CN", "11月30日 12:00"),
        (NOON - timedelta(days=3), "en", "20 Nov 12:00"),
        (NOON + timedelta(days=40), "zh_CN", "2027年1月2日 12:00"),
        (NOON.replace(tzinfo=None), "zh_CN", "今天 12:00"),
    ],
)
def test_said(instant: datetime, language: Language, words: str) -> None:
    assert times.said(instant, NOON, language) == words


@pytest.mark.parametrize(
    ("seconds", "chinese", "english"),
    [
        (-5, "0 秒", "0 seconds"),
        (1, "1 秒", "1 second"),
        (59, "59 秒", "59 seconds"),
        (60, "1 分钟", "1 minute"),
        (45 * 60, "45 分钟", "45 minutes"),
        (65 * 60, "1 小时 5 分钟", "1 h 5 min"),
    ],
)
def test_length(seconds: int, chinese: str, english: str) -> None:
    assert times.length(timedelta(seconds=seconds), "zh_CN") == chinese
    assert times.length(timedelta(seconds=seconds), "en") == english


def test_timecode() -> None:
    assert times.timecode(timedelta(seconds=725)) == "12:05"
    assert times.timecode(timedelta(seconds=3723)) == "1:02:03"


def test_exact_has_the_whole_date() -> None:
    assert "2026年11月23日" in times.exact(NOON, "zh_CN")
