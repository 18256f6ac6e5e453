"""What is known of a lesson at this moment, put together from three processes and the rooms."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from tongke_courses.lessons.models import Lesson, LessonState
from tongke_courses.lessons.schemas import addresses
from tongke_platform.organisations.models import Room

STALE_S = 5.0

Json = dict[str, Any]
Carrier = Literal["whep", "hls", "replay", "none"]


class Report(BaseModel):
    """What a page says of its own playing, a few times a minute."""

    carrier: Carrier
    layer: str = Field(default="", max_length=16)
    kbps: int = Field(default=0, ge=0, le=1_000_000)
    latency_ms: int = Field(default=0, ge=0, le=86_400_000)
    freezes: int = Field(default=0, ge=0, le=1_000_000)


NOTHING_TOLD = Report(carrier="none")


class Presence(BaseModel):
    """The open pages of one room, and what the last of them to speak said."""

    pages: int = 0
    report: Report | None = None


def merged(parts: Iterable[Mapping[str, Presence]]) -> dict[str, Presence]:
    """The rooms of several processes; what a page said counts for more than nothing said."""
    found: dict[str, Presence] = {}
    for part in parts:
        for room, one in part.items():
            so_far = found.get(room, Presence())
            found[room] = Presence(
                pages=so_far.pages + one.pages, report=so_far.report or one.report
            )
    return found


@dataclass
class MediaState:
    """What the relay and the packagers said last. ``heard`` is a monotonic second."""

    state: str = "none"
    since: datetime | None = None
    kbps: int = 0
    loss: float = 0
    layers: Mapping[str, Json] = field(default_factory=dict)
    viewers: Sequence[Json] = ()
    heard: float = 0.0
    recording: str = "idle"
    reason: str = ""

    def take_source(self, message: Json, monotonic: float) -> None:
        """A ``source`` event."""
        self._become(message["state"], datetime.fromtimestamp(message["us"] / 1e6, UTC))
        self.heard = monotonic

    def take_stats(self, stats: Json, now: datetime, monotonic: float) -> None:
        """One lesson's part of a ``stats`` event; the lead source is the one shown."""
        sources = stats.get("sources", {})
        source = sources.get("lead") or next(iter(sources.values()), None)
        if source is not None:
            self._become(source["state"], now)
            self.kbps, self.loss = source.get("kbps", 0), source.get("loss", 0)
            self.layers = source.get("layers", {})
        self.viewers = stats.get("viewers", ())
        self.heard = monotonic

    def rooms_watching(self) -> list[str]:
        return [str(one["room"]) for one in self.viewers if one.get("room")]

    def forget_viewers(self) -> None:
        self.viewers = ()

    def _become(self, state: str, when: datetime) -> None:
        if state != self.state:
            self.state, self.since = state, when
            if state != "live":
                self.kbps, self.layers = 0, {}

    def is_stale(self, monotonic: float) -> bool:
        """Whether the relay has been silent: what it said last is no longer so."""
        return monotonic - self.heard > STALE_S


def build(
    lesson: Lesson, media: MediaState, presence: Mapping[str, Presence], monotonic: float
) -> Json:
    """The whole state, with the rooms."""
    stale = media.is_stale(monotonic)
    return {
        "lesson": _lesson(lesson),
        "source": _source(media, stale, over=lesson.state is LessonState.ENDED),
        "recording": {"state": media.recording, "reason": media.reason},
        "rooms": _rooms(lesson.rooms, () if stale else media.viewers, presence),
        "addresses": addresses(lesson.id).model_dump(include={"whep", "hls", "replay"}),
    }


def _lesson(lesson: Lesson) -> Json:
    return {
        "id": str(lesson.id),
        "title": lesson.title,
        "state": lesson.state.value,
        "planned_start": lesson.planned_start.isoformat() if lesson.planned_start else None,
        "planned_minutes": lesson.planned_minutes,
        "started_at": lesson.started_at.isoformat() if lesson.started_at else None,
        "school": lesson.school.name,
        "teacher": lesson.teacher.display_name,
    }


def _source(media: MediaState, stale: bool, *, over: bool) -> Json:
    away = media.state == "live" and (stale or over)
    return {
        "state": "none" if over else "away" if away else media.state,
        "since": media.since.isoformat() if media.since else None,
        "kbps": 0 if away else media.kbps,
        "loss": media.loss,
        "layers": []
        if away
        else [
            {"layer": name, "kbps": layer.get("kbps", 0), "fps": layer.get("fps", 0)}
            for name, layer in media.layers.items()
        ],
    }


def _rooms(
    rooms: Sequence[Room], viewers: Sequence[Json], presence: Mapping[str, Presence]
) -> list[Json]:
    by_room = {viewer["room"]: viewer for viewer in viewers if viewer.get("room")}
    return [_room(room, by_room.get(str(room.id)), presence.get(str(room.id))) for room in rooms]


def _room(room: Room, viewer: Json | None, presence: Presence | None) -> Json:
    report = presence.report if presence else None
    told = report or NOTHING_TOLD
    state, carrier = "offline", told.carrier
    if viewer is not None:
        state, carrier = "watching", "whep"
    elif presence is not None and presence.pages:
        state = "watching" if told.carrier != "none" else "waiting"
    if state == "offline":
        told, carrier = NOTHING_TOLD, "none"
    return {
        "id": str(room.id),
        "name": room.name,
        "school": room.school.name,
        "state": state,
        "carrier": carrier,
        "layer": viewer.get("layer") or "" if viewer else told.layer,
        "kbps": viewer.get("kbps", 0) if viewer else told.kbps,
        "loss": viewer.get("loss", 0) if viewer else 0,
        "latency_ms": told.latency_ms,
        "freezes": told.freezes,
        "class_size": room.class_size,
    }
