import pytest

from tongke_streaming.probe.hls import Fetched, stalls
from tongke_streaming.probe.playlist import BadPlaylist, Piece, read_media, read_multivariant
from tongke_streaming.probe.viewing import FreezeMeter

LIVE = """#EXTM3U
#EXT-X-VERSION:9
#EXT-X-TARGETDURATION:4
#EXT-X-PART-INF:PART-TARGET=0.5
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.5,HOLD-BACK=12.0
#EXT-X-MEDIA-SEQUENCE:7
#EXT-X-MAP:URI="init-0.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-03-02T02:00:00.000Z
#EXTINF:2.000,
7.m4s
#EXT-X-PART:DURATION=0.5,URI="8.0.m4s",INDEPENDENT=YES
#EXT-X-PART:DURATION=0.5,URI="8.1.m4s"
#EXTINF:1.000,
8.m4s
#EXT-X-PART:DURATION=0.4,URI="9.0.m4s",INDEPENDENT=YES
#EXT-X-PRELOAD-HINT:TYPE=PART,URI="9.1.m4s"
"""
MULTIVARIANT = """#EXTM3U
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="sound",DEFAULT=YES,URI="lead-a/index.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=1000,CODECS="avc1.42c01f,mp4a.40.2",RESOLUTION=640x360,AUDIO="a"
lead-v-h/index.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=3000,RESOLUTION=1280x720,AUDIO="a"
lead-v-f/index.m3u8
"""


def piece(start_s: float, duration_s: float = 1.0) -> Piece:
    return Piece(0, None, "x", None, start_s, duration_s, True, False)


def test_live_playlist() -> None:
    media = read_media(LIVE, "https://host/media/key/lead-v-f/index.m3u8")
    assert (media.next_msn, media.next_part) == (9, 1)
    assert media.can_block
    assert media.part_hold_back_s == 1.5
    assert [part.start_s - media.segments[0].start_s for part in media.parts] == [2.0, 2.5, 3.0]
    assert media.edge_s == pytest.approx(media.segments[0].start_s + 3.4)
    assert media.parts[2].uri == "https://host/media/key/lead-v-f/9.0.m4s"
    assert media.parts[2].init == "https://host/media/key/lead-v-f/init-0.mp4"


@pytest.mark.parametrize(
    ("cursor", "expected"),
    [((7, 0), "7.m4s"), ((8, 0), "8.0.m4s"), ((8, 1), "8.1.m4s"), ((8, 2), "9.0.m4s")],
)
def test_next_piece(cursor: tuple[int, int], expected: str) -> None:
    found = read_media(LIVE, "https://host/v/").after(*cursor)
    assert found is not None
    assert found.uri == f"https://host/v/{expected}"


def test_nothing_after_the_edge() -> None:
    assert read_media(LIVE, "").after(9, 1) is None


def test_skipped_segments_keep_the_count() -> None:
    delta = LIVE.replace("#EXTINF:2.000,\n7.m4s", "#EXT-X-SKIP:SKIPPED-SEGMENTS=3")
    assert read_media(delta, "").next_msn == 11


def test_multivariant() -> None:
    playlist = read_multivariant(MULTIVARIANT, "https://host/live/1/hls/index.m3u8")
    assert [variant.bandwidth for variant in playlist.variants] == [1000, 3000]
    assert playlist.audio == {"a": "https://host/live/1/hls/lead-a/index.m3u8"}


@pytest.mark.parametrize("text", ["", "<html>", "#EXTM3U\n#EXTINF:abc,\nx.ts"])
def test_what_is_no_playlist(text: str) -> None:
    with pytest.raises(BadPlaylist):
        read_media(text, "")


def test_late_pieces_stall_the_playhead() -> None:
    pieces = [Fetched(piece(i), 10.0 + max(0, i - 1), 1) for i in range(4)]
    assert stalls(pieces, 10.0) == (0, 0.0)
    late = [*pieces, Fetched(piece(4.0), 15.0, 1), Fetched(piece(5.0), 15.5, 1)]
    count, waited = stalls(late, 10.0)
    assert count == 1
    assert waited == pytest.approx(1.0)


def test_freezes_are_counted_as_the_standard_does() -> None:
    meter = FreezeMeter()
    for number in range(30):
        meter.see(number * 0.04)
    meter.see(29 * 0.04 + 0.18)
    assert meter.freezes == 0
    meter.see(29 * 0.04 + 0.18 + 0.6)
    assert meter.freezes == 1
    assert meter.frozen_s == pytest.approx(0.6)
