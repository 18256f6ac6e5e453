"""Quiet hours and the hour of the digest, in local time: pure functions."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Hours:
    """``quiet_from`` equal to ``quiet_until`` is no quiet at all; they may lie across midnight."""

    quiet_from: time = time(21, 30)
    quiet_until: time = time(7, 0)
    digest_at: time = time(17, 0)

    def is_quiet(self, moment: time) -> bool:
        if self.quiet_from <= self.quiet_until:
            return self.quiet_from <= moment < self.quiet_until
        return moment >= self.quiet_from or moment < self.quiet_until


def not_before(now: datetime, hours: Hours, zone: ZoneInfo) -> datetime:
    """The first instant from ``now`` on that is not in the quiet hours; UTC."""
    local = now.astimezone(zone)
    if not hours.is_quiet(local.time()):
        return now
    return _next(local, hours.quiet_until, zone)


def next_digest(now: datetime, hours: Hours, zone: ZoneInfo) -> datetime:
    """UTC."""
    return _next(now.astimezone(zone), hours.digest_at, zone)


def _next(local: datetime, moment: time, zone: ZoneInfo) -> datetime:
    """The next time clocks show ``moment``, after ``local``."""
    day = local.date()
    while (found := datetime.combine(day, moment, zone)) <= local:
        day += timedelta(days=1)
    return found.astimezone(UTC)


# After the first try, the second, …; then it ends.
BACKOFF = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 3 * 60, 6 * 60, 12 * 60))


def retry_after(attempts: int) -> timedelta | None:
    """How long to wait after that many tries; None when there have been enough."""
    return BACKOFF[attempts - 1] if attempts <= len(BACKOFF) else None
