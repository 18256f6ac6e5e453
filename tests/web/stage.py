"""The pages on a stage: every page in any state, with the server's words put in its mouth.

States such as a full disk or a poor link are hard to reach with the real server; here a test sets
them. The pages, their scripts and the hls.js they play with are the real ones; there is no WHEP, so a
classroom falls to the HLS of a short clip that ffmpeg keeps going.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import imageio_ffmpeg
import uvicorn
from fastapi import FastAPI, Request, WebSocket
from pydantic import BaseModel
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocketDisconnect

from tongke_courses.boards.page_parts import About
from tongke_courses.lessons.pages import Action, LessonView, Stop
from tongke_courses.lessons.snapshot import Report
from tongke_platform.pages.rendering import Pages, add_pages
from tongke_platform.pages.viewer import Viewer
from tongke_platform.wire.hub import Wire
from tongke_platform.wire.kinds import Flavour, Kind
from tongke_platform.wire.limits import Limits

LESSON = "019ab000-0000-7000-8000-000000000001"
TITLE = "分数的初步认识"
VIEWER = Viewer("林晓芳", "育才实验小学")


def lesson_view(state: str = "planned", **changes: Any) -> LessonView:
    start = datetime.now(UTC) + timedelta(minutes=5)
    values: dict[str, Any] = {
        "id": LESSON,
        "title": TITLE,
        "subject": "数学",
        "grade": "三年级",
        "school": "育才实验小学",
        "teacher": "林晓芳",
        "state": state,
        "planned_start": start,
        "planned_length": timedelta(minutes=40),
    }
    return LessonView(**{**values, **changes})


def room_state(number: int, state: str = "watching", **changes: Any) -> dict[str, Any]:
    schools = ["石门乡中心小学", "白水镇第二小学", "青山教学点"]
    values = {
        "id": f"room-{number}",
        "name": f"三年级{number}班",
        "school": schools[number % 3],
        "state": state,
        "carrier": "whep" if state == "watching" else "none",
        "layer": "f" if state == "watching" else "",
        "kbps": 1500,
        "loss": 0.0,
        "latency_ms": 240,
        "freezes": 0,
        "class_size": 38 + number,
    }
    return {**values, **changes}


@dataclass
class Stage:
    """What the pages are told. Change it, then ``tell`` those who are open."""

    base_url: str = ""
    state: str = "planned"
    source: str = "none"
    recording: tuple[str, str] = ("idle", "")
    rooms: list[dict[str, Any]] = field(default_factory=list)
    room_lesson: bool = True
    starts_in: timedelta = timedelta(minutes=5)
    stops: Sequence[Stop] = ()
    topics: About | None = None
    trouble: str = ""
    whip_refusal: tuple[int, str] = (503, "busy")
    link_up: bool = True
    sockets: set[WebSocket] = field(default_factory=set)
    reports: list[dict[str, Any]] = field(default_factory=list)
    wire: Wire = field(default_factory=lambda: Wire(limits=Limits(coalesce_s=0.02)))

    def __post_init__(self) -> None:
        self.wire.register(StagedLesson(self))

    def snapshot(self) -> dict[str, Any]:
        now = datetime.now(UTC)
        return {
            "lesson": {
                "id": LESSON,
                "title": TITLE,
                "state": self.state,
                "planned_start": (now + self.starts_in).isoformat(),
                "started_at": (now - timedelta(minutes=12)).isoformat()
                if self.state == "live"
                else None,
                "school": "育才实验小学",
                "teacher": "林晓芳",
            },
            "source": {
                "state": self.source,
                "since": now.isoformat(),
                "kbps": 2100,
                "loss": 0.004,
                "layers": [{"layer": "f", "kbps": 1500, "fps": 25}],
            },
            "recording": {"state": self.recording[0], "reason": self.recording[1]},
            "rooms": self.rooms,
            "addresses": {"whep": "/whep", "hls": "/clip/index.m3u8", "replay": "/x.m3u8"},
        }

    async def tell(self, **changes: Any) -> None:
        for name, value in changes.items():
            setattr(self, name, value)
        self.wire.touch(f"lesson:{LESSON}")

    async def cut(self) -> None:
        """The pages lose the server: open sockets close, nothing else is let in."""
        self.link_up = False
        for one in list(self.sockets):
            with suppress(RuntimeError, WebSocketDisconnect):
                await one.close()

    def room_page(self) -> dict[str, Any] | None:
        if not self.room_lesson:
            return None
        start = datetime.now(UTC) + self.starts_in
        return {
            "id": LESSON,
            "title": TITLE,
            "subject": "数学",
            "grade": "三年级",
            "school": "育才实验小学",
            "teacher": "林晓芳",
            "state": self.state,
            "planned_start": start.isoformat(),
            "start_words": "今天 10:05",
            "addresses": {
                "whep": "/whep",
                "hls": "/clip/index.m3u8",
                "topic": f"lesson:{LESSON}",
                "replay_page": "/replay",
            },
        }


class StagedLesson(Kind[None]):
    """The lesson's topic: says what the stage says."""

    name: ClassVar[str] = "lesson"
    flavour: ClassVar[Flavour] = "state"
    says: ClassVar[type[BaseModel] | None] = Report

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    async def authorise(self, connection: HTTPConnection, key: str) -> None:
        """Everybody may."""

    async def snapshot(self, key: str, context: None) -> dict[str, Any]:
        return self._stage.snapshot()

    async def said(self, key: str, context: None, what: Any, ref: str | None) -> None:
        self._stage.reports.append(what.model_dump())


def make_app(stage: Stage, clips: Path) -> FastAPI:
    app = FastAPI()
    pages = Pages()
    add_pages(app, pages)
    _add_link(app, stage)
    _add_pages(app, stage, pages)
    _add_teach(app, stage, pages)
    _add_room(app, stage, pages)
    _add_answers(app, stage)
    app.mount("/clip", StaticFiles(directory=clips / "live"))
    app.mount("/recorded", StaticFiles(directory=clips / "recorded"))
    return app


def _add_link(app: FastAPI, stage: Stage) -> None:
    """What goes when the stage's link does: media, and the wire."""

    @app.middleware("http")
    async def cut(request: Request, proceed: Any) -> Response:
        gone = not stage.link_up and request.url.path.startswith(("/clip/", "/whep", "/whip"))
        answer: Response = Response(status_code=502) if gone else await proceed(request)
        return answer

    @app.websocket("/api/wire")
    async def wire(socket: WebSocket) -> None:
        if not stage.link_up:
            await socket.close()
            return
        await socket.accept()
        stage.sockets.add(socket)
        try:
            await stage.wire.serve(socket, "stage", str)
        finally:
            stage.sockets.discard(socket)


def _add_pages(app: FastAPI, stage: Stage, pages: Pages) -> None:
    @app.get("/")
    async def today(request: Request) -> Response:
        return pages.render(request, "lessons/today.html", viewer=VIEWER, stops=stage.stops)

    @app.get("/login")
    async def login(request: Request) -> Response:
        return pages.render(request, "login.html", trouble=stage.trouble, username="", next="/")

    @app.get("/replay")
    async def replay(request: Request, source: str = "/recorded/index.m3u8") -> Response:
        view = lesson_view("ended")
        data = {"source": source}
        captions = request.query_params.get("captions", "")
        return pages.render(
            request,
            "lessons/replay.html",
            lesson=view,
            back="/",
            captions=captions,
            data=data,
            topics=stage.topics,
        )

    @app.get("/not-yet")
    async def not_yet(request: Request) -> Response:
        view = lesson_view(stage.state)
        return pages.render(request, "lessons/not_yet.html", viewer=VIEWER, lesson=view)

    @app.get("/broken-page")
    async def broken_page(request: Request) -> Response:
        return pages.error_page(request, 404, "not_found", "There is nothing at this address.")


def _add_teach(app: FastAPI, stage: Stage, pages: Pages) -> None:
    @app.get("/teach")
    async def teach(request: Request) -> Response:
        view = lesson_view(stage.state)
        if stage.state == "ended":
            values = {"viewer": VIEWER, "lesson": view, "replay_url": "/replay"}
            return pages.render(request, "lessons/over.html", status=200, **values)
        data = _taught(stage, pages)
        return pages.render(request, "lessons/teach.html", viewer=VIEWER, lesson=view, data=data)


def _taught(stage: Stage, pages: Pages) -> dict[str, Any]:
    return {
        "lesson": {"id": LESSON, "title": TITLE, "state": stage.state, "started_at": None},
        "rooms": [
            {key: room[key] for key in ("id", "name", "school", "class_size")}
            for room in stage.rooms
        ],
        "topic": f"lesson:{LESSON}",
        "whip_url": "/whip",
        "tokens_url": "/tokens",
        "end_url": "/end",
        "replay_page": "/replay",
        "ticker_url": pages.asset("ticker.js"),
    }


def _add_room(app: FastAPI, stage: Stage, pages: Pages) -> None:
    @app.get("/room/{token}")
    async def room(request: Request, token: str) -> Response:
        if token == "gone":
            return pages.error_page(request, 404, "no_room", "")
        data = {
            "token": token,
            "now": datetime.now(UTC).isoformat(),
            "next_url": f"/room/{token}/next",
            "lesson": stage.room_page(),
        }
        shown = {"name": "三年级2班", "school": "石门乡中心小学"}
        return pages.render(request, "lessons/room.html", room=shown, data=data)

    @app.get("/room/{token}/next")
    async def room_next(token: str) -> dict[str, Any]:
        return {"lesson": stage.room_page()}


def _add_answers(app: FastAPI, stage: Stage) -> None:
    @app.post("/tokens")
    async def tokens() -> dict[str, str]:
        return {"token": "a.b.c"}

    @app.post("/whip")
    @app.post("/whep")
    async def refused() -> Response:
        status, code = stage.whip_refusal
        return JSONResponse({"code": code, "status": status}, status)

    @app.post("/end")
    async def end() -> dict[str, bool]:
        stage.state = "ended"
        return {"replay_ready": True}


class _Server(uvicorn.Server):
    started_event: asyncio.Event

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.started_event.set()


@asynccontextmanager
async def serving(app: FastAPI) -> AsyncIterator[str]:
    """The app at a free port; its address."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = _Server(uvicorn.Config(app, log_config=None, ws="websockets-sansio", lifespan="off"))
    server.started_event = asyncio.Event()
    task = asyncio.create_task(server.serve([listener]))
    await server.started_event.wait()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = server.force_exit = True
        await task


_SOURCES = (
    *("-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=25"),
    *("-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000"),
)
_ENCODE = (
    *("-c:v", "libx264", "-preset", "ultrafast", "-g", "50", "-pix_fmt", "yuv420p"),
    *("-c:a", "aac", "-b:a", "64k"),
)
_HLS = ("-f", "hls", "-hls_segment_type", "fmp4", "-hls_time", "2")


async def make_recording(folder: Path) -> None:
    """Twenty seconds, of which the four in the middle are a gap, as the archive marks one."""
    folder.mkdir(parents=True)
    playlist = folder / "index.m3u8"
    options = (*_HLS, "-hls_playlist_type", "vod", str(playlist))
    process = await asyncio.create_subprocess_exec(
        imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", *_SOURCES, "-t", "20", *_ENCODE, *options,
        stdin=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    assert await process.wait() == 0
    text = playlist.read_text()
    for name in ("index4.m4s", "index5.m4s"):
        text = text.replace(f"#EXTINF:2.000000,\n{name}", f"#EXT-X-GAP\n#EXTINF:2.000000,\n{name}")
        (folder / name).unlink()
    playlist.write_text(text.replace("#EXT-X-VERSION:7", "#EXT-X-VERSION:8"))


@asynccontextmanager
async def live_clip(folder: Path) -> AsyncIterator[None]:
    """A test picture with sound as live HLS in ``index.m3u8``, from its first playlist on."""
    folder.mkdir(parents=True)
    options = (*_HLS, "-hls_list_size", "6", "-hls_flags", "delete_segments+program_date_time")
    process = await asyncio.create_subprocess_exec(
        imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-re", *_SOURCES, *_ENCODE, *options,
        str(folder / "index.m3u8"), stdin=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield
    finally:
        process.terminate()
        await process.wait()


def a_day() -> list[Stop]:
    """A day with a lesson over, one next, two to come."""
    now = datetime.now(UTC)

    def at(minutes: int) -> datetime:
        return now + timedelta(minutes=minutes)

    over = lesson_view("ended", title="古诗两首：望天门山、饮湖上初晴后雨", planned_start=at(-90))
    return [
        Stop(over, [Action("replay", "/replay")]),
        Stop(lesson_view("planned"), [Action("teach", "/teach")], next=True),
        Stop(
            lesson_view("planned", title="Unit 4 My Family", subject="英语", planned_start=at(65)),
            [Action("room", "/room/a", "三年级1班"), Action("room", "/room/b", "三年级2班")],
        ),
        Stop(lesson_view("planned", title="植物的身体", subject="科学", planned_start=at(130))),
    ]
