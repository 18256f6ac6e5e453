"""Boxes of a lesson as one fragmented MP4 (ISO/IEC 14496-12): all tracks in one moov, an index of
the whole, and the chunks of ``boxes`` put on it without changing a sample.
"""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tongke_streaming.hls.boxes import Sample, audio_chunk, box, full_box

MOVIE_TIMESCALE = 1000
FRAME = 1024
"""Samples of one frame of sound."""
SILENCE = b"\x00\x00\x00\x07"
"""One frame of AAC-LC mono in which nothing sounds: an SCE without a band, and the end (14496-3, 4.4)."""

_MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_MOST_TICKS = (1 << 32) - 1
_NOT_SYNC = 0x01010000  # as in ``boxes``
# In a chunk of ours: behind the heads of moof and traf, and mfhd (see ``boxes``).
_SEQUENCE, _TFHD = 20, 32
_VIDEO_RUN = 0x000701


@dataclass(frozen=True, slots=True)
class FilmTrack:
    """``init`` is the init segment its trak is taken from; ``duration`` in ticks of the track.

    ``in_band``: parameter sets come with the pictures as well (14496-15, 5.3.2: avc3).
    """

    number: int
    init: bytes
    duration: int
    in_band: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """A stretch of the file that a player may jump to; ``duration`` in ticks of the first track.

    ``sync``: it begins with a picture that stands on its own.
    """

    size: int
    duration: int
    sync: bool


def film_head(tracks: Sequence[FilmTrack], duration_ms: int) -> bytes:
    """ftyp and moov. Raises ValueError for an init segment that is none of ours."""
    length = struct.pack(">I", min(duration_ms, _MOST_TICKS))
    defaults = (full_box(b"trex", 0, 0, struct.pack(">5I", t.number, 1, 0, 0, 0)) for t in tracks)
    return box(b"ftyp", b"iso6", bytes(4), b"iso6mp41") + box(
        b"moov",
        full_box(
            b"mvhd", 0, 0, struct.pack(">III", 0, 0, MOVIE_TIMESCALE), length,
            struct.pack(">IH10x", 0x10000, 0x100), _MATRIX, bytes(24),
            struct.pack(">I", len(tracks) + 1),
        ),
        *(_trak(track, length) for track in tracks),
        box(b"mvex", full_box(b"mehd", 0, 0, length), *defaults),
    )  # fmt: skip


def _trak(track: FilmTrack, length: bytes) -> bytes:
    start, end = _find(track.init, b"moov", b"trak")
    made = bytearray(track.init[start:end])
    header, _ = _find(made, b"trak", b"tkhd")
    made[header + 20 : header + 24] = struct.pack(">I", track.number)
    made[header + 28 : header + 32] = length
    media, _ = _find(made, b"trak", b"mdia", b"mdhd")
    made[media + 24 : media + 28] = struct.pack(">I", min(track.duration, _MOST_TICKS))
    if track.in_band:
        table, _ = _find(made, b"trak", b"mdia", b"minf", b"stbl", b"stsd")
        made[table + 20 : table + 24] = b"avc3"
    return bytes(made)


def _find(data: bytes | bytearray, *path: bytes) -> tuple[int, int]:
    """Where the box at the end of ``path`` begins and ends."""
    at, end = 0, len(data)
    for depth, wanted in enumerate(path):
        start, at = at, _first(data, at, end, wanted)
        if at < start:
            raise ValueError(f"no {wanted.decode()} in an init segment")
        size = int.from_bytes(data[at : at + 4], "big")
        if depth == len(path) - 1:
            return at, at + size
        at, end = at + 8, at + size
    raise ValueError("no path")


def _first(data: bytes | bytearray, at: int, end: int, wanted: bytes) -> int:
    """-1 where there is none."""
    while at + 8 <= end:
        size = int.from_bytes(data[at : at + 4], "big")
        if data[at + 4 : at + 8] == wanted and at + size <= end:
            return at
        if size < 8:
            break
        at += size
    return -1


def segment_index(track: int, timescale: int, first: int, entries: Sequence[Entry]) -> bytes:
    """sidx (8.16.3), of the bytes right behind it; ``first``: the earliest time in ticks.

    Raises ValueError for more entries than it can have.
    """
    if len(entries) > 0xFFFF:
        raise ValueError("an index has 65535 entries at most")
    rows = (
        struct.pack(">III", one.size, one.duration, 0x90000000 if one.sync else 0)
        for one in entries
    )
    head = struct.pack(">IIQQHH", track, timescale, first, 0, 0, len(entries))
    return full_box(b"sidx", 1, 0, head, *rows)


def silence(track: int, sequence: int, start: int, frames: int) -> bytes:
    """A chunk of silent frames of 1024 samples."""
    chunk = bytearray(audio_chunk(sequence, start, [Sample(SILENCE, FRAME)] * frames))
    chunk[_TFHD + 12 : _TFHD + 16] = struct.pack(">I", track)
    return bytes(chunk)


def silence_size(frames: int) -> int:
    return len(audio_chunk(0, 0, [Sample(SILENCE, FRAME)])) + (frames - 1) * (4 + len(SILENCE))


def parameter_sets(init: bytes) -> bytes:
    """SPS and PPS of an init segment of ours, each with its length of 4 bytes before it."""
    at = init.find(b"avcC")
    if at < 0:
        raise ValueError("no avcC in an init segment")
    at, found = at + 9, b""
    for mask in (0x1F, 0xFF):
        count, at = init[at] & mask, at + 1
        for _ in range(count):
            size = int.from_bytes(init[at : at + 2], "big")
            found += struct.pack(">I", size) + init[at + 2 : at + 2 + size]
            at += 2 + size
    return found


@dataclass(frozen=True, slots=True)
class Touch:
    """How a segment's chunks are put into the film: their track, the number of the first, and
    what is taken from their times (ticks).

    ``until`` (ticks of the film): where the next segment begins; pictures that would last longer
    are cut short. ``parameters`` go before the first picture, which is the only one to jump to then.
    """

    track: int
    sequence: int
    base: int
    until: int | None = None
    parameters: bytes = b""


def retouch(segment: bytes, touch: Touch) -> bytes:
    """A segment of ours as it stands in the film: ``len(touch.parameters)`` longer, no more.

    Raises ValueError for bytes that are no segment of ours.
    """
    chunks = [bytearray(one) for one in _chunks(segment)]
    for index, chunk in enumerate(chunks):
        chunk[_SEQUENCE : _SEQUENCE + 4] = struct.pack(">I", touch.sequence + index & 0xFFFFFFFF)
        chunk[_TFHD + 12 : _TFHD + 16] = struct.pack(">I", touch.track)
        at = _time_of(chunk)
        time = int.from_bytes(chunk[at : at + 8], "big") - touch.base
        chunk[at : at + 8] = struct.pack(">Q", max(time, 0))
    if touch.until is not None:
        _cut_short(chunks, touch.until)
    if touch.parameters:
        _alone(chunks)
        chunks[0] = _with_parameters(chunks[0], touch.parameters)
    return b"".join(chunks)


def _chunks(segment: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(segment):
        moof = int.from_bytes(segment[at : at + 4], "big")
        mdat = int.from_bytes(segment[at + moof : at + moof + 4], "big")
        kinds = segment[at + 4 : at + 8], segment[at + moof + 4 : at + moof + 8]
        if kinds != (b"moof", b"mdat") or moof < 80 or mdat < 8 or at + moof + mdat > len(segment):
            raise ValueError("no segment of ours")
        yield segment[at : at + moof + mdat]
        at += moof + mdat


def _time_of(chunk: bytearray) -> int:
    """Where the decode time stands."""
    return _TFHD + int.from_bytes(chunk[_TFHD : _TFHD + 4], "big") + 12


def _rows(chunk: bytearray) -> range:
    """Where each picture's duration, size and flags stand. Raises ValueError."""
    run = _time_of(chunk) + 8
    kind, flags, count = struct.unpack_from(">4sII", chunk, run + 4)
    if (kind, flags) != (b"trun", _VIDEO_RUN):
        raise ValueError("no run of pictures of ours")
    return range(run + 20, run + 20 + 12 * count, 12)


def _cut_short(chunks: Sequence[bytearray], until: int) -> None:
    """From the last picture backwards, each is left a tick at least."""
    rows = [(chunk, at) for chunk in chunks for at in _rows(chunk)]
    lengths = [int.from_bytes(chunk[at : at + 4], "big") for chunk, at in rows]
    begins = int.from_bytes(chunks[0][_time_of(chunks[0]) :][:8], "big")
    over = begins + sum(lengths) - until
    if over <= 0:
        return
    for index in range(len(rows) - 1, -1, -1):
        less = min(over, max(lengths[index] - 1, 0))
        lengths[index], over = lengths[index] - less, over - less
    for (chunk, at), length in zip(rows, lengths, strict=True):
        chunk[at : at + 4] = struct.pack(">I", length)
    for chunk in chunks:
        at, count = _time_of(chunk), len(_rows(chunk))
        chunk[at : at + 8] = struct.pack(">Q", begins)
        begins, lengths = begins + sum(lengths[:count]), lengths[count:]


def _alone(chunks: Sequence[bytearray]) -> None:
    """Nobody jumps to a keyframe that has no parameter sets before it."""
    rows = [(chunk, at) for chunk in chunks for at in _rows(chunk)]
    for chunk, at in rows[1:]:
        chunk[at + 8 : at + 12] = struct.pack(">I", _NOT_SYNC)


def _with_parameters(chunk: bytearray, parameters: bytes) -> bytearray:
    row, more = _rows(chunk)[0], len(parameters)
    moof = int.from_bytes(chunk[:4], "big")
    for at in (row + 4, moof):
        size = int.from_bytes(chunk[at : at + 4], "big") + more
        chunk[at : at + 4] = struct.pack(">I", size)
    chunk[moof + 8 : moof + 8] = parameters
    return chunk
