"""A WHIP door on loopback that adds the token and passes the call on.

FFmpeg takes the bearer token on its command line, where everybody on the machine can read it, and
keeps the server's refusal to itself. So it talks to this door, under an address that is good for
one call; the token stays in this process and the server's own sentence can be shown.
"""

import json
import re
import secrets
import threading
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal
from urllib.parse import urljoin

import httpx2

SDP = "application/sdp"
FRAGMENT = "application/trickle-ice-sdpfrag"

Liveness = Literal["alive", "gone", "unknown"]


@dataclass(frozen=True)
class Refusal:
    """The server's no. ``status`` 0: it could not be reached."""

    status: int
    sentence: str
    retry_after_s: float | None = None

    @property
    def final(self) -> bool:
        """Asking again will not help."""
        return self.status == 501 or (
            400 <= self.status < 500 and self.status not in {408, 425, 429}
        )


@dataclass(frozen=True)
class Session:
    address: str
    etag: str | None
    fragment: str


class WhipDoor:
    """One publisher's way to its server.

    The serving thread and its handlers run beside the caller's thread; what they share is replaced
    whole under the lock.
    """

    def __init__(self, url: str, token: str | None, language: str | None = None) -> None:
        headers = {"user-agent": "tongke-publish"}
        if token:
            headers["authorization"] = f"Bearer {token}"
        if language:
            headers["accept-language"] = language
        self._url = url
        self._client = httpx2.Client(headers=headers, timeout=10.0, follow_redirects=True)
        self._lock = threading.Lock()
        self._key = ""
        self._session: Session | None = None
        self._refusal: Refusal | None = None
        self._called = False
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def open(self) -> str:
        """A new address, good for one POST; forgets the last session and refusal."""
        with self._lock:
            self._key = secrets.token_urlsafe(16)
            self._session = self._refusal = None
            self._called = False
            return f"http://127.0.0.1:{self._server.server_port}/{self._key}"

    @property
    def session(self) -> Session | None:
        with self._lock:
            return self._session

    @property
    def called(self) -> bool:
        """Whether the open address was used."""
        with self._lock:
            return self._called

    @property
    def refusal(self) -> Refusal | None:
        with self._lock:
            return self._refusal

    def liveness(self) -> Liveness:
        """Ask for the session with an empty trickle PATCH (RFC 9725, 4.3.1)."""
        session = self.session
        if session is None:
            return "unknown"
        headers = {"content-type": FRAGMENT}
        if session.etag:
            headers["if-match"] = session.etag
        try:
            answer = self._client.patch(session.address, content=session.fragment, headers=headers)
        except httpx2.HTTPError:
            return "unknown"
        if answer.status_code in {404, 410}:
            return "gone"
        return "alive" if answer.is_success else "unknown"

    def end_session(self) -> None:
        """DELETE the session if it still stands; a server that is away is not waited for."""
        with self._lock:
            session, self._session = self._session, None
        if session is not None:
            with suppress(httpx2.HTTPError):
                self._client.delete(session.address, timeout=3.0)

    def close(self) -> None:
        self.end_session()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self._client.close()

    def _take_key(self, path: str) -> bool:
        with self._lock:
            fits = secrets.compare_digest(path.encode(), f"/{self._key}".encode())
            if fits:
                self._called = True
                self._key = secrets.token_urlsafe(16)
            return fits

    def _post(self, offer: bytes) -> httpx2.Response | Refusal:
        try:
            answer = self._client.post(self._url, content=offer, headers={"content-type": SDP})
        except httpx2.HTTPError as error:
            return Refusal(0, f"cannot reach {httpx2.URL(self._url).host}: {_reason(error)}")
        if answer.status_code != 201:
            return _refusal(answer)
        if "location" not in answer.headers:
            return Refusal(422, "the server's answer names no session; is this a WHIP address?")
        return answer

    def call(self, path: str, offer: bytes) -> tuple[int, str, bytes]:
        """Pass one POST on: status, session address and body for the caller."""
        if not self._take_key(path):
            return 404, "", b""
        answer = self._post(offer)
        with self._lock:
            if isinstance(answer, Refusal):
                self._refusal = answer
                return answer.status or 502, "", b""
            address = urljoin(str(answer.url), answer.headers["location"])
            self._session = Session(
                address, answer.headers.get("etag"), _empty_fragment(offer.decode())
            )
        return 201, f"http://127.0.0.1:{self._server.server_port}/session", answer.content

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        door = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                offer = self.rfile.read(int(self.headers.get("content-length", 0)))
                self._answer(*door.call(self.path, offer))

            def do_DELETE(self) -> None:
                door.end_session()
                self._answer(200, "", b"")

            def _answer(self, status: int, location: str, body: bytes) -> None:
                self.send_response(status)
                self.send_header("content-length", str(len(body)))
                self.send_header("connection", "close")
                if location:
                    self.send_header("content-type", SDP)
                    self.send_header("location", location)
                self.end_headers()
                with suppress(ConnectionError):
                    self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                """Silent: the address is a secret while it is good."""

        return Handler


def _reason(error: httpx2.HTTPError) -> str:
    if isinstance(error, httpx2.TimeoutException):
        return "no answer in time"
    return str(error) or type(error).__name__


def _refusal(answer: httpx2.Response) -> Refusal:
    """The sentence of a problem document (RFC 9457), or what the status says by itself."""
    sentence = ""
    with suppress(ValueError):
        problem = json.loads(answer.text)
        if isinstance(problem, dict):
            sentence = str(problem.get("detail") or problem.get("title") or "")
    after = answer.headers.get("retry-after", "")
    return Refusal(
        answer.status_code,
        sentence or f"the server answered {answer.status_code} {answer.reason_phrase}".rstrip(),
        float(after) if after.isdigit() else None,
    )


def _empty_fragment(offer: str) -> str:
    """A trickle fragment without candidates for an offer's first section (RFC 8840, 4.4)."""

    def value(name: str) -> str:
        found = re.search(rf"^a={name}:(.*?)\r?$", offer, re.MULTILINE)
        return found.group(1) if found else ""

    media = re.search(r"^m=.*?\r?$", offer, re.MULTILINE)
    lines = [
        f"a=ice-ufrag:{value('ice-ufrag')}",
        f"a=ice-pwd:{value('ice-pwd')}",
        media.group().rstrip("\r") if media else "m=audio 9 UDP/TLS/RTP/SAVPF 0",
        f"a=mid:{value('mid')}",
        "a=end-of-candidates",
    ]
    return "".join(f"{line}\r\n" for line in lines)
