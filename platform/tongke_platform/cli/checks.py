"""What can be wrong with a machine; each check answers in one sentence and changes nothing."""

import asyncio
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

import imageio_ffmpeg

from tongke_platform.cli import ports
from tongke_platform.database import migrate
from tongke_platform.settings import Settings

Level = Literal["ok", "warn", "bad"]

# From linux/udp.h; Python's socket module does not have them.
SOL_UDP = 17
UDP_SEGMENT = 103
EARLIEST = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Finding:
    name: str
    level: Level
    detail: str


def check_ffmpeg(settings: Settings) -> Finding:
    program = settings.ffmpeg or imageio_ffmpeg.get_ffmpeg_exe()
    try:
        answer = subprocess.run(
            [program, "-version"], check=False, capture_output=True, text=True, timeout=20
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return Finding("ffmpeg", "bad", f"{program} does not run ({error}); see TONGKE_FFMPEG")
    line = answer.stdout.partition("\n")[0]
    if answer.returncode or not line:
        return Finding("ffmpeg", "bad", f"{program} does not run; see TONGKE_FFMPEG")
    return Finding("ffmpeg", "ok", line)


def check_ports(settings: Settings) -> Finding:
    try:
        ports.check_tcp(settings.host, settings.port, "TONGKE_PORT")
        if settings.hls_port is not None:
            ports.check_tcp(settings.host, settings.hls_port, "TONGKE_HLS_PORT")
        else:
            ports.free_tcp_after(settings.host, settings.port, "TONGKE_HLS_PORT")
        ports.check_udp(settings.media_host, settings.media_port, "TONGKE_MEDIA_PORT")
    except ports.PortTaken as error:
        return Finding("ports", "bad", str(error))
    return Finding("ports", "ok", f"TCP {settings.port}, UDP {settings.media_port} are free")


def check_database(settings: Settings) -> Finding:
    if settings.database_url is None and not (settings.data_dir / "tongke.db").exists():
        return Finding("database", "ok", "will be made by tongke serve")
    try:
        revision = asyncio.run(migrate.revision(settings.sql_url))
    except Exception as error:  # noqa: BLE001 (a driver's errors have no common base)
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        return Finding("database", "bad", f"{reason}; see TONGKE_DATABASE_URL")
    if revision != migrate.head_revision():
        return Finding("database", "warn", f"at {revision}; tongke migrate brings it up to date")
    return Finding("database", "ok", f"up to date ({revision})")


def check_storage(settings: Settings) -> Finding:
    url = urlsplit(settings.media_url)
    if url.scheme != "file":
        return Finding("storage", "bad", f"TONGKE_STORAGE_URL must be file:///…, not {url.scheme}:")
    folder = _existing(Path(unquote(url.path)))
    if not os.access(folder, os.W_OK | os.X_OK):
        return Finding("storage", "bad", f"cannot write to {folder}; see TONGKE_DATA_DIR")
    free = shutil.disk_usage(folder).free
    said = f"{free / 1e9:.1f} GB free in {folder}"
    if free < settings.min_free_bytes:
        return Finding("storage", "bad", f"{said}: too little to record (TONGKE_MIN_FREE_BYTES)")
    return Finding("storage", "warn" if free < 20e9 else "ok", said)


def _existing(path: Path) -> Path:
    """The folder itself, or the nearest one above it that exists."""
    while not path.exists():
        path = path.parent
    return path


def check_clock(settings: Settings) -> Finding:
    now = datetime.now(UTC)
    said = now.astimezone(settings.zone).strftime("%Y-%m-%d %H:%M:%S %Z")
    if now < EARLIEST:
        return Finding("clock", "bad", f"it cannot be {said}; set the clock")
    started = time.time() - time.monotonic()
    time.sleep(0.05)
    if abs(time.time() - time.monotonic() - started) > 0.02:
        return Finding("clock", "warn", f"{said}, but it is being moved right now")
    return Finding("clock", "ok", said)


def check_udp(settings: Settings) -> Finding:
    """A datagram of WebRTC's size through every address that is offered to clients."""
    failed: list[str] = []
    for address in settings.announced:
        try:
            with (
                socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver,
                socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender,
            ):
                receiver.bind((address, 0))
                receiver.settimeout(1)
                sender.sendto(bytes(1200), receiver.getsockname())
                receiver.recv(2048)
        except OSError as error:
            failed.append(f"{address} ({error})")
    if failed:
        return Finding("udp", "warn", f"not an address of this machine: {', '.join(failed)}")
    return Finding("udp", "ok", f"works on {', '.join(settings.announced)}")


def check_gso(settings: Settings) -> Finding:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.setsockopt(SOL_UDP, UDP_SEGMENT, 1200)
        except OSError:
            return Finding(
                "gso", "warn", "this kernel sends packets one by one: fewer viewers per core"
            )
    return Finding("gso", "ok", "many packets leave in one call")


def check_fonts(settings: Settings) -> Finding:
    program = shutil.which("fc-list")
    if program is None:
        return Finding("fonts", "ok", "no fontconfig; the demo brings its own Chinese font")
    found = subprocess.run(
        [program, ":lang=zh", "family"], check=False, capture_output=True, text=True, timeout=20
    )
    names = sorted({line.partition(",")[0] for line in found.stdout.splitlines()})
    if not names:
        return Finding("fonts", "ok", "no Chinese font here; the demo brings its own")
    return Finding("fonts", "ok", f"{len(names)} Chinese, such as {names[0]}")


CHECKS: tuple[Callable[[Settings], Finding], ...] = (
    check_ffmpeg,
    check_ports,
    check_database,
    check_storage,
    check_clock,
    check_udp,
    check_gso,
    check_fonts,
)
