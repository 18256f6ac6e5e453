"""Opus into AAC-LC at 48 kHz mono, by libav (libopus and FFmpeg's own AAC encoder)."""

from collections.abc import Sequence
from fractions import Fraction

from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.error import FFmpegError
from av.packet import Packet

RATE = 48_000
BIT_RATE = 48_000
FRAME = 1024  # samples
SAMPLE_BYTES = 4  # 32-bit float
_LONGEST_PACKET = 5760  # samples: 120 ms, RFC 6716 §2.1.4
_TIME_BASE = Fraction(1, RATE)


class OpusDecoder:
    """Opus packets of one track, mono or stereo, into mono float samples at 48 kHz."""

    def __init__(self) -> None:
        self._codec = self._open()

    @staticmethod
    def _open() -> AudioCodecContext:
        codec = AudioCodecContext.create("libopus", "r")
        assert isinstance(codec, AudioCodecContext)
        codec.sample_rate = RATE
        codec.layout = "mono"
        codec.options = {"request_sample_fmt": "flt"}
        return codec

    def decode(self, payload: bytes) -> bytes:
        """Native-endian float samples; empty for a packet that is no Opus. Never raises."""
        if not payload:
            return b""
        try:
            frames: Sequence[AudioFrame] = self._codec.decode(Packet(payload))
        except FFmpegError:
            self._codec = self._open()
            return b""
        pcm = b"".join(bytes(f.planes[0])[: f.samples * SAMPLE_BYTES] for f in frames)
        return pcm[: _LONGEST_PACKET * SAMPLE_BYTES]


class AacEncoder:
    """Continuous mono samples into AAC frames; the first sample given is media time 0 of it.

    The encoder runs one frame behind and starts with a priming frame at −1024, which is left out:
    frame ``n`` it returns lasts from sample 1024·n to 1024·(n + 1) of what it was given. The
    encoder's fast coder takes a fifth of the time of its default and measures no worse at this rate.
    """

    def __init__(self) -> None:
        codec = AudioCodecContext.create("aac", "w")
        assert isinstance(codec, AudioCodecContext)
        codec.sample_rate = RATE
        codec.layout = "mono"
        codec.format = "fltp"
        codec.bit_rate = BIT_RATE
        codec.time_base = _TIME_BASE
        codec.options = {"aac_coder": "fast"}
        self._codec = codec
        self._pcm = bytearray()
        self._pts = 0

    def encode(self, pcm: bytes | bytearray) -> list[bytes]:
        """The frames that more samples complete."""
        self._pcm += pcm
        whole = len(self._pcm) // (FRAME * SAMPLE_BYTES)
        frames: list[bytes] = []
        for index in range(whole):
            start = index * FRAME * SAMPLE_BYTES
            frames += self._frame(bytes(self._pcm[start : start + FRAME * SAMPLE_BYTES]))
        del self._pcm[: whole * FRAME * SAMPLE_BYTES]
        return frames

    def flush(self) -> list[bytes]:
        """The frames still inside, the last filled up with silence. No more may be encoded."""
        rest = -len(self._pcm) % (FRAME * SAMPLE_BYTES)
        frames = self.encode(bytes(rest)) if rest else []
        return frames + self._kept(self._codec.encode(None))

    def _frame(self, pcm: bytes) -> list[bytes]:
        frame = AudioFrame("fltp", "mono", FRAME)
        frame.sample_rate = RATE
        frame.time_base = _TIME_BASE
        frame.pts = self._pts
        frame.planes[0].update(pcm)
        self._pts += FRAME
        return self._kept(self._codec.encode(frame))

    @staticmethod
    def _kept(packets: "Sequence[Packet[AudioStream]]") -> list[bytes]:
        return [bytes(packet) for packet in packets if packet.pts is None or packet.pts >= 0]


__all__ = ["BIT_RATE", "FRAME", "RATE", "SAMPLE_BYTES", "AacEncoder", "OpusDecoder"]
