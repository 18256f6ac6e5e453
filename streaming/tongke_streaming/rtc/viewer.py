"""A WHEP session: a room or a person that watches a lesson in slots fixed by its offer."""

import secrets
from collections.abc import Callable
from typing import Any

from ..clock import Clock
from ..frames import Refused
from . import rtcp, rtp, sdp
from .burst import Shape
from .dtls import Identity
from .layers import LayerChooser
from .session import CONSENT_US, Send, Session
from .slot import Slot
from .srtp import Profile

_MOST_SLOTS = 4
_FEEDBACK = ("nack", "nack pli", "goog-remb")
# What one viewer may ask again of us: an address that only asks must not make us a cannon.
_RESEND_BURST = 400
_RESEND_PER_S = 400


def accept(offer: sdp.Offer, sources: dict[str, list[str]]) -> tuple[list[sdp.Section], list[str]]:
    """Sections for a viewer's offer and, for each, the source of its slot. Raises Refused 422.

    The n-th picture of the offer belongs to the n-th source that has pictures, the n-th sound to
    the n-th that has sound; places beyond are spare ("") for sources that begin later.
    """
    sections: list[sdp.Section] = []
    owners: list[str] = []
    counts = {"audio": 0, "video": 0}
    for media in offer.media:
        receives = media.direction in ("sendrecv", "recvonly") and media.wanted
        place = counts.get(media.kind, _MOST_SLOTS)
        codec = None
        if receives and place < _MOST_SLOTS:
            codec = sdp.choose_h264(media) if media.kind == "video" else sdp.choose_opus(media)
            if codec is None and media.kind == "video":
                raise Refused(422, "no_h264", "the player must take H.264")
        sections.append(_section(media, codec, place))
        names = sources.get(media.kind, [])
        owners.append(names[place] if codec is not None and place < len(names) else "")
        if codec is not None:
            counts[media.kind] += 1
    if all(section.codec is None for section in sections):
        raise Refused(422, "nothing_received", "the offer takes neither picture nor sound")
    return sections, owners


def _section(media: sdp.Media, codec: sdp.Codec | None, place: int) -> sdp.Section:
    if codec is None:
        return sdp.Section(media, None)
    return sdp.Section(
        media,
        codec,
        "sendonly",
        {uri: media.extensions[uri] for uri in (rtp.EXT_ABS_SEND_TIME,) if uri in media.extensions},
        [kind for kind in _FEEDBACK if kind in codec.feedback],
        ssrc=secrets.randbits(31) | 1,
        rtx_ssrc=secrets.randbits(31) | 1 if codec.rtx is not None else None,
        track=f"{media.kind}{place}",
    )


class Viewer(Session):
    """Owns its slots and its place on the ladder of layers."""

    def __init__(
        self,
        identity: Identity,
        offer: sdp.Offer,
        clock: Clock,
        send: Send,
        *,
        sources: dict[str, list[str]],
        label: str,
        room: str | None,
        cap: str | None,
    ) -> None:
        super().__init__(identity, offer, clock, send, silence_us=CONSENT_US)
        self.label, self.room = label, room
        self.sections, self._owners = accept(offer, sources)
        self._cap = cap
        self.slots: list[Slot] = []
        self.srtp_handle: Any = None
        self.remb: float | None = None
        self.loss = 0.0
        self.rtt_ms = 0.0
        self.octets_before = 0
        self.kbps = 0.0
        self.on_keyframe_wanted: Callable[[Slot], None] = lambda _: None
        self.on_nack: Callable[[Slot, int], object] = lambda *_: None
        self._allowance = float(_RESEND_BURST)
        self._allowance_us = 0
        self._measured_us = 0

    def open_slots(self) -> None:
        """After DTLS: the SRTP profile decides the shape of what is sent."""
        assert self.outbound is not None
        self.srtp_handle = self.outbound.handle
        for section, owner in zip(self.sections, self._owners, strict=True):
            if section.codec is not None:
                self.slots.append(self._slot(section, owner, self.outbound.profile))

    def _slot(self, section: sdp.Section, owner: str, profile: Profile) -> Slot:
        codec = section.codec
        assert codec is not None
        assert section.ssrc is not None
        repaired = codec.rtx is not None or "nack" not in section.feedback
        extension = section.extensions.get(rtp.EXT_ABS_SEND_TIME, 0) if repaired else 0
        return Slot(
            self,
            section.media.kind,
            owner,
            Shape(codec.payload_type, extension, profile.tag, repaired),
            section.ssrc,
            section.rtx_ssrc or 0,
            codec.rtx,
            codec.rate,
            LayerChooser(self._cap),
            last_seq=secrets.randbits(15),
        )

    def on_rtcp(self, items: list[rtcp.Item], now_us: int) -> None:
        for item in items:
            if isinstance(item, rtcp.Nack):
                self._nack(item, now_us)
            elif isinstance(item, rtcp.KeyframeRequest):
                for slot in self.slots:
                    if slot.kind == "video" and item.media_ssrc == slot.ssrc:
                        self.on_keyframe_wanted(slot)
            elif isinstance(item, rtcp.Remb):
                self.remb = float(item.bitrate)
            elif isinstance(item, rtcp.ReceiverReport | rtcp.SenderReport):
                for report in item.reports:
                    self._reception(report, now_us)

    def left_for(self, slot: Slot) -> float | None:
        """What the peer's estimate leaves for this slot beside the other pictures, bit/s."""
        if self.remb is None:
            return None
        others = [s.feed for s in self.slots if s is not slot and s.kind == "video"]
        return max(0.0, self.remb - sum(f.meter.kbps * 1000 for f in others if f is not None))

    def _nack(self, item: rtcp.Nack, now_us: int) -> None:
        slot = next((s for s in self.slots if s.ssrc == item.media_ssrc), None)
        if slot is None:
            return
        earned = (now_us - self._allowance_us) * _RESEND_PER_S / 1_000_000
        self._allowance = min(_RESEND_BURST, self._allowance + earned)
        self._allowance_us = now_us
        for seq in item.lost:
            if self._allowance < 1:
                return
            self._allowance -= 1
            self.on_nack(slot, seq)

    def _reception(self, report: rtcp.Report, now_us: int) -> None:
        slot = next((s for s in self.slots if s.ssrc == report.ssrc), None)
        if slot is None:
            return
        slot.loss = report.lost
        self.loss = max(s.loss for s in self.slots)
        if report.lsr:
            middle = rtcp.ntp_from_us(now_us) >> 16 & 0xFFFFFFFF
            round_trip = (middle - report.lsr - report.dlsr) & 0xFFFFFFFF
            if round_trip < 0x80000000:
                self.rtt_ms = round_trip / 65.536

    def measure(self, now_us: int) -> None:
        """Once a second: what it was sent."""
        octets = sum(s.octets for s in self.slots)
        if self._measured_us:
            elapsed_us = max(1, now_us - self._measured_us)
            self.kbps = (octets - self.octets_before) * 8000 / elapsed_us
        self.octets_before, self._measured_us = octets, now_us
