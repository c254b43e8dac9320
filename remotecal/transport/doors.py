"""Listening sockets that let in so many at a time, and give nobody a place for saying nothing."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import socket
from contextlib import suppress
from dataclasses import dataclass

log = logging.getLogger(__name__)

GREETED_WITHIN = 10.0
"""Seconds in which a client must have said something that makes sense, TLS included."""
BACKLOG = 128
"""Clients the system keeps waiting."""
UNSENT = 16_384
"""Bytes for a client that the system holds before it sends them; more waits with whoever makes them."""
NETWORK = 64
"""Bits of an IPv6 address that tell clients apart: each has a whole network to itself."""


@dataclass
class Guest:
    """A client that was let in."""

    host: str
    """Its address, as far as that tells clients apart."""
    greeted: bool = False
    """Whether it has said something that makes sense."""


class Door(socket.socket):
    """A listening socket with bounds; a client beyond them is turned away at once.

    A client that was not greeted in time is shut out again, and leaves its place to others. What one does
    not take waits with whoever sends it, not in the system, which would hold megabytes: so who reads a
    stream of news slowly is told the latest, and nothing that is minutes old.

    Args:
        host: address to listen on.
        port: port; 0 for any that is free.
        most: connections there may be at a time.
        of_one: connections one client may have.

    Raises:
        OSError: the address can't be listened on.
    """

    def __init__(self, host: str, port: int, *, most: int, of_one: int) -> None:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        super().__init__(family, kind, protocol)
        self._most, self._of_one = most, of_one
        self._inside: dict[socket.socket, Guest] = {}
        try:
            self.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if hasattr(socket, "TCP_NOTSENT_LOWAT"):  # not on Windows; clients' sockets have it from this one
                self.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT)
            self.bind(address)
            self.listen(BACKLOG)
        except OSError:
            self.close()
            raise
        self.setblocking(False)  # noqa: FBT003  the socket's own signature

    def accept(self) -> tuple[socket.socket, object]:
        """Return the next client there is a place for; the event loop calls it."""
        while True:
            client, address = super().accept()
            self._inside = {other: guest for other, guest in self._inside.items() if other.fileno() != -1}
            host = _told_apart(address[0])
            of_one = sum(guest.host == host for guest in self._inside.values())
            if len(self._inside) < self._most and of_one < self._of_one:
                self._inside[client] = Guest(host)
                asyncio.get_running_loop().call_later(GREETED_WITHIN, self._shut_out, client)
                return client, address
            client.close()
            log.warning("turned away %s: it has %d of %d connections", host, of_one, len(self._inside))

    @property
    def roomy(self) -> bool:
        """Whether half of the places or more are free."""
        return 2 * sum(client.fileno() != -1 for client in self._inside) <= self._most

    def greet(self, transport: asyncio.BaseTransport) -> None:
        """Let a client stay for longer."""
        number = transport.get_extra_info("socket").fileno()
        for client, guest in self._inside.items():
            if client.fileno() == number:
                guest.greeted = True

    def _shut_out(self, client: socket.socket) -> None:
        guest = self._inside.get(client)
        if guest is not None and not guest.greeted and client.fileno() != -1:
            # The event loop sees that it ended, and closes it.
            with suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)


def _told_apart(host: str) -> str:
    address = ipaddress.ip_address(host.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is None:
        return str(ipaddress.ip_network((address, NETWORK), strict=False))
    return str(address)
