"""How the person on site talks to the agent: a socket in the station's directory, for its owner only."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Literal

from remotecal.configuration import Written, checked
from remotecal.errors import ConfigurationError, NotConnected
from remotecal.transport.messages import CommandAnswer

if TYPE_CHECKING:
    from pathlib import Path

log = logging.getLogger(__name__)

WITHIN = 10.0
"""Seconds an exchange may take."""


class Wish(Written):
    """What the person on site wants."""

    verb: Literal["state", "pause", "go_on", "abort", "answer", "attach", "agree", "decline", "resend"]
    """What."""
    argument: str = ""
    """The answer, the reason of an abort, what a file shows, or the run to send again, "" for all."""
    file: str = ""
    """Absolute path of the file to add to the evidence."""


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
        server = await asyncio.start_unix_server(attend, path)
        path.chmod(0o600)
        try:
            yield
        finally:
            server.close()
            path.unlink(missing_ok=True)


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Keep other agents out as long as the context lasts, or this process lives."""
    import fcntl

    with lock.open("wb") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigurationError(f"another agent is at work in {lock.parent}") from None
        yield


async def wish_for(path: Path, wish: Wish) -> CommandAnswer:
    """Tell the agent what is wanted, and return its answer (`NotConnected` if none is at work)."""
    try:
        async with asyncio.timeout(WITHIN):
            reader, writer = await asyncio.open_unix_connection(path)
            writer.write(wish.model_dump_json().encode() + b"\n")
            line = await reader.readline()
            writer.close()
        return checked(CommandAnswer, json.loads(line), "the agent's answer", ConfigurationError)
    except (OSError, TimeoutError, ValueError) as error:
        raise NotConnected(
            f"no agent is at work in {path.parent}: start it with `remotecal station up` ({error})"
        ) from None
