"""A viewer without a screen for HLS and LL-HLS: fetches what a player would, when it would."""

import asyncio
import io
import re
import time
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit, urlunsplit

import av
import httpx2
from av.error import FFmpegError

from tongke_streaming.probe.playlist import (
    BadPlaylist,
    Media,
    Piece,
    is_multivariant,
    read_media,
    read_multivariant,
)
from tongke_streaming.probe.viewing import NothingSeen, Viewing, utc_offset_s

AHEAD_S = 10.0
START_WITHIN_S = 15.0
GONE = 410
RENEW_WAITS_S = (0.3, 1.0, 2.0)
_MEDIA_PATH = re.compile(r"https?://[^/?#]+(?:/[^?#]*?)?/media/[A-Za-z0-9_-]{22,128}/")


@dataclass(frozen=True)
class Fetched:
    piece: Piece
    arrived: float
    size: int


@dataclass
class Rendition:
    """One media playlist being followed; ``fetched`` in the order of the timeline."""

    uri: str
    picture: bool = False
    sound: bool = False
    fetched: list[Fetched] = field(default_factory=list)
    missing: int = 0
    pictures: int = 0
    size: tuple[int, int] | None = None
    dated: bool = False
    live: bool = True
    ended: bool = False
    first: asyncio.Event = field(default_factory=asyncio.Event)


class HlsViewer:
    """``token`` goes only with the first address: media addresses carry their own secret."""

    def __init__(self, url: str, token: str | None) -> None:
        self._url = url
        self._token = token
        self._client = httpx2.AsyncClient(timeout=20.0, follow_redirects=True)
        self._path: str | None = None  # what the lesson's media addresses begin with now
        self._renewing = asyncio.Lock()
        self._inits: dict[str, bytes] = {}
        self._began = time.monotonic()

    async def watch(self, seconds: float) -> Viewing:
        """Raises NothingSeen."""
        async with self._client:
            renditions = await self._open()
            tasks = [asyncio.create_task(self._run(one)) for one in renditions]
            try:
                await self._wait(renditions, tasks, seconds)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
        return self._viewing(renditions)

    async def _wait(
        self, renditions: list[Rendition], tasks: list[asyncio.Task[None]], seconds: float
    ) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(START_WITHIN_S):
                for rendition in renditions:
                    await rendition.first.wait()
        _raise_failure(tasks)
        if not all(rendition.fetched for rendition in renditions):
            raise NothingSeen("the playlist is there, but no media came")
        await asyncio.wait(tasks, timeout=seconds)
        _raise_failure(tasks)

    async def _run(self, rendition: Rendition) -> None:
        try:
            await self._follow(rendition)
        finally:
            rendition.first.set()

    async def _first(self) -> httpx2.Response:
        headers = {"authorization": f"Bearer {self._token}"} if self._token else {}
        try:
            answer = await self._client.get(self._url, headers=headers)
        except httpx2.HTTPError as error:
            host = urlsplit(self._url).netloc
            raise NothingSeen(f"cannot reach {host}: {error or 'no answer'}") from error
        check(answer)
        return answer

    async def _get(self, uri: str) -> httpx2.Response:
        """From the lesson's path as it is now; 410 says that it was renewed since."""
        path = self._path
        answer = await self._client.get(moved(uri, path))
        if answer.status_code != GONE or path is None:
            return answer
        async with self._renewing:
            if self._path == path:
                self._path = await self._path_now()
        return await self._client.get(moved(uri, self._path))

    async def _path_now(self) -> str | None:
        """Raises NothingSeen for whoever may not watch any more."""
        for wait_s in (*RENEW_WAITS_S, None):
            try:
                answer = await self._first()
                return path_of(read_multivariant(answer.text, str(answer.url)).variants[0].uri)
            except NothingSeen as no:
                if no.refused or wait_s is None:
                    raise
                await asyncio.sleep(wait_s)
        return None

    async def _open(self) -> list[Rendition]:
        answer = await self._first()
        base = str(answer.url)
        try:
            if not is_multivariant(answer.text):
                read_media(answer.text, base)
                return [Rendition(base)]
            playlist = read_multivariant(answer.text, base)
        except BadPlaylist as error:
            raise NothingSeen(f"{self._url} is no HLS playlist", refused=True) from error
        best = max(playlist.variants, key=lambda variant: variant.bandwidth)
        self._path = path_of(best.uri)
        sound = playlist.audio.get(best.audio or "")
        found = [Rendition(best.uri)]
        if sound is not None and sound != best.uri:
            found.append(Rendition(sound))
        return found

    async def _follow(self, rendition: Rendition) -> None:
        media = await self._reload(rendition, None)
        rendition.dated, rendition.live = media.dated, not media.ended
        cursor = _start(media)
        while True:
            piece = media.after(*cursor)
            if piece is None:
                if media.ended:
                    rendition.ended = True
                    return
                media = await self._reload(rendition, media)
                continue
            if not rendition.live:
                await self._stay_close(rendition, piece)
            await self._fetch(rendition, piece)
            part = piece.part
            cursor = (piece.msn + 1, 0) if part is None else (piece.msn, part + 1)

    async def _stay_close(self, rendition: Rendition, piece: Piece) -> None:
        """On demand, fetch no further than AHEAD_S before the playhead."""
        if rendition.fetched:
            first = rendition.fetched[0]
            played = time.monotonic() - first.arrived
            await asyncio.sleep(max(0.0, piece.start_s - first.piece.start_s - played - AHEAD_S))

    async def _reload(self, rendition: Rendition, last: Media | None) -> Media:
        """The playlist again; a blocking reload where the server can (8216bis, 6.2.5.2)."""
        uri = rendition.uri
        if last is not None and last.can_block:
            ask = {"_HLS_msn": last.next_msn}
            if last.part_target_s is not None:
                ask["_HLS_part"] = last.next_part
            uri = _with_query(uri, ask)
        elif last is not None:
            await asyncio.sleep(max(0.1, last.target_s / 2))
        while True:
            try:
                answer = await self._get(uri)
                if answer.status_code < 500:
                    check(answer)
                    return read_media(answer.text, str(answer.url))
            except httpx2.TransportError:
                pass
            await asyncio.sleep(0.5)

    async def _fetch(self, rendition: Rendition, piece: Piece) -> None:
        if piece.gap:
            rendition.missing += 1
            return
        try:
            init = await self._init(piece.init)
            answer = await self._get(piece.uri)
        except httpx2.HTTPError:
            rendition.missing += 1
            return
        if not answer.is_success:
            rendition.missing += 1
            return
        body = answer.content
        arrived = time.monotonic()
        self._look(rendition, piece, init + body)
        rendition.fetched.append(Fetched(piece, arrived, len(body)))
        if not rendition.picture or rendition.size is not None:
            rendition.first.set()

    async def _init(self, uri: str | None) -> bytes:
        if uri is None:
            return b""
        if uri not in self._inits:
            answer = await self._get(uri)
            check(answer)
            self._inits[uri] = answer.content
        return self._inits[uri]

    def _look(self, rendition: Rendition, piece: Piece, data: bytes) -> None:
        """Count pictures; decode the first that stands alone."""
        try:
            with av.open(io.BytesIO(data), "r") as container:
                rendition.picture = rendition.picture or bool(container.streams.video)
                rendition.sound = rendition.sound or bool(container.streams.audio)
                for stream in container.streams.video[:1]:
                    if rendition.size is None and piece.independent:
                        frame = next(iter(container.decode(stream)), None)
                        rendition.size = (frame.width, frame.height) if frame else None
                        container.seek(0)
                    rendition.pictures += sum(packet.size > 0 for packet in container.demux(stream))
        except FFmpegError:
            rendition.missing += 1

    def _viewing(self, renditions: list[Rendition]) -> Viewing:
        fetched = [one for rendition in renditions for one in rendition.fetched]
        viewing = Viewing("hls", sound=any(one.sound for one in renditions))
        started = max(rendition.fetched[0].arrived for rendition in renditions)
        viewing.start_s = started - self._began
        viewing.ended = all(one.ended for one in renditions)
        viewing.freezes, viewing.frozen_s = stalls(fetched, started)
        missing = sum(rendition.missing for rendition in renditions)
        viewing.loss = missing / (len(fetched) + missing)
        main = next((one for one in renditions if one.picture), renditions[0])
        viewing.seconds = sum(one.piece.duration_s for one in main.fetched)
        for rendition in renditions:
            media_s = sum(one.piece.duration_s for one in rendition.fetched)
            size = sum(one.size for one in rendition.fetched)
            viewing.kbps += size * 8 / 1000 / media_s if media_s else 0.0
        viewing.pictures = main.pictures
        viewing.fps = main.pictures / viewing.seconds if viewing.seconds else 0.0
        if main.size is not None:
            viewing.width, viewing.height = main.size
        if main.dated and main.live:
            first = max(rendition.fetched[0].piece.start_s for rendition in renditions)
            viewing.latency_s = started + utc_offset_s() - first + viewing.frozen_s
        return viewing


def _raise_failure(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        if task.done():
            task.result()


def stalls(fetched: list[Fetched], started: float) -> tuple[int, float]:
    """How often and how long the playhead waits for a piece, having begun at ``started``."""
    order = sorted(fetched, key=lambda one: one.piece.start_s)
    first = order[0].piece.start_s
    count, waited = 0, 0.0
    for one in order:
        late = one.arrived - (started + one.piece.start_s - first + waited)
        if late > 0.01:
            count, waited = count + 1, waited + late
    return count, waited


def _start(media: Media) -> tuple[int, int]:
    """Where a player begins: hold-back behind the edge, on a piece that stands alone."""
    pieces = sorted([*media.segments, *media.parts], key=lambda piece: (piece.start_s, -piece.msn))
    if media.ended or not pieces:
        return (pieces[0].msn, 0) if pieces else (media.next_msn, 0)
    back = media.part_hold_back_s if media.parts else media.hold_back_s
    wanted = media.edge_s - (3 * media.target_s if back is None else back)
    alone = [piece for piece in pieces if piece.independent and not piece.gap] or pieces
    before = [piece for piece in alone if piece.start_s <= wanted + 0.001]
    chosen = before[-1] if before else alone[0]
    return chosen.msn, chosen.part or 0


def path_of(uri: str) -> str | None:
    """What all media addresses of a lesson of ours begin with; None for other servers'."""
    found = _MEDIA_PATH.match(uri)
    return found.group() if found else None


def moved(uri: str, path: str | None) -> str:
    """The same address under the lesson's path of now."""
    return uri if path is None else _MEDIA_PATH.sub(lambda _: path, uri, count=1)


def _with_query(uri: str, ask: dict[str, int]) -> str:
    parts = urlsplit(uri)
    query = "&".join(filter(None, [parts.query, urlencode(ask)]))
    return urlunsplit(parts._replace(query=query))


def check(answer: httpx2.Response) -> None:
    """Raises NothingSeen with the server's sentence unless the answer is a success."""
    if answer.is_success:
        return
    sentence = ""
    with suppress(ValueError):
        problem = answer.json()
        if isinstance(problem, dict):
            sentence = str(problem.get("detail") or problem.get("title") or "")
    raise NothingSeen(
        sentence or f"the server answered {answer.status_code} {answer.reason_phrase}",
        refused=answer.status_code in {400, 401, 403, 404, 405, 410, 415, 422},
    )
