"""Opus in, AAC out, every sample in its place."""

import array
import math

import pytest
from av.audio.codeccontext import AudioCodecContext
from av.packet import Packet
from hypothesis import given
from hypothesis import strategies as st

from tests.hls_media.checks import levels
from tests.hls_media.media import opus, samples
from tongke_streaming.hls.aac import FRAME, RATE, AacEncoder, OpusDecoder
from tongke_streaming.hls.boxes import audio_init
from tongke_streaming.hls.sound import stretch


def decode(frames: list[bytes]) -> "array.array[float]":
    codec = AudioCodecContext.create("aac", "r")
    assert isinstance(codec, AudioCodecContext)
    init, _ = audio_init(RATE, 1, 48_000)
    at = init.index(b"\x05\x02")  # DecoderSpecificInfo
    codec.extradata = init[at + 2 : at + 4]
    return levels([frame for data in frames for frame in codec.decode(Packet(data))])


def test_samples_stay_in_place() -> None:
    """No priming is left: the wave that comes out lies on the one that went in."""
    wave = array.array(
        "f", (0.4 * math.sin(2 * math.pi * 440 * k / RATE) for k in range(40 * FRAME))
    )
    encoder = AacEncoder()
    frames = encoder.encode(wave.tobytes()) + encoder.flush()
    assert len(frames) == 40
    heard = decode(frames)
    middle = range(4 * FRAME, 36 * FRAME)
    noise = sum((heard[k] - wave[k]) ** 2 for k in middle)
    signal = sum(wave[k] ** 2 for k in middle)
    assert 10 * math.log10(signal / noise) > 15


def test_pieces_of_any_size_give_the_same_frames() -> None:
    pcm = samples(0.5).tobytes()
    whole, pieces = AacEncoder(), AacEncoder()
    expected = whole.encode(pcm) + whole.flush()
    got: list[bytes] = []
    for at in range(0, len(pcm), 700 * 4):
        got += pieces.encode(pcm[at : at + 700 * 4])
    assert got + pieces.flush() == expected


@pytest.mark.parametrize("count", [950, 960, 970])
def test_stretched_sound_is_the_same_sound(count: int) -> None:
    wave = array.array("f", (math.sin(2 * math.pi * 300 * k / RATE) for k in range(960)))
    out = array.array("f", stretch(wave.tobytes(), count))
    assert len(out) == count
    assert (out[0], out[-1]) == (wave[0], wave[-1])
    step = 959 / (count - 1)
    assert all(
        abs(value - math.sin(2 * math.pi * 300 * k * step / RATE)) < 0.001
        for k, value in enumerate(out)
    )


def test_bit_rate_leaves_room_for_a_thin_link() -> None:
    encoder = AacEncoder()
    noise = array.array("f", (((k * 1103515245 + 12345) >> 8) % 2000 / 4000 for k in range(RATE)))
    frames = encoder.encode(noise.tobytes() * 4) + encoder.flush()
    assert sum(map(len, frames)) * 8 / 4 < 60_000


def test_opus_mono_and_stereo_decode_to_mono() -> None:
    for channels in (1, 2):
        decoder = OpusDecoder()
        pcm = array.array("f", b"".join(map(decoder.decode, opus(0.5, channels=channels))))
        assert len(pcm) == RATE // 2
        assert 0.4 < max(pcm) < 0.6


def test_what_is_no_opus_gives_nothing_and_spoils_nothing() -> None:
    decoder = OpusDecoder()
    assert decoder.decode(b"") == b""
    assert decoder.decode(b"\xff" * 5) == b""
    assert len(decoder.decode(opus(0.1)[2])) == 960 * 4


@given(st.lists(st.binary(max_size=100), max_size=5))
def test_decoder_takes_anything(payloads: list[bytes]) -> None:
    decoder = OpusDecoder()
    for payload in payloads:
        assert len(decoder.decode(payload)) <= 5760 * 4
