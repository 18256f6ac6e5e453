"""What the lead teacher sees of sources and viewers, as JSON (docs/architecture.md, ``stats``)."""

from collections.abc import Iterable
from typing import Any

from .source import Source
from .viewer import Viewer


def lesson_stats(
    sources: Iterable[Source], viewers: Iterable[tuple[str, Viewer]]
) -> dict[str, Any]:
    """By lesson; ``viewers`` are (lesson, viewer)."""
    lessons: dict[str, Any] = {}
    for source in sources:
        entry = lessons.setdefault(source.lesson, {"sources": {}, "viewers": []})
        entry["sources"][source.name] = _source_stats(source)
    for lesson, viewer in viewers:
        if lesson in lessons:
            lessons[lesson]["viewers"].append(_viewer_stats(viewer))
    return lessons


def _source_stats(source: Source) -> dict[str, Any]:
    streams = source.streams
    return {
        "state": source.state,
        "kbps": round(sum(s.meter.kbps for s in streams)),
        "loss": round(max((s.loss for s in streams), default=0.0), 3),
        "layers": {
            s.layer: {"kbps": round(s.meter.kbps), "fps": round(s.meter.fps, 1)}
            for s in streams
            if s.kind == "video"
        },
    }


def _viewer_stats(viewer: Viewer) -> dict[str, Any]:
    video = next((s for s in viewer.slots if s.kind == "video"), None)
    return {
        "session": viewer.id,
        "label": viewer.label,
        "room": viewer.room,
        "layer": video.feed.layer if video is not None and video.feed is not None else None,
        "kbps": round(viewer.kbps),
        "loss": round(viewer.loss, 3),
        "rtt_ms": round(viewer.rtt_ms, 1),
    }
