"""HLS server: playlist and part requests/s beside nginx, and parts to blocking viewers.

The lesson is 45 minutes old. nginx (one worker, when it is installed) serves the very bytes as
static files; requests per second of server CPU are compared, so that the load generator's own
limits do not flatter either. Then viewers follow live, each with a blocked playlist request and a
part every half second for picture (1 Mbit/s) and for sound: how long after a part exists has it
reached them.
"""

import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from .hls_child import KEY
from .relay import child, cpu_seconds, resident_bytes

_CONNECTIONS = 64
_SECONDS = 2.5
_LIVE_S = 6.0
_VIEWERS = (100, 200, 400)
_NGINX = """
worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
error_log stderr crit;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  sendfile on;
  tcp_nopush on;
  open_file_cache max=100;
  keepalive_requests 1000000000;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{ listen 127.0.0.1:{port}; root {folder}/static; }}
}}
"""


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    text = process.stdout.readline()
    if not text:
        raise RuntimeError(f"{process.args!r} ended")
    return text


def tell(process: subprocess.Popen[str], text: str) -> None:
    assert process.stdin is not None
    process.stdin.write(text + "\n")
    process.stdin.flush()


@contextmanager
def nginx(folder: Path) -> Iterator[tuple[int, int] | None]:
    """Process id of the worker and port; None where nginx is not installed."""
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        yield None
        return
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (folder / "nginx.conf").write_text(_NGINX.format(folder=folder, port=port))
    if os.geteuid() == 0:  # its worker is nobody: let it in
        folder.chmod(0o755)
    process = subprocess.Popen([program, "-c", str(folder / "nginx.conf")])
    try:
        _await_port(port)
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        yield int(children[0]), port
    finally:
        process.terminate()
        process.wait(10)


def _await_port(port: int) -> None:
    deadline = time.monotonic() + 5
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def throughput(
    viewers: subprocess.Popen[str], pid: int, port: int, path: str
) -> tuple[float, float]:
    """Requests a second, and requests a second of the server's CPU."""
    before = sum(cpu_seconds(pid))
    asked = {"port": port, "path": path, "connections": _CONNECTIONS, "seconds": _SECONDS}
    tell(viewers, json.dumps({"do": "load", **asked}))
    done = json.loads(line(viewers))
    cpu = max(sum(cpu_seconds(pid)) - before, 0.01)
    return done["requests"] / done["seconds"], done["requests"] / cpu


def compare(
    viewers: subprocess.Popen[str],
    folder: Path,
    server: tuple[int, int],
    peer: tuple[int, int] | None,
    msn: int,
) -> Table:
    media = f"/media/{KEY}/lead-v-f"
    table = Table("request", "body", "tongke /s", "/CPU s", "nginx /s", "/CPU s", "ratio")
    size = {path.name: path.stat().st_size for path in folder.glob("static/*")}
    for name, path, static in (
        ("delta playlist", f"{media}/index.m3u8?_HLS_skip=YES", "delta.m3u8"),
        ("playlist of 45 min", f"{media}/index.m3u8", "full.m3u8"),
        ("part", f"{media}/{msn - 1}.3.m4s", "part.m4s"),
    ):
        ours = throughput(viewers, *server, path)
        row = [name, f"{size[static]:,}", f"{ours[0]:,.0f}", f"{ours[1]:,.0f}"]
        if peer is not None:
            theirs = throughput(viewers, *peer, f"/{static}")
            row += [f"{theirs[0]:,.0f}", f"{theirs[1]:,.0f}", f"{ours[1] / theirs[1]:.2f}"]
        table.add_row(*row)
    return table


def follow(
    server: subprocess.Popen[str], viewers: subprocess.Popen[str], port: int, msn: int, count: int
) -> dict[str, Any]:
    """Delays in ms of parts to so many viewers, and what the server spent."""
    asked = {"port": port, "viewers": count, "msn": msn, "seconds": _LIVE_S + 1}
    tell(viewers, json.dumps({"do": "watch", **asked}))
    assert line(viewers) == "ready\n"
    cpu = sum(cpu_seconds(server.pid))
    tell(server, str(_LIVE_S))
    born = json.loads(line(server))
    cpu = sum(cpu_seconds(server.pid)) - cpu
    got = json.loads(line(viewers))["got"]
    refused = [name for name, _ in got if name.startswith("refused")]
    delays = sorted((at - born[name]) * 1000 for name, at in got if name in born)
    expected = len(born) * count * 2
    return {
        "delays": delays,
        "missing": expected - len(delays),
        "refused": len(refused),
        "cpu": cpu / _LIVE_S,
    }


def main() -> None:
    console = Console(width=110)
    with (
        tempfile.TemporaryDirectory(prefix="tongke-hls-") as name,
        child("-m", "bench.hls_child", name) as server,
        child("-m", "bench.hls_viewers") as viewers,
    ):
        folder = Path(name)
        port, msn = map(int, line(server).split())
        with nginx(folder) as peer:
            console.print(compare(viewers, folder, (server.pid, port), peer, msn))
            if peer is None:
                console.print("nginx is not installed: nothing to compare with")
        console.print(latencies(server, viewers, port, msn))


def latencies(
    server: subprocess.Popen[str], viewers: subprocess.Popen[str], port: int, msn: int
) -> Table:
    table = Table("viewers", "median ms", "p99 ms", "worst ms", "missing", "CPU", "MB")
    for count in _VIEWERS:
        done = follow(server, viewers, port, msn, count)
        msn += int(_LIVE_S * 2) // 4
        delays = done["delays"]
        table.add_row(
            f"{count}",
            f"{delays[len(delays) // 2]:.1f}",
            f"{delays[int(len(delays) * 0.99)]:.1f}",
            f"{delays[-1]:.1f}",
            f"{done['missing'] + done['refused']}",
            f"{done['cpu']:.0%}",
            f"{resident_bytes(server.pid) / 1e6:.0f}",
        )
    return table


if __name__ == "__main__":
    main()
