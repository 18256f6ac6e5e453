"""Send a media file into a lesson in real time with FFmpeg's WHIP muxer (RFC 9725)."""

import collections
import ctypes
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal

import ffmpeg

from tongke_streaming.ingest.inspect import MediaFile, Picture
from tongke_streaming.ingest.signalling import Refusal, WhipDoor

KEYFRAME_S = 2
LIVENESS_EVERY_S = 3.0
FIRST_TRY_FOR_S = 30.0
LONGEST_PAUSE_S = 8.0
STEADY_S = 5.0
GOODBYE_S = 0.5

Event = Literal["plan", "live", "lost", "retry", "end"]
Report = Callable[[Event, dict[str, Any]], None]

_libc = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG = 1


class PublishFailed(Exception):
    """It cannot go on. ``bad_input``: what was asked for is wrong, trying again will not help."""

    def __init__(self, sentence: str, *, bad_input: bool) -> None:
        super().__init__(sentence)
        self.bad_input = bad_input


@dataclass(frozen=True)
class Plan:
    """What is sent untouched and what has to be encoded again."""

    media: MediaFile
    loop: bool

    def sentence(self) -> str:
        parts = []
        if self.media.picture is not None:
            parts.append(f"picture {_treatment(self.media.picture.obstacles())}")
        if self.media.sound is not None:
            parts.append(f"sound {_treatment(self.media.sound.obstacles())}")
        return ", ".join(parts)

    def command(self, program: str, address: str, start_s: float) -> list[str]:
        """FFmpeg's command line; ``start_s`` seconds of the file were sent before."""
        reading: dict[str, Any] = {"re": None}
        if self.loop:
            reading["stream_loop"] = -1
        if start_s > 0:
            reading["ss"] = f"{start_s:.3f}"
        source = ffmpeg.input(str(self.media.path), **reading)
        indexes = (self.media.picture_index, self.media.sound_index)
        streams = [source[str(index)] for index in indexes if index is not None]
        options = {"format": "whip", **self._picture_options(), **self._sound_options()}
        command: list[str] = (
            ffmpeg.output(*streams, address, **options)
            .global_args("-hide_banner", "-nostdin", "-nostats", "-loglevel", "error")
            .global_args("-progress", "pipe:1", "-stats_period", "0.5")
            .compile(cmd=program)
        )
        return command

    def _picture_options(self) -> dict[str, Any]:
        picture = self.media.picture
        if picture is None:
            return {}
        if not picture.obstacles():
            return {"c:v": "copy"}
        width, height, fps = encoded_shape(picture)
        rate = min(3_500_000, max(300_000, round(width * height * fps * 0.07)))
        steps = ["yadif=deint=interlaced"] if picture.interlaced else []
        steps += [f"scale={width}:{height}", "setsar=1", f"fps={fps:g}", "format=yuv420p"]
        return {
            "c:v": "libx264",
            "preset": "veryfast",
            "tune": "zerolatency",
            "profile:v": "baseline",
            "bf": 0,
            "g": round(fps * KEYFRAME_S),
            "keyint_min": round(fps * KEYFRAME_S),
            "sc_threshold": 0,
            "b:v": rate,
            "maxrate": rate * 5 // 4,
            "bufsize": rate,
            "vf": ",".join(steps),
        }

    def _sound_options(self) -> dict[str, Any]:
        sound = self.media.sound
        if sound is None:
            return {}
        if not sound.obstacles():
            return {"c:a": "copy"}
        return {
            "c:a": "libopus",
            "ar": 48000,
            "ac": 2,
            "b:a": 64000 if sound.channels == 1 else 96000,
        }


def encoded_shape(picture: Picture) -> tuple[int, int, float]:
    """Width and height upright, even, square pixels, within 1080p; 15 to 30 pictures a second."""
    width, height = picture.width * float(picture.sample_aspect), float(picture.height)
    if picture.rotation % 180 == 90:
        width, height = height, width
    long, short = max(width, height), min(width, height)
    shrink = min(1.0, 1920 / long, 1080 / short)
    fps = min(30.0, max(15.0, round(picture.fps, 3)))
    return max(2, int(width * shrink / 2) * 2), max(2, int(height * shrink / 2) * 2), fps


def _treatment(obstacles: list[str]) -> str:
    return f"encoded again ({', '.join(obstacles)})" if obstacles else "as it is"


class _Run:
    """One FFmpeg process: a thread each reads its progress and its complaints."""

    def __init__(self, command: list[str]) -> None:
        self.started = time.monotonic()
        self.sent_s = 0.0
        self._complaints: collections.deque[str] = collections.deque(maxlen=5)
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            process_group=0,
            # Only prctl, which takes no lock another thread could hold: ffmpeg dies with us.
            preexec_fn=lambda: _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM),  # noqa: PLW1509
        )
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self._readers = [
            threading.Thread(target=self._read_progress, args=(self._process.stdout,), daemon=True),
            threading.Thread(target=self._read_errors, args=(self._process.stderr,), daemon=True),
        ]
        for reader in self._readers:
            reader.start()

    def _read_progress(self, lines: IO[str]) -> None:
        for line in lines:
            key, _, value = line.strip().partition("=")
            if key == "out_time_us" and value.lstrip("-").isdigit():
                self.sent_s = max(self.sent_s, int(value) / 1e6)

    def _read_errors(self, lines: IO[str]) -> None:
        for line in lines:
            self._complaints.append(line.strip())

    def ended(self, within_s: float) -> int | None:
        """The exit code, or None while it runs."""
        try:
            code = self._process.wait(within_s)
        except subprocess.TimeoutExpired:
            return None
        for reader in self._readers:
            reader.join(1.0)
        return code

    def end(self) -> None:
        self._process.terminate()
        if self.ended(3.0) is None:
            self._process.kill()
            self.ended(3.0)
        for stream in (self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()

    @property
    def complaint(self) -> str:
        return self._complaints[-1] if self._complaints else "ffmpeg ended without a word"


class Publisher:
    """Sends a file until it ends or ``stop`` is set, over as many sessions as the link needs."""

    def __init__(
        self,
        plan: Plan,
        url: str,
        token: str | None,
        *,
        program: str,
        report: Report,
        language: str | None = None,
    ) -> None:
        self._plan = plan
        self._program = program
        self._report = report
        self._door = WhipDoor(url, token, language)
        self._stop = threading.Event()
        self._position_s = 0.0
        self._ever_live = False

    def stop(self) -> None:
        self._stop.set()

    def run(self) -> float:
        """Seconds of the file that were sent. Raises PublishFailed."""
        self._report("plan", {"sentence": self._plan.sentence(), "loop": self._plan.loop})
        began, pause, total = time.monotonic(), 0.5, 0.0
        try:
            while not self._stop.is_set():
                lived_s, done = self._one_session()
                total += lived_s
                if done:
                    break
                pause = 0.5 if lived_s > STEADY_S else min(pause * 2, LONGEST_PAUSE_S)
                self._consider_giving_up(began)
                refusal = self._door.refusal
                wait = (refusal and refusal.retry_after_s) or pause
                self._report("retry", {"in_s": wait})
                self._stop.wait(wait)
        finally:
            self._door.close()
        self._report("end", {"sent_s": round(total, 1)})
        return total

    def _consider_giving_up(self, began: float) -> None:
        if self._ever_live or time.monotonic() - began < FIRST_TRY_FOR_S:
            return
        refusal = self._door.refusal
        sentence = refusal.sentence if refusal else "no media reaches the server over UDP"
        raise PublishFailed(sentence, bad_input=False)

    def _one_session(self) -> tuple[float, bool]:
        """Seconds sent, and whether there is nothing more to send."""
        address = self._door.open()
        try:
            run = _Run(self._plan.command(self._program, address, self._position_s))
        except OSError as error:
            sentence = f"{self._program} does not run: {error.strerror}"
            raise PublishFailed(sentence, bad_input=True) from error
        try:
            code = self._watch(run)
        finally:
            run.end()
        if not self._plan.loop:
            self._position_s += run.sent_s
        if self._stop.is_set() or code == 0 or self._all_sent():
            return run.sent_s, True
        self._explain(run)
        self._door.end_session()
        return run.sent_s, False

    def _all_sent(self) -> bool:
        """A link that is lost during the goodbye is no reason to send the last words again."""
        duration_s = self._plan.media.duration_s
        return duration_s is not None and self._position_s > max(0.0, duration_s - GOODBYE_S)

    def _watch(self, run: _Run) -> int | None:
        """Until FFmpeg ends (its exit code), the server forgets the session or ``stop`` is set."""
        live, next_check = False, time.monotonic() + LIVENESS_EVERY_S
        while not self._stop.is_set():
            code = run.ended(0.1)
            if code is not None:
                return code
            if not live and run.sent_s > 0 and self._door.session is not None:
                live = self._ever_live = True
                self._report("live", {"after_s": round(time.monotonic() - run.started, 2)})
            if live and time.monotonic() > next_check:
                if self._door.liveness() == "gone":
                    return None
                next_check = time.monotonic() + LIVENESS_EVERY_S
        return None

    def _explain(self, run: _Run) -> None:
        refusal: Refusal | None = self._door.refusal
        if refusal is not None and refusal.final:
            raise PublishFailed(refusal.sentence, bad_input=True)
        if not self._door.called:
            # FFmpeg never called: the file or the program is at fault.
            raise PublishFailed(run.complaint, bad_input=True)
        reason = refusal.sentence if refusal else "the link to the server was lost"
        self._report("lost", {"reason": reason})


def ffmpeg_program() -> str:
    """TONGKE_FFMPEG, or the FFmpeg of the imageio-ffmpeg wheel."""
    named = os.environ.get("TONGKE_FFMPEG")
    if named:
        return named
    import imageio_ffmpeg  # slow to import, and not needed with TONGKE_FFMPEG

    return str(Path(imageio_ffmpeg.get_ffmpeg_exe()))
