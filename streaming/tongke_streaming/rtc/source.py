"""A named source of a lesson: its publisher of the moment, its segments, its viewers' slots.

Outlives publishers: a teacher who drops out and comes back is the same source, a new epoch.
"""

import json
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..clock import Clock
from ..ingest.timeline import Cut, Cutter, Map, SessionTimeline
from . import rtcp
from .batch import Batch
from .feed import Feed
from .forward import Forwarder
from .layers import Offered
from .publisher import Publisher
from .rtp import Packet, seq_delta
from .session import Session
from .slot import Slot
from .stream import Stream, by_layer

_KEYFRAME_EVERY_US = 1_950_000
# Without packets for this long a source is away, though its session may yet come back to life.
_AWAY_US = 3_000_000
_STALE_LAYER_US = 1_500_000
# Each 20 ms, so 20 Mbit/s: a group of pictures of 400 kB takes 0.16 s.
_PACE_OCTETS = 50_000


class CutFile:
    """The last cut, so that a restarted relay goes on numbering where it stopped."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> tuple[Cut | None, int]:
        """The last cut and the last epoch."""
        try:
            found = json.loads(self._path.read_text())
            return Cut(found["seg"], found["us"], found["gap"]), int(found["epoch"])
        except (OSError, ValueError, KeyError, TypeError):
            return None, 0

    def save(self, cut: Cut, epoch: int) -> None:
        """Best effort: on a full disk the lesson goes on."""
        text = json.dumps({"seg": cut.seg, "us": cut.us, "gap": cut.gap, "epoch": epoch})
        scratch = self._path.with_suffix(".new")
        with suppress(OSError):
            scratch.write_text(text)
            os.replace(scratch, self._path)

    def forget(self) -> None:
        self._path.unlink(missing_ok=True)


class Source:
    """All calls on the relay's loop."""

    def __init__(
        self,
        lesson: str,
        name: str,
        clock: Clock,
        feed: Feed,
        forwarder: Forwarder,
        cuts: CutFile,
        batch: Batch,
    ) -> None:
        self.lesson, self.name = lesson, name
        self.state = "none"
        self.publisher: Publisher | None = None
        self.slots: list[Slot] = []
        self.on_state: Callable[[Source], None] = lambda _: None
        self.on_track: Callable[[Source, Stream], None] = lambda *_: None
        self.since_us = 0
        self._clock = clock
        self._feed = feed
        self._forwarder = forwarder
        self._cuts = cuts
        last, self.epoch = cuts.load()
        self._cutter = Cutter(last)
        self._timeline = SessionTimeline()
        self._unplaced: list[tuple[int, int]] = []  # keyframes seen before their track was mapped
        self._last_packet_us = 0
        self._batch = batch
        self._fresh = False  # a publisher has connected and sent nothing yet

    @property
    def streams(self) -> list[Stream]:
        return list(self.publisher.streams.values()) if self.publisher is not None else []

    @property
    def kinds(self) -> set[str]:
        """What the publisher of the moment said it would send."""
        sections = self.publisher.sections if self.publisher is not None else []
        return {s.media.kind for s in sections if s.codec is not None}

    # The publisher's side.

    def adopt(self, publisher: Publisher) -> None:
        """A connected publisher takes the source; one that was there is told and dropped."""
        former, self.publisher = self.publisher, None
        if former is not None:
            self._go_away(former)
            former.end("replaced")
        self.publisher = publisher
        self._fresh = True
        self._timeline = SessionTimeline()
        self._unplaced = []
        publisher.on_stream = self._add_stream
        publisher.on_stream_gone = self._drop_stream
        publisher.on_packet = self.take
        publisher.on_report = self._take_report

    def lose(self, session: Session) -> None:
        """The session ended; nothing happens if another has taken over already."""
        publisher = self.publisher
        if publisher is not None and session is publisher:
            self.publisher = None
            self._go_away(publisher)

    def _go_away(self, publisher: Publisher) -> None:
        for stream in publisher.streams.values():
            self._drop_stream(stream)
        self._be_away()

    def _drop_stream(self, stream: Stream) -> None:
        self._flush(stream)
        self._feed.event("gone", track=stream.track)
        for slot in [*stream.slots, *stream.catching_up]:
            slot.leave()
        for slot in [*stream.waiting]:
            slot.stop_waiting()

    def _be_away(self) -> None:
        if self.state != "live":
            return
        for cut in self._cutter.away():
            self._send_cut(cut)
        self._set_state("away")

    def _set_state(self, state: str) -> None:
        self.state, self.since_us = state, self._clock.now_us()
        self._feed.event("source", **self.describe())
        self.on_state(self)

    def describe(self) -> dict[str, Any]:
        return {
            "lesson": self.lesson,
            "source": self.name,
            "state": self.state,
            "epoch": self.epoch,
            "us": self.since_us,
        }

    def _add_stream(self, stream: Stream) -> None:
        if self._fresh:
            self._fresh = False
            self.epoch += 1
            self._set_state("live")
        stream.meter.since_us = self._clock.now_us()
        self._feed.event("track", **self._track(stream))
        self.on_track(self, stream)
        self._pair()
        for slot in self.slots:
            if slot.kind == stream.kind and slot.feed is None and slot.target is None:
                slot.wait_for(stream)

    def _pair(self) -> None:
        """Let sound find pictures to ride with, and pictures their sound."""
        sound = next((s for s in self.streams if s.kind == "audio"), None)
        pictures = next((s for s in self.streams if s.kind == "video"), None)
        for stream in self.streams:
            stream.companion = sound if stream.kind == "video" else pictures

    def _track(self, stream: Stream) -> dict[str, Any]:
        return {
            "track": stream.track,
            "lesson": self.lesson,
            "source": self.name,
            "epoch": self.epoch,
            "kind": stream.kind,
            "layer": stream.layer,
            "codec": stream.codec.name,
            "rate": stream.codec.rate,
            "channels": stream.codec.channels,
            "fmtp": stream.codec.fmtp,
        }

    def _take_report(self, stream: Stream, report: rtcp.SenderReport) -> None:
        self._timeline.report(stream.track, rtcp.us_from_ntp(report.ntp), report.rtp)
        self._place()

    def take(self, stream: Stream, packet: Packet) -> None:
        """One new packet of the publisher: to the timeline, the packagers and the viewers."""
        now = self._last_packet_us = packet.arrival_us
        if self.state == "away":
            self._set_state("live")
        self._timeline.packet(stream.track, stream.codec.rate, packet.timestamp, now)
        self._cut_before(stream, packet)
        self._feed.packet(stream.track, packet)
        for slot in stream.catching_up:
            slot.queue.append(packet)
        if seq_delta(packet.seq, stream.ring.highest or 0) < 0:
            self._forwarder.late(stream, packet, now)
            self._let_in_behind(stream)
            return
        if stream.waiting and (packet.keyframe or stream.kind == "audio"):
            self._flush(stream)
            self._let_in(stream, packet)
        if stream.slots:
            stream.pending.append(packet)
            self._batch.add(stream)

    def _cut_before(self, stream: Stream, packet: Packet) -> None:
        us = self._timeline.us(stream.track, packet.timestamp)
        if us is None:
            if packet.keyframe:
                self._unplaced.append((stream.track, packet.timestamp))
            return
        if stream.kind == "video":
            anew = packet.keyframe and stream.reshaped
            cuts = self._cutter.picture(us, packet.keyframe, anew=anew)
        else:
            cuts = self._cutter.sound(us, alone=not self._has_pictures(packet.arrival_us))
        for cut in cuts:
            self._send_cut(cut)

    def _has_pictures(self, now_us: int) -> bool:
        """False as well when the camera went off and the sound goes on alone."""
        return any(s.kind == "video" and now_us - s.last_us < _AWAY_US for s in self.streams)

    def _send_cut(self, cut: Cut) -> None:
        self._feed.event("cut", **self._cut_fields(cut))
        self._cuts.save(cut, self.epoch)

    def _cut_fields(self, cut: Cut) -> dict[str, Any]:
        return {
            "lesson": self.lesson,
            "source": self.name,
            "seg": cut.seg,
            "us": cut.us,
            "gap": cut.gap,
        }

    def _place(self) -> None:
        """Maps that have settled go out, then the cuts of keyframes that waited for them."""
        for found in self._timeline.settle(self._clock.now_us()):
            self._send_map(found)
        if not self._unplaced:
            return
        placed = [
            (us, item) for item in self._unplaced if (us := self._timeline.us(*item)) is not None
        ]
        for us, item in sorted(placed):
            self._unplaced.remove(item)
            for cut in self._cutter.picture(us, True):
                self._send_cut(cut)

    def _send_map(self, found: Map) -> None:
        self._feed.event("map", track=found.track, rtp=found.rtp, us=found.us)

    def snapshot(self, send: Callable[..., None]) -> None:
        """All a packager that connects now must know, in the order of the feed."""
        if self.state == "none" and self._cutter.last is None:
            return
        send("source", **self.describe())
        for stream in self.streams:
            send("track", **self._track(stream))
            us = self._timeline.us(stream.track, stream.last_timestamp)
            if us is not None:
                send("map", track=stream.track, rtp=stream.last_timestamp, us=us)
        if self._cutter.last is not None:
            send("cut", **self._cut_fields(self._cutter.last))

    def poll(self, now_us: int) -> None:
        """Every 20 ms."""
        if self.publisher is not None and self.publisher.connected:
            self._place()
            self._ask_keyframes(now_us)
            if self.state == "live" and now_us - self._last_packet_us > _AWAY_US:
                self._be_away()
        for stream in self.streams:
            if stream.catching_up:
                self._flush(stream)
                self._pace(stream, now_us)
        if self.state == "away":
            for cut in self._cutter.tick(now_us):
                self._send_cut(cut)

    def _ask_keyframes(self, now_us: int) -> None:
        assert self.publisher is not None
        layers = [s for s in self.streams if s.kind == "video"]
        lost = False
        for stream in layers:
            lost, stream.gave_up = lost or stream.gave_up, False
        newest = max((s.keyframe_us for s in layers), default=now_us)
        if layers and (lost or now_us - newest >= _KEYFRAME_EVERY_US):
            self.publisher.ask_keyframe(now_us)

    # The viewers' side.

    def flush(self) -> None:
        for stream in self.streams:
            self._flush(stream)

    def _flush(self, stream: Stream) -> None:
        if stream.pending:
            packets, stream.pending = stream.pending, []
            self._forwarder.burst(stream, packets, self._clock.now_us())

    def _let_in(self, stream: Stream, packet: Packet) -> None:
        us = self._timeline.us(stream.track, packet.timestamp)
        for slot in [*stream.waiting]:
            slot.stop_waiting()
            slot.attach(stream, packet, us)

    def _let_in_behind(self, stream: Stream) -> None:
        """A repair may have made the group of pictures whole that a joiner waits for."""
        joiners = [slot for slot in stream.waiting if slot.feed is None]
        if joiners and (line := stream.gop.packets()):
            self._flush(stream)
            us = self._timeline.us(stream.track, line[-1].timestamp)
            for slot in joiners:
                slot.stop_waiting()
                slot.catch_up(stream, line, us)
            self._pace(stream, self._clock.now_us())

    def join(self, slot: Slot) -> None:
        """Give a new slot its picture at once, from the thinnest layer that has one cached."""
        self.slots.append(slot)
        if slot.kind == "audio":
            for stream in self.streams:
                if stream.kind == "audio":
                    slot.wait_for(stream)
            return
        layers = self.live_layers()
        for stream in layers:
            self._flush(stream)
            if line := stream.gop.packets():
                us = self._timeline.us(stream.track, line[-1].timestamp)
                slot.catch_up(stream, line, us)
                self._pace(stream, self._clock.now_us())
                return
        if layers:
            slot.wait_for(layers[0])
            self.ask_keyframe()

    def _pace(self, stream: Stream, now_us: int) -> None:
        """The next piece of what joiners catch up with: all at once would overrun their buffers."""
        for slot in [*stream.catching_up]:
            self._forwarder.one_slot(slot, slot.next_of_queue(_PACE_OCTETS), now_us)

    def ask_keyframe(self) -> None:
        if self.publisher is not None:
            self.publisher.ask_keyframe(self._clock.now_us())

    def leave(self, slot: Slot) -> None:
        slot.leave()
        slot.stop_waiting()
        if slot in self.slots:
            self.slots.remove(slot)

    def live_layers(self) -> list[Stream]:
        """Pictures that are arriving now, from the thinnest up."""
        oldest = self._clock.now_us() - _STALE_LAYER_US
        return [s for s in by_layer(self.streams) if s.last_us >= oldest]

    def steer(self, slot: Slot, now_us: int) -> None:
        """Once a second: the layer this viewer can hold."""
        layers = self.live_layers()
        if slot.kind != "video" or not layers:
            return
        viewer = slot.viewer
        offered = [Offered(s.layer, max(s.meter.kbps, 1.0) * 1000) for s in layers]
        before = slot.feed.layer if slot.feed is not None else None
        slot.chooser.wanted = slot.chooser.wanted or before
        wanted = slot.chooser.choose(offered, now_us / 1e6, slot.loss, viewer.left_for(slot))
        stream = next((s for s in layers if s.layer == wanted), layers[0])
        if stream is slot.feed:
            slot.stop_waiting()
        elif stream is not slot.target:
            slot.wait_for(stream)
            names = [o.name for o in offered]
            if before not in names or names.index(stream.layer) < names.index(before):
                self.ask_keyframe()

    def instant(self, stream: Stream) -> int | None:
        """The timeline's instant of the stream's newest packet."""
        return self._timeline.us(stream.track, stream.last_timestamp)

    def finish(self) -> None:
        """The lesson is over: what its sessions do while they end is no gap in it."""
        self.state = "over"
        self._cuts.forget()
