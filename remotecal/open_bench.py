"""Instruments that are open: reading them together, making them safe."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from remotecal import html, made_safe
from remotecal.clock import Clock
from remotecal.drivers.hand_instrument import HandInstrument
from remotecal.drivers.instrument import Instrument
from remotecal.drivers.links.by_hand import ByHandLink, OnSite
from remotecal.drivers.measured import Measured
from remotecal.drivers.quantities import BoundReading, BoundSetting
from remotecal.drivers.quantity import Measurable, Quantity, ameasure, measure, measuring
from remotecal.drivers.talks import attended
from remotecal.drivers.together import Round
from remotecal.errors import BenchError, RemotecalError, SafeStateNotReached

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

Q = TypeVar("Q", BoundReading, BoundSetting)
Result = TypeVar("Result")

TRIES = 3
"""How often an instrument is made safe at most, as long as there is time."""


Group = tuple[Measurable, list[int], tuple[Quantity, ...]]
"""An instrument, which of the quantities asked for are its own, and what they are."""


class OpenBench:
    """The open instruments of a bench.

    Args:
        instruments: by name.
        clock: the time they live by.
        roles: role → name, where the names differ.
        failures: the instruments that could not be opened, and why.
        needed: instruments that are made safe, in this order → seconds each may need for it.
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
        needed: Mapping[str, float] | None = None,
        within: float = 20.0,
        held: AbstractContextManager[object] | None = None,
    ) -> None:
        self.instruments = instruments
        self.clock = clock
        self.failures = failures or {}
        self._roles = roles or {}
        self._shares = made_safe.shares(needed or {}, within)
        self._within = within
        self._held = held or nullcontext()
        self._threads: ThreadPoolExecutor | None = None
        """Do what blocks while several instruments are read."""

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
        by_hand, others = _by_instrument(quantities)
        found = [
            (places, measure(instrument, declarations))
            for instrument, places, declarations in (*by_hand, *(others if len(others) == 1 else ()))
        ]
        if len(others) > 1:
            for (_, places, _), measured in zip(others, self._read_all(others), strict=True):
                found.append((places, measured))
        return _in_order(found)

    async def aread_together(self, *quantities: BoundReading) -> tuple[Measured, ...]:
        """Read as `read_together` does, in the running event loop."""
        import asyncio

        by_hand, others = _by_instrument(quantities)
        found = [
            (places, await ameasure(instrument, declarations)) for instrument, places, declarations in by_hand
        ]
        reading = (ameasure(instrument, each) for instrument, _, each in others)
        outcomes = await asyncio.gather(*reading, return_exceptions=True)
        found += [(places, _or_raised(one)) for (_, places, _), one in zip(others, outcomes, strict=True)]
        return _in_order(found)

    def cancel(self) -> None:
        """Call off every exchange that is waiting for a reply."""
        for instrument in self.instruments.values():
            instrument.link.cancel()

    @property
    def can_be_made_safe(self) -> bool:
        """Whether any instrument has a safe state to be brought to."""
        return bool(self._shares)

    def make_safe(self) -> None:
        """Bring every instrument that has a safe state to it, one after the other.

        Each has its share of the time, by what it may need; one that hangs is called off, so that the next
        gets its turn.
        What was sent to one before, and called off, may still be carried out, after the safe state was
        reached. So where that is possible, they are brought there once more when it is not any more.

        Raises:
            SafeStateNotReached: some could not be made safe; all were tried.
        """
        links = [self.instruments[name].link for name in self._shares if name in self.instruments]
        settled_at = max((link.settled_at for link in links), default=0.0)
        self._make_all_safe()
        left = settled_at - time.monotonic()
        if left > 0:
            time.sleep(min(left, self._within))
            self._make_all_safe()

    def _make_all_safe(self) -> None:
        failures = [self._make_safe(name, share) for name, share in self._shares.items()]
        if said := "; ".join(filter(None, failures)):
            raise SafeStateNotReached(f"go and look at the rig: {said}")

    def close(self) -> None:
        """Give up all links, and then the bench."""
        with self._held:
            if self._threads is not None:
                self._threads.shutdown()
            for instrument in self.instruments.values():
                instrument.close()

    def _quantity(self, quantity: str, kind: type[Q]) -> Q:
        name, _, attribute = quantity.rpartition(".")
        instrument = self.instruments.get(name)
        found = None if instrument is None else instrument.quantity(attribute)
        if not isinstance(found, kind):
            raise BenchError(f"{quantity!r} can't be {'read' if kind is BoundReading else 'set'}")
        return found

    def _read_all(self, groups: Sequence[Group]) -> list[tuple[Measured, ...]]:
        """Read groups of quantities, each of one instrument, at the same time."""
        if self._threads is None:
            from concurrent.futures import ThreadPoolExecutor

            self._threads = ThreadPoolExecutor(len(self.instruments), "read together")
        this = Round(self._threads)
        outcomes = this.carry(
            [
                attended(instrument.link, measuring(instrument, declarations))
                for instrument, _, declarations in groups
            ]
        )
        return [_or_raised(outcome) for outcome in outcomes]

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


def _by_instrument(quantities: Sequence[BoundReading]) -> tuple[list[Group], list[Group]]:
    """Return the groups a person reads, and the others."""
    found: dict[Measurable, list[int]] = {}
    for place, quantity in enumerate(quantities):
        found.setdefault(quantity.instrument, []).append(place)
    groups: tuple[list[Group], list[Group]] = [], []
    for instrument, places in found.items():
        declarations = tuple([quantities[place].declaration for place in places])
        groups[not isinstance(instrument, HandInstrument)].append((instrument, places, declarations))
    return groups


def _in_order(found: Iterable[tuple[Sequence[int], Sequence[Measured]]]) -> tuple[Measured, ...]:
    """Return what was measured in the order it was asked for."""
    placed = {place: one for places, values in found for place, one in zip(places, values, strict=True)}
    return tuple([placed[place] for place in range(len(placed))])


def _or_raised(outcome: Result | BaseException) -> Result:
    if isinstance(outcome, BaseException):
        raise outcome
    return outcome


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
