"""A small reader of ISO base media boxes, sharing nothing with what writes them."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

_CONTAINERS = {b"moov", b"trak", b"mdia", b"minf", b"stbl", b"mvex", b"moof", b"traf", b"dinf"}


@dataclass(frozen=True)
class Box:
    kind: str
    offset: int
    body: bytes


def boxes(data: bytes, base: int = 0) -> Iterator[Box]:
    """Every box, parents before children."""
    at = 0
    while at < len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        assert size >= 8, "a box is smaller than its header"
        assert at + size <= len(data), "a box is larger than what holds it"
        body = data[at + 8 : at + size]
        yield Box(kind.decode(), base + at, body)
        if kind in _CONTAINERS:
            yield from boxes(body, base + at + 8)
        at += size


@dataclass(frozen=True)
class Chunk:
    """What one moof and mdat say: ``tfdt`` and durations in ticks."""

    tfdt: int
    durations: list[int]
    sync: list[bool]
    payloads: list[bytes]


def chunk(data: bytes) -> Chunk:
    """Read a part that is exactly one moof and one mdat."""
    found = list(boxes(data))
    kinds = [b.kind for b in found]
    assert kinds == ["moof", "mfhd", "traf", "tfhd", "tfdt", "trun", "mdat"]
    by_kind = {b.kind: b for b in found}
    duration, flags = _track_header(by_kind["tfhd"].body)
    version, tfdt = struct.unpack_from(">IQ", by_kind["tfdt"].body)
    assert version == 0x01000000
    return _run(data, by_kind["trun"].body, tfdt, duration, flags)


def _track_header(body: bytes) -> tuple[int | None, int | None]:
    flags, track = struct.unpack_from(">II", body)
    assert flags & 0x020000, "default-base-is-moof"
    assert not flags & 1, "no base-data-offset"
    assert track == 1
    at, found = 8, []
    for bit in (0x08, 0x10, 0x20):
        found.append(struct.unpack_from(">I", body, at)[0] if flags & bit else None)
        at += 4 if flags & bit else 0
    assert at == len(body)
    return found[0], found[2]


def _run(data: bytes, body: bytes, tfdt: int, duration: int | None, flags: int | None) -> Chunk:
    tr_flags, count, offset = struct.unpack_from(">III", body)
    at = 12
    durations, sync, payloads = [], [], []
    for _ in range(count):
        values = {0x100: duration, 0x200: None, 0x400: flags}
        for bit in values:
            if tr_flags & bit:
                values[bit] = struct.unpack_from(">I", body, at)[0]
                at += 4
        length, lasts, kind = values[0x200], values[0x100], values[0x400]
        assert length is not None
        assert lasts is not None
        assert kind is not None
        durations.append(lasts)
        sync.append(not kind & 0x10000)
        payloads.append(data[offset : offset + length])
        offset += length
    assert at == len(body)
    assert offset == len(data), "the mdat ends with the last sample"
    return Chunk(tfdt, durations, sync, payloads)
