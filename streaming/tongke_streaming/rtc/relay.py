"""The relay's registry: lessons, sources and sessions, and the requests of the web process.

The face is ``request`` and ``pull``/``follow``; see docs/architecture.md for the messages.
"""

import asyncio
import re
import secrets
import socket
from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from ..clock import Clock
from ..frames import Link, Message, Refused
from . import sdp
from .batch import Batch
from .dtls import Identity
from .feed import Feed
from .forward import Forwarder
from .guard import safely
from .port import MediaPort
from .publisher import B_FRAMES, Publisher
from .rota import Rota
from .session import Session
from .slot import Slot
from .source import CutFile, Source
from .stats import lesson_stats
from .stream import Stream
from .viewer import Viewer

_TICK_S = 0.02
_SECOND_US = 1_000_000
_MOST_SESSIONS = 4000
_MOST_CREDENTIAL = 2000
_REMEMBER_US = 60_000_000
_NAME = re.compile(r"[A-Za-z0-9_\-]{1,64}")
# A source whose publisher sent nothing for this long may be taken by anyone who may publish.
_SILENT_US = 3_000_000


def _name(value: Any, what: str) -> str:
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise Refused(400, "bad_name", f"{what} is not a name")
    return value


class Relay:
    """One media port and everything behind it; all on one loop."""

    def __init__(
        self, sock: socket.socket, announce: list[str], state_dir: Path, clock: Clock
    ) -> None:
        self._clock = clock
        self._identity = Identity()
        self.port = MediaPort(sock, clock, lambda: self._batch.send())
        self._forwarder = Forwarder(self.port)
        self._batch = Batch(self._forwarder, clock)
        self._feed = Feed()
        self._announce = announce
        self._state_dir = state_dir
        state_dir.mkdir(parents=True, exist_ok=True)
        self._sources: dict[tuple[str, str], Source] = {}
        self._sessions: dict[str, Session] = {}
        self._lesson_of: dict[str, str] = {}
        self._credential_of: dict[str, str] = {}
        self._source_of: dict[str, Source] = {}
        self._slot_source: dict[int, Source] = {}
        self._followers: list[Link] = []
        self._with_b_frames: dict[tuple[str, str, str], int] = {}
        # Sessions that lost their source to a newer page of the same teacher: they should know.
        self._taken_over: deque[str] = deque(maxlen=_MOST_SESSIONS)
        self._task: asyncio.Task[None] | None = None
        self._rota = Rota()
        self._next_second_us = 0

    def start(self) -> None:
        self.port.start()
        self._task = asyncio.get_running_loop().create_task(self._tick())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
        for session in [*self._sessions.values()]:
            session.end("server stops")
        self.port.close()

    # Requests.

    async def request(self, link: Link, do: str, fields: Message) -> Message:
        handlers: dict[str, Callable[[Link, Message], Message]] = {
            "publish": self._publish,
            "watch": self._watch,
            "patch": self._patch,
            "drop": self._drop,
            "sessions": self._list,
            "end": self._end,
            "follow": self._follow,
            "pull": self._pull,
        }
        if do not in handlers:
            raise Refused(400, "unknown_request", do)
        return handlers[do](link, fields)

    def lost(self, link: Link) -> None:
        """A link to the web process or a packager is gone."""
        if link in self._followers:
            self._followers.remove(link)
        if link in self._feed.pullers:
            self._feed.pullers.remove(link)

    def _source(self, lesson: str, name: str) -> Source:
        source = self._sources.get((lesson, name))
        if source is None:
            cuts = CutFile(self._state_dir / f"{lesson}.{name}.json")
            source = Source(
                lesson, name, self._clock, self._feed, self._forwarder, cuts, self._batch
            )
            source.on_state = self._tell_state
            source.on_track = self._fill_spare_slots
            self._sources[lesson, name] = source
        return source

    def _tell_state(self, source: Source) -> None:
        for link in self._followers:
            link.event("source", **source.describe())

    def _offer(self, fields: Message) -> sdp.Offer:
        if len(self._sessions) >= _MOST_SESSIONS:
            raise Refused(503, "full", "this server is full", retry_after=5)
        try:
            return sdp.parse_offer(str(fields.get("sdp", "")))
        except sdp.BadSdp as bad:
            raise Refused(400, "bad_sdp", str(bad)) from bad

    def _publish(self, _: Link, fields: Message) -> Message:
        lesson, name = _name(fields["lesson"], "lesson"), _name(fields["source"], "source")
        offer = self._offer(fields)
        holder = str(fields.get("holder", ""))
        self._refuse_b_frames(lesson, name, holder)
        if self._taken(self._sources.get((lesson, name)), holder):
            raise Refused(409, "source_taken", "someone else is publishing this source")
        publisher = Publisher(self._identity, offer, self._clock, self.port.send, holder)
        source = self._source(lesson, name)
        publisher.on_connected = lambda _: self._publisher_up(source, publisher)
        self._add(publisher, lesson, fields)
        self._source_of[publisher.id] = source
        return self._answer(publisher, publisher.sections)

    def _taken(self, source: Source | None, holder: str) -> bool:
        present = source.publisher if source is not None else None
        if present is None or present.holder == holder:
            return False
        return self._clock.now_us() - present.heard_us < _SILENT_US

    def _refuse_b_frames(self, lesson: str, name: str, holder: str) -> None:
        """The answer was given before the pictures came: the next try hears what was wrong."""
        ended_us = self._with_b_frames.pop((lesson, name, holder), None)
        if ended_us is not None and self._clock.now_us() - ended_us < _REMEMBER_US:
            raise Refused(
                422,
                B_FRAMES,
                "the encoder sends B-frames, which live players cannot show: "
                "switch them off (OBS: B-frames 0; x264: bframes=0; ffmpeg: -bf 0)",
            )

    def _publisher_up(self, source: Source, publisher: Publisher) -> None:
        if self._taken(source, publisher.holder):
            publisher.end("source taken")  # by another holder that connected first
            return
        source.adopt(publisher)
        self._tell_session(publisher, "publishing")

    def _watch(self, _: Link, fields: Message) -> Message:
        lesson = _name(fields["lesson"], "lesson")
        offer = self._offer(fields)
        names = [name for (of, name), s in self._sources.items() if of == lesson and s.streams]
        if not names:
            raise Refused(409, "not_live", "the lesson is not on air now", retry_after=2)
        names.sort(key=lambda name: (name != "lead", name != "screen", name))
        viewer = Viewer(
            self._identity,
            offer,
            self._clock,
            self.port.send,
            sources={
                kind: [n for n in names if kind in self._sources[lesson, n].kinds]
                for kind in ("audio", "video")
            },
            label=str(fields.get("label", ""))[:200],
            room=fields.get("room"),
            cap=fields.get("cap"),
        )
        viewer.on_connected = lambda _: self._viewer_up(lesson, viewer)
        viewer.on_keyframe_wanted = self._keyframe_wanted
        viewer.on_nack = self._forwarder.resend
        self._add(viewer, lesson, fields)
        return self._answer(viewer, viewer.sections)

    def _viewer_up(self, lesson: str, viewer: Viewer) -> None:
        viewer.open_slots()
        self._rota.settle(viewer)
        for slot in viewer.slots:
            if slot.source:
                self._join(slot, self._source(lesson, slot.source))
        for (of, _), source in self._sources.items():
            if of == lesson:
                for stream in source.streams:
                    self._fill_spare_slot(viewer, source, stream.kind)
        self._tell_session(viewer, "watching")

    def _join(self, slot: Slot, source: Source) -> None:
        self._slot_source[id(slot)] = source
        source.join(slot)

    def _fill_spare_slots(self, source: Source, stream: Stream) -> None:
        """A source began after viewers chose their slots: it goes into those nothing feeds."""
        for session in [*self._sessions.values()]:
            if isinstance(session, Viewer) and self._lesson_of[session.id] == source.lesson:
                self._fill_spare_slot(session, source, stream.kind)

    def _fill_spare_slot(self, viewer: Viewer, source: Source, kind: str) -> None:
        slots = [s for s in viewer.slots if s.kind == kind]
        spare = next((s for s in slots if not s.source), None)
        if spare is not None and all(s.source != source.name for s in slots):
            spare.source = source.name
            self._join(spare, source)

    def _keyframe_wanted(self, slot: Slot) -> None:
        if (source := self._slot_source.get(id(slot))) is not None:
            source.ask_keyframe()

    def _add(self, session: Session, lesson: str, fields: Message) -> None:
        session.on_end = self._session_ended
        self._credential_of[session.id] = str(fields.get("credential") or "")[:_MOST_CREDENTIAL]
        self._sessions[session.id] = session
        self._lesson_of[session.id] = lesson
        self._rota.add(session)
        self.port.add(session)

    def _answer(self, session: Session, sections: list[sdp.Section]) -> Message:
        answer = sdp.write_answer(secrets.randbits(52), sections, self._local(session))
        return {"session": session.id, "sdp": answer, "etag": session.etag}

    def _local(self, session: Session) -> sdp.Local:
        port = self.port.local[1]
        return sdp.Local(
            session.ufrag,
            session.password,
            self._identity.fingerprint,
            session.setup,
            tuple(sdp.candidate(entry, port) for entry in self._announce),
            "tongke",
        )

    def _found(self, fields: Message) -> Session:
        session = self._sessions.get(str(fields.get("session", "")))
        wanted = Publisher if fields.get("act") == "publish" else Viewer
        lesson = fields.get("lesson")
        if fields.get("session") in self._taken_over:
            raise Refused(409, "taken_over", "a newer page of the same teacher has this source")
        if not isinstance(session, wanted) or lesson not in (None, self._lesson_of[session.id]):
            raise Refused(404, "no_session", "this session is over or never was")
        return session

    def _patch(self, _: Link, fields: Message) -> Message:
        session = self._found(fields)
        try:
            restart = sdp.parse_fragment(str(fields.get("sdp", "")))
        except sdp.BadSdp as bad:
            raise Refused(400, "bad_fragment", str(bad)) from bad
        match = fields.get("if_match")
        if match is None:
            raise Refused(428, "if_match_missing", "a PATCH must carry If-Match")
        if match not in ("*", session.etag):
            raise Refused(412, "stale", "the session has been restarted since")
        # Trickled fragments carry credentials too: only new ones under * ask for a restart
        # (RFC 9725 §4.3). Candidates are not needed: a lite agent learns addresses from checks.
        if restart is None or match != "*" or restart == session.peer_credentials:
            return {"status": 204}
        for ufrag in session.restart_ice(restart):
            self.port.forget(ufrag)
        self.port.add(session)
        text = sdp.write_fragment(session.mids, self._local(session))
        return {"status": 200, "sdp": text, "etag": session.etag}

    def _drop(self, _: Link, fields: Message) -> Message:
        self._found(fields).end(str(fields.get("reason") or "deleted")[:40])
        return {}

    def _list(self, _: Link, fields: Message) -> Message:
        """Who is there, by lesson, act and credential: the web process looks after their rights."""
        grants: dict[tuple[str, str, str], list[str]] = {}
        for key, session in self._sessions.items():
            act = "publish" if isinstance(session, Publisher) else "watch"
            grant = (self._lesson_of[key], act, self._credential_of[key])
            grants.setdefault(grant, []).append(key)
        return {
            "grants": [
                {"lesson": lesson, "act": act, "credential": credential, "sessions": sessions}
                for (lesson, act, credential), sessions in grants.items()
            ]
        }

    def _end(self, _: Link, fields: Message) -> Message:
        lesson = _name(fields["lesson"], "lesson")
        for key in [k for k in self._sources if k[0] == lesson]:
            self._sources.pop(key).finish()
        self._feed.event("end", lesson=lesson, us=self._clock.now_us())
        for session_id in [s for s, of in self._lesson_of.items() if of == lesson]:
            self._sessions[session_id].end("lesson over")
        return {}

    def _follow(self, link: Link, _: Message) -> Message:
        if link not in self._followers:
            self._followers.append(link)
        for source in self._sources.values():
            link.event("source", **source.describe())
        return {}

    def _pull(self, link: Link, _: Message) -> Message:
        for source in self._sources.values():
            source.snapshot(link.event)
        if link not in self._feed.pullers:
            self._feed.pullers.append(link)
        return {}

    # What happens by itself.

    def _session_ended(self, session: Session) -> None:
        self.port.remove(session)
        self._sessions.pop(session.id, None)
        self._rota.remove(session)
        if isinstance(session, Viewer):
            for slot in session.slots:
                if (source := self._slot_source.pop(id(slot), None)) is not None:
                    source.leave(slot)
        elif isinstance(session, Publisher):
            self._publisher_ended(session)
        self._tell_session(session, "ended")
        self._lesson_of.pop(session.id, None)
        self._credential_of.pop(session.id, None)

    def _publisher_ended(self, session: Publisher) -> None:
        source = self._source_of.pop(session.id)
        source.lose(session)
        if session.ended == "replaced":
            self._taken_over.append(session.id)
        elif session.ended == B_FRAMES:
            key = (source.lesson, source.name, session.holder)
            self._with_b_frames[key] = self._clock.now_us()

    def _tell_session(self, session: Session, state: str) -> None:
        for link in self._followers:
            link.event(
                "session",
                session=session.id,
                lesson=self._lesson_of.get(session.id),
                act="publish" if isinstance(session, Publisher) else "watch",
                state=state,
                reason=session.ended,
            )

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(_TICK_S)
            now = self._clock.now_us()
            for session in self._rota.awake():
                safely(session.poll, now)
            for session in self._rota.turn():
                safely(session.poll, now)
                if isinstance(session, Viewer) and session.ended is None:
                    safely(partial(self._serve_viewer, session), now)
            for source in [*self._sources.values()]:
                safely(source.poll, now)
            if now >= self._next_second_us:
                self._next_second_us = now + _SECOND_US
                safely(self._second, now)

    def _second(self, now_us: int) -> None:
        for source in self._sources.values():
            for stream in source.streams:
                stream.meter.take(now_us)
        self._batch.second()
        if self._followers:
            stats = lesson_stats(self._sources.values(), self._viewers())
            for link in self._followers:
                link.event("stats", lessons=stats)

    def _serve_viewer(self, viewer: Viewer, now_us: int) -> None:
        viewer.measure(now_us)
        reports = b""
        for slot in viewer.slots:
            source = self._slot_source.get(id(slot))
            if source is None:
                continue
            source.steer(slot, now_us)
            if slot.joined and slot.packets > 2000:
                slot.joined.clear()
            if slot.feed is not None:
                reports += slot.sender_report(source.instant(slot.feed), now_us)
        if reports:
            viewer.send_rtcp(reports)

    def _viewers(self) -> Iterator[tuple[str, Viewer]]:
        """Connected viewers with their lesson."""
        for session in self._sessions.values():
            if isinstance(session, Viewer) and session.connected:
                yield self._lesson_of[session.id], session
