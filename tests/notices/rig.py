"""Servers that stand for the world outside: mail, and the bots of chat groups."""

import asyncio
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session
from aiosmtpd.smtp import SMTP as Server


class Postbox:
    """What the mail server got. ``refuse`` holds answers to give to a recipient or the data."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.to: list[list[str]] = []
        self.refuse: dict[str, str] = {}
        self.url = ""

    async def handle_RCPT(
        self, server: Server, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if "rcpt" in self.refuse:
            return self.refuse["rcpt"]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Server, session: Session, envelope: Envelope) -> str:
        if "hang up" in self.refuse:
            assert isinstance(server.transport, asyncio.WriteTransport)
            server.transport.abort()
        if "data" in self.refuse:
            return self.refuse["data"]
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        self.to.append(envelope.rcpt_tos)
        return "250 OK"

    async def start(self) -> asyncio.Server:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: SMTP(self, enable_SMTPUTF8=True), "127.0.0.1", 0)
        self.url = f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        return server


class Group:
    """The endpoint of bots: what was posted, and what it answers."""

    def __init__(self) -> None:
        self.posts: list[tuple[str, dict[str, Any]]] = []
        self.status = 200
        self.answer: dict[str, Any] = {"errcode": 0, "code": 0}
        self.location = ""
        self.host = ""

    @property
    def texts(self) -> list[str]:
        return [
            post["text" if "text" in post else "content"].popitem()[1] for _, post in self.posts
        ]

    def address(self, key: str = "k3y-of-the-group-1234") -> str:
        return f"http://{self.host}/cgi-bin/webhook/send?key={key}"


@contextmanager
def group_server() -> Iterator[Group]:
    group = Group()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            group.posts.append((self.path, json.loads(self.rfile.read(length))))
            self.send_response(group.status)
            if group.location:
                self.send_header("Location", group.location)
            self.end_headers()
            self.wfile.write(json.dumps(group.answer).encode())

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    group.host = f"127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield group
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def closed_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port
