"""Something like speech: syllables with the four tones of Mandarin, sung by a simple larynx.

Nobody can understand it, but it rises, falls and pauses as a teacher reading a poem does, so that
level meters, mouths and ears have something real to follow.
"""

import array
import math
from dataclasses import dataclass
from functools import cache

RATE = 16000
_TABLE = 512
_FORMANTS = {  # Hz, of a woman's vowels
    "a": (850, 1300, 2800),
    "o": (520, 950, 2700),
    "e": (550, 1500, 2600),
    "i": (320, 2600, 3200),
    "u": (360, 800, 2500),
}
_CONTOURS = {  # pitch as a multiple of the speaker's, at the start, middle and end
    1: (1.25, 1.25, 1.25),
    2: (0.95, 1.05, 1.32),
    3: (0.95, 0.75, 0.95),
    4: (1.35, 1.10, 0.78),
    5: (1.0, 0.95, 0.9),
}
_PITCH = 215.0


@dataclass(frozen=True)
class Syllable:
    """``start`` and ``length`` in seconds, ``tone`` 1–5 (5: neutral)."""

    start: float
    length: float
    vowel: str
    tone: int


@cache
def _cycle(vowel: str) -> tuple[float, ...]:
    """One period of a vowel: harmonics of the larynx shaped by the formants."""
    weights = []
    for harmonic in range(1, 17):
        frequency = harmonic * _PITCH
        shape = sum(
            math.exp(-(((frequency - formant) / (90 + 60 * rank)) ** 2)) / (1 + rank)
            for rank, formant in enumerate(_FORMANTS[vowel])
        )
        weights.append((shape + 0.08) / harmonic**0.6)
    values = [
        sum(
            weight * math.sin(2 * math.pi * (number + 1) * step / _TABLE)
            for number, weight in enumerate(weights)
        )
        for step in range(_TABLE)
    ]
    peak = max(abs(value) for value in values)
    return tuple(value / peak for value in values)


def _pitch(tone: int, share: float) -> float:
    low, middle, high = _CONTOURS[tone]
    if share < 0.5:
        return low + (middle - low) * share * 2
    return middle + (high - middle) * (share - 0.5) * 2


@cache
def _spoken(vowel: str, tone: int, samples: int) -> "array.array[int]":
    cycle, phase = _cycle(vowel), 0.0
    sound = array.array("h", bytes(2 * samples))
    attack, release = samples * 0.12, samples * 0.4
    for index in range(samples):
        phase += _TABLE * _PITCH * _pitch(tone, index / samples) / RATE
        loudness = min(1.0, index / attack, (samples - index) / release)
        sound[index] = int(11000 * loudness * cycle[int(phase) % _TABLE])
    return sound


def speak(syllables: list[Syllable], seconds: float) -> "array.array[int]":
    """Signed 16-bit mono at RATE; syllables that overlap replace each other."""
    sound = array.array("h", bytes(2 * round(seconds * RATE)))
    for syllable in syllables:
        spoken = _spoken(syllable.vowel, syllable.tone, round(syllable.length * RATE))
        begin = round(syllable.start * RATE)
        kept = spoken[: max(0, len(sound) - begin)]
        sound[begin : begin + len(kept)] = kept
    return sound
