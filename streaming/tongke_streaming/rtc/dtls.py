"""DTLS for SRTP keys (RFC 5764): synchronous, one OpenSSL context, no task per session.

The caller moves datagrams: ``take`` for what came, ``poll`` for timers; both return what to send.
Once connected the connection is kept only to notice the peer's close_notify.
"""

import datetime
import os

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from OpenSSL import SSL

from .srtp import PROFILES, Profile, split_keys

_MTU = 1200
_RECORD_HEADER = 13


class HandshakeFailed(Exception):
    """The handshake cannot succeed: wrong certificate, no common profile, a protocol error."""


def _certificate(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, os.urandom(8).hex())])
    now = datetime.datetime.now(datetime.UTC)
    # Generous to both sides: school PCs' clocks are hours, sometimes years off, and browsers pin
    # the fingerprint instead of checking dates.
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=30))
        .not_valid_after(now + datetime.timedelta(days=365))
        .sign(key, hashes.SHA256())
    )


def _colons(digest: bytes) -> str:
    return ":".join(f"{byte:02X}" for byte in digest)


class Identity:
    """The relay's certificate and the OpenSSL context all its sessions share."""

    def __init__(self) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = _certificate(key)
        self.fingerprint = _colons(certificate.fingerprint(hashes.SHA256()))
        context = SSL.Context(SSL.DTLS_METHOD)
        context.set_options(SSL.OP_NO_TICKET | SSL.OP_NO_QUERY_MTU | SSL.OP_NO_RENEGOTIATION)
        context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
        # Any certificate is taken here; it is held against the SDP's fingerprint afterwards.
        context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, lambda *_: True)
        context.use_certificate(certificate)
        context.use_privatekey(key)
        context.set_cipher_list(
            b"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
            b"ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-SHA:ECDHE-ECDSA-AES256-SHA"
        )
        context.set_tlsext_use_srtp(b":".join(p.name for p in PROFILES))
        self.context = context


def _datagrams(stream: bytes) -> list[bytes]:
    """Whole DTLS records packed into datagrams of at most the MTU (RFC 6347 §4.1.1)."""
    out: list[bytes] = []
    current = b""
    at = 0
    while at + _RECORD_HEADER <= len(stream):
        end = at + _RECORD_HEADER + int.from_bytes(stream[at + 11 : at + 13], "big")
        record = stream[at:end]
        if current and len(current) + len(record) > _MTU:
            out.append(current)
            current = b""
        current += record
        at = end
    if current:
        out.append(current)
    return out


class Dtls:
    """One session's DTLS. ``keys`` is (profile, their key, our key) once connected."""

    def __init__(self, identity: Identity, fingerprint: tuple[str, str], *, client: bool) -> None:
        """``fingerprint`` is the peer's (algorithm, colon-separated hex) from its SDP."""
        self._fingerprint = fingerprint
        self._client = client
        self._ssl = SSL.Connection(identity.context, None)
        self._ssl.set_ciphertext_mtu(_MTU)
        if client:
            self._ssl.set_connect_state()
        else:
            self._ssl.set_accept_state()
        self._started = False
        self.keys: tuple[Profile, bytes, bytes] | None = None
        self.closed = False

    def start(self) -> list[bytes]:
        """The client's first flight; nothing for a server. Repeated calls send nothing."""
        if self._started or not self._client:
            return []
        self._started = True
        return self._step()

    def take(self, datagram: bytes) -> list[bytes]:
        """Answer one datagram from a checked address. Raises HandshakeFailed."""
        if self.closed:
            return []
        self._started = True
        self._ssl.bio_write(datagram)
        return self._step()

    def poll(self) -> list[bytes]:
        """Retransmit when OpenSSL's timer says so (RFC 6347 §4.2.4). Raises HandshakeFailed."""
        if self.keys is not None or not self._started or self.closed:
            return []
        timeout = self._ssl.DTLSv1_get_timeout()
        if timeout is None or timeout > 0:
            return []
        try:
            self._ssl.DTLSv1_handle_timeout()
        except SSL.Error as error:
            raise HandshakeFailed("DTLS handshake timed out") from error
        return self._flush()

    def close(self) -> list[bytes]:
        """close_notify, if there is anyone to tell."""
        if self.closed or self.keys is None:
            self.closed = True
            return []
        self.closed = True
        try:
            self._ssl.shutdown()
        except SSL.Error:
            return []
        return self._flush()

    def _step(self) -> list[bytes]:
        try:
            if self.keys is None:
                self._ssl.do_handshake()
                self._finish()
            else:
                # Nobody speaks data here; read on until close_notify or nothing is left, or what
                # a peer sends would pile up in OpenSSL.
                while True:
                    self._ssl.recv(4096)
        except SSL.WantReadError:
            pass
        except SSL.ZeroReturnError:
            self.closed = True
        except SSL.Error as error:
            if self.keys is None:
                raise HandshakeFailed(f"DTLS handshake failed: {error}") from error
        return self._flush()

    def _finish(self) -> None:
        # OpenSSL's own object: cryptography's parser objects to FFmpeg 8's serial numbers, and
        # nothing but the digest matters.
        certificate = self._ssl.get_peer_certificate()
        algorithm, expected = self._fingerprint
        digest = algorithm.replace("-", "")
        if certificate is None or certificate.digest(digest).decode() != expected:
            raise HandshakeFailed("the certificate is not the one of the SDP")
        selected = self._ssl.get_selected_srtp_profile()
        profile = next((p for p in PROFILES if p.name == selected), None)
        if profile is None:
            raise HandshakeFailed("no SRTP profile in common")
        material = self._ssl.export_keying_material(
            b"EXTRACTOR-dtls_srtp", 2 * (profile.key + profile.salt)
        )
        client, server = split_keys(profile, material)
        theirs, ours = (server, client) if self._client else (client, server)
        self.keys = (profile, theirs, ours)

    def _flush(self) -> list[bytes]:
        stream = b""
        while True:
            try:
                stream += self._ssl.bio_read(65536)
            except SSL.WantReadError:
                return _datagrams(stream)
