"""Many peers' datagrams in one system call: all of them arrive, each where and cut as it was put."""

import socket
from collections.abc import Iterator

import pytest

from tongke_streaming.clock import SystemClock
from tongke_streaming.rtc.outbox import Outbox
from tongke_streaming.rtc.port import MediaPort, open_socket

LOCAL = socket.inet_aton("127.0.0.1")
STRIDE, LAST = 700, 300


@pytest.fixture
def port() -> Iterator[MediaPort]:
    with open_socket("127.0.0.1", 0) as sock:
        yield MediaPort(sock, SystemClock(), lambda: None)


@pytest.fixture
def peers() -> Iterator[list[socket.socket]]:
    """More than go into one system call."""
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(70)]
    for sock in sockets:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(5)
    yield sockets
    for sock in sockets:
        sock.close()


def run_for(number: int) -> list[bytes]:
    """Three packets that no other peer gets."""
    fill = bytes((number + 1,))
    return [fill * STRIDE, fill * STRIDE, fill * LAST]


def put(outbox: Outbox, packets: list[bytes], host: str, port: int) -> None:
    data = b"".join(packets)
    outbox.pad.view[outbox.at : outbox.at + len(data)] = data
    outbox.put(len(data), len(packets[0]), len(packets), (host, port, LOCAL))


@pytest.mark.parametrize("gso", [True, False])
def test_each_peer_gets_its_packets(port: MediaPort, peers: list[socket.socket], gso: bool) -> None:
    port.gso, outbox = gso, Outbox(port)
    for number, peer in enumerate(peers):
        put(outbox, run_for(number), *peer.getsockname())
    outbox.flush()
    for number, peer in enumerate(peers):
        received = [peer.recvfrom(2048) for _ in range(3)]
        assert [data for data, _ in received] == run_for(number)
        assert {sender for _, sender in received} == {port.local}
    assert (port.sent, port.dropped_out) == (210, 0)


def test_unreachable_peer_costs_only_its_own(port: MediaPort, peers: list[socket.socket]) -> None:
    outbox = Outbox(port)
    for number, peer in enumerate(peers):
        host, number_of_port = peer.getsockname()
        # Broadcast is forbidden to this socket: the kernel stops the batch there.
        put(outbox, run_for(number), "255.255.255.255" if number == 5 else host, number_of_port)
    outbox.flush()
    for number, peer in enumerate(peers):
        if number != 5:
            assert [peer.recv(2048) for _ in range(3)] == run_for(number)
    assert (port.sent, port.dropped_out, port.gso) == (207, 3, True)


def test_single_packets_and_empty_flush(port: MediaPort, peers: list[socket.socket]) -> None:
    outbox = Outbox(port)
    outbox.flush()
    for size in (1, 60, 1200):
        put(outbox, [bytes(size)], *peers[0].getsockname())
    outbox.flush()
    assert [len(peers[0].recv(2048)) for _ in range(3)] == [1, 60, 1200]


def test_one_peers_refusal_does_not_end_segmentation_for_all(
    port: MediaPort, peers: list[socket.socket]
) -> None:
    outbox = Outbox(port)
    good = (*peers[0].getsockname(), LOCAL)
    for address in (good, ("127.0.0.1", 0, LOCAL), good):  # nobody can be sent to on port 0
        outbox.put(2 * STRIDE, STRIDE, 2, address)
    outbox.flush()
    assert [len(peers[0].recv(2048)) for _ in range(4)] == [STRIDE] * 4
    assert port.gso
