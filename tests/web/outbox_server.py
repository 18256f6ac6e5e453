"""A page with a form, and a server of posts and drafts that fails as it is told to.

``faults`` are taken one by one: what happens to the next request that sends or keeps words.
"""

import asyncio
import shutil
import subprocess
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse
from starlette.responses import FileResponse, Response

from tests.web.conftest import ROOT
from tests.wire.rig import serving

Json = dict[str, Any]

SCRIPT = """
import { attach, Outbox, wordsOf } from "%(lib)s/outbox.ts";
const asked = new URLSearchParams(location.search);
const pace = { debounce: 150, firstWait: 40, longestWait: 300, answerWithin: 1500 };
const outbox = new Outbox(asked.get("person") ?? "ann", pace);
const form = document.querySelector("form");
const told = [], lines = [];
const topic = asked.get("topic") ?? "t1";
const writing = attach(form, {
  outbox, groupId: "g1", topicId: topic, sendTo: `/api/topics/${topic}/posts`,
  onState: (state) => lines.push([state.where, wordsOf(state)]),
  onQueued: (words, stored) => told.push(["queued", words.text, stored]),
  onSent: (sentAs, answer) => told.push(["sent", answer.text]),
  onReturned: (sentAs, trouble) => told.push(["returned", trouble.code]),
});
window.tongke = { outbox, writing, told, lines, get state() { return writing.state; },
  get line() { return wordsOf(writing.state); },
  type(text) { form.text.value = text; form.text.dispatchEvent(new Event("input", { bubbles: true })); },
  get text() { return form.text.value; },
};
writing.ready.then(() => { window.tongke.ready = true; });
"""
PAGE = """<!doctype html><title>outbox</title><script type="application/json" id="messages">{}</script>
<form><input type="hidden" name="anchor"><textarea name="text"></textarea><button>send</button></form>
<script type="module" src="/page.js"></script>"""


def bundle(folder: Path) -> Path:
    """The client as pages get it: for Chrome 87."""
    (folder / "entry.ts").write_text(SCRIPT % {"lib": ROOT / "templates/client/lib"})
    esbuild = shutil.which("esbuild", path=str(ROOT / "node_modules/.bin"))
    assert esbuild is not None
    options = ["--bundle", "--format=esm", "--target=chrome87", f"--outfile={folder / 'page.js'}"]
    subprocess.run([esbuild, str(folder / "entry.ts"), *options, "--log-level=error"], check=True)
    return folder / "page.js"


# Longer than the page of the tests waits for an answer: there is no event for giving up.
LATE_S = 1.8


@dataclass
class Board:
    """``posts`` in the order they were first taken, by key; ``tries`` is every request to send."""

    script: Path
    posts: dict[str, Json] = field(default_factory=dict)
    tries: list[str] = field(default_factory=list)
    drafts: dict[str, Json] = field(default_factory=dict)
    faults: deque[str] = field(default_factory=deque)
    always: str = ""
    asked: int = 0
    url: str = ""
    taken: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def texts(self) -> list[str]:
        return [one["text"] for one in self.posts.values()]

    def app(self) -> FastAPI:
        app = FastAPI()
        app.add_api_route("/", lambda: HTMLResponse(PAGE))
        app.add_api_route("/page.js", lambda: FileResponse(self.script))
        app.add_api_route("/api/topics/{topic}/posts", self._post, methods=["POST"])
        app.add_api_route("/api/drafts", self._list, methods=["GET"])
        app.add_api_route("/api/drafts/{key}", self._put, methods=["PUT"])
        app.add_api_route("/api/drafts/{key}", self._delete, methods=["DELETE"])
        return app

    async def _post(self, request: Request) -> Response:
        body = await request.json()
        self.tries.append(body["sent_as"])

        def take() -> Response:
            new = body["sent_as"] not in self.posts
            if not new and self.posts[body["sent_as"]]["text"] != body["text"]:
                return problem(409, "sent")
            found = self.posts.setdefault(body["sent_as"], body)
            self.drafts.pop(body["sent_as"], None)
            self.taken.set()
            return JSONResponse(found, 201 if new else 200)

        return await self._with_fault(take)

    async def _put(self, request: Request, key: str) -> Response:
        body = await request.json()

        def take() -> Response:
            there = self.drafts.get(key)
            if key in self.posts:
                return problem(409, "sent", same=self.posts[key]["text"] == body["text"])
            if there and there["text"] != body["text"] and there["version"] != body["version"]:
                return problem(409, "changed", now=there)
            if not there or there["text"] != body["text"]:
                version = (there["version"] if there else body["version"] or 0) + 1
                self.drafts[key] = {**body, "sent_as": key, "version": version}
            return JSONResponse(self.drafts[key])

        return await self._with_fault(take)

    async def _list(self, request: Request) -> Response:
        if self.always:
            return await self._with_fault(lambda: Response())
        wanted = request.query_params.get("topic_id")
        found = [one for one in self.drafts.values() if one["topic_id"] == wanted]
        return JSONResponse({"drafts": found})

    async def _delete(self, key: str) -> Response:
        def take() -> Response:
            self.drafts.pop(key, None)
            return Response(status_code=204)

        return await self._with_fault(take)

    async def _with_fault(self, take: Callable[[], Response]) -> Response:
        """``lost``: nothing arrived. ``unheard``: done, and the answer got lost. ``slow``: so late
        that the page has given up, and done all the same. A number: that status.
        """
        self.asked += 1
        fault = self.faults.popleft() if self.faults else self.always
        match fault:
            case "":
                return take()
            case "lost":
                return Cut()
            case "unheard":
                take()
                return Cut()
            case "slow":
                await asyncio.sleep(LATE_S)
                return take()
            case _:
                return problem(int(fault), "refused")


class Cut(Response):
    """The line breaks: half an answer and no end."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        headers = [(b"content-type", b"application/json"), (b"content-length", b"1000")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"{", "more_body": True})


def problem(status: int, code: str, **more: Any) -> Response:
    said = {"status": status, "code": code, "detail": f"refused: {code}", **more}
    return JSONResponse(said, status, media_type="application/problem+json")


@asynccontextmanager
async def board(script: Path) -> AsyncIterator[Board]:
    found = Board(script)
    async with serving(found.app()) as port:
        found.url = f"http://127.0.0.1:{port}/"
        yield found
