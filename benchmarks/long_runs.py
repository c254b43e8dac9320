"""Journals of as many repeats as anybody likes, made of a real one on a simulated rig.

The run is a water calibration at six flows with three repeats. A longer one has more flows; at each the
repeats of the nearest real flow are played again, later: their exchanges, and what was observed, so that
all of it can be verified, read again and evaluated.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from remotecal.bench import Bench
from remotecal.clock import VirtualClock
from remotecal.journal.contents import Files
from remotecal.journal.events import JournalReader, seconds
from remotecal.journal.occurrences import Occurrence, tell
from remotecal.journal.writing import Journal
from remotecal.order import Order
from remotecal.runs.catalogue import find
from remotecal.runs.company import Company
from remotecal.runs.execute import execute
from remotecal.runs.prompts import Scripted
from remotecal.sim.water.assemblies import water_rig

MOST_REPEATS = 30
"""Repeats at one flow, as many as the procedure allows."""


def real_run(folder: Path) -> Path:
    """Carry out the calibration on the simulated rig, two hours of its time; returns the run's directory."""
    with water_rig(folder / "rig", seed=1) as rig:
        order = Order.load(rig.order)
        found = find(order.order.procedure)
        execute(order, found, Bench.load(rig.bench), folder / "run", Company(Scripted()), rig.clock)
    return folder / "run"


@dataclass(slots=True)
class Played:
    """A journal that is being made of a real one."""

    journal: Journal
    clock: VirtualClock
    everything: bool
    """Whether all exchanges of a repeat are played, or those alone that a reading was read from."""
    later: float = 0.0
    """Seconds by which what is played comes later than it did."""

    def event(self, told: Occurrence, data: Mapping[str, Any] | None = None) -> str:
        """Play an event, and return its time."""
        self.clock.reach(seconds(told.event.at) + self.later)
        return self.journal.append(told.event.kind, data or told.event.data, durable=False).at

    def exchanges(self, told: Occurrence, wanted: set[int | None] | None = None) -> dict[int, int]:
        """Play exchanges; returns what number each has now."""
        numbers = {}
        for one in told.exchanges:
            if wanted is None or one.number in wanted:
                self.clock.reach(one.at + self.later)
                numbers[one.number] = self.journal.keep(one.instrument, one.request, one.reply)
        self.journal.flush()
        return numbers

    def repeat(self, block: Sequence[Occurrence], point: str, repeat: int) -> None:
        """Play a repeat, from its beginning to its observation."""
        self.later = self.clock.now() + 1 - seconds(block[0].event.at)
        read = {one.exchange for told in block for _, one in told.observed}
        numbers: dict[int, int] = {}
        said = {"point": point, "repeat": repeat}
        for told in block:
            if told.event.kind == "replies":
                numbers |= self.exchanges(told, None if self.everything else read)
            elif told.event.kind == "repeat":
                began = self.event(told, said)
            elif told.event.kind == "observation":
                values = self._values(told.event.data["values"], numbers)
                self.event(told, {**said, "began": began, "values": values})

    def _values(self, values: object, numbers: Mapping[int, int]) -> dict[str, Any]:
        moved: dict[str, Any] = json.loads(json.dumps(values))
        for value in moved.values():
            for reading in value if isinstance(value, list) else [value]:
                reading.update(at=reading["at"] + self.later, exchange=numbers[reading["exchange"]])
        return moved


def longer(run: Path, out: Path, repeats: int, *, everything: bool = False) -> Path:
    """Write the journal of a run of so many repeats, 18 or a multiple of 30; returns its directory."""
    told = tuple(tell(JournalReader.at(run), Files()))
    blocks = _blocks(told)
    each = repeats // len(blocks) if repeats <= 3 * len(blocks) else MOST_REPEATS
    flows = _flows(blocks, repeats // each)
    clock = VirtualClock(seconds(told[0].event.at))
    with Journal.create(out, clock) as journal:
        played = Played(journal, clock, everything)
        played.event(told[0], _start(told[0].event.data, out.name, flows, each))
        for one in told[1 : _first(told, "watch")]:
            played.exchanges(one) if one.event.kind == "replies" else played.event(one)
        for flow in flows:
            nearest = min(blocks, key=lambda real: abs(real - flow))
            clock.advance(1)
            journal.append("point", {"point": f"{flow:g} m3/h"}, durable=False)
            for repeat in range(1, each + 1):
                played.repeat(blocks[nearest][(repeat - 1) % 3], f"{flow:g} m3/h", repeat)
        played.later = clock.now() + 1 - seconds(told[-1].event.at)
        journal.append("safe", {"reached": True, "seconds": 1.0}, durable=False)
        played.event(told[-1], {"observations": repeats})
    return out


def _first(told: Sequence[Occurrence], kind: str) -> int:
    return next(place for place, one in enumerate(told) if one.event.kind == kind)


def _blocks(told: Sequence[Occurrence]) -> dict[float, list[list[Occurrence]]]:
    """Return flow → its repeats, each from its beginning to its observation."""
    found: dict[float, list[list[Occurrence]]] = {}
    block: list[Occurrence] | None = None
    for one in told:
        if one.event.kind == "repeat":
            block = []
        if block is not None:
            block.append(one)
            if one.event.kind == "observation":
                found.setdefault(float(str(one.event.data["point"]).split()[0]), []).append(block)
                block = None
    return found


def _flows(blocks: Mapping[float, object], count: int) -> list[float]:
    """Return so many flows: the real ones, or more between the largest and the smallest."""
    if count == len(blocks):
        return list(blocks)
    most, least = max(blocks), min(blocks)
    return [float(f"{most - (most - least) * place / (count - 1):.6g}") for place in range(count)]


def _start(start: Mapping[str, Any], run: str, flows: Sequence[float], each: int) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(json.dumps(start))
    point = said["points"][0]
    said["run"] = run
    said["points"] = [
        {**point, "name": f"{flow:g} m3/h", "nominal": {"flow": flow}, "repeats": each} for flow in flows
    ]
    for parameters in (said["parameters"], said["order"]["parameters"]):
        parameters.update(flows=list(flows), repeats=each)
    return said


def lines_of(run: Path) -> Iterator[bytes]:
    """Yield the lines of a run's journal, without their line feeds."""
    with (run / "journal.jsonl").open("rb") as lines:
        yield from (line[:-1] for line in lines)
