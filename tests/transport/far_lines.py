"""A long line between laboratory and site: late, lossy, and at times with a hole in it.

Best are two network namespaces with a wire of our own between them, which delays, reorders and
loses packets as the kernel's netem does, and needs no module of the kernel. Where a process may not
make namespaces, connections go through a proxy instead; TCP has no lost packets to show there, so a
loss is what it looks like from above: one piece that takes a retransmission longer.
"""

from __future__ import annotations

import ctypes
import fcntl
import heapq
import itertools
import math
import os
import random
import select
import socket
import struct
import subprocess
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

RETRANSMISSION = 0.2
"""Seconds TCP waits at least before it sends again (Linux's least RTO)."""
PACKET = 65536
LABORATORY, SITE = "10.77.0.1", "10.77.0.2"
"""Addresses in namespaces of our own, where there is nothing else."""
TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
"""Of Linux's `if_tun.h`."""
CLONE_NEWNET = 0x40000000
"""Of Linux's `sched.h`."""


@dataclass
class Line(ABC):
    """What goes in at one end comes out at the other: later, or not at all. One thread carries it."""

    delay: float
    """Seconds on the way, each way."""
    jitter: float
    """Standard deviation of that."""
    loss: float
    """Part that is lost."""
    rate: float = math.inf
    """Bytes a second that it carries each way."""
    open: bool = True
    """False: a hole; nothing comes through in either direction."""
    carried: int = 0
    lost: int = 0
    """By chance, not in a hole."""
    _chance: random.Random = field(default_factory=lambda: random.Random(2026))
    """Which packets are lost is the same in every run."""
    _due: list[tuple[float, int, int, bytes]] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=itertools.count)
    _free: dict[int, float] = field(default_factory=dict)
    """End → until when it is busy with what was sent."""

    @contextmanager
    def working(self) -> Iterator[None]:
        """Carry as long as the context lasts."""
        ending, end = os.pipe()
        thread = threading.Thread(target=self._work, args=(ending,), name="line")
        thread.start()
        try:
            yield
        finally:
            os.close(end)
            thread.join()
            os.close(ending)

    def _work(self, ending: int) -> None:
        while True:
            pause = max(0.0, self._due[0][0] - time.monotonic()) if self._due and self.open else 0.05
            ready, _, _ = select.select([ending, *self.sources()], [], [], min(pause, 0.05))
            if ending in ready:
                return
            for source in ready:
                self.take(source)
            while self._due and self.open and self._due[0][0] <= time.monotonic():
                _, _, target, content = heapq.heappop(self._due)
                self.deliver(target, content)

    def late(self) -> float:
        """Return when something that goes in now comes out."""
        return time.monotonic() + max(0.0, random.gauss(self.delay, self.jitter))

    def loses(self) -> bool:
        """Tell whether the next one is lost."""
        lost = self._chance.random() < self.loss
        self.lost += lost
        return lost

    def send(self, at: float, target: int, content: bytes) -> None:
        now = time.monotonic()
        waits = max(0.0, self._free.get(target, 0.0) - now)  # for what went in before
        self._free[target] = now + waits + len(content) / self.rate
        heapq.heappush(self._due, (at + waits, next(self._numbers), target, content))
        self.carried += 1

    @abstractmethod
    def sources(self) -> list[int]:
        """Return the file descriptors to read from."""

    @abstractmethod
    def take(self, source: int) -> None:
        """Read what there is, and send it."""

    @abstractmethod
    def deliver(self, target: int, content: bytes) -> None:
        """Write what has arrived."""


@dataclass
class Wire(Line):
    """Packets between two TUN devices."""

    ends: tuple[int, int] = (-1, -1)

    def sources(self) -> list[int]:
        return list(self.ends)

    def take(self, source: int) -> None:
        packet = os.read(source, PACKET)
        if self.open and not self.loses():
            self.send(self.late(), self.ends[source == self.ends[0]], packet)

    def deliver(self, target: int, content: bytes) -> None:
        with suppress(OSError):  # a device that is down loses packets, too
            os.write(target, content)


@dataclass
class Proxy(Line):
    """Bytes between connections to a port of ours, and connections to the server."""

    server: str = ""
    """Where connections go; to be set before there is one."""
    listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))
    _peers: dict[int, tuple[socket.socket, socket.socket]] = field(default_factory=dict)
    _ended: set[int] = field(default_factory=set)
    _last: dict[int, float] = field(default_factory=dict)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.listener.getsockname()[1]}"

    def sources(self) -> list[int]:
        return [self.listener.fileno(), *(self._peers.keys() - self._ended)] if self.open else []

    def take(self, source: int) -> None:
        if source == self.listener.fileno():
            self._connect()
            return
        own, other = self._peers[source]
        try:
            content = own.recv(PACKET)
        except OSError:
            content = b""
        if not content:
            self._ended.add(source)
        at = self.late()
        if self.loses():
            at += RETRANSMISSION + 2 * self.delay
        # Bytes stay in order: what is late makes late what follows.
        self._last[source] = at = max(at, self._last.get(source, 0.0))
        self.send(at, other.fileno(), content)

    def deliver(self, target: int, content: bytes) -> None:
        own, _ = self._peers[target]
        with suppress(OSError):
            if content:
                own.sendall(content)
            else:
                own.shutdown(socket.SHUT_WR)

    def _connect(self) -> None:
        near, _ = self.listener.accept()
        host, port = self.server.rsplit(":", 1)
        try:
            far = socket.create_connection((host, int(port)))
        except OSError:
            near.close()
            return
        self._peers |= {near.fileno(): (near, far), far.fileno(): (far, near)}

    def close(self) -> None:
        self.listener.close()
        for own, _ in self._peers.values():
            own.close()


@dataclass(frozen=True)
class Far:
    """Laboratory and site with a line between them."""

    line: Line
    host: str
    """The laboratory's address."""
    prefixes: dict[str, tuple[str, ...]]
    """`hub` or `station` → what its command lines begin with."""
    namespace: str = ""
    """The site's; "" where there is none."""
    laboratory: str = ""
    """The laboratory's, likewise."""

    @contextmanager
    def at_the_laboratory(self) -> Iterator[None]:
        """Let this thread, and those it starts, open sockets at the laboratory."""
        with ExitStack() as stack:
            if self.laboratory:
                stack.enter_context(_inside(self.laboratory))
            yield

    @contextmanager
    def at_the_site(self) -> Iterator[None]:
        """Let this thread, and those it starts, open sockets at the site."""
        with ExitStack() as stack:
            if self.namespace:
                stack.enter_context(_inside(self.namespace))
            yield


def namespaces_missing() -> str:
    """Return why namespaces with a wire between them can't be made here; "" if they can."""
    try:
        with far_by_namespaces(0, 0, 0):
            return ""
    except (OSError, subprocess.CalledProcessError) as error:
        said = error.stderr.decode().strip() if isinstance(error, subprocess.CalledProcessError) else error
        return f"no network namespaces: {said}"


@contextmanager
def far_by_namespaces(delay: float, jitter: float, loss: float) -> Iterator[Far]:
    """Put laboratory and site into a namespace each, with a wire between them."""
    with ExitStack() as stack:
        ends = []
        names = []
        for place, own, other in (("lab", LABORATORY, SITE), ("site", SITE, LABORATORY)):
            names.append(stack.enter_context(_namespace(place)))
            end, device = stack.enter_context(_device(place))
            ends.append(end)
            _ip("link", "set", device, "netns", names[-1])
            _ip("-n", names[-1], "address", "add", own, "peer", other, "dev", device)
            _ip("-n", names[-1], "link", "set", device, "up")
            _ip("-n", names[-1], "link", "set", "lo", "up")
        wire = Wire(delay, jitter, loss, ends=(ends[0], ends[1]))
        stack.enter_context(wire.working())
        laboratory, site = (("ip", "netns", "exec", name) for name in names)
        yield Far(wire, LABORATORY, {"hub": laboratory, "station": site}, names[1], names[0])


@contextmanager
def far_by_proxy(delay: float, jitter: float, loss: float) -> Iterator[Far]:
    """Put a proxy between laboratory and site; its server is set when that is known."""
    proxy = Proxy(delay, jitter, loss)
    try:
        with proxy.working():
            yield Far(proxy, "127.0.0.1", {})
    finally:
        proxy.close()


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


@contextmanager
def _namespace(place: str) -> Iterator[str]:
    name = f"remotecal-{os.getpid()}-{place}"
    _ip("netns", "add", name)
    try:
        yield name
    finally:
        _ip("netns", "delete", name)


@contextmanager
def _device(place: str) -> Iterator[tuple[int, str]]:
    """Give a TUN device: what the kernel sends on it is read here, and the other way round."""
    name = f"rc{os.getpid()}{place}"[:15]
    end = os.open("/dev/net/tun", os.O_RDWR)
    try:
        fcntl.ioctl(end, TUNSETIFF, struct.pack("16sH", name.encode(), IFF_TUN | IFF_NO_PI))
        yield end, name
    finally:
        os.close(end)


@contextmanager
def _inside(namespace: str) -> Iterator[None]:
    with Path("/proc/thread-self/ns/net").open() as here, Path(f"/run/netns/{namespace}").open() as there:
        _enter(there.fileno())
        try:
            yield
        finally:
            _enter(here.fileno())


def _enter(namespace: int) -> None:
    if ctypes.CDLL(None, use_errno=True).setns(namespace, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "the namespace can't be entered")
