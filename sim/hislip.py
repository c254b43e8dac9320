"""A HiSLIP server in front of anything that answers lines.

Source: IVI-6.1, High-Speed LAN Instrument Protocol, in synchronized mode; without encryption,
service requests and overlap.
"""

from __future__ import annotations

import contextlib
import itertools
import socket
import struct
import threading
from dataclasses import dataclass, field
from enum import IntEnum
from functools import partial
from typing import Final, NamedTuple

from remotecal.sim.line_server import Handle, LineServer, read_exactly

HEADER: Final = struct.Struct("!2sBBIQ")
"""Prologue, message type, control code, message parameter, payload length."""

PROLOGUE: Final = b"HS"
VERSION: Final = 0x0100
VENDOR: Final = 0x5243
LARGEST_MESSAGE: Final = 1 << 20


class Kind(IntEnum):
    """Message types (IVI-6.1, table 4)."""

    INITIALIZE = 0
    INITIALIZE_RESPONSE = 1
    FATAL_ERROR = 2
    ERROR = 3
    ASYNC_LOCK = 4
    ASYNC_LOCK_RESPONSE = 5
    DATA = 6
    DATA_END = 7
    DEVICE_CLEAR_COMPLETE = 8
    DEVICE_CLEAR_ACKNOWLEDGE = 9
    ASYNC_REMOTE_LOCAL_CONTROL = 10
    ASYNC_REMOTE_LOCAL_RESPONSE = 11
    TRIGGER = 12
    ASYNC_MAX_MSG_SIZE = 15
    ASYNC_MAX_MSG_SIZE_RESPONSE = 16
    ASYNC_INITIALIZE = 17
    ASYNC_INITIALIZE_RESPONSE = 18
    ASYNC_DEVICE_CLEAR = 19
    ASYNC_STATUS_QUERY = 21
    ASYNC_STATUS_RESPONSE = 22
    ASYNC_DEVICE_CLEAR_ACKNOWLEDGE = 23
    ASYNC_LOCK_INFO = 24
    ASYNC_LOCK_INFO_RESPONSE = 25


class HislipMessage(NamedTuple):
    """One HiSLIP message."""

    kind: int
    control: int = 0
    parameter: int = 0
    payload: bytes = b""

    def encode(self) -> bytes:
        """Return the message as it stands on the wire."""
        return (
            HEADER.pack(PROLOGUE, self.kind, self.control, self.parameter, len(self.payload)) + self.payload
        )

    @classmethod
    def read(cls, connection: socket.socket) -> HislipMessage:
        """Read one message.

        Raises:
            ValueError: these bytes are no message.
            EOFError: the connection ended.
        """
        prologue, kind, control, parameter, length = HEADER.unpack(read_exactly(connection, HEADER.size))
        if prologue != PROLOGUE or length > LARGEST_MESSAGE:
            raise ValueError("poorly formed message header")
        return cls(kind, control, parameter, read_exactly(connection, length))


@dataclass(eq=False, slots=True)
class HislipSession:
    """A client's pair of connections."""

    synchronous: socket.socket
    line: bytes = b""
    clearing: bool = False
    epoch: int = 0
    """Counts device clears: what an earlier epoch asked is not answered any more."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def send(self, data: bytes, epoch: int) -> None:
        """Send what answers a question of `epoch`, unless the device was cleared since."""
        with self.lock, contextlib.suppress(OSError):
            if epoch == self.epoch:
                self.synchronous.sendall(data)

    def clear(self) -> None:
        """Forget questions and answers under way."""
        with self.lock:
            self.epoch += 1
            self.clearing = True
            self.line = b""


class HislipServer(LineServer):
    """Serves one instrument at `resource_name`; see `LineServer`."""

    def __init__(self, handle: Handle, host: str = "127.0.0.1", port: int = 0) -> None:
        self.sessions: dict[int, HislipSession] = {}
        self._numbers = itertools.count(1)
        super().__init__(handle, host, port)
        self.resource_name = f"TCPIP::{host}::hislip0,{self.port}::INSTR"

    def serve(self, connection: socket.socket) -> None:
        try:
            session = self._begin(connection)
            while True:
                message = HislipMessage.read(connection)
                if connection is session.synchronous:
                    self._synchronous(session, message)
                else:
                    connection.sendall(self._asynchronous(message, session).encode())
        except ValueError as error:
            connection.sendall(HislipMessage(Kind.FATAL_ERROR, 1, 0, str(error).encode()).encode())

    def _begin(self, connection: socket.socket) -> HislipSession:
        """Initialize a connection: the first of a client is the synchronous one."""
        message = HislipMessage.read(connection)
        if message.kind == Kind.INITIALIZE:
            return self._initialize(connection)
        if message.kind != Kind.ASYNC_INITIALIZE or message.parameter not in self.sessions:
            raise ValueError("connection used before it was initialized")
        connection.sendall(HislipMessage(Kind.ASYNC_INITIALIZE_RESPONSE, 0, VENDOR).encode())
        return self.sessions[message.parameter]

    def _initialize(self, connection: socket.socket) -> HislipSession:
        number = next(self._numbers)
        session = self.sessions[number] = HislipSession(connection)
        connection.sendall(HislipMessage(Kind.INITIALIZE_RESPONSE, 0, VERSION << 16 | number).encode())
        return session

    def _synchronous(self, session: HislipSession, message: HislipMessage) -> None:
        if message.kind == Kind.DEVICE_CLEAR_COMPLETE:
            session.clearing = False
            session.send(HislipMessage(Kind.DEVICE_CLEAR_ACKNOWLEDGE).encode(), session.epoch)
        elif message.kind in {Kind.DATA, Kind.DATA_END} and not session.clearing:
            session.line += message.payload
            if message.kind == Kind.DATA_END:
                line, session.line = session.line.rstrip(b"\r\n"), b""
                self.take(line, partial(self._reply, session, session.epoch, message.parameter))

    def _reply(self, session: HislipSession, epoch: int, message_id: int, answer: bytes) -> None:
        message = HislipMessage(Kind.DATA_END, 0, message_id, answer + b"\n")
        self.deliver(message.encode(), partial(session.send, epoch=epoch), self.drop)

    def _asynchronous(self, message: HislipMessage, session: HislipSession) -> HislipMessage:
        if message.kind == Kind.ASYNC_MAX_MSG_SIZE:
            return HislipMessage(Kind.ASYNC_MAX_MSG_SIZE_RESPONSE, payload=struct.pack("!Q", LARGEST_MESSAGE))
        if message.kind == Kind.ASYNC_DEVICE_CLEAR:
            session.clear()
            return HislipMessage(Kind.ASYNC_DEVICE_CLEAR_ACKNOWLEDGE)
        if message.kind == Kind.ASYNC_LOCK:
            return HislipMessage(Kind.ASYNC_LOCK_RESPONSE, control=1)
        answers = {
            Kind.ASYNC_STATUS_QUERY: Kind.ASYNC_STATUS_RESPONSE,
            Kind.ASYNC_LOCK_INFO: Kind.ASYNC_LOCK_INFO_RESPONSE,
            Kind.ASYNC_REMOTE_LOCAL_CONTROL: Kind.ASYNC_REMOTE_LOCAL_RESPONSE,
        }
        for question, answer in answers.items():
            if message.kind == question:
                return HislipMessage(answer)
        return HislipMessage(Kind.ERROR, control=1, payload=b"unrecognized message type")
