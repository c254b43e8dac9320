"""The instrument's side of TCP, pty and VISA wires, for the conformance kit."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import threading
import tty
from pathlib import Path

from remotecal.drivers.links import Link, open_link
from remotecal.sim.hislip import HislipMessage, HislipServer, Kind
from remotecal.sim.vxi11 import Vxi11Server
from remotecal.testing.peers import Language, Lines, Planned


class Forgettable:
    """A connection that its server sees as ever, whose other end may hear nothing any more."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self.forgotten = False
        self.recv = connection.recv

    def sendall(self, data: bytes) -> None:
        if not self.forgotten:
            self._connection.sendall(data)


class TcpWire(Forgettable):
    def put(self, data: bytes) -> None:
        with contextlib.suppress(OSError):
            self.sendall(data)

    def drop(self) -> None:
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)


class TcpPeer(Planned):
    def __init__(self, language: Language, address: str, *, tells_late_replies_apart: bool) -> None:
        super().__init__(language)
        self.tells_late_replies_apart = tells_late_replies_apart
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = address.format(port=self._listener.getsockname()[1])
        self._wires: list[TcpWire] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._wires.append(TcpWire(connection))
            threading.Thread(target=self._serve, args=(connection, self._wires[-1]), daemon=True).start()

    def _serve(self, connection: socket.socket, wire: TcpWire) -> None:
        received = b""
        with connection, contextlib.suppress(OSError):
            while data := connection.recv(4096):
                received = self.hear(wire, received + data)

    def open(self) -> Link:
        return open_link(self.address, self.language.wire, name="peer")

    def interject(self, data: bytes) -> None:
        self._wires[-1].put(data)

    def restart(self) -> None:
        for wire in self._wires:
            wire.drop()

    def deafen(self) -> bool:
        return forget(self._wires)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.restart()
        self.join()


def forget(connections: list[Forgettable]) -> bool:
    for connection in connections:
        connection.forgotten = True
    return True


class PtyWire:
    """One pty; dropping it is what pulling a USB adapter is."""

    def __init__(self, peer: PtyPeer) -> None:
        self._peer = peer
        self._master, self.slave = os.openpty()
        tty.setraw(self.slave)
        self._stop, self._stopper = os.pipe()
        self._lock = threading.Lock()
        self._open = True
        self._server = threading.Thread(target=self._serve, daemon=True)
        self._server.start()

    def put(self, data: bytes) -> None:
        with self._lock:
            if self._open:
                os.write(self._master, data)

    def drop(self) -> None:
        self._peer.replace(self)

    def hang_up(self) -> None:
        os.write(self._stopper, b"\0")
        self._server.join()
        with self._lock:
            self._open = False
            for descriptor in (self._master, self.slave, self._stop, self._stopper):
                os.close(descriptor)

    def _serve(self) -> None:
        received = b""
        while self._stop not in (ready := select.select([self._master, self._stop], [], [])[0]):
            assert ready
            received = self._peer.hear(self, received + os.read(self._master, 4096))


class PtyPeer(Planned):
    tells_late_replies_apart = False

    def __init__(self, language: Language, address: str, folder: Path) -> None:
        super().__init__(language)
        self.path = folder / "port"
        self.address = address.format(path=self.path)
        self._wire = self._begin()

    def _begin(self) -> PtyWire:
        wire = PtyWire(self)
        fresh = self.path.with_suffix(".new")
        fresh.symlink_to(os.ttyname(wire.slave))
        fresh.replace(self.path)
        return wire

    def replace(self, wire: PtyWire) -> None:
        self._wire = self._begin()
        wire.hang_up()

    def unplug(self) -> None:
        self._wire.hang_up()

    def plug(self) -> None:
        self._wire = self._begin()

    def open(self) -> Link:
        return open_link(self.address, self.language.wire, name="peer")

    def interject(self, data: bytes) -> None:
        self._wire.put(data)
        assert select.select([self._wire.slave], [], [], 10)[0]

    def restart(self) -> None:
        self.replace(self._wire)

    def deafen(self) -> bool:
        return False

    def close(self) -> None:
        self._wire.hang_up()
        self.join()


class ServerWire:
    def __init__(self, send, drop) -> None:
        self.put = send
        self.drop = drop


class HislipPeer(Planned):
    tells_late_replies_apart = True

    def __init__(self) -> None:
        super().__init__(Lines())
        peer = self

        self._connections: list[Forgettable] = []

        class Server(HislipServer):
            def serve(self, connection):
                peer._connections.append(Forgettable(connection))
                super().serve(peer._connections[-1])

            def deliver(self, answer, send, drop):
                peer.act(ServerWire(send, drop), answer)

        self._server = Server(lambda line: line.split()[1])
        self.foreign = lambda number: HislipMessage(Kind.DATA_END, 0, 0x77, b"%d\n" % number).encode()
        self.oversize = lambda: HislipMessage(Kind.DATA_END, 0, 0xFFFFFFFF, b"1" * 150 + b"\n").encode()
        self.restart = self._server.drop

    def open(self) -> Link:
        return open_link(self._server.resource_name, self.language.wire, name="peer")

    def deafen(self) -> bool:
        return forget(self._connections)

    def interject(self, data: bytes) -> None:
        for session in self._server.sessions.values():
            session.send(data, session.epoch)

    def close(self) -> None:
        self._server.close()
        self.join()


class Vxi11Peer(Planned):
    tells_late_replies_apart = False

    def __init__(self) -> None:
        super().__init__(Lines())
        peer = self

        self._connections: list[Forgettable] = []

        class Server(Vxi11Server):
            def serve(self, connection):
                peer._connections.append(Forgettable(connection))
                super().serve(peer._connections[-1])

            def deliver(self, answer, send, drop):
                peer.planned()(ServerWire(send, drop), answer)

        self._server = Server(lambda line: line.split()[1])
        self.restart = self._server.drop

    def open(self) -> Link:
        return open_link(self._server.resource_name, self.language.wire, name="peer")

    def deafen(self) -> bool:
        return forget(self._connections)

    def interject(self, data: bytes) -> None:
        for link in self._server.links.values():
            link.add(data, link.epoch)

    def close(self) -> None:
        self._server.close()
