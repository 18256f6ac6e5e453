"""Rights that end while media flows, on the real server with its real relay and packager."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urljoin
from uuid import UUID

import httpx2
import pytest

from tests.makers import Makers
from tests.media_commands.commands import running
from tests.media_commands.test_demo import demo
from tests.rtc.peer import offer
from tongke_courses.lessons import service as lessons
from tongke_platform.app.factory import make_frame
from tongke_platform.frame import Frame
from tongke_platform.organisations.models import Room
from tongke_platform.settings import Settings

CAMERA = "room-far"
# The media session is over long before ICE would give it up.
SOON_S = 5.0


@dataclass
class Far:
    """A far classroom of the demo's lesson; ``frame`` stands on the server's own database."""

    ready: dict[str, Any]
    frame: Frame
    room: Room
    http: httpx2.AsyncClient

    @property
    def live(self) -> str:
        return f"{self.ready['base_url']}/live/{self.ready['lesson_id']}"

    def camera_token(self) -> str:
        return self.frame.media_tokens.issue(
            lesson=self.ready["lesson_id"],
            act="publish",
            holder=f"room:{self.room.id}",
            source=CAMERA,
            room=str(self.room.id),
            now=self.frame.now(),
            lifetime=timedelta(hours=1),
        )

    async def watch(self) -> str:
        """The address of a new WHEP session by the room's own address."""
        headers = {"content-type": "application/sdp"}
        address = f"{self.live}/whep?token={self.room.token}"
        sdp = offer("video", direction="recvonly")
        answer = await self.http.post(address, content=sdp, headers=headers)
        assert answer.status_code == 201, answer.text
        return urljoin(self.live, answer.headers["location"])

    async def session_is_there(self, address: str) -> bool:
        headers = {"content-type": "application/trickle-ice-sdpfrag"}
        answer = await self.http.patch(address, content="a=ice-ufrag:x\r\n", headers=headers)
        return answer.status_code != 404

    async def playlist(self) -> str:
        """The media playlist of what the classroom sends; empty while there is none."""
        token = self.ready["hls_token"]
        address = f"{self.live}/hls/index.m3u8?source={CAMERA}&token={token}"
        master = await self.http.get(address)
        if master.status_code == 409:
            return ""
        [first, *_] = [
            line for line in master.raise_for_status().text.splitlines() if line.startswith("http")
        ]
        return (await self.http.get(first)).raise_for_status().text


@asynccontextmanager
async def far_room(folder: Path) -> AsyncIterator[Far]:
    async with demo(folder, "--no-publish") as shown:
        ready = shown.ready
        frame = make_frame(Settings(data_dir=folder / "data"))
        try:
            async with frame.database.read() as session:
                lesson = await lessons.get(session, UUID(ready["lesson_id"]))
            token = ready["room_url"].rpartition("/")[2]
            room = next(one for one in lesson.rooms if one.token == token)
            async with httpx2.AsyncClient(trust_env=False, timeout=20) as http:
                yield Far(ready, frame, room, http)
        finally:
            frame.passwords.close()
            await frame.limiter.close()
            await frame.database.close()


async def until(holds: Callable[[], Awaitable[bool]], within_s: float = 30.0) -> None:
    """For what only an answer of the server tells."""
    async with asyncio.timeout(within_s):
        while True:
            if await holds():
                return
            await asyncio.sleep(0.05)


def pictures(playlist: str) -> list[str]:
    """The segments that hold something, by their addresses."""
    found, gap = [], False
    for line in playlist.splitlines():
        if line.startswith("#EXT-X-GAP"):
            gap = True
        elif line and not line.startswith("#"):
            found += [] if gap else [line]
            gap = False
    return found


@pytest.mark.timeout(180)
async def test_a_withdrawal_stops_the_camera_and_its_recording(
    tmp_path: Path, ready_video: Path
) -> None:
    async with far_room(tmp_path) as far:
        make = Makers(far.frame)
        pupils = await make.class_in(far.room, "李小红", "王小明")
        receipt = (await make.consent_of(far.room, pupils))[1]
        token = {"TONGKE_TOKEN": far.camera_token()}
        arguments = ["publish", str(ready_video), f"{far.live}/whip", "--loop", "--json"]
        async with running(*arguments, **token) as camera:
            await camera.event("live")

            async def recorded() -> bool:
                return bool(pictures(await far.playlist()))

            await until(recorded)
            page = f"{far.ready['base_url']}/consent/receipt/{receipt}"
            form = {"purpose": "recording"}
            same = {"sec-fetch-site": "same-origin"}
            answer = await far.http.post(f"{page}/withdraw", data=form, headers=same)
            assert answer.status_code == 303, answer.text
            async with asyncio.timeout(SOON_S):
                await camera.event("lost")
            code, _, errors = await camera.finish()
            assert code == 2
            assert len(errors.splitlines()) == 1
        last = pictures(await far.playlist())
        # A gap follows, cut by the relay after the last picture: what came before it is all there is.

        async def gap_began() -> bool:
            return "#EXT-X-GAP" in await far.playlist()

        await until(gap_began)
        after = await far.playlist()
        assert len(pictures(after)) <= len(last) + 1, "what was open is closed, and no more"
        refused = await far.http.post(
            f"{far.live}/whip",
            content=offer("video"),
            headers={
                "content-type": "application/sdp",
                "authorization": f"Bearer {far.camera_token()}",
            },
        )
        assert (refused.status_code, refused.json()["code"]) == (403, "no_consent")


async def revoke(far: Far, headers: dict[str, str]) -> httpx2.Response:
    address = f"{far.ready['base_url']}/api/rooms/{far.room.id}/address/revoke"
    return await far.http.post(address, headers=headers)


async def pause(far: Far, headers: dict[str, str]) -> httpx2.Response:
    [along] = far.ready["resources"]["partnership"][:1]
    return await far.http.post(f"{along}/pause", json={"reason": "网络改造"}, headers=headers)


@pytest.mark.timeout(180)
@pytest.mark.parametrize("take_away", [revoke, pause])
async def test_who_watched_by_what_is_taken_away_watches_no_more(
    tmp_path: Path,
    ready_video: Path,
    take_away: Callable[[Far, dict[str, str]], Awaitable[httpx2.Response]],
) -> None:
    async with far_room(tmp_path) as far:
        token = {"TONGKE_TOKEN": far.ready["whip_token"]}
        arguments = ["publish", str(ready_video), f"{far.live}/whip", "--loop", "--json"]
        async with running(*arguments, **token) as sending:
            await sending.event("live")
            hls = f"{far.live}/hls/index.m3u8?token={far.room.token}"

            async def plays() -> bool:
                return (await far.http.get(hls)).status_code == 200

            await until(plays)
            watching = await far.watch()
            assert await far.session_is_there(watching)
            headers = {"authorization": f"Bearer {far.ready['owner_token']}"}
            if take_away is revoke:
                headers = {"authorization": f"Bearer {far.ready['api_token']}"}
            answer = await take_away(far, headers)
            assert answer.is_success, answer.text

            async def is_over() -> bool:
                return not await far.session_is_there(watching)

            await until(is_over, SOON_S)
            assert (await far.http.get(hls)).status_code in {401, 403}
            assert (
                await far.http.post(far.live + "/whep?token=" + far.room.token)
            ).status_code in {
                401,
                403,
            }
