"""A WHIP session: a browser or encoder that sends one source of a lesson."""

import secrets
from collections.abc import Callable

from ..clock import Clock
from ..frames import Refused
from ..ingest.h264 import has_b_slice, sps_of, starts_idr
from . import rtcp, rtp, sdp
from .dtls import Identity
from .session import Send, Session
from .stream import Stream
from .twcc import TransportFeedback

_FEEDBACK_US = 50_000
_REPORT_US = 1_000_000
_PLI_APART_US = 500_000
_MOST_STREAMS = 8
# A layer goes on under a new SSRC only when the former one has been silent for this long.
_REPLACE_US = 500_000
# A publisher that falls silent keeps its place a while: links come back.
SILENCE_US = 10_000_000
# An encoder with B-frames shows one within its first pictures.
_LOOK_FOR_B = 600
B_FRAMES = "b_frames"

_VIDEO_FEEDBACK = ("nack", "nack pli", "ccm fir", "transport-cc")
_EXTENSIONS = (rtp.EXT_MID, rtp.EXT_RID, rtp.EXT_REPAIRED_RID, rtp.EXT_TRANSPORT_CC)


def _section(media: sdp.Media, taken: set[str]) -> sdp.Section:
    if media.kind in taken:
        raise Refused(422, "too_many_tracks", "one picture and one sound per source")
    codec = sdp.choose_h264(media) if media.kind == "video" else sdp.choose_opus(media)
    if codec is None:
        if media.kind == "video":
            raise Refused(
                422, "no_h264", "the picture must be offered as H.264 with packetization-mode=1"
            )
        raise Refused(422, "no_opus", "the sound must be offered as Opus at 48000 Hz")
    wanted = _VIDEO_FEEDBACK if media.kind == "video" else ("transport-cc",)
    return sdp.Section(
        media,
        codec,
        "recvonly",
        {uri: media.extensions[uri] for uri in _EXTENSIONS if uri in media.extensions},
        [kind for kind in wanted if kind in codec.feedback],
        media.send_rids[:4] if media.kind == "video" else [],
    )


def accept(offer: sdp.Offer) -> list[sdp.Section]:
    """Sections for a publisher's offer. Raises Refused 422."""
    sections: list[sdp.Section] = []
    taken: set[str] = set()
    for media in offer.media:
        sends = media.direction in ("sendrecv", "sendonly") and media.wanted
        if media.kind not in ("audio", "video") or not sends:
            sections.append(sdp.Section(media, None))
            continue
        sections.append(_section(media, taken))
        taken.add(media.kind)
    if not taken:
        raise Refused(422, "nothing_sent", "the offer sends neither picture nor sound")
    return sections


class Publisher(Session):
    """Feeds ``on_packet`` with new media packets of its streams, in order of arrival."""

    def __init__(
        self, identity: Identity, offer: sdp.Offer, clock: Clock, send: Send, holder: str
    ) -> None:
        super().__init__(identity, offer, clock, send, silence_us=SILENCE_US)
        self.holder = holder
        self.sections = accept(offer)
        self.streams: dict[int, Stream] = {}
        self.on_stream: Callable[[Stream], None] = lambda _: None
        self.on_stream_gone: Callable[[Stream], None] = lambda _: None
        self.on_packet: Callable[[Stream, rtp.Packet], None] = lambda *_: None
        self.on_report: Callable[[Stream, rtcp.SenderReport], None] = lambda *_: None
        self._by_rtx: dict[int, Stream] = {}
        self._ssrc = secrets.randbits(32)
        self._feedback = TransportFeedback(self._ssrc)
        self._codecs = {
            s.codec.payload_type: (s.media.kind, s.codec) for s in self.sections if s.codec
        }
        self._rtx_types = {
            s.codec.rtx: s.codec for s in self.sections if s.codec and s.codec.rtx is not None
        }
        extensions: dict[str, int] = {}
        for section in self.sections:
            extensions.update(section.extensions)
        self._cc_id = extensions.get(rtp.EXT_TRANSPORT_CC, 0)
        self._rid_id = extensions.get(rtp.EXT_RID, 0)
        self._repaired_id = extensions.get(rtp.EXT_REPAIRED_RID, 0)
        self._next_feedback_us = 0
        self._next_report_us = 0
        self._last_pli_us = 0
        self.answers_pli = "video" in {kind for kind, _ in self._codecs.values()}

    def on_rtp(self, packet: rtp.Packet) -> None:
        number = packet.extensions.get(self._cc_id) if self._cc_id else None
        if number is not None and len(number) == 2:
            self._feedback.received(int.from_bytes(number, "big"), packet.arrival_us)
        stream = self.streams.get(packet.ssrc)
        if stream is None:
            repaired = self._by_rtx.get(packet.ssrc) or self._identify_rtx(packet)
            if repaired is not None:
                original = rtp.unwrap_rtx(packet, repaired.codec.payload_type, repaired.ssrc)
                if original is None or repaired.is_beyond(original.seq):
                    return
                stream, packet = repaired, original
            else:
                stream = self._identify(packet)
                if stream is None:
                    return
        if not stream.take(packet):
            return
        if stream.kind == "video":
            if stream.received < _LOOK_FOR_B and has_b_slice(packet.payload):
                self.end(B_FRAMES)
                return
            self._mark_keyframe(stream, packet)
            stream.gop.put(packet, stream.ring)
        self.on_packet(stream, packet)

    def _mark_keyframe(self, stream: Stream, packet: rtp.Packet) -> None:
        if packet.timestamp != stream.keyframe_timestamp and starts_idr(packet.payload):
            stream.keyframe_timestamp = packet.timestamp
            stream.keyframe_us = packet.arrival_us
            packet.keyframe = True
            sps = sps_of(packet.payload)
            # A new picture size needs a new init segment, so a segment of its own.
            stream.reshaped = None not in (sps, stream.sps) and sps != stream.sps
            stream.sps = sps or stream.sps

    def _identify(self, packet: rtp.Packet) -> Stream | None:
        """A first packet: by payload type, its layer by rid (RFC 8852)."""
        found = self._codecs.get(packet.payload_type)
        if found is None or len(self.streams) >= _MOST_STREAMS:
            return None
        kind, codec = found
        layer = "f"
        rid = packet.extensions.get(self._rid_id) if self._rid_id else None
        if kind == "video" and any(s.rids for s in self.sections):
            if rid is None:
                return None
            layer = rid.decode("ascii", "replace")
            if not any(layer in s.rids for s in self.sections):
                return None
        # A known layer under a new SSRC: the publisher began it again.
        for old in [s for s in self.streams.values() if (s.kind, s.layer) == (kind, layer)]:
            if packet.arrival_us - old.last_us < _REPLACE_US:
                return None
            del self.streams[old.ssrc]
            self._by_rtx.pop(old.rtx_ssrc or 0, None)
            self.on_stream_gone(old)
        stream = Stream(packet.ssrc, kind, layer, codec)
        self.streams[packet.ssrc] = stream
        self.on_stream(stream)
        return stream

    def _identify_rtx(self, packet: rtp.Packet) -> Stream | None:
        if packet.payload_type not in self._rtx_types:
            return None
        rid = packet.extensions.get(self._repaired_id) if self._repaired_id else None
        candidates = [s for s in self.streams.values() if s.kind == "video"]
        if rid is not None:
            layer = rid.decode("ascii", "replace")
            candidates = [s for s in candidates if s.layer == layer]
        if len(candidates) != 1:
            return None
        self._by_rtx.pop(candidates[0].rtx_ssrc or 0, None)
        self._by_rtx[packet.ssrc] = candidates[0]
        candidates[0].rtx_ssrc = packet.ssrc
        return candidates[0]

    def on_rtcp(self, items: list[rtcp.Item], now_us: int) -> None:
        for item in items:
            if isinstance(item, rtcp.SenderReport) and (s := self.streams.get(item.ssrc)):
                s.report = (item.ntp, item.rtp, now_us)
                self.on_report(s, item)

    def ask_keyframe(self, now_us: int) -> None:
        """PLI on every layer, at most twice a second however many ask."""
        if now_us - self._last_pli_us < _PLI_APART_US or not self.connected:
            return
        self._last_pli_us = now_us
        layers = [s for s in self.streams.values() if s.kind == "video"]
        if layers:
            plis = b"".join(rtcp.pli(self._ssrc, s.ssrc) for s in layers)
            self.send_rtcp(rtcp.receiver_report(self._ssrc, []) + plis)

    def poll(self, now_us: int) -> None:
        super().poll(now_us)
        if not self.connected or self.ended is not None:
            return
        for stream in self.streams.values():
            if stream.kind == "video" and (ask := stream.to_ask(now_us)):
                self.send_rtcp(
                    rtcp.receiver_report(self._ssrc, []) + rtcp.nack(self._ssrc, stream.ssrc, ask)
                )
        if now_us >= self._next_feedback_us:
            self._next_feedback_us = now_us + _FEEDBACK_US
            self._send_feedback()
        if now_us >= self._next_report_us:
            self._next_report_us = now_us + _REPORT_US
            reports = [s.reception(now_us) for s in self.streams.values()]
            self.send_rtcp(
                rtcp.receiver_report(self._ssrc, reports) + rtcp.sdes_cname(self._ssrc, b"tongke")
            )

    def _send_feedback(self) -> None:
        if not self._cc_id or not self.streams:
            return
        media = next(iter(self.streams))
        for data in self._feedback.packets(media):
            self.send_rtcp(data)
