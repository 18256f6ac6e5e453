"""One peer on the media port: ICE-lite, DTLS, SRTP and consent. Publishers and viewers build on it."""

import secrets
from collections.abc import Callable

from ..clock import Clock
from . import rtcp, rtp, stun
from .dtls import Dtls, HandshakeFailed, Identity
from .sdp import Offer
from .srtp import Error as SrtpError
from .srtp import Inbound, Outbound

Address = stun.Address
Send = Callable[[bytes, Address], None]

# RFC 7675 §5.1 ends consent after 30 s without an answered check; a lite agent sends none, so any
# authenticated packet counts. Browsers check every few seconds and report once a second.
CONSENT_US = 15_000_000
CONNECT_US = 15_000_000
_MOST_ADDRESSES = 16
# Of this many restarts the credentials are kept; a browser uses two.
_MOST_CREDENTIALS = 4
# libsrtp keeps a context for each SSRC it has authenticated. A browser uses a dozen.
_MOST_SSRCS = 64
_BUSY_US = 2_000_000


class Session:
    """Owns one peer's transport; knows nothing of lessons.

    Life: made at POST, checked by STUN, connected by DTLS, ended by ``end``. All on one loop.
    """

    def __init__(
        self, identity: Identity, offer: Offer, clock: Clock, send: Send, *, silence_us: int
    ) -> None:
        self.id = secrets.token_urlsafe(18)
        self.etag = secrets.token_hex(8)
        self.ufrag = secrets.token_hex(4)
        self.password = secrets.token_hex(16)
        # Old credentials stay good until the session ends: a failed restart keeps it.
        self.passwords = {self.ufrag: self.password}
        self.mids = [(m.kind, m.mid) for m in offer.media if m.wanted]
        # The peer's own: tells a restart from a trickled fragment, which carries them too.
        self.peer_credentials = (offer.ufrag, offer.password)
        self.setup = "active" if offer.setup == "passive" else "passive"
        self.address: Address | None = None
        self.checked: dict[Address, None] = {}  # oldest first
        self.connected = False
        self.ended: str | None = None
        self.on_end: Callable[[Session], None] = lambda _: None
        self.on_connected: Callable[[Session], None] = lambda _: None
        self.outbound: Outbound | None = None
        self._inbound: Inbound | None = None
        self._clock = clock
        self._send = send
        self._silence_us = silence_us
        self._dtls = Dtls(identity, offer.fingerprint, client=self.setup == "active")
        self._ssrcs: set[bytes] = set()
        self._born_us = self.heard_us = clock.now_us()
        self.refused_packets = 0

    # What came in. Nothing here raises: the bytes are a stranger's.

    def take_check(self, message: stun.Message, ufrag: str, address: Address) -> bool:
        """An ICE check that names this session; True when it is authentic."""
        password = self.passwords[ufrag]
        if not stun.is_authentic(message, password):
            return False
        self.checked.pop(address, None)
        self.checked[address] = None
        self.heard_us = self._clock.now_us()
        self._send(stun.success(message, address, password), address)
        if self.address is None or (not self.connected and "USE-CANDIDATE" in message.attributes):
            self.address = address
        self._send_all(self._dtls.start(), address)
        return True

    def forget_address(self) -> Address | None:
        """The address checked longest ago, once there are too many: a phone's NAT rebinds often."""
        if len(self.checked) <= _MOST_ADDRESSES:
            return None
        oldest = next(a for a in self.checked if a != self.address)
        del self.checked[oldest]
        return oldest

    def holds(self, address: Address) -> bool:
        """Whether its peer is at ``address`` now: no one else can have the same one."""
        present = self.connected and self.ended is None and address == self.address
        return present and self._clock.now_us() - self.heard_us < _BUSY_US

    def take_dtls(self, data: bytes, address: Address) -> None:
        try:
            answers = self._dtls.take(data)
        except HandshakeFailed as failure:
            self.end(f"dtls: {failure}")
            return
        self._send_all(answers, address)
        if self._dtls.keys is not None and not self.connected:
            profile, theirs, ours = self._dtls.keys
            self._inbound, self.outbound = Inbound(profile, theirs), Outbound(profile, ours)
            self.connected = True
            self.address = address
            self.heard_us = self._clock.now_us()
            self.on_connected(self)
        if self._dtls.closed:
            self.end("closed by the peer")

    def take_media(self, buffer: bytearray, size: int, address: Address, now_us: int) -> None:
        """SRTP or SRTCP in ``buffer[:size]``; decrypted where it lies."""
        if self._inbound is None:
            return
        try:
            if 192 <= buffer[1] <= 223:
                data = self._inbound.rtcp(bytes(buffer[:size]))
                self._authentic(address, now_us, data[4:8])
                if self.ended is None:
                    self.on_rtcp(rtcp.parse(data), now_us)
            else:
                length = self._inbound.rtp_in_place(buffer, size)
                self._authentic(address, now_us, bytes(buffer[8:12]))
                packet = rtp.parse(bytes(memoryview(buffer)[:length]))
                packet.arrival_us = now_us
                if self.ended is None:
                    self.on_rtp(packet)
        except (SrtpError, ValueError):
            self.refused_packets += 1

    def _authentic(self, address: Address, now_us: int, ssrc: bytes) -> None:
        self.heard_us = now_us
        if ssrc not in self._ssrcs:
            self._ssrcs.add(ssrc)
            if len(self._ssrcs) > _MOST_SSRCS:
                self.end("too many SSRCs")
        if address != self.address:
            # Only authenticated media moves a session, never a check or a forged header.
            self.address = address

    def on_rtp(self, packet: rtp.Packet) -> None:
        """A decrypted media packet."""

    def on_rtcp(self, items: list[rtcp.Item], now_us: int) -> None:
        """A decrypted compound packet's items."""

    # What goes out.

    def _send_all(self, datagrams: list[bytes], address: Address) -> None:
        for datagram in datagrams:
            self._send(datagram, address)

    def send_rtcp(self, data: bytes) -> None:
        if self.outbound is not None and self.address is not None:
            self._send(self.outbound.rtcp(data), self.address)

    def poll(self, now_us: int) -> None:
        """Timers; a few times a second, and every 20 ms while connecting."""
        if not self.connected:
            if now_us - self._born_us > CONNECT_US:
                self.end("never connected")
                return
            try:
                datagrams = self._dtls.poll()
            except HandshakeFailed as failure:
                self.end(f"dtls: {failure}")
                return
            if self.address is not None:
                self._send_all(datagrams, self.address)
        elif now_us - self.heard_us > self._silence_us:
            self.end("silence")

    def restart_ice(self, peer_credentials: tuple[str, str]) -> list[str]:
        """New credentials of ours for new ones of the peer's (RFC 9725 §4.3.2).

        Returns the user names that are good no longer.
        """
        self.peer_credentials = peer_credentials
        self.ufrag, self.password = secrets.token_hex(4), secrets.token_hex(16)
        self.passwords[self.ufrag] = self.password
        self.etag = secrets.token_hex(8)
        stale = [*self.passwords][:-_MOST_CREDENTIALS]
        for ufrag in stale:
            del self.passwords[ufrag]
        return stale

    def end(self, reason: str) -> None:
        """Idempotent. Tells the peer with close_notify and the relay through ``on_end``."""
        if self.ended is not None:
            return
        self.ended = reason
        if self.address is not None:
            self._send_all(self._dtls.close(), self.address)
        self.on_end(self)
