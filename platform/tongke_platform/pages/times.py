"""Times as people say them: 今天 10:05, Wed 14:20; and lengths: 45 分钟, 1:02:03."""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel.dates import format_date

from tongke_platform.pages.languages import Language, translations

SCHOOL_ZONE = ZoneInfo("Asia/Shanghai")


def local(instant: datetime, zone: ZoneInfo = SCHOOL_ZONE) -> datetime:
    """In the schools' zone; a naive value is taken as UTC, as SQLite gives it back."""
    return (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).astimezone(zone)


def clock(instant: datetime, zone: ZoneInfo = SCHOOL_ZONE) -> str:
    return local(instant, zone).strftime("%H:%M")


@lru_cache(1000)
def day_words(day: date, today: date, language: Language) -> str:
    """今天, 明天 or 昨天; a weekday within the week; else the date."""
    say = translations(language)
    near = {0: say.gettext("today"), 1: say.gettext("tomorrow"), -1: say.gettext("yesterday")}
    distance = (day - today).days
    if distance in near:
        return near[distance]
    if 0 < distance < 7:
        return format_date(day, "EEE", locale=language)
    pattern = "M月d日" if language == "zh_CN" else "d MMM"
    if day.year != today.year:
        pattern = "y年M月d日" if language == "zh_CN" else "d MMM y"
    return format_date(day, pattern, locale=language)


def said(instant: datetime, now: datetime, language: Language, zone: ZoneInfo = SCHOOL_ZONE) -> str:
    """今天 10:05."""
    day = day_words(local(instant, zone).date(), local(now, zone).date(), language)
    return f"{day} {clock(instant, zone)}"


def exact(instant: datetime, language: Language, zone: ZoneInfo = SCHOOL_ZONE) -> str:
    """The whole date and time, for the hover of a time as people say it."""
    there = local(instant, zone)
    return f"{_whole_day(there.date(), language)} {there:%H:%M:%S}"


@lru_cache(1000)
def _whole_day(day: date, language: Language) -> str:
    return format_date(day, "full", locale=language)


def long_day(now: datetime, language: Language, zone: ZoneInfo = SCHOOL_ZONE) -> str:
    """11月23日 星期一."""
    pattern = "M月d日 EEEE" if language == "zh_CN" else "EEEE, d MMMM"
    return format_date(local(now, zone).date(), pattern, locale=language)


def length(duration: timedelta, language: Language) -> str:
    """45 分钟, 1 小时 5 分; under a minute in seconds."""
    seconds = max(0, round(duration.total_seconds()))
    say = translations(language)
    if seconds < 60:
        return say.ngettext("%(num)s second", "%(num)s seconds", seconds) % {"num": seconds}
    minutes = round(seconds / 60)
    if minutes < 60:
        return say.ngettext("%(num)s minute", "%(num)s minutes", minutes) % {"num": minutes}
    return say.gettext("%(hours)s h %(minutes)s min") % {
        "hours": minutes // 60,
        "minutes": minutes % 60,
    }


def timecode(duration: timedelta) -> str:
    """12:05 or 1:02:03."""
    minutes, seconds = divmod(max(0, int(duration.total_seconds())), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
