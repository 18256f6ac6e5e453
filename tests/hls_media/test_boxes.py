"""Boxes read back by a walker of our own and by libav."""

import io
import struct
from collections.abc import Iterator

import av
import pytest

from tests.hls_media.media import Encoded, pictures
from tests.hls_media.walker import Box, boxes, chunk
from tongke_streaming.hls.aac import BIT_RATE, FRAME, RATE, AacEncoder
from tongke_streaming.hls.boxes import (
    Sample,
    audio_chunk,
    audio_init,
    sample_count,
    video_chunk,
    video_init,
)


def parameter_sets(picture: Encoded) -> tuple[list[bytes], list[bytes]]:
    return (
        [nal for nal in picture.nals if nal[0] & 31 == 7],
        [nal for nal in picture.nals if nal[0] & 31 == 8],
    )


def samples(count: int) -> Iterator[Sample]:
    for picture in pictures(count):
        nals = [nal for nal in picture.nals if nal[0] & 31 in (1, 5)]
        data = b"".join(struct.pack(">I", len(nal)) + nal for nal in nals)
        yield Sample(data, 3000, picture.idr)


def find(data: bytes, kind: str) -> Box:
    return next(b for b in boxes(data) if b.kind == kind)


def test_init_has_the_boxes_cmaf_wants() -> None:
    data, _ = video_init(*parameter_sets(pictures(1)[0]))
    kinds = [b.kind for b in boxes(data)]
    assert kinds == [
        "ftyp",
        "moov",
        "mvhd",
        "trak",
        "tkhd",
        "mdia",
        "mdhd",
        "hdlr",
        "minf",
        "vmhd",
        "dinf",
        "dref",
        "stbl",
        "stsd",
        "stts",
        "stsc",
        "stsz",
        "stco",
        "mvex",
        "trex",
    ]
    for kind in ("stts", "stsc", "stco"):
        assert find(data, kind).body == bytes(8)
    assert find(data, "ftyp").body[:4] == b"iso6"
    assert b"cmfc" in find(data, "ftyp").body


def test_avcc_holds_the_parameter_sets() -> None:
    sps, pps = parameter_sets(pictures(1, cabac=True)[0])
    data, info = video_init(sps, pps)
    with av.open(io.BytesIO(data + video_chunk(1, 0, list(samples(1)))), "r") as container:
        extradata = container.streams.video[0].codec_context.extradata
    assert extradata is not None
    assert sps[0] in extradata
    assert pps[0] in extradata
    assert info.codecs == f"avc1.{sps[0][1:4].hex().upper()}"


@pytest.mark.parametrize(
    "wrong", [([], [b"\x68\xce"]), ([b"\x67\x42"], [b"\x68"]), ([b"\x67"], [])]
)
def test_init_of_nothing_is_a_value_error(wrong: tuple[list[bytes], list[bytes]]) -> None:
    with pytest.raises(ValueError, match=r"."):
        video_init(*wrong)


def test_video_chunk_reads_back() -> None:
    made = list(samples(5))
    data = video_chunk(7, 2**33, made)
    read = chunk(data)
    assert (read.tfdt, read.durations) == (2**33, [3000] * 5)
    assert read.sync == [True, False, False, False, False]
    assert read.payloads == [sample.data for sample in made]
    assert struct.unpack(">II", find(data, "mfhd").body) == (0, 7)
    assert sample_count(data) == 5


def test_sample_count_is_not_fooled_by_what_samples_hold() -> None:
    assert sample_count(video_chunk(0x7472756E, 0x7472756E7472756E, [Sample(b"trun", 1)])) == 1


def test_libav_reads_pictures_and_times() -> None:
    init, info = video_init(*parameter_sets(pictures(1)[0]))
    made = list(samples(20))
    data = init + video_chunk(1, 90_000, made[:8]) + video_chunk(2, 114_000, made[8:])
    with av.open(io.BytesIO(data), "r") as container:
        stream = container.streams.video[0]
        assert (stream.width, stream.height) == (info.width, info.height)
        frames = list(container.decode(stream))
    assert [frame.pts for frame in frames] == [90_000 + 3000 * index for index in range(20)]


def test_libav_reads_sound() -> None:
    init, _ = audio_init(RATE, 1, BIT_RATE)
    encoder = AacEncoder()
    frames = [Sample(data, FRAME) for data in encoder.encode(bytes(RATE * 4)) + encoder.flush()]
    data = init + audio_chunk(1, 1024 * 50, frames[:23]) + audio_chunk(2, 1024 * 73, frames[23:])
    read = chunk(audio_chunk(1, 0, frames[:23]))
    assert read.sync == [True] * 23
    assert read.durations == [1024] * 23
    with av.open(io.BytesIO(data), "r") as container:
        stream = container.streams.audio[0]
        assert (stream.codec_context.name, stream.rate, stream.channels) == ("aac", RATE, 1)
        decoded = list(container.decode(stream))
    assert [f.pts for f in decoded] == [1024 * (50 + index) for index in range(len(frames))]
