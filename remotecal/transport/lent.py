"""What is said about an instrument that a station lends to the laboratory; content of commands `link`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from remotecal.configuration import Written


class LinkRequest(Written):
    """What a command `link` is about: one exchange with an instrument, or what goes before or after."""

    what: Literal["open", "ask", "tell", "call_off", "close"]
    """Take the lease of an instrument, send a request with or without a reply, call it off, give it back."""
    lease: str
    """Made up by who opens the link."""
    bench: str = ""
    """Where the instrument is, to open; "" for the station's one bench."""
    role: str = ""
    """Which instrument, to open: its role or name."""
    number: int = 0
    """Higher than that of any earlier exchange of the lease."""
    request: str = Field(default="", pattern="^([0-9a-f]{2})*$")
    """What is sent, without framing, in hexadecimal."""
    timeout: float | None = Field(default=None, gt=0)
    """Seconds to wait for the whole reply; None for the instrument's slowest."""
    connection: int | None = None
    """The connection to the instrument who asks has made sure of; None for whichever there is."""
    doubtful: bool = False
    """The latest reply made no sense: clean the connection first."""


class LinkAnswer(Written):
    """What came of it."""

    reply: str = Field(default="", pattern="^([0-9a-f]{2})*$")
    """The reply, without framing, in hexadecimal."""
    error: str = ""
    """Name of the error if there is no reply; the answer's reason is its text."""
    connection: int = 0
    """The connection that was used."""
    missing: Literal["", "lease", "connection"] = ""
    """Why nothing was sent: the lease is over, or the connection is another than was made sure of."""
    slowest_reply: float = 0.0
    """Seconds, once opened."""
