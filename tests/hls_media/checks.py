"""What must hold of every rendition, whatever came in."""

import array
from itertools import pairwise

from av.audio.frame import AudioFrame

from tests.hls_media.feed import Host, Sink, audio_frames
from tests.hls_media.walker import Chunk, chunk

PART_MIN, PART_MAX = 425_000, 500_000


def chunks(sink: Sink) -> list[Chunk]:
    return [chunk(part.data) for segment in sink.segments for part in segment.parts]


def check_parts(sink: Sink, *, shortest: int = PART_MIN) -> None:
    """Durations and INDEPENDENT as RFC 8216bis 4.4.4.9 and streaming.md have them."""
    timescale = next(iter(sink.inits.values()))[1].timescale if sink.inits else 1
    for segment in sink.segments:
        for index, part in enumerate(segment.parts):
            read = chunk(part.data)
            assert part.duration_us <= PART_MAX
            assert abs(part.duration_us - sum(read.durations) * 1e6 / timescale) <= 1
            assert part.independent == read.sync[0]
            if index < len(segment.parts) - 1 and not part.independent:
                assert part.duration_us >= shortest


def check_continuous(sink: Sink) -> None:
    for before, after in pairwise(chunks(sink)):
        assert before.tfdt + sum(before.durations) == after.tfdt


def check_segments(host: Host) -> None:
    """Every rendition has the same numbers, discontinuities at the same ones, and no overlap."""
    marks: dict[int, bool] = {}
    for sink in host.sinks.values():
        for segment in sink.segments:
            assert segment.duration_us is not None, "closed"
            assert 0 <= segment.duration_us < 4_500_000
            assert marks.setdefault(segment.msn, segment.discontinuity) == segment.discontinuity
        for before, after in pairwise(sink.segments):
            assert before.end_us <= after.start_us + 1
    ends = {sink.segments[-1].msn for sink in host.sinks.values() if sink.segments}
    assert len(ends) <= 1


def levels(frames: list[AudioFrame]) -> "array.array[float]":
    """The samples of mono float frames, one after the other."""
    pcm: array.array[float] = array.array("f")
    for frame in frames:
        assert frame.format.name == "fltp"
        assert len(frame.layout.channels) == 1
        pcm.frombytes(bytes(frame.planes[0])[: frame.samples * 4])
    return pcm


def onsets(sink: Sink, origin_us: int, *, quiet_ms: int = 200) -> list[int]:
    """UTC µs at which the sound begins after silence."""
    frames = audio_frames(sink.file())
    first = frames[0].pts
    assert first is not None
    pcm = levels(frames)
    found: list[int] = []
    quiet = quiet_ms * 48
    silent = quiet
    for index, value in enumerate(pcm):
        if abs(value) > 0.1:
            if silent >= quiet:
                found.append(origin_us + (first + index) * 1_000_000 // 48_000)
            silent = 0
        else:
            silent += 1
    return found
