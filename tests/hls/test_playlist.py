"""Playlists as text, alone."""

import re
from collections.abc import Sequence

import m3u8
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.hls.rig import T0
from tongke_streaming.hls import playlist
from tongke_streaming.hls.playlist import (
    PartView,
    RenditionView,
    Report,
    SegmentView,
    Variant,
    media_playlist,
    multivariant_playlist,
)
from tongke_streaming.hls.rendering import PlaylistBytes

GOLDEN = """\
#EXTM3U
#EXT-X-VERSION:9
#EXT-X-TARGETDURATION:4
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.5,HOLD-BACK=12.0,CAN-SKIP-UNTIL=24.0
#EXT-X-PART-INF:PART-TARGET=0.5
#EXT-X-MEDIA-SEQUENCE:7
#EXT-X-DISCONTINUITY-SEQUENCE:2
#EXT-X-MAP:URI="init-0.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-09-21T14:13:20.000Z
#EXT-X-PART:DURATION=0.500000,URI="7.0.m4s",INDEPENDENT=YES
#EXT-X-PART:DURATION=0.483333,URI="7.1.m4s"
#EXTINF:0.983333,
7.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-09-21T14:13:20.983Z
#EXT-X-GAP
#EXTINF:4.000000,
8.m4s
#EXT-X-DISCONTINUITY
#EXT-X-MAP:URI="init-1.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-09-21T14:13:24.983Z
#EXT-X-PART:DURATION=0.500000,URI="9.0.m4s",INDEPENDENT=YES
#EXT-X-PRELOAD-HINT:TYPE=PART,URI="9.1.m4s"
#EXT-X-RENDITION-REPORT:URI="../lead-a/index.m3u8",LAST-MSN=9,LAST-PART=1
"""


def golden_view(*, ended: bool = False) -> RenditionView:
    first = (PartView(500_000, True), PartView(483_333, False))
    return RenditionView(
        [
            SegmentView(7, T0, 983_333, 0, parts=first),
            SegmentView(8, T0 + 983_333, 4_000_000, 0, gap=True),
            SegmentView(
                9,
                T0 + 4_983_333,
                0,
                1,
                discontinuity=True,
                closed=False,
                parts=(PartView(500_000, True),),
            ),
        ],
        first_discontinuity=2,
        reports=(Report("lead-a", 9, 1),),
        ended=ended,
    )


def test_golden() -> None:
    assert media_playlist(golden_view()) == GOLDEN


def test_end_takes_hints_and_reports_away() -> None:
    text = media_playlist(golden_view(ended=True))
    assert text.endswith("#EXT-X-ENDLIST\n")
    assert "PRELOAD-HINT" not in text
    assert "RENDITION-REPORT" not in text


def test_open_gap_hints_nothing() -> None:
    gap = SegmentView(1, T0 + 2_000_000, 0, 0, gap=True, closed=False)
    text = media_playlist(RenditionView([SegmentView(0, T0, 2_000_000, 0), gap]))
    assert text.endswith("0.m4s\n")


def test_hint_after_a_closed_segment_is_the_next_ones_first_part() -> None:
    text = media_playlist(RenditionView([SegmentView(0, T0, 2_000_000, 0)]))
    assert '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="1.0.m4s"' in text


def test_nothing_to_play() -> None:
    with pytest.raises(ValueError, match="no segments"):
        media_playlist(RenditionView([]))


@st.composite
def segment_lists(draw: st.DrawFn) -> list[SegmentView]:
    at, msn, init = T0, draw(st.integers(0, 10_000)), 0
    segments = []
    count = draw(st.integers(1, 40))
    for index in range(count):
        gap = draw(st.booleans()) and index > 0
        changed = draw(st.integers(0, 4)) == 0
        init += changed
        parts = () if gap else draw(_parts)
        closed = index < count - 1 or draw(st.booleans())
        duration = 4_000_000 if gap else sum(part.duration_us for part in parts)
        segments.append(
            SegmentView(
                msn + index,
                at,
                duration,
                init,
                discontinuity=changed,
                gap=gap,
                closed=closed,
                parts=tuple(parts),
            )
        )
        at += duration
    return segments


_parts = st.lists(
    st.builds(PartView, st.integers(425_000, 500_000), st.booleans()), min_size=1, max_size=8
)


def listed(text: str) -> list[int]:
    return [int(name) for name in re.findall(r"^(\d+)\.m4s$", text, re.MULTILINE)]


@given(segment_lists())
@settings(deadline=None, max_examples=50)
def test_every_closed_segment_is_listed_once(segments: list[SegmentView]) -> None:
    text = media_playlist(RenditionView(segments))
    assert listed(text) == [segment.msn for segment in segments if segment.closed]
    gaps = re.findall(r"#EXT-X-GAP\n#EXTINF:[\d.]+,\n(\d+)\.m4s", text)
    assert gaps == [str(segment.msn) for segment in segments if segment.gap and segment.closed]


@given(segment_lists())
@settings(deadline=None, max_examples=50)
def test_no_duration_above_its_target(segments: list[SegmentView]) -> None:
    text = media_playlist(RenditionView(segments))
    assert all(round(float(value)) <= 4 for value in re.findall(r"#EXTINF:([\d.]+)", text))
    assert all(float(value) <= 0.5 for value in re.findall(r"PART:DURATION=([\d.]+)", text))


@given(segment_lists())
@settings(deadline=None, max_examples=50)
def test_delta_is_the_full_playlist_with_the_old_left_out(segments: list[SegmentView]) -> None:
    view = RenditionView(segments)
    full, delta = media_playlist(view), media_playlist(view, delta=True)
    skip = re.search(r"#EXT-X-SKIP:SKIPPED-SEGMENTS=(\d+)\n", delta)
    if skip is None:
        assert delta == full
        return
    head, _, tail = delta.partition(skip[0])
    assert full.startswith(head)
    assert full.endswith(tail)
    skipped = int(skip[1])
    assert listed(full)[skipped:] == listed(tail)
    after = sum(playlist.length_us(segment) for segment in segments[skipped:])
    assert after > playlist.SKIP_UNTIL_US, "nothing nearer than the skip boundary is skipped"


@given(segment_lists())
@settings(deadline=None, max_examples=50)
def test_parts_reach_back_three_target_durations(segments: list[SegmentView]) -> None:
    text = media_playlist(RenditionView(segments))
    from_end = 0
    for segment in reversed(segments):
        from_end += playlist.length_us(segment)
        if segment.parts and segment is not segments[-1]:
            shown = f'"{segment.msn}.0.m4s"' in text
            assert shown == (from_end <= playlist.PARTS_LISTED_US)


@given(segment_lists())
@settings(deadline=None, max_examples=50)
def test_m3u8_reads_it(segments: list[SegmentView]) -> None:
    read = m3u8.loads(media_playlist(RenditionView(segments)))
    assert read.media_sequence == segments[0].msn
    assert read.target_duration == 4
    named = [segment for segment in read.segments if segment.uri]
    assert [s.uri for s in named] == [f"{s.msn}.m4s" for s in segments if s.closed]
    assert all(segment.program_date_time is not None for segment in named)


def rendered(segments: Sequence[SegmentView], *, delta: bool) -> bytes:
    """The same playlist as the server makes it: old segments retired one by one, in time."""
    made = PlaylistBytes(segments[0].msn, 0)
    retired = 0
    for end in range(1, len(segments) + 1):
        for segment in segments[
            retired : retired + playlist.skippable(segments[retired : end - 1])
        ]:
            made.retire(segment)
            retired += 1
        made.renew(segments[retired:end], (), ended=False)
    for segment in segments[retired : retired + playlist.skippable(segments[retired:])]:
        made.retire(segment)
        retired += 1
    made.renew(segments[retired:], (), ended=False)
    return made.get(delta=delta, gzip=False)


@given(segment_lists(), st.booleans())
@settings(deadline=None, max_examples=50)
def test_rendering_piece_by_piece_gives_the_same(segments: list[SegmentView], delta: bool) -> None:
    expected = media_playlist(RenditionView(segments), delta=delta)
    assert rendered(segments, delta=delta).decode() == expected


def test_multivariant() -> None:
    sound = Variant("lead-a", "audio", "mp4a.40.2", 52_000, 50_000, channels=1)
    low = Variant("lead-v-q", "video", "avc1.42E01F", 180_000, 150_000, 320, 180, 0, 14.985)
    high = Variant("lead-v-f", "video", "avc1.42E01F", 1_200_000, 900_000, 1280, 720, 0, 29.97)
    text = multivariant_playlist([sound, low, high], "http://h/media/key/")
    assert text.splitlines()[2] == (
        '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="sound",NAME="lead-a",DEFAULT=YES,AUTOSELECT=YES'
        ',CHANNELS="1",URI="http://h/media/key/lead-a/index.m3u8"'
    )
    read = m3u8.loads(text)
    assert [str(variant.uri).split("/")[-2] for variant in read.playlists] == [
        "lead-v-f",
        "lead-v-q",
        "lead-a",
    ]
    first, _, last = (variant.stream_info for variant in read.playlists)
    assert (first.bandwidth, first.average_bandwidth) == (1_252_000, 950_000)
    assert (first.codecs, first.resolution) == ("avc1.42E01F,mp4a.40.2", (1280, 720))
    assert first.frame_rate == 29.97
    assert (last.bandwidth, last.codecs, last.audio) == (52_000, "mp4a.40.2", "sound")


def test_multivariant_without_sound_names_no_group() -> None:
    text = multivariant_playlist([Variant("lead-v-f", "video", "avc1.42E01F", 9, 9)])
    assert "AUDIO" not in text
