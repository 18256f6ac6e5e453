"""Debian's nginx with the site of deploy/nginx, on free ports, with a certificate of its own."""

import asyncio
import datetime
import os
import shutil
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

SITE = Path(__file__).parents[2] / "deploy/nginx/tongke.conf"

MAIN = """
{user}
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ worker_connections 512; }}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
}}
"""

Serve = Callable[[int, int], AbstractAsyncContextManager[str]]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def make_certificate(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "fullchain.pem").write_bytes(certificate.public_bytes(pem))
    (folder / "privkey.pem").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder / "fullchain.pem"


def site(folder: Path, http: int, https: int, web: int, hls: int) -> str:
    """The tracked site with this test's ports and paths; every replacement must find its text."""
    text = SITE.read_text()
    changes = {
        "listen 80;": f"listen 127.0.0.1:{http};",
        "listen 443 ssl http2;": f"listen 127.0.0.1:{https} ssl http2;",
        "    listen [::]:80;\n": "",
        "    listen [::]:443 ssl http2;\n": "",
        "lessons.example.cn;": "localhost;",
        "127.0.0.1:8000": f"127.0.0.1:{web}",
        "127.0.0.1:8001": f"127.0.0.1:{hls}",
        "/etc/ssl/tongke": str(folder),
        "/var/cache/nginx/tongke": f"{folder}/cache",
        "/var/log/nginx/tongke.log": f"{folder}/access.log",
    }
    for old, new in changes.items():
        assert old in text, old
        text = text.replace(old, new)
    return text


@pytest.fixture
def nginx(tmp_path: Path) -> Serve:
    """``async with nginx(web_port, hls_port) as base_url``."""
    program = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/bin")
    assert program, "this test drives Debian's nginx: make test installs it"

    @asynccontextmanager
    async def serve(web: int, hls: int) -> AsyncIterator[str]:
        http, https = free_port(), free_port()
        make_certificate(tmp_path)
        (tmp_path / "site.conf").write_text(site(tmp_path, http, https, web, hls))
        main = tmp_path / "nginx.conf"
        # As root nginx would hand its workers to somebody who may not write here.
        user = "user root;" if os.getuid() == 0 else ""
        main.write_text(MAIN.format(folder=tmp_path, user=user))
        process = await asyncio.create_subprocess_exec(
            *(program, "-e", str(tmp_path / "error.log"), "-p", str(tmp_path), "-c", str(main)),
            stdin=asyncio.subprocess.DEVNULL,
        )
        try:
            await listening(https, process, tmp_path / "error.log")
            yield f"https://localhost:{https}"
        finally:
            with suppress(ProcessLookupError):
                process.terminate()
            await process.wait()

    return serve


async def listening(port: int, process: asyncio.subprocess.Process, log: Path) -> None:
    """nginx tells nobody when it is ready: knock until it answers."""
    async with asyncio.timeout(10):
        while True:
            assert process.returncode is None, log.read_text()
            with suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                await writer.wait_closed()
                return
            await asyncio.sleep(0.02)


@pytest.fixture
def trust(tmp_path: Path) -> Callable[[], ssl.SSLContext]:
    return lambda: ssl.create_default_context(cafile=tmp_path / "fullchain.pem")
