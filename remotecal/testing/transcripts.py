r"""Transcripts: a driver against the exchanges its manual prints, byte by byte, and no instrument.

```python
with on_socket((b"*IDN?\n", b"HART,1529,A91245,1.0\n")) as port:
    Hart1529.open(f"TCPIP::127.0.0.1::{port}::SOCKET").close()
```

The conversation is played on a real port. What the driver sends must be what the transcript says, and all
of it must be said; otherwise leaving the context raises an AssertionError that shows both.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias
from unittest import SkipTest

PATIENCE = 10.0
"""Seconds to wait for what the driver is to send, however busy the computer."""

Exchange: TypeAlias = tuple[bytes, bytes]
"""What the driver must send, and what the instrument answers."""


class Conversation:
    """The instrument's part of some exchanges; `fault` says what went otherwise."""

    def __init__(self, exchanges: Sequence[Exchange]) -> None:
        self.exchanges = list(exchanges)
        self.fault = ""

    def play(self, receive: Callable[[int], bytes], send: Callable[[bytes], object]) -> None:
        """Take what comes and answer it, until all is said or something else comes."""
        for number, (expected, answer) in enumerate(self.exchanges):
            got = b""
            while expected.startswith(got) and len(got) < len(expected):
                try:
                    data = receive(len(expected) - len(got))
                except (OSError, ValueError):  # the test failed, and the wire is gone
                    data = b""
                if not data:
                    break
                got += data
            if got != expected:
                self.fault = f"exchange {number}: {got!r} came, {expected!r} was expected"
                return
            send(answer)


@contextlib.contextmanager
def played(
    talk: Conversation,
    receive: Callable[[int], bytes],
    send: Callable[[bytes], object],
    hang_up: Callable[[], object],
) -> Iterator[None]:
    """Play a conversation in a thread of its own; see in the end that all of it was said.

    Where the test fails meanwhile, the thread is hung up on and waited for: it would go on reading from the
    number of its wire, which the next wire gets.
    """
    thread = threading.Thread(target=talk.play, args=(receive, send))
    thread.start()
    try:
        yield
    except BaseException:
        hang_up()
        thread.join(PATIENCE)
        raise
    thread.join(PATIENCE)
    assert not thread.is_alive()
    assert not talk.fault, talk.fault


@contextlib.contextmanager
def on_socket(*exchanges: Exchange) -> Iterator[int]:
    """Play a conversation on a TCP port, and yield its number."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(PATIENCE)
        connection: list[socket.socket] = []

        def connected() -> socket.socket:
            if not connection:
                connection.append(listener.accept()[0])
                connection[0].settimeout(PATIENCE)
            return connection[0]

        def receive(count: int) -> bytes:
            return connected().recv(count)

        def send(data: bytes) -> None:
            connected().sendall(data)

        def hang_up() -> None:
            for each in (listener, *connection):
                with contextlib.suppress(OSError):  # the other side was first
                    each.shutdown(socket.SHUT_RDWR)

        try:
            with played(Conversation(exchanges), receive, send, hang_up):
                yield listener.getsockname()[1]
        finally:
            for each in connection:
                each.close()


@contextlib.contextmanager
def on_serial_port(*exchanges: Exchange) -> Iterator[str]:
    """Play a conversation on a pseudo-terminal, and yield its device (SkipTest where there are none)."""
    if sys.platform == "win32":
        raise SkipTest("Windows has no pseudo-terminals")
    import tty

    ours, theirs = os.openpty()
    hung_up, hangs_up = os.pipe()
    tty.setraw(theirs)

    def receive(count: int) -> bytes:
        ready, _, _ = select.select([ours, hung_up], [], [], PATIENCE)
        return os.read(ours, count) if ours in ready and hung_up not in ready else b""

    def send(data: bytes) -> None:
        os.write(ours, data)

    def hang_up() -> None:
        os.write(hangs_up, b".")

    try:
        with played(Conversation(exchanges), receive, send, hang_up):
            yield os.ttyname(theirs)
    finally:
        for end in (ours, theirs, hung_up, hangs_up):
            os.close(end)


def frame(text: str) -> bytes:
    """Return the bytes of a frame written in hexadecimal, as manuals print it: `frame("01 03 00 0A")`."""
    return bytes.fromhex(text)
