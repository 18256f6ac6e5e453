"""One source of one lesson: its tracks, and the renditions made of them."""

import base64
import binascii
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import Any

from tongke_streaming.hls.aac import RATE, OpusDecoder
from tongke_streaming.hls.boxes import VIDEO_TIMESCALE
from tongke_streaming.hls.model import PackagerHost, Timeline
from tongke_streaming.hls.reorder import ReorderBuffer
from tongke_streaming.hls.segments import Cut, SegmentWriter
from tongke_streaming.hls.sound import SoundRendition
from tongke_streaming.hls.timing import TrackClock
from tongke_streaming.hls.video import ParameterSets, Picture, VideoRendition
from tongke_streaming.ingest.h264 import AccessUnit, Depacketizer
from tongke_streaming.ingest.h264_syntax import PPS, SPS
from tongke_streaming.rtc.rtp import Packet

_EARLY_US = 100_000
_FILL_EVERY_US = 50_000
# How far silence stays behind the present: a missing packet is waited for 0.3 s, a first map 1 s.
_SLACK_NO_TRACK_US = 150_000
_SLACK_US = 600_000
_SLACK_UNMAPPED_US = 1_600_000
_MAX_WAITING = 16 << 20  # bytes a track may hold before its first map

_Emit = Callable[[Packet, bool], None]


def _sprop(fmtp: object) -> ParameterSets:
    """Parameter sets from the SDP (RFC 6184 §8.1, sprop-parameter-sets)."""
    sps: list[bytes] = []
    pps: list[bytes] = []
    value = fmtp.get("sprop-parameter-sets", "") if isinstance(fmtp, dict) else ""
    for text in str(value).split(","):
        try:
            nal = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            continue
        kind = nal[0] & 0x1F if nal else 0
        if kind in (SPS, PPS):
            (sps if kind == SPS else pps).append(nal)
    return tuple(sps), tuple(pps)


class Track(ABC):
    """Packets of one track, held until it has a place on the timeline, then put in sequence."""

    def __init__(self, number: int, epoch: int, kind: str, layer: str, rate: int) -> None:
        self.number = number
        self.epoch = epoch
        self.kind = kind
        self.layer = layer
        self.rate = rate
        self.clock: TrackClock | None = None
        self.maps: list[tuple[int, int]] = []
        self.waiting: list[Packet] = []
        self._waiting_bytes = 0
        self._reorder = ReorderBuffer()

    def hold(self, packet: Packet) -> None:
        self._waiting_bytes += len(packet.payload)
        if self._waiting_bytes > _MAX_WAITING:
            self.waiting.clear()
            self._waiting_bytes = 0
        self.waiting.append(packet)

    def place(self, origin_us: int) -> list[Packet]:
        """Give the track its clock; returns what was held."""
        self.clock = TrackClock(self.rate, origin_us)
        for rtp, us in self.maps:
            self.clock.map(rtp, us)
        held, self.waiting = self.waiting, []
        return held

    def push(self, packet: Packet) -> None:
        self._emit(self._reorder.push(packet, packet.arrival_us))

    def expire(self, now_us: int) -> None:
        self._emit(self._reorder.expire(now_us))

    def flush(self) -> None:
        self._emit(self._reorder.flush())

    def _emit(self, packets: Iterator[tuple[Packet, bool]]) -> None:
        for packet, lost in packets:
            self._media(packet, lost)

    @abstractmethod
    def _media(self, packet: Packet, lost: bool) -> None:
        """One packet in order; ``lost``: some before it are missing."""

    def _start(self, packet_timestamp: int, arrival_us: int, rate: int) -> int:
        """Media time in ticks of ``rate``."""
        assert self.clock is not None
        ticks = self.clock.ticks(packet_timestamp, arrival_us)
        return ticks if self.rate == rate else ticks * rate // self.rate


class VideoTrack(Track):
    def __init__(self, number: int, epoch: int, layer: str, rate: int, fmtp: object) -> None:
        super().__init__(number, epoch, "video", layer, rate)
        self._depacketizer = Depacketizer()
        self._sps, self._pps = _sprop(fmtp)
        self.rendition: VideoRendition | None = None

    def _media(self, packet: Packet, lost: bool) -> None:
        if lost:
            self._depacketizer.lost()
        for unit in self._depacketizer.push(packet):
            self._unit(unit)

    def flush(self) -> None:
        super().flush()
        for unit in self._depacketizer.flush():
            self._unit(unit)

    def _unit(self, unit: AccessUnit) -> None:
        self._sps, self._pps = unit.sps or self._sps, unit.pps or self._pps
        if self.rendition is not None:
            start = self._start(unit.timestamp, unit.arrival_us, VIDEO_TIMESCALE)
            picture = Picture(start, unit.data, unit.idr, (self._sps, self._pps))
            self.rendition.picture(picture)


class AudioTrack(Track):
    def __init__(self, number: int, epoch: int, rate: int) -> None:
        super().__init__(number, epoch, "audio", "", rate)
        self._decoder = OpusDecoder()
        self.rendition: SoundRendition | None = None

    def _media(self, packet: Packet, lost: bool) -> None:
        if self.rendition is not None:
            position = self._start(packet.timestamp, packet.arrival_us, RATE)
            self.rendition.pcm(position, self._decoder.decode(packet.payload))


class SourcePackager:
    """What the packager does for one source; every call comes from the feed, in its order."""

    def __init__(self, host: PackagerHost, lesson: str, name: str) -> None:
        self._host = host
        self._lesson = lesson
        self._name = name
        self._tracks: dict[int, VideoTrack | AudioTrack] = {}
        self._video: dict[str, VideoRendition] = {}
        self._sound: SoundRendition | None = None
        self._writers: dict[str, SegmentWriter] = {}
        self._timeline: Timeline | None = None
        self._last_cut: Cut | None = None
        self._first_msn = 0
        self._cut_epoch = -1
        self._epoch = 0
        self._break = False
        self._filled_us = 0

    # Tracks

    def state(self, state: str, epoch: int, us: int) -> None:
        self._epoch = max(self._epoch, epoch)
        self._host.source(self._lesson, self._name, state, us)

    def track(self, number: int, message: dict[str, Any]) -> None:
        kind, codec = message.get("kind"), str(message.get("codec", "")).lower()
        epoch, rate = int(message.get("epoch", 0)), int(message.get("rate") or 0)
        self._epoch = max(self._epoch, epoch)
        if kind == "video" and "h264" in codec:
            layer = str(message.get("layer") or "f")
            self._tracks[number] = VideoTrack(
                number, epoch, layer, rate or VIDEO_TIMESCALE, message.get("fmtp")
            )
        elif kind == "audio" and "opus" in codec:
            self._tracks[number] = AudioTrack(number, epoch, rate or RATE)

    def map(self, number: int, rtp: int, us: int) -> None:
        track = self._tracks.get(number)
        if track is None:
            return
        track.maps.append((rtp, us))
        if track.clock is not None:
            track.clock.map(rtp, us)
        else:
            self._place(track)

    def gone(self, number: int) -> None:
        track = self._tracks.pop(number, None)
        if track is not None and track.clock is not None:
            track.flush()

    def packet(self, number: int, packet: Packet) -> None:
        track = self._tracks.get(number)
        if track is None:
            return
        if track.clock is None:
            track.hold(packet)
        else:
            track.push(packet)
        if packet.arrival_us - self._filled_us >= _FILL_EVERY_US:
            self._advance(packet.arrival_us)

    def _place(self, track: VideoTrack | AudioTrack) -> None:
        """Let a track in once it is mapped and its publishing session has its first segment."""
        timeline = self._timeline
        if not track.maps or timeline is None or self._cut_epoch < track.epoch:
            return
        for other in self._tracks.values():
            if type(other) is type(track) and other.layer == track.layer:
                other.rendition = None
        if isinstance(track, VideoTrack):
            track.rendition = self._layer(track.layer, timeline)
        else:
            track.rendition = self._sound
        for packet in track.place(timeline.origin_us):
            track.push(packet)

    # Renditions

    def _writer(self, name: str, timeline: Timeline) -> SegmentWriter:
        if name not in self._writers:
            sink = self._host.rendition(self._lesson, name)
            self._writers[name] = SegmentWriter(sink, timeline.held.get(name))
        return self._writers[name]

    def _layer(self, layer: str, timeline: Timeline) -> VideoRendition:
        if layer not in self._video:
            writer = self._writer(f"{self._name}-v-{layer}", timeline)
            rendition = VideoRendition(writer, timeline.origin_us)
            if self._last_cut is not None and not self._last_cut.gap:
                rendition.cut(self._last_cut)
            self._video[layer] = rendition
        return self._video[layer]

    def _open(self, us: int) -> Timeline:
        origin_us = (us - _EARLY_US) // 1000 * 1000
        timeline = self._host.timeline(self._lesson, self._name, origin_us)
        self._timeline = timeline
        self._sound = SoundRendition(self._writer(f"{self._name}-a", timeline), timeline.origin_us)
        prefix = f"{self._name}-v-"
        for name in timeline.held:
            if name.startswith(prefix):
                self._layer(name.removeprefix(prefix), timeline)
        self._first_msn = max((held.next_msn for held in timeline.held.values()), default=0)
        self._break = bool(timeline.held)
        return timeline

    # Segments

    def cut(self, msn: int, us: int, *, gap: bool) -> None:
        if self._timeline is None:
            self._open(us)
        if msn < self._first_msn:
            return
        self._first_msn = msn + 1
        if self._last_cut is not None and not gap and self._cut_epoch < self._epoch:
            self._break = True
        cut = Cut(msn, us, gap, self._break and not gap)
        self._break = gap
        if gap:
            self._flush_tracks()
        self._last_cut = cut
        for rendition in self._renditions():
            rendition.cut(cut)
        if not gap:
            self._cut_epoch = self._epoch
            for track in list(self._tracks.values()):
                if track.clock is None:
                    self._place(track)

    def _renditions(self) -> list[VideoRendition | SoundRendition]:
        sound = [self._sound] if self._sound is not None else []
        return [*self._video.values(), *sound]

    def _flush_tracks(self) -> None:
        for track in self._tracks.values():
            if track.clock is not None:
                track.flush()

    def tick(self, now_us: int) -> None:
        for track in list(self._tracks.values()):
            if track.clock is not None:
                track.expire(now_us)
        self._advance(now_us)

    def _advance(self, now_us: int) -> None:
        """Sound goes on whether or not there is any."""
        self._filled_us = now_us
        if self._sound is None or not self._sound.live:
            return
        slack = _SLACK_NO_TRACK_US
        for track in self._tracks.values():
            if isinstance(track, AudioTrack):
                slack = max(slack, _SLACK_US if track.clock is not None else _SLACK_UNMAPPED_US)
        self._sound.silence_until(now_us - slack)

    # Ends

    def interrupted(self) -> None:
        """The relay is gone and will come back with tracks of new numbers."""
        self._flush_tracks()
        self._tracks.clear()
        for rendition in self._renditions():
            rendition.stop()
        for writer in self._writers.values():
            writer.close()
        self._break = self._timeline is not None
        self._cut_epoch = -1

    def end(self, us: int) -> None:
        self._flush_tracks()
        if self._sound is not None:
            self._sound.silence_until(us)
        for rendition in self._renditions():
            rendition.stop()
        away = self._last_cut is not None and self._last_cut.gap
        for writer in self._writers.values():
            writer.end(us, away=away)
