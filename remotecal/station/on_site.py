"""How the person on site talks to the agent: a socket in the station's directory, for its owner only.

Where a directory can hold no socket (Windows) the agent listens on the loopback interface, and a file
in its place, for its owner only, holds the port and the word whoever connects has to say first.
"""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from hmac import compare_digest
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from remotecal import locks
from remotecal.configuration import Written, checked
from remotecal.errors import ConfigurationError, NotConnected
from remotecal.private_files import write_private
from remotecal.transport.messages import CommandAnswer

if TYPE_CHECKING:
    from pathlib import Path

log = logging.getLogger(__name__)

WITHIN = 10.0
"""Seconds an exchange may take."""
IN_A_FILE = sys.platform != "win32"
"""Whether a directory can hold a socket."""
WORD = 32
"""Bytes of the word that is said first on the loopback interface."""

Connected = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Attend = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Wish(Written):
    """What the person on site wants."""

    verb: Literal[
        "state", "pause", "go_on", "abort", "answer", "attach", "agree", "decline", "resend", "again"
    ]
    """What."""
    argument: str = ""
    """The answer, the reason of an abort or of declining, what a file shows, or the run to send again."""
    file: str = ""
    """Absolute path of the file to add to the evidence."""
    by: str = Field(default="", max_length=80, pattern=r"^[^\x00-\x1f\x7f]*$")
    """The name of whoever wishes; "" where nobody gave one."""
    session: str = ""
    """The start of the agent it is meant for; "" for whichever there is."""
    run: str = ""
    """The run, or the order that waits for consent, it is meant for; "" for whichever there is."""
    prompt: int = 0
    """The question that is answered; 0 for whichever is open."""


@asynccontextmanager
async def serve_on_site(path: Path, obey: Callable[[Wish], Awaitable[CommandAnswer]]) -> AsyncIterator[None]:
    """Take wishes as long as the context lasts.

    Raises:
        ConfigurationError: another agent serves there.
    """

    async def attend(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(WITHIN):
                wish = checked(Wish, json.loads(await reader.readline()), "wish", ConfigurationError)
                answer = await obey(wish)
                writer.write(answer.model_dump_json().encode() + b"\n")
                await writer.drain()
        except (ConfigurationError, ValueError, OSError, TimeoutError) as error:
            log.warning("a wish could not be granted: %s", error)
        finally:
            writer.close()

    with _alone(path.with_suffix(".lock")):
        path.unlink(missing_ok=True)  # of an agent that was killed
        server = await (_serve_in_a_file if IN_A_FILE else _serve_on_loopback)(path, attend)
        try:
            yield
        finally:
            server.close()
            path.unlink(missing_ok=True)


async def _serve_in_a_file(path: Path, attend: Attend) -> asyncio.Server:
    if sys.platform == "win32":
        raise ConfigurationError("a directory can hold no socket here")
    server = await asyncio.start_unix_server(attend, path)
    path.chmod(0o600)
    return server


async def _call_a_file(path: Path) -> Connected:
    if sys.platform == "win32":
        raise ConfigurationError("a directory can hold no socket here")
    return await asyncio.open_unix_connection(path)


async def _serve_on_loopback(path: Path, attend: Attend) -> asyncio.Server:
    word = secrets.token_hex(WORD)

    async def admit(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        said = b""
        with suppress(OSError, ValueError, TimeoutError):
            async with asyncio.timeout(WITHIN):
                said = await reader.readline()
        if compare_digest(said, f"{word}\n".encode()):
            await attend(reader, writer)
        else:
            writer.close()

    server = await asyncio.start_server(admit, "127.0.0.1", 0)
    write_private(path, json.dumps({"port": server.sockets[0].getsockname()[1], "word": word}).encode())
    return server


async def _call_loopback(path: Path) -> Connected:
    try:
        told = json.loads(path.read_bytes())
        port, word = int(told["port"]), str(told["word"])
    except (LookupError, TypeError) as error:
        raise ValueError(f"{path} says not where it listens: {error}") from error
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"{word}\n".encode())
    return reader, writer


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Keep other agents out as long as the context lasts, or this process lives."""
    with lock.open("wb") as held:
        if not locks.lock(held.fileno()):
            raise ConfigurationError(f"another agent is at work in {lock.parent}")
        yield


async def wish_for(path: Path, wish: Wish) -> CommandAnswer:
    """Tell the agent what is wanted, and return its answer (`NotConnected` if none is at work)."""
    try:
        async with asyncio.timeout(WITHIN):
            reader, writer = await (_call_a_file if IN_A_FILE else _call_loopback)(path)
            try:
                writer.write(wish.model_dump_json().encode() + b"\n")
                line = await reader.readline()
            finally:
                writer.close()
        return checked(CommandAnswer, json.loads(line), "the agent's answer", ConfigurationError)
    except (OSError, TimeoutError, ValueError) as error:
        raise NotConnected(
            f"no agent is at work in {path.parent}: start it with `remotecal station up` ({error})"
        ) from None
