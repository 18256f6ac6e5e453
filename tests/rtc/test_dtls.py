"""DTLS against itself, aiortc's certificates, OpenSSL's command line, and a bad network."""

import asyncio
import datetime
import re
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from OpenSSL import SSL

from tongke_streaming.rtc.dtls import Dtls, HandshakeFailed, Identity

SERVER, CLIENT = Identity(), Identity()


def sides(
    server: Identity = SERVER, client: Identity = CLIENT, *, seen: str | None = None
) -> tuple[Dtls, Dtls]:
    return (
        Dtls(server, ("sha-256", seen or client.fingerprint), client=False),
        Dtls(client, ("sha-256", server.fingerprint), client=True),
    )


def talk(server: Dtls, client: Dtls, keep: Callable[[int], bool] = lambda _: True) -> list[bytes]:
    """Carry datagrams until nothing is left; ``keep`` says which arrive. Returns all that were."""
    carried: list[bytes] = []
    queue = [(server, d) for d in client.start()]
    while queue:
        to, datagram = queue.pop(0)
        carried.append(datagram)
        if keep(len(carried) - 1):
            other = client if to is server else server
            queue += [(other, d) for d in to.take(datagram)]
    return carried


def agree(server: Dtls, client: Dtls) -> None:
    assert server.keys is not None
    assert client.keys is not None
    assert server.keys[0] is client.keys[0]
    assert (server.keys[1], server.keys[2]) == (client.keys[2], client.keys[1])
    assert server.keys[1] != server.keys[2]


def test_both_sides_get_the_same_keys_with_aead_first() -> None:
    server, client = sides()
    talk(server, client)
    agree(server, client)
    assert server.keys is not None
    assert server.keys[0].name == b"SRTP_AEAD_AES_128_GCM"


def test_wrong_fingerprint_is_refused() -> None:
    server, client = sides(seen=":".join(["00"] * 32))
    with pytest.raises(HandshakeFailed, match="certificate"):
        talk(server, client)
    assert server.keys is None


def test_no_common_srtp_profile_is_refused() -> None:
    plain = Identity()
    plain.context = SSL.Context(SSL.DTLS_METHOD)
    key = rsa.generate_private_key(65537, 2048)
    plain.context.use_privatekey(key)
    certificate = _certificate(key)
    plain.context.use_certificate(certificate)
    digest = certificate.fingerprint(hashes.SHA256()).hex(":").upper()
    server, client = sides(client=plain, seen=digest)
    with pytest.raises(HandshakeFailed):
        talk(server, client)


def _certificate(key: rsa.RSAPrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "x" * 60)])
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name)
    builder = builder.public_key(key.public_key()).serial_number(7)
    builder = builder.not_valid_before(now).not_valid_after(now + datetime.timedelta(days=9))
    # A certificate larger than the MTU: its flight goes in fragments.
    names = [x509.DNSName(f"room-{n}.school.example") for n in range(120)]
    builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(key, hashes.SHA256())


def test_certificate_larger_than_a_datagram() -> None:
    large = Identity()
    key = rsa.generate_private_key(65537, 3072)
    certificate = _certificate(key)
    large.context.use_certificate(certificate)
    large.context.use_privatekey(key)
    digest = certificate.fingerprint(hashes.SHA256()).hex(":").upper()
    server, client = sides(client=large, seen=digest)
    carried = talk(server, client)
    agree(server, client)
    assert max(len(d) for d in carried) <= 1200
    assert len([d for d in carried if len(d) > 1000]) >= 2


def _poll(side: Dtls) -> list[bytes]:
    """What OpenSSL's timer (1 s at first) sends again; it runs on real time and wakes nobody."""
    for _ in range(20):
        if out := side.poll():
            return out
        time.sleep(side._ssl.DTLSv1_get_timeout() or 0.01)
    raise AssertionError("nothing was retransmitted")


@pytest.mark.parametrize("lost", [0, 1, 2])
def test_lost_datagram_is_retransmitted(lost: int) -> None:
    server, client = sides()
    talk(server, client, keep=lambda number: number != lost)
    if server.keys is not None and client.keys is not None:
        agree(server, client)
        return
    for _ in range(4):
        if server.keys is not None and client.keys is not None:
            break
        queue = [(server, d) for d in (_poll(client) if client.keys is None else [])]
        if not queue:
            queue = [(client, d) for d in _poll(server)]
        while queue:
            to, datagram = queue.pop(0)
            other = client if to is server else server
            queue += [(other, d) for d in to.take(datagram)]
    agree(server, client)


def test_garbage_between_the_flights_changes_nothing() -> None:
    server, client = sides()
    queue = [(server, d) for d in client.start()]
    while queue:
        to, datagram = queue.pop(0)
        for junk in (b"\x16\xfe\xfd" + bytes(30), b"\x14" * 200, datagram[:17], b"\x17\xfe\xff"):
            assert to.take(junk) == [] or to.keys is not None
        other = client if to is server else server
        queue += [(other, d) for d in to.take(datagram)]
    agree(server, client)


def test_close_is_noticed() -> None:
    server, client = sides()
    talk(server, client)
    (goodbye,) = client.close()
    server.take(goodbye)
    assert server.closed
    assert client.close() == []
    assert server.take(goodbye) == []


def test_close_is_noticed_after_data_nobody_reads() -> None:
    """A data channel's datagrams must neither pile up nor hide close_notify."""
    server, client = sides()
    talk(server, client)
    for _ in range(50):
        client._ssl.send(b"d" * 300)
        server.take(client._ssl.bio_read(2000))
    for goodbye in client.close():
        server.take(goodbye)
    assert server.closed


def test_nothing_is_sent_before_the_peer_speaks() -> None:
    server, client = sides()
    assert server.poll() == []
    assert server.start() == []
    assert client.start() != []
    assert client.start() == []
    assert server.close() == []


@pytest.fixture
def openssl_identity(tmp_path: Path) -> tuple[Path, Path]:
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    subject = ["-subj", "/CN=peer", "-days", "2", "-keyout", str(key), "-out", str(certificate)]
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    subprocess.run(["openssl", "req", "-x509", *curve, *subject], check=True, capture_output=True)
    return key, certificate


async def test_openssls_own_client_connects(openssl_identity: tuple[Path, Path]) -> None:
    """s_client with an SRTP profile and a certificate of its own, over a real socket."""
    key, certificate = openssl_identity
    digest = x509.load_pem_x509_certificate(certificate.read_bytes()).fingerprint(hashes.SHA256())
    server = Dtls(SERVER, ("sha-256", digest.hex(":").upper()), client=False)
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", 0))
    sock.setblocking(False)
    process = await asyncio.create_subprocess_exec(
        *["openssl", "s_client", "-dtls1_2", "-connect", f"127.0.0.1:{sock.getsockname()[1]}"],
        *["-use_srtp", "SRTP_AES128_CM_SHA1_80", "-cert", str(certificate), "-key", str(key)],
        *["-keymatexport", "EXTRACTOR-dtls_srtp", "-keymatexportlen", "60"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(10):
        while server.keys is None:
            data, address = await loop.sock_recvfrom(sock, 4096)
            for out in server.take(data):
                await loop.sock_sendto(sock, out, address)
        assert process.stdin is not None
        process.stdin.close()
        assert process.stdout is not None
        printed = (await process.stdout.read()).decode()
        await process.wait()
    sock.close()
    assert server.keys[0].name == b"SRTP_AES128_CM_SHA1_80"
    material = bytes.fromhex(re.findall(r"Keying material: ([0-9A-F]+)", printed)[0])
    assert server.keys[1] == material[:16] + material[32:46]
    assert server.keys[2] == material[16:32] + material[46:60]
