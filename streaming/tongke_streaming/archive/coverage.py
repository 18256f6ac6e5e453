"""When a lesson had media, and when it had none."""

from bisect import bisect_left, insort


class Coverage:
    """A union of intervals of UTC µs; ones closer than ``join_us`` become one."""

    def __init__(self, join_us: int = 500_000) -> None:
        self._join_us = join_us
        self._spans: list[tuple[int, int]] = []

    def add(self, start_us: int, end_us: int) -> None:
        if end_us <= start_us:
            return
        spans = self._spans
        index = max(bisect_left(spans, (start_us, start_us)) - 1, 0)
        while index < len(spans) and spans[index][0] <= end_us + self._join_us:
            first, last = spans[index]
            if last + self._join_us < start_us:
                index += 1
                continue
            start_us, end_us = min(start_us, first), max(end_us, last)
            del spans[index]
        insort(spans, (start_us, end_us))

    @property
    def span(self) -> tuple[int, int] | None:
        """The first and the last instant with media."""
        return (self._spans[0][0], self._spans[-1][1]) if self._spans else None

    def gaps(self) -> list[tuple[int, int]]:
        return [
            (before[1], after[0])
            for before, after in zip(self._spans, self._spans[1:], strict=False)
        ]
