"""CMAF boxes (ISO/IEC 14496-12, -14 and -15, 23000-19): init segments and chunks, as bytes.

A chunk is a moof and an mdat with one traf and one trun; no edit lists, no composition offsets.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from tongke_streaming.hls.model import InitInfo
from tongke_streaming.ingest.h264_syntax import parse_sps

VIDEO_TIMESCALE = 90_000
TRACK_ID = 1

_SYNC = 0x02000000  # sample_depends_on 2: on no other
_NOT_SYNC = 0x01010000  # sample_depends_on 1, sample_is_non_sync_sample
_TFHD = 0x020000  # default-base-is-moof
_TRUN_VIDEO = 0x000701  # data offset; duration, size and flags of each sample
_TRUN_AUDIO = 0x000201  # data offset; size of each sample
_TFHD_AUDIO = _TFHD | 0x28  # default duration and flags
_MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_HIGH_PROFILES = frozenset({100, 110, 122, 144})


@dataclass(frozen=True, slots=True)
class Sample:
    """One coded picture or sound frame; ``duration`` in ticks of the track."""

    data: bytes
    duration: int
    sync: bool = True


def box(kind: bytes, *payload: bytes) -> bytes:
    body = b"".join(payload)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def full_box(kind: bytes, version: int, flags: int, *payload: bytes) -> bytes:
    return box(kind, struct.pack(">I", version << 24 | flags), *payload)


def video_init(sps: Sequence[bytes], pps: Sequence[bytes]) -> tuple[bytes, InitInfo]:
    """The init segment of an H.264 track. Raises ValueError for an unreadable SPS."""
    if not sps or not pps or len(sps) > 31 or len(pps) > 255:
        raise ValueError("an init segment needs 1 to 31 SPS and 1 to 255 PPS")
    head = parse_sps(sps[0])
    info = InitInfo("video", head.codecs, VIDEO_TIMESCALE, head.width, head.height)
    entry = box(
        b"avc1",
        struct.pack(">6xH16xHHIII", 1, info.width, info.height, 0x480000, 0x480000, 0),
        struct.pack(">H32sHh", 1, b"", 0x18, -1),
        box(b"avcC", _avc_configuration(sps, pps)),
    )
    media_header = full_box(b"vmhd", 0, 1, bytes(8))
    return _init(b"vide", info, entry, media_header), info


def _avc_configuration(sps: Sequence[bytes], pps: Sequence[bytes]) -> bytes:
    """AVCDecoderConfigurationRecord (14496-15, 5.3.3.1.2); 8-bit 4:2:0 for High profiles."""
    first = sps[0]
    record = bytes((1, first[1], first[2], first[3], 0xFF, 0xE0 | len(sps)))
    record += b"".join(struct.pack(">H", len(nal)) + nal for nal in sps)
    record += bytes((len(pps),))
    record += b"".join(struct.pack(">H", len(nal)) + nal for nal in pps)
    if first[1] in _HIGH_PROFILES:
        record += bytes((0xFD, 0xF8, 0xF8, 0))
    return record


def audio_init(sample_rate: int, channels: int, bit_rate: int) -> tuple[bytes, InitInfo]:
    """The init segment of an AAC-LC track."""
    info = InitInfo("audio", "mp4a.40.2", sample_rate, channels=channels)
    entry = box(
        b"mp4a",
        struct.pack(">6xH8xHHHHI", 1, channels, 16, 0, 0, sample_rate << 16),
        full_box(b"esds", 0, 0, _elementary_stream(sample_rate, channels, bit_rate)),
    )
    return _init(b"soun", info, entry, full_box(b"smhd", 0, 0, bytes(4))), info


def _descriptor(tag: int, payload: bytes) -> bytes:
    return bytes((tag, len(payload))) + payload


def _elementary_stream(sample_rate: int, channels: int, bit_rate: int) -> bytes:
    """ES_Descriptor (14496-1, 7.2.6.5) around an AudioSpecificConfig (14496-3, 1.6.2.1)."""
    rates = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000)
    config = struct.pack(">H", 2 << 11 | rates.index(sample_rate) << 7 | channels << 3)
    decoder = struct.pack(">BBB", 0x40, 0x15, 0) + struct.pack(">HII", 6144, bit_rate, bit_rate)
    return _descriptor(
        3,
        struct.pack(">HB", TRACK_ID, 0)
        + _descriptor(4, decoder + _descriptor(5, config))
        + _descriptor(6, b"\x02"),
    )


def _init(handler: bytes, info: InitInfo, entry: bytes, media_header: bytes) -> bytes:
    return box(b"ftyp", b"iso6", bytes(4), b"iso6cmfcmp41") + box(
        b"moov",
        full_box(
            b"mvhd", 0, 0, struct.pack(">IIIIIH10x", 0, 0, 1000, 0, 0x10000, 0x100),
            _MATRIX, bytes(24), struct.pack(">I", TRACK_ID + 1),
        ),
        box(b"trak", _track_header(info), _media(handler, info, entry, media_header)),
        box(b"mvex", full_box(b"trex", 0, 0, struct.pack(">5I", TRACK_ID, 1, 0, 0, 0))),
    )  # fmt: skip


def _track_header(info: InitInfo) -> bytes:
    volume = 0x100 if info.kind == "audio" else 0
    return full_box(
        b"tkhd",
        0,
        7,
        struct.pack(">IIIII8xHHHH", 0, 0, TRACK_ID, 0, 0, 0, 0, volume, 0),
        _MATRIX,
        struct.pack(">II", info.width << 16, info.height << 16),
    )


def _media(handler: bytes, info: InitInfo, entry: bytes, media_header: bytes) -> bytes:
    table = box(
        b"stbl",
        full_box(b"stsd", 0, 0, struct.pack(">I", 1), entry),
        full_box(b"stts", 0, 0, bytes(4)),
        full_box(b"stsc", 0, 0, bytes(4)),
        full_box(b"stsz", 0, 0, bytes(8)),
        full_box(b"stco", 0, 0, bytes(4)),
    )
    references = full_box(b"dref", 0, 0, struct.pack(">I", 1), full_box(b"url ", 0, 1))
    undetermined = 0x55C4  # "und", ISO 639-2/T in 5-bit letters
    return box(
        b"mdia",
        full_box(b"mdhd", 0, 0, struct.pack(">IIIIHH", 0, 0, info.timescale, 0, undetermined, 0)),
        full_box(b"hdlr", 0, 0, struct.pack(">4x4s12x", handler), b"tongke\0"),
        box(b"minf", media_header, box(b"dinf", references), table),
    )


def video_chunk(sequence: int, start: int, samples: Sequence[Sample]) -> bytes:
    """A chunk whose first sample is decoded at ``start`` (ticks since media time 0)."""
    run = b"".join(
        struct.pack(">III", s.duration, len(s.data), _SYNC if s.sync else _NOT_SYNC)
        for s in samples
    )
    return _chunk(sequence, start, struct.pack(">II", _TFHD, TRACK_ID), _TRUN_VIDEO, run, samples)


def audio_chunk(sequence: int, start: int, samples: Sequence[Sample]) -> bytes:
    """As ``video_chunk``; all samples last as long as the first."""
    head = struct.pack(">IIII", _TFHD_AUDIO, TRACK_ID, samples[0].duration, _SYNC)
    run = struct.pack(f">{len(samples)}I", *(len(s.data) for s in samples))
    return _chunk(sequence, start, head, _TRUN_AUDIO, run, samples)


def _chunk(
    sequence: int, start: int, tfhd: bytes, trun: int, run: bytes, samples: Sequence[Sample]
) -> bytes:
    # moof head 8, mfhd 16, traf head 8, tfhd, tfdt 20, trun 20 + run, mdat head 8
    offset = 80 + 8 + len(tfhd) + len(run)
    moof = box(
        b"moof",
        full_box(b"mfhd", 0, 0, struct.pack(">I", sequence & 0xFFFFFFFF)),
        box(
            b"traf",
            box(b"tfhd", tfhd),
            full_box(b"tfdt", 1, 0, struct.pack(">Q", start)),
            full_box(b"trun", 0, trun, struct.pack(">II", len(samples), offset), run),
        ),
    )
    return moof + box(b"mdat", *(s.data for s in samples))


def sample_count(chunk: bytes) -> int:
    """How many samples a chunk of ours holds, for FRAME-RATE."""
    tfhd = 32  # behind the heads of moof and traf, and mfhd
    trun = tfhd + int.from_bytes(chunk[tfhd : tfhd + 4], "big") + 20
    return int.from_bytes(chunk[trun + 12 : trun + 16], "big")
