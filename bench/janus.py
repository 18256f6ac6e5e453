"""Debian's Janus as a peer: its streaming plugin, RTP in, WebRTC out to the same light viewers."""

import asyncio
import json
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from tongke_streaming.rtc import sdp

from .rtc_client import TYPES, Remote, Viewer, read_remote

_LIBRARIES = Path("/usr/lib/x86_64-linux-gnu/janus")
_MAIN = """
general: {{
  configs_folder = "{folder}"
  plugins_folder = "{folder}/plugins"
  transports_folder = "{folder}/transports"
  events_folder = "{folder}/none"
  loggers_folder = "{folder}/none"
  debug_level = 2
  debug_colors = false
  event_loops = {event_loops}
}}
nat: {{ ice_lite = true; ice_tcp = false; full_trickle = false }}
media: {{ rtp_port_range = "20000-40000" }}
"""
_WEBSOCKETS = """
general: {{ json = "compact"; ws = true; ws_port = {port}; ws_ip = "127.0.0.1"; wss = false }}
admin: {{ admin_ws = false }}
"""
_STREAMING = """
general: {{ }}
lesson: {{
  type = "rtp"; id = 1; description = "lesson"
  audio = true; audioport = {a}; audiopt = {a_type}; audiocodec = "opus"
  video = true; videoport = {v}; videopt = {v_type}; videocodec = "h264"; videobufferkf = true
  videofmtp = "profile-level-id=42e01f;packetization-mode=1"
}}
"""


def installed() -> str | None:
    """Path of the program, None where it or its plugins are missing."""
    plugin = _LIBRARIES / "plugins" / "libjanus_streaming.so"
    return shutil.which("janus") if plugin.exists() else None


@dataclass(frozen=True)
class Running:
    """``address`` of its WebSocket API, ``ports`` its mount point takes RTP on."""

    process: subprocess.Popen[bytes]
    address: str
    ports: dict[str, int]


def _free_port(kind: int) -> int:
    with socket.socket(socket.AF_INET, kind) as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def _configure(folder: Path, event_loops: int) -> tuple[int, dict[str, int]]:
    for kind, name in (("plugins", "streaming"), ("transports", "websockets")):
        (folder / kind).mkdir()
        library = f"libjanus_{name}.so"
        (folder / kind / library).symlink_to(_LIBRARIES / kind / library)
    (folder / "none").mkdir()
    port = _free_port(socket.SOCK_STREAM)
    ports = {kind: _free_port(socket.SOCK_DGRAM) for kind in "av"}
    types = {"a_type": TYPES["a"], "v_type": TYPES["v"]}
    (folder / "janus.jcfg").write_text(_MAIN.format(folder=folder, event_loops=event_loops))
    (folder / "janus.transport.websockets.jcfg").write_text(_WEBSOCKETS.format(port=port))
    (folder / "janus.plugin.streaming.jcfg").write_text(_STREAMING.format(**ports, **types))
    return port, ports


@contextmanager
def running(program: str, event_loops: int) -> Iterator[Running]:
    """Janus with nothing but that plugin. ``event_loops`` 0: a thread per viewer, its default.

    Raises RuntimeError when it does not come up.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        port, ports = _configure(folder, event_loops)
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [program, "-F", str(folder), "-C", str(folder / "janus.jcfg")],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        try:
            _await_port(process, port, folder / "log")
            yield Running(process, f"ws://127.0.0.1:{port}", ports)
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _await_port(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + 10
    while time.monotonic() < until and process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise RuntimeError(f"Janus did not start:\n{log.read_text(errors='replace')[-2000:]}")


class JanusClient:
    """One session of its API; every viewer is a handle in it."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._session = 0
        self._number = 0
        self._answers: dict[str, asyncio.Queue[dict[str, Any]]] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._socket: ClientConnection | None = None

    async def open(self) -> None:
        self._socket = await connect(self._address, subprotocols=["janus-protocol"])  # type: ignore[list-item]
        self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._keep())]
        self._session = (await self._ask("create"))["data"]["id"]

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        if self._socket is not None:
            await self._socket.close()

    async def _listen(self) -> None:
        assert self._socket is not None
        async for text in self._socket:
            message = json.loads(text)
            queue = self._answers.get(message.get("transaction", ""))
            if queue is not None:
                queue.put_nowait(message)

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(20)
            await self._ask("keepalive")

    async def _ask(self, do: str, **fields: Any) -> dict[str, Any]:
        """The final answer: a plugin's comes as an event after an acknowledgement."""
        assert self._socket is not None
        self._number += 1
        name = str(self._number)
        queue = self._answers[name] = asyncio.Queue()
        if self._session:
            fields["session_id"] = self._session
        await self._socket.send(json.dumps({"janus": do, "transaction": name, **fields}))
        async with asyncio.timeout(20):
            while (answer := await queue.get())["janus"] == "ack" and do != "keepalive":
                pass
        del self._answers[name]
        if answer["janus"] == "error":
            raise RuntimeError(f"Janus refused {do}: {answer['error']}")
        return answer

    async def ask(self, viewer: Viewer) -> Remote:
        """Attach, watch, answer its offer."""
        attached = await self._ask("attach", plugin="janus.plugin.streaming")
        handle = attached["data"]["id"]
        event = await self._ask("message", handle_id=handle, body={"request": "watch", "id": 1})
        text = event["jsep"]["sdp"]
        remote = read_remote(text)
        viewer.sock.connect(remote.address)  # tells the address our answer must name
        jsep = {"type": "answer", "sdp": _answer(text, viewer)}
        await self._ask("message", handle_id=handle, body={"request": "start"}, jsep=jsep)
        return remote


def _answer(text: str, viewer: Viewer) -> str:
    """An answer that takes all the offer has."""
    sections = []
    for media in sdp.parse_offer(text).media:
        codec = sdp.choose_h264(media) if media.kind == "video" else sdp.choose_opus(media)
        feedback = codec.feedback if codec is not None else []
        sections.append(sdp.Section(media, codec, "recvonly", media.extensions, feedback))
    host, port = viewer.sock.getsockname()
    local = sdp.Local(
        viewer.ufrag,
        viewer.password,
        viewer.identity.fingerprint,
        "active",
        ((host, port),),
        "viewer",
    )
    return sdp.write_answer(1, sections, local).replace("a=ice-lite\r\n", "")
