"""The segments of a rendition as they are held in memory."""

import struct
from dataclasses import dataclass, field

_BOX = struct.Struct("!I4s")


@dataclass(slots=True)
class Part:
    offset: int
    size: int
    duration_us: int
    independent: bool


@dataclass(slots=True)
class Segment:
    """One segment. ``start_us`` is UTC; ``size`` in bytes is the sum of its parts.

    ``gap``: the source was away. ``kept``: its bytes are in the spool or the store, or are still
    being written there; ``resident``: they are in memory. One that is neither is listed as a gap.
    """

    msn: int
    start_us: int
    init: int | None
    discontinuity: bool = False
    gap: bool = False
    duration_us: int = 0
    size: int = 0
    frames: int = 0
    closed: bool = False
    kept: bool = True
    stored: bool = False
    spooled: bool = False
    parts: list[Part] = field(default_factory=list[Part])
    chunks: list[bytes] = field(default_factory=list[bytes])
    data: bytes | None = None

    @property
    def resident(self) -> bool:
        return self.data is not None or bool(self.chunks)

    @property
    def absent(self) -> bool:
        """Listed as EXT-X-GAP; its address answers 404."""
        return self.gap or (self.closed and not (self.kept or self.resident))

    @property
    def end_us(self) -> int:
        return self.start_us + self.duration_us

    def add(self, data: bytes, duration_us: int, *, independent: bool) -> Part:
        part = Part(self.size, len(data), duration_us, independent)
        self.parts.append(part)
        self.chunks.append(data)
        self.size += part.size
        self.duration_us += duration_us
        self.frames += sample_count(data)
        return part

    def seal(self, duration_us: int) -> None:
        self.duration_us = duration_us
        self.closed = True
        if self.chunks:
            self.data = b"".join(self.chunks)
            self.chunks = []

    def part_bytes(self, index: int) -> bytes | None:
        """One part from memory; None when it is no longer there."""
        if self.chunks:
            return self.chunks[index]
        if self.data is None:
            return None
        part = self.parts[index]
        return self.data[part.offset : part.offset + part.size]

    def forget(self) -> None:
        """Leave memory: parts can no longer be fetched, the whole from spool or store only."""
        self.data = None
        self.chunks = []
        self.parts = []


def sample_count(chunk: bytes) -> int:
    """Samples in the track runs of one moof (ISO/IEC 14496-12, 8.8.8); 0 for anything else."""
    count = 0
    end = len(chunk)
    position = 0
    while position + 8 <= end:
        size, kind = _BOX.unpack_from(chunk, position)
        if kind in (b"moof", b"traf"):
            position += 8
            continue
        if kind == b"trun" and position + 16 <= end:
            count += int.from_bytes(chunk[position + 12 : position + 16], "big")
        if size < 8:
            break
        position += size
    return count
