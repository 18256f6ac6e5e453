"""The bytes of a rendition's playlists, made once for all who ask."""

import zlib
from collections.abc import Sequence

from tongke_streaming.hls import playlist
from tongke_streaming.hls.playlist import Report, SegmentView


class PlaylistBytes:
    """Full and delta playlists, plain and gzip.

    Segments beyond the skip boundary never change again: their text is written once, and what
    they compress to as well (zlib's state is copied before the newest segments go in). The same
    text as ``playlist.media_playlist``.
    """

    def __init__(self, first_msn: int, first_discontinuity: int) -> None:
        self._header = playlist.header(first_msn, first_discontinuity).encode()
        self._old = bytearray()
        self._old_count = 0
        self._old_init: int | None = None
        self._deflate = zlib.compressobj(6, zlib.DEFLATED, 31)
        self._deflated = bytearray()
        self._write_old(self._header)
        self._recent = b""
        self._made: dict[tuple[bool, bool], bytes] = {}

    @property
    def skipped(self) -> int:
        return self._old_count

    def retire(self, segment: SegmentView) -> None:
        """The oldest recent segment goes beyond the skip boundary, as it is now."""
        text = playlist.segment_text(segment, self._old_init, list_parts=False)
        self._write_old(text.encode())
        self._old_init = segment.init
        self._old_count += 1

    def _write_old(self, text: bytes) -> None:
        self._old += text
        self._deflated += self._deflate.compress(text)

    def renew(
        self,
        recent: Sequence[SegmentView],
        reports: Sequence[Report],
        *,
        ended: bool,
    ) -> None:
        """What follows the retired segments."""
        text = playlist.recent_text(recent, self._old_init)
        hint = playlist.hinted(recent[-1] if recent else None)
        self._recent = (text + playlist.foot(hint, reports, ended=ended)).encode()
        self._made.clear()

    def get(self, *, delta: bool, gzip: bool) -> bytes:
        delta = delta and self._old_count > 0
        made = self._made.get((delta, gzip))
        if made is None:
            made = self._made[(delta, gzip)] = self._make(delta, gzip)
        return made

    def _make(self, delta: bool, gzip: bool) -> bytes:
        if delta:
            text = self._header + playlist.skip(self._old_count).encode() + self._recent
            return zlib.compress(text, 6, wbits=31) if gzip else text
        if not gzip:
            return bytes(self._old) + self._recent
        deflate = self._deflate.copy()
        return b"".join((self._deflated, deflate.compress(self._recent), deflate.flush()))
