"""The demo while it runs: the server, its data, and a lesson sent into it."""

import asyncio
import json
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE
from contextlib import suppress
from pathlib import Path
from uuid import UUID

import httpx2

from tongke_platform.cli.child import NeverReady
from tongke_platform.cli.demo_ready import ReadyFile, make_ready_file, print_welcome
from tongke_platform.cli.demo_seed import NotADemo, Seeded, seed
from tongke_platform.cli.demo_send import Sending
from tongke_platform.cli.ports import PortTaken
from tongke_platform.cli.supervisor import CannotServe, Ready, Supervisor
from tongke_platform.demo import people
from tongke_platform.demo.lesson import cache_folder, lesson_path
from tongke_platform.settings import Settings
from tongke_streaming.ingest.publish import PublishFailed
from tongke_streaming.probe.viewing import NothingSeen
from tongke_streaming.probe.watch import watch

MEDIA_WITHIN_S = 60.0
EARLIER_FOR_S = 15.0


class DemoFailed(RuntimeError):
    def __init__(self, sentence: str, *, bad_input: bool = False) -> None:
        super().__init__(sentence)
        self.bad_input = bad_input


class Demo:
    """``run`` returns when it was told to stop by a signal."""

    def __init__(
        self, settings: Settings, *, video: Path | None, publish: bool, ready_file: Path | None
    ) -> None:
        self._video = video
        self._publish = publish
        self._ready_file = ready_file
        self._supervisor = Supervisor(settings)
        self._sendings: list[Sending] = []
        self._work: asyncio.Task[None] | None = None
        self._began = time.monotonic()

    async def run(self) -> None:
        """Raises DemoFailed."""
        making = asyncio.create_task(self._lesson_video())
        try:
            await self._supervisor.run(on_ready=lambda ready: self._start(ready, making))
        except (CannotServe, PortTaken) as error:
            raise DemoFailed(str(error), bad_input=True) from error
        except NeverReady as error:
            raise DemoFailed(str(error)) from error
        finally:
            await self._stop(making)
        self._raise_failure()

    async def _start(self, ready: Ready, making: "asyncio.Task[Path]") -> None:
        """Go on beside the supervisor, so that a signal is heard while the demo is being set up."""
        self._work = asyncio.create_task(self._set_up(ready, making))
        self._work.add_done_callback(self._give_up_if_failed)

    def _give_up_if_failed(self, work: "asyncio.Task[None]") -> None:
        if not work.cancelled() and work.exception() is not None:
            self._supervisor.stop()

    def _raise_failure(self) -> None:
        if self._work is None or self._work.cancelled():
            return
        try:
            self._work.result()
        except (NotADemo, PublishFailed) as error:
            raise DemoFailed(str(error), bad_input=True) from error
        except (httpx2.HTTPError, OSError) as error:
            raise DemoFailed(f"the demo could not be set up: {error}") from error

    async def _set_up(self, ready: Ready, making: "asyncio.Task[Path]") -> None:
        seeded = await seed(self._supervisor.settings)
        base = ready.base_url
        for lesson in seeded.stale_ids:
            await self._end_lesson(base, lesson, seeded)
        video = await making
        if self._publish:
            sending = self._send(video, f"{base}/live/{seeded.lesson_id}", seeded.whip_token)
            await self._media_answers(f"{base}/live/{seeded.lesson_id}", seeded, sending)
        written = await make_ready_file(base, seeded)
        self._write_ready(written)
        print_welcome(written, published=self._publish, after_s=time.monotonic() - self._began)
        if self._publish and seeded.earlier is not None:
            with suppress(PublishFailed, httpx2.HTTPError):
                await self._teach_earlier(base, *seeded.earlier, seeded, video)

    async def _lesson_video(self) -> Path:
        """What is sent. The built-in lesson is drawn in a process of its own while the server
        starts. Raises DemoFailed.
        """
        path = lesson_path(cache_folder())
        if self._video is not None or not self._publish or path.exists():
            return self._video or path
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tongke_platform.demo"),
            stdin=DEVNULL,
            stdout=DEVNULL,
            stderr=PIPE,
        )
        try:
            _, errors = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode:
            last = errors.decode(errors="replace").strip().splitlines()[-1:]
            raise DemoFailed(f"the built-in lesson could not be made: {''.join(last)}")
        return path

    def _send(self, video: Path, live: str, token: str, *, loop: bool = True) -> Sending:
        sending = Sending(video, f"{live}/whip", token, loop=loop)
        self._sendings.append(sending)
        return sending

    async def _media_answers(self, live: str, seeded: Seeded, sending: Sending) -> None:
        """Until a picture came by WHEP and by HLS. Raises DemoFailed, PublishFailed."""
        try:
            async with asyncio.timeout(MEDIA_WITHIN_S):
                await sending.until_live()
                await asyncio.gather(
                    _see(f"{live}/whep", seeded.watch_token),
                    _see(f"{live}/hls/index.m3u8", seeded.watch_token),
                )
        except TimeoutError:
            raise DemoFailed("the lesson is being sent, but no picture comes back") from None

    def _write_ready(self, written: ReadyFile) -> None:
        """Whole or not at all; its tokens are for its owner alone."""
        if self._ready_file is None:
            return
        part = self._ready_file.with_name(self._ready_file.name + ".part")
        part.touch(mode=0o600)
        part.write_text(json.dumps(written, ensure_ascii=False, indent=2) + "\n")
        part.replace(self._ready_file)

    async def _teach_earlier(
        self, base: str, lesson: UUID, token: str, seeded: Seeded, video: Path
    ) -> None:
        """The lesson before this one, short, so that there is something to replay already."""
        sending = self._send(video, f"{base}/live/{lesson}", token, loop=False)
        await sending.until_live()
        with suppress(TimeoutError):
            async with asyncio.timeout(EARLIER_FOR_S):
                await asyncio.shield(sending.done)
        await sending.stop()
        await self._end_lesson(base, lesson, seeded)

    async def _end_lesson(self, base: str, lesson: UUID, seeded: Seeded) -> None:
        headers = {"authorization": f"Bearer {seeded.state.tokens[people.OWNER]}"}
        async with httpx2.AsyncClient(trust_env=False, timeout=15, headers=headers) as client:
            (await client.post(f"{base}/api/lessons/{lesson}/end")).raise_for_status()

    async def _stop(self, making: "asyncio.Task[Path]") -> None:
        for task in (making, self._work):
            if task is not None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
        await asyncio.gather(*(sending.stop() for sending in self._sendings))
        if self._ready_file is not None:
            self._ready_file.unlink(missing_ok=True)


async def _see(address: str, token: str) -> None:
    """Until one moment of media came from this address."""
    while True:
        with suppress(NothingSeen):
            await watch(address, token, 0.1)
            return
        await asyncio.sleep(0.3)
