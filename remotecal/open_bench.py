"""Instruments that are open: reading them together, making them safe."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from contextvars import Context, copy_context
from functools import partial
from queue import SimpleQueue
from typing import NamedTuple, TypeVar

from remotecal import html
from remotecal.clock import Clock
from remotecal.drivers.declarations import Asked
from remotecal.drivers.hand_instrument import HandInstrument
from remotecal.drivers.instrument import Instrument
from remotecal.drivers.links.by_hand import ByHandLink, OnSite
from remotecal.drivers.measured import Measured
from remotecal.drivers.quantities import BoundReading, BoundSetting
from remotecal.drivers.quantity import measure
from remotecal.errors import BenchError, RemotecalError, SafeStateNotReached

Q = TypeVar("Q", BoundReading, BoundSetting)

TRIES = 3
"""How often an instrument is made safe at most, as long as there is time."""


Group = list[BoundReading]
"""Quantities of one instrument."""

Outcome = tuple[Measured, ...] | Exception
"""What became of a group."""


class Task(NamedTuple):
    """A group to read, and where to say what became of it."""

    number: int
    group: Group
    finished: SimpleQueue[tuple[int, Outcome]]
    context: Context
    """Of whoever asks: who makes an exchange counts, not which thread."""


class OpenBench:
    """The open instruments of a bench.

    Args:
        instruments: by name.
        clock: the time they live by.
        roles: role → name, where the names differ.
        failures: the instruments that could not be opened, and why.
        safe_order: the order in which the instruments are made safe.
        within: seconds that may take.
        held: keeps everybody else away until the bench is closed.
    """

    def __init__(
        self,
        instruments: Mapping[str, Instrument],
        clock: Clock,
        *,
        roles: Mapping[str, str] | None = None,
        failures: Mapping[str, RemotecalError] | None = None,
        safe_order: tuple[str, ...] = (),
        within: float = 20.0,
        held: AbstractContextManager[object] | None = None,
    ) -> None:
        self.instruments = instruments
        self.clock = clock
        self.failures = failures or {}
        self._roles = roles or {}
        self._safe_order = safe_order
        self._within = within
        self._held = held or nullcontext()
        self._tasks: SimpleQueue[Task | None] = SimpleQueue()
        self._readers: list[threading.Thread] = []

    def _repr_html_(self) -> str:
        answered = (
            (name, type(instrument).__name__, instrument.link.address, str(instrument.met or ""))
            for name, instrument in self.instruments.items()
        )
        failed = ((name, "", "", str(failure)) for name, failure in self.failures.items())
        headings = ("名称\nName", "驱动\nDriver", "地址\nAddress", "应答者\nWho answers")
        return html.table(headings, (*answered, *failed))

    def role(self, name: str) -> Instrument:
        """Return the instrument that fills a role, or has this name.

        Raises:
            BenchError: there is none.
        """
        instrument = self.instruments.get(self._roles.get(name, name))
        if instrument is None:
            raise BenchError(f"nothing on the bench is called {name!r} or fills that role")
        return instrument

    def reading(self, quantity: str) -> BoundReading:
        """Return the quantity called `instrument.quantity`, to be read.

        Raises:
            BenchError: there is none.
        """
        return self._quantity(quantity, BoundReading)

    def setting(self, quantity: str) -> BoundSetting:
        """Return the quantity called `instrument.quantity`, to be set (BenchError as `reading`)."""
        return self._quantity(quantity, BoundSetting)

    def refuse_failures(self) -> None:
        """Raise `BenchError` with all failures if instruments could not be opened."""
        if self.failures:
            raise BenchError(self.failed())

    def failed(self) -> str:
        """Return which instruments could not be opened, and why."""
        reasons = "; ".join(map(str, self.failures.values()))
        return f"{len(self.failures)} instruments can't be used: {reasons}"

    def lend(self, person: OnSite | None) -> None:
        """Let instruments that are read by hand ask a person; None for nobody any more."""
        for instrument in self.instruments.values():
            if isinstance(instrument.link, ByHandLink):
                instrument.link.person = person

    def read_together(self, *quantities: BoundReading) -> tuple[Measured, ...]:
        """Read quantities of several instruments at once; those of one instrument go together.

        What a person reads comes first, one instrument after the other, and the rest right after the last
        answer: no reading is older than it says, and what reads itself is as near to the person's as may be.

        Returns:
            One `Measured` per quantity, in the order asked.

        Raises:
            LinkError: an instrument gave no right answer; the first such error.
            InstrumentError: an instrument has no valid value.
        """
        groups: dict[Asked, list[int]] = {}
        for place, quantity in enumerate(quantities):
            groups.setdefault(quantity.instrument, []).append(place)
        by_hand = [places for asked, places in groups.items() if isinstance(asked, HandInstrument)]
        at_once = [places for asked, places in groups.items() if not isinstance(asked, HandInstrument)]
        found: dict[int, Measured] = {}
        for places in by_hand:
            declarations = [quantities[place].declaration for place in places]
            found.update(zip(places, measure(quantities[places[0]].instrument, declarations), strict=True))
        results = self._read_all([[quantities[place] for place in places] for places in at_once])
        for places, values in zip(at_once, results, strict=True):
            found.update(zip(places, values, strict=True))
        return tuple(found[place] for place in range(len(quantities)))

    def cancel(self) -> None:
        """Call off every exchange that is waiting for a reply."""
        for instrument in self.instruments.values():
            instrument.link.cancel()

    def make_safe(self) -> None:
        """Bring every instrument that has a safe state to it, one after the other.

        Each has its share of the time; one that hangs is called off, so that the next gets its turn.
        What was sent to one before, and called off, may still be carried out, after the safe state was
        reached. So where that is possible, they are brought there once more when it is not any more.

        Raises:
            SafeStateNotReached: some could not be made safe; all were tried.
        """
        links = [self.instruments[name].link for name in self._safe_order if name in self.instruments]
        settled_at = max((link.settled_at for link in links), default=0.0)
        self._make_all_safe()
        left = settled_at - time.monotonic()
        if left > 0:
            time.sleep(min(left, self._within))
            self._make_all_safe()

    def _make_all_safe(self) -> None:
        share = self._within / max(1, len(self._safe_order))
        failures = [self._make_safe(name, share) for name in self._safe_order]
        if said := "; ".join(filter(None, failures)):
            raise SafeStateNotReached(f"go and look at the rig: {said}")

    def close(self) -> None:
        """Give up all links, and then the bench."""
        with self._held:
            for _ in self._readers:
                self._tasks.put(None)
            for reader in self._readers:
                reader.join()
            self._readers.clear()
            for instrument in self.instruments.values():
                instrument.close()

    def _quantity(self, quantity: str, kind: type[Q]) -> Q:
        name, _, attribute = quantity.rpartition(".")
        instrument = self.instruments.get(name)
        found = None if instrument is None else instrument.quantity(attribute)
        if not isinstance(found, kind):
            raise BenchError(f"{quantity!r} can't be {'read' if kind is BoundReading else 'set'}")
        return found

    def _read_all(self, groups: list[Group]) -> list[tuple[Measured, ...]]:
        """Read groups of quantities, each of one instrument, at the same time."""
        if not groups:
            return []
        finished: SimpleQueue[tuple[int, Outcome]] = SimpleQueue()
        # The calling thread takes the first group itself: one thread less to wake.
        for number, group in enumerate(groups[1:], 1):
            self._give(Task(number, group, finished, copy_context()))
        outcomes = {0: _read(groups[0])} | dict(finished.get() for _ in groups[1:])
        results = []
        for number in range(len(groups)):
            outcome = outcomes[number]
            if isinstance(outcome, Exception):
                raise outcome
            results.append(outcome)
        return results

    def _give(self, task: Task) -> None:
        """Hand a task to the readers; there is one for every instrument but the calling thread's."""
        while len(self._readers) < len(self.instruments) - 1:
            reader = threading.Thread(target=self._serve, name="read together", daemon=True)
            self._readers.append(reader)
            reader.start()
        self._tasks.put(task)

    def _serve(self) -> None:
        while (task := self._tasks.get()) is not None:
            task.finished.put((task.number, task.context.run(_read, task.group)))

    def _make_safe(self, name: str, share: float) -> str:
        """Return why an instrument could not be made safe within `share` seconds; "" if it was."""
        instrument = self.instruments.get(name)
        if instrument is None:
            return f"{name} could not be opened"
        failures = ["it hung"]
        deadline = time.monotonic() + share
        thread = threading.Thread(target=partial(_persist, instrument, deadline, failures), daemon=True)
        thread.start()
        thread.join(share)
        if thread.is_alive():
            instrument.link.cancel()
            return f"{instrument.name} did not reach its safe state within {share:.3g} s ({failures[-1]})"
        return failures[-1]


def _read(group: Group) -> Outcome:
    """Read quantities of one instrument; what goes wrong is returned, for another thread to raise."""
    try:
        return measure(group[0].instrument, [quantity.declaration for quantity in group])
    except Exception as failure:  # noqa: BLE001  it is raised in the thread that asked
        return failure


def _persist(instrument: Instrument, deadline: float, failures: list[str]) -> None:
    """Try to make an instrument safe; the last of `failures` says how it went, "" for well."""
    for _ in range(TRIES):
        try:
            instrument.make_safe()
        except RemotecalError as failure:
            failures.append(str(failure))
            if time.monotonic() >= deadline:
                return
        else:
            failures.append("")
            return
