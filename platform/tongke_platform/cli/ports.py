"""Taking ports before anything is started, so that a taken one is one clear line."""

import socket

SEARCHED = 100


class PortTaken(OSError):
    """The sentence names the setting to change."""


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def listen_tcp(host: str, port: int, setting: str) -> socket.socket:
    """A listening socket. Raises PortTaken."""
    try:
        return socket.create_server((host, port), family=_family(host), backlog=2048)
    except OSError as error:
        raise PortTaken(_sentence("TCP", host, port, setting, error)) from error


def check_udp(host: str, port: int, setting: str) -> None:
    """Raises PortTaken when this UDP port cannot be bound."""
    with socket.socket(_family(host), socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((host, port))
        except OSError as error:
            raise PortTaken(_sentence("UDP", host, port, setting, error)) from error


def check_tcp(host: str, port: int, setting: str) -> None:
    """Raises PortTaken when nothing can listen on this TCP port."""
    listen_tcp(host, port, setting).close()


def free_tcp_after(host: str, port: int, setting: str) -> int:
    """The next port after ``port`` that is free. Raises PortTaken."""
    for candidate in range(port + 1, min(port + 1 + SEARCHED, 65536)):
        try:
            check_tcp(host, candidate, setting)
        except PortTaken:
            continue
        return candidate
    raise PortTaken(f"no free TCP port after {port}; set {setting}")


def _sentence(kind: str, host: str, port: int, setting: str, error: OSError) -> str:
    reason = error.strerror or str(error)
    return f"cannot use {kind} port {port} on {host} ({reason}); choose another with {setting}"
