"""The built-in lesson: slides, a teacher who points and speaks, a running clock.

Made on first use and kept: 1280x720 at 25 pictures a second, H.264 without B-frames and a keyframe
every two seconds, stereo Opus, so that it is sent into a lesson as it is.
"""

import os
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.stream import VideoStream
from PIL import Image, ImageDraw

from tongke_platform.demo import voice
from tongke_platform.demo.canvas import Canvas, Patch
from tongke_platform.demo.fonts import font
from tongke_platform.demo.slides import (
    ACCENT,
    HEIGHT,
    POEM,
    READINGS,
    WIDTH,
    Slide,
    make_slides,
)

FPS = 25
SLIDE_S = 10
VERSION = 1

_TEACHER_AT = (WIDTH - 304, HEIGHT - 274)
_HAND_SIZE = (96, 104)
_CLOCK_AT = (WIDTH - 304, 92)


def lesson_path(folder: Path) -> Path:
    return folder / f"shanxing-v{VERSION}.mkv"


def lesson_file(folder: Path) -> Path:
    """The video, made when it is not there yet (some seconds of one core). Raises fonts.NoFont."""
    path = lesson_path(folder)
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        part = folder / f".{path.stem}-{os.getpid()}.mkv"
        try:
            make_lesson(part)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    return path


def cache_folder() -> Path:
    """Where it outlives a data folder (XDG base directories)."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tongke"


def make_lesson(path: Path) -> None:
    slides = make_slides()
    syllables = script(len(slides))
    with av.open(str(path), "w", format="matroska") as container:
        picture, sound = _picture_stream(container), _sound_stream(container)
        seconds = len(slides) * SLIDE_S
        packets = _sound_packets(sound, syllables, seconds)
        waiting = next(packets, None)
        for number, frame in enumerate(pictures(slides, syllables)):
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            container.mux(picture.encode(frame))
            while waiting is not None and waiting.pts is not None:
                if waiting.pts * waiting.time_base > number / FPS:
                    break
                container.mux(waiting)
                waiting = next(packets, None)
        container.mux(picture.encode())
        for packet in ([waiting] if waiting else []) + list(packets):
            container.mux(packet)


def _picture_stream(container: OutputContainer) -> VideoStream:
    stream = container.add_stream(
        "libx264",
        rate=FPS,
        options={
            "preset": "ultrafast",
            "tune": "zerolatency",
            "profile": "baseline",
            "crf": "24",
            "maxrate": "1500k",
            "bufsize": "1500k",
            "x264-params": f"keyint={2 * FPS}:min-keyint={2 * FPS}:scenecut=0",
        },
    )
    stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    stream.codec_context.thread_count = 2
    return stream


def _sound_stream(container: OutputContainer) -> AudioStream:
    stream = container.add_stream("libopus", rate=48000, layout="stereo")
    stream.bit_rate = 64000
    return stream


def _sound_packets(
    stream: AudioStream, syllables: list[voice.Syllable], seconds: int
) -> "Iterator[av.Packet[AudioStream]]":
    """Opus packets of the voice, a quarter of a second of it at a time."""
    samples = voice.speak(syllables, seconds)
    resampler = av.AudioResampler(format="s16", layout="stereo", rate=48000)
    step = voice.RATE // 4
    for begin in range(0, len(samples), step):
        frame = av.AudioFrame(format="s16", layout="mono", samples=step)
        frame.planes[0].update(samples[begin : begin + step].tobytes())
        frame.sample_rate, frame.pts = voice.RATE, begin
        frame.time_base = Fraction(1, voice.RATE)
        for resampled in resampler.resample(frame):
            yield from stream.encode(resampled)
    yield from stream.encode()


def script(slides: int) -> list[voice.Syllable]:
    """What is said: on the second slide the poem in time with the pointer, else free speech."""
    vowels, tones = "aieouaie", (1, 4, 2, 3, 4, 5, 1, 2, 4, 3, 4)
    spoken: list[voice.Syllable] = []
    for slide in range(slides):
        begin = slide * SLIDE_S
        if slide == 1:
            spoken += _recitation(begin)
            continue
        at, number = begin + 0.4, slide * 7
        while at < begin + SLIDE_S - 0.8:
            phrase = 5 + number % 4
            for _ in range(phrase):
                length = 0.19 + 0.04 * (number % 3)
                tone = tones[number % len(tones)]
                spoken.append(voice.Syllable(at, length, vowels[number % len(vowels)], tone))
                at, number = at + length, number + 1
            at += 0.45
    return spoken


def _recitation(begin: float) -> list[voice.Syllable]:
    spoken = []
    for line, reading in enumerate(READINGS):
        for index, syllable in enumerate(reading.split()):
            at = (
                begin + line * SLIDE_S / len(POEM) + 0.1 + index * 0.29 + (0.12 if index > 3 else 0)
            )
            spoken.append(voice.Syllable(at, 0.27, syllable[0], int(syllable[1])))
    return spoken


def pictures(slides: list[Slide], syllables: list[voice.Syllable]) -> Iterator[av.VideoFrame]:
    """Every picture of the lesson in order."""
    talking = _talking(syllables, len(slides) * SLIDE_S * FPS)
    teachers = [Patch.of(_teacher(opening)) for opening in (0, 8, 15)]
    hand, clock = _hand(), _Clock()
    number = 0
    for slide in slides:
        base = slide.picture.copy()
        clock.draw_frame(base)
        canvas, last = Canvas(Patch.of(base)), (0, 0)
        for step in range(SLIDE_S * FPS):
            canvas.restore(*last, *hand.size)
            last = _pointer(slide, step / (SLIDE_S * FPS))
            under = base.crop((*last, last[0] + hand.width, last[1] + hand.height))
            under.paste(hand, (0, 0), hand)
            canvas.put(Patch.of(under), *last)
            canvas.put(teachers[1 + number // 2 % 2 if talking[number] else 0], *_TEACHER_AT)
            clock.put(canvas, number)
            yield canvas.frame()
            number += 1


def _hand_at(x: float, y: float) -> tuple[int, int]:
    """The hand's corner, even and inside the picture, for a finger tip at (x, y)."""
    return round(x / 2 - 6) * 2, min(round(y / 2 - 3) * 2, HEIGHT - _HAND_SIZE[1])


def _talking(syllables: list[voice.Syllable], frames: int) -> list[bool]:
    talking = [False] * frames
    for syllable in syllables:
        for number in range(int(syllable.start * FPS), int((syllable.start + 0.2) * FPS) + 1):
            if number < frames:
                talking[number] = True
    return talking


def _pointer(slide: Slide, share: float) -> tuple[int, int]:
    """The hand's corner: its finger is eased from one station of the path to the next."""
    before = slide.path[0]
    for station in slide.path:
        if station[0] >= share:
            span = station[0] - before[0]
            part = (share - before[0]) / span if span > 0 else 1.0
            eased = part * part * (3 - 2 * part)
            x = before[1] + (station[1] - before[1]) * eased
            y = before[2] + (station[2] - before[2]) * eased
            return _hand_at(x, y)
        before = station
    return _hand_at(before[1], before[2])


class _Clock:
    """Minutes, seconds and tenths since the lesson began; digits are drawn once."""

    _DIGIT, _MARK, _TOP, _HEIGHT = 20, 10, 12, 40

    def __init__(self) -> None:
        self._glyphs = {sign: self._glyph(sign) for sign in "0123456789:."}

    def _glyph(self, sign: str) -> Patch:
        width = self._DIGIT if sign.isdigit() else self._MARK
        image = Image.new("RGB", (width, self._HEIGHT), "#FFFFFF")
        ImageDraw.Draw(image).text(
            (width // 2, self._HEIGHT - 8), sign, font=font(32, "bold"), fill="#1F2A2E", anchor="ms"
        )
        return Patch.of(image)

    def draw_frame(self, image: Image.Image) -> None:
        draw = ImageDraw.Draw(image)
        x, y = _CLOCK_AT
        box = (x, y, x + 280, y + 64)
        draw.rounded_rectangle(box, 12, fill="#FFFFFF", outline="#E3DFD5", width=2)
        draw.text((x + 20, y + 32), "本课已进行", font=font(20), fill="#5B6770", anchor="lm")

    def put(self, canvas: Canvas, number: int) -> None:
        seconds, tenth = number // FPS, number % FPS * 10 // FPS
        x, y = _CLOCK_AT[0] + 140, _CLOCK_AT[1] + self._TOP
        for sign in f"{seconds // 60:02d}:{seconds % 60:02d}.{tenth}":
            glyph = self._glyphs[sign]
            canvas.put(glyph, x, y)
            x += glyph.width


def _teacher(mouth: int) -> Image.Image:
    """The teacher in her camera's corner; ``mouth``: how far it is open, in pixels of four."""
    scale = 4
    image = Image.new("RGB", (280 * scale, 250 * scale), "#DCE7E3")
    draw = ImageDraw.Draw(image)

    def ellipse(x: int, y: int, rx: int, ry: int, fill: str) -> None:
        box = ((x - rx) * scale, (y - ry) * scale, (x + rx) * scale, (y + ry) * scale)
        draw.ellipse(box, fill=fill)

    draw.rectangle((0, 0, 280 * scale, 60 * scale), fill="#C9D8D3")
    ellipse(140, 104, 66, 76, "#2B2320")
    ellipse(140, 262, 112, 86, ACCENT)
    draw.rectangle((122 * scale, 150 * scale, 158 * scale, 192 * scale), fill="#E3B897")
    ellipse(140, 116, 50, 58, "#F0C8A8")
    draw.pieslice((84 * scale, 36 * scale, 196 * scale, 130 * scale), 180, 360, fill="#2B2320")
    for x in (120, 160):
        ellipse(x, 112, 6, 7, "#1F2A2E")
        draw.arc(
            ((x - 14) * scale, 92 * scale, (x + 14) * scale, 108 * scale), 200, 340, "#2B2320", 8
        )
    ellipse(140, 146, 13, 3 + mouth // 2, "#B0413A")
    small = image.resize((280, 250), Image.Resampling.LANCZOS)
    label = ImageDraw.Draw(small)
    label.rounded_rectangle((10, 212, 134, 242), 8, fill="#0F1517")
    label.text((72, 227), "● 周老师", font=font(18), fill="#F2F4F3", anchor="mm")
    return small


def _hand() -> Image.Image:
    """A hand that points up and to the left; its finger tip is at (11, 6)."""
    scale = 4
    image = Image.new("RGBA", (120 * scale, 130 * scale), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    skin, edge = (240, 200, 168, 255), (168, 120, 90, 255)

    def stroke(points: list[tuple[int, int]], width: int, fill: tuple[int, int, int, int]) -> None:
        scaled = [(x * scale, y * scale) for x, y in points]
        draw.line(scaled, fill=fill, width=width * scale, joint="curve")
        for x, y in scaled:
            radius = width * scale // 2
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=fill)

    strokes: list[tuple[list[tuple[int, int]], int]] = [
        ([(90, 104), (70, 78)], 40),
        ([(18, 12), (60, 66)], 14),
        ([(58, 48), (74, 62)], 15),
        ([(70, 46), (84, 62)], 14),
        ([(44, 76), (62, 84)], 14),
    ]
    for points, width in strokes:
        stroke(points, width + 4, edge)
    for points, width in strokes:
        stroke(points, width, skin)
    draw.polygon(
        [
            (x * scale, y * scale)
            for x, y in ((70, 118), (104, 84), (120, 100), (120, 130), (84, 130))
        ],
        fill=(14, 124, 102, 255),
    )
    return image.resize(_HAND_SIZE, Image.Resampling.LANCZOS)
