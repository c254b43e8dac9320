"""Where messages go. Everything of a station stands under its own name, and it can reach nothing else.

| subject | who sends | what |
|---|---|---|
| `cal.<station>.hello` | station, asks | its benches and session; the answer is the laboratory's time |
| `cal.<station>.order` | station, asks | its next work order |
| `cal.<station>.claim` | station, asks | whether it may begin an order's run |
| `cal.<station>.refuse` | station, asks | that it won't carry out an order, and why |
| `cal.<station>.journal` | station, asks | lines of a journal; the answer comes after the commit |
| `cal.<station>.file` | station, asks | a piece of a file; the answer comes after the commit |
| `cal.<station>.record` | station, asks | what it makes of a complete journal |
| `cal.<station>.compare` | station, asks | what the laboratory has of its runs |
| `cal.<station>.papers` | station, asks | that an order it was given is entered again |
| `cal.<station>.renew` | station, asks | a new certificate |
| `cal.<station>.live.<run>` | station | where a run is; nothing lost matters |
| `cal.<station>.cmd.<verb>` | laboratory, asks | a command |
"""

from __future__ import annotations

import re
from typing import Literal

from remotecal.errors import ConfigurationError
from remotecal.transport.identities import check_name

Service = Literal[
    "hello", "order", "claim", "refuse", "journal", "file", "record", "compare", "papers", "renew"
]
"""What a station asks of the laboratory."""

_RUN = re.compile(r"[A-Za-z0-9_-]{1,100}")


def service(name: Service, station: str) -> str:
    """Return where a station asks for a service."""
    return f"cal.{check_name(station)}.{name}"


def every_station(name: Service) -> str:
    """Return where the laboratory listens for all stations' requests for a service."""
    return f"cal.*.{name}"


def live(station: str, run: str) -> str:
    """Return where a run is shown."""
    return f"cal.{check_name(station)}.live.{check_run(run)}"


def every_live() -> str:
    """Return where all stations' runs are shown."""
    return "cal.*.live.*"


def command(station: str, verb: str) -> str:
    """Return where a station takes a command."""
    return f"cal.{check_name(station)}.cmd.{verb}"


def commands(station: str) -> str:
    """Return where a station listens for commands."""
    return f"cal.{check_name(station)}.cmd.>"


def inbox(name: str) -> str:
    """Return the prefix of where answers to a client go."""
    return f"_INBOX_{name}"


def station_of(subject: str) -> str:
    """Return the station a subject belongs to; the broker sees to it that only that one uses it."""
    return subject.split(".")[1]


def may_publish(station: str) -> tuple[str, ...]:
    """Return what a station may publish on."""
    return (f"cal.{check_name(station)}.>",)


def may_subscribe(station: str) -> tuple[str, ...]:
    """Return what a station may subscribe to."""
    return (commands(station), f"{inbox(check_name(station))}.>")


def check_run(run: str) -> str:
    """Return a run's name.

    Raises:
        ConfigurationError: it can't be part of a subject or the name of a directory.
    """
    if not _RUN.fullmatch(run):
        raise ConfigurationError(f"{run!r} is no name for a run: use letters, digits, _ and -, 100 at most")
    return run
