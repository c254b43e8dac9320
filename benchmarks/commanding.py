"""Commands as a program at a laboratory sends them all the time: while nobody looks on, and while all do."""

from __future__ import annotations

import argparse
import http.client
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field

from compare import Between, between
from remote import cpu

BESIDE = 0.02
"""Seconds from one command to the next."""


def run_of(station: str) -> str:
    return f"run-{station}"


@dataclass
class Turn:
    """Commands while so many looked on."""

    took: list[float] = field(default_factory=list)
    """Seconds of each command."""
    busy: float = 0.0
    """Seconds of the processor that the hub used in a second."""

    def part(self, share: float) -> float:
        """Return what a share of the commands stayed below, in seconds."""
        return sorted(self.took)[int(share * (len(self.took) - 1))]


@dataclass(frozen=True)
class Pairs:
    """Turns with all who look on, each beside the one just before it with nobody."""

    none: list[Turn] = field(default_factory=list)
    all: list[Turn] = field(default_factory=list)

    def told(self, name: str, value: Callable[[Turn], float]) -> Between:
        """Return how many times as large something is with all as with nobody."""
        ratios = [value(ours) / value(other) for ours, other in zip(self.all, self.none, strict=True)]
        found = between(ratios)
        drawn = f"90 % of draws {found.low:.2f} to {found.high:.2f}"
        print(f"  {name}, all look on / nobody: {found.median:.2f}, {drawn}")
        return found


def command(client: http.client.HTTPConnection, token: str, station: str) -> float:
    """Pause a run as a program at the laboratory does, and return how long that took."""
    began = time.perf_counter()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    path = f"/api/v1/runs/{station}/{run_of(station)}/commands"
    client.request("POST", path, b'{"verb": "pause"}', headers)
    answer = client.getresponse()
    content = answer.read()
    if answer.status != 200:
        raise SystemExit(f"{path}: {answer.status} {content!r}")
    return time.perf_counter() - began


def commands(pid: int, port: int, token: str, asked: argparse.Namespace) -> Turn:
    """Send commands for a while."""
    into = Turn()
    began, used, first = time.perf_counter(), cpu(pid), asked.stations - asked.running
    with closing(http.client.HTTPConnection("127.0.0.1", port)) as client:
        while time.perf_counter() - began < asked.seconds:
            into.took.append(command(client, token, f"s{first + len(into.took) % asked.running}"))
            time.sleep(BESIDE)
    into.busy = (cpu(pid) - used) / (time.perf_counter() - began)
    return into
