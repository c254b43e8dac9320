"""What servers of line-talking instruments have in common, whatever carries the lines."""

from __future__ import annotations

import contextlib
import queue
import socket
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from types import TracebackType
from typing import Self

Handle = Callable[[bytes], bytes | None]
"""Answers a line, both without line endings; None where there is nothing to say."""

Send = Callable[[bytes], None]


class LineServer(ABC):
    """A TCP server of one instrument; it serves until closed, and is a context manager.

    Connections are served by a thread each, lines are answered by one thread, one after the other.

    Args:
        handle: answers a line.
        host: the interface to listen on.
        port: the TCP port; 0 for any free one.
    """

    def __init__(self, handle: Handle, host: str = "127.0.0.1", port: int = 0) -> None:
        self._handle = handle
        self._lines: queue.SimpleQueue[tuple[bytes, Callable[[bytes], None]] | None] = queue.SimpleQueue()
        self._connections: set[socket.socket] = set()
        self._listener = socket.create_server((host, port))
        self.host = host
        self.port: int = self._listener.getsockname()[1]
        for work in (self._accept, self._answer):
            threading.Thread(target=work, name=f"{type(self).__name__} {self.port}", daemon=True).start()

    @abstractmethod
    def serve(self, connection: socket.socket) -> None:
        """Serve one connection until it ends; OSError, EOFError and ValueError end it too."""

    def take(self, line: bytes, answer: Callable[[bytes], None]) -> None:
        """Have a line answered; `answer` is called with the reply if there is one."""
        self._lines.put((line, answer))

    def deliver(self, answer: bytes, send: Send, drop: Callable[[], None]) -> None:
        """Put an answer on the wire; override this to simulate an instrument at fault.

        Args:
            answer: all of it, as it belongs on the wire.
            send: sends some bytes, unless the client has called the question off.
            drop: ends all connections.
        """
        send(answer)

    def drop(self) -> None:
        """End all connections, as a power cut does."""
        for connection in list(self._connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Stop serving."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.drop()
        self._lines.put(None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._connections.add(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError, EOFError, ValueError):
            self.serve(connection)
        self._connections.discard(connection)

    def _answer(self) -> None:
        while (taken := self._lines.get()) is not None:
            line, answer = taken
            reply = self._handle(line)
            if reply is not None:
                answer(reply)


def read_exactly(connection: socket.socket, size: int) -> bytes:
    """Read `size` bytes.

    Raises:
        EOFError: the connection ended before.
    """
    data = b""
    while len(data) < size:
        more = connection.recv(size - len(data))
        if not more:
            raise EOFError
        data += more
    return data
