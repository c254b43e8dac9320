"""What a run says of itself, held against the replies it was said by: what was stable, who was not set up.

No result is computed of either. But a wait takes readings out of what a repeat must hold, and a device that
does not tell how it is set up goes without an error: whoever invents one must invent the replies as well.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final, cast

from remotecal.drivers.measured import Measured
from remotecal.journal.events import seconds
from remotecal.runs.setups import NOT_SET_UP
from remotecal.verify.kept import NOT_UNDERSTOOD
from remotecal.verify.left_out import BEFORE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from remotecal.drivers.instrument import Instrument
    from remotecal.journal.events import Event
    from remotecal.journal.exchanges import Exchange
    from remotecal.verify.kept import KeptLink

ROUNDED: Final = 1e-9
"""By what part of itself a mean may be beyond the readings it is of, for it is a sum of them."""


class Noted:
    """Holds notes against the exchanges of their repeat.

    Args:
        read: returns what a source told by an exchange, by its number, as its driver understands it; None
            where it told nothing.
    """

    def __init__(self, read: Callable[[str, int], Measured | None]) -> None:
        self._read = read

    def doubts(
        self, event: Event, kept: Mapping[int, Exchange], found: Mapping[str, tuple[Instrument, KeptLink]]
    ) -> Iterator[str]:
        """Yield why an event is not so, in words.

        Args:
            event: of the journal.
            kept: the exchanges since the last repeat, by their numbers.
            found: name → instrument, and the link it has.
        """
        if event.kind == "stable":
            yield from self._stable(event, kept, found)
        elif event.kind == "note" and event.data["text"] == NOT_SET_UP:
            yield from _not_set_up(event, kept, found)

    def _each_once(self, source: str, asked: Iterable[int], link: KeptLink) -> list[Measured]:
        """Return the readings that exchanges gave, where one reading may have taken several."""
        told, taken = list[Measured](), set[int]()
        for number in asked:
            if number not in taken and (one := self._read(source, number)) is not None:
                told.append(one)
                taken |= link.used
        return told

    def _stable(
        self, event: Event, kept: Mapping[int, Exchange], found: Mapping[str, tuple[Instrument, KeptLink]]
    ) -> Iterator[str]:
        """Yield of which quantities less was read than is said, or something else."""
        end, waited = seconds(event.at), float(cast("float", event.data["waited"]))
        for said in cast("list[dict[str, str | float]]", event.data["found"]):  # shapes are checked
            source, due, mean = str(said["quantity"]), int(said["readings"]), float(said["mean"])
            name = source.rpartition(".")[0]
            asked = (
                number
                for number, one in kept.items()
                if one.instrument == name and one.at >= end - waited - BEFORE
            )
            told = self._each_once(source, asked, found[name][1]) if name in found else []
            there = [one.to(str(said["unit"])).value for one in told]
            slack = ROUNDED * abs(mean)
            if len(there) < due:
                yield f"line {event.seq}: {source} was read {len(there)} times, {due} are said to be stable"
            elif not min(there) - slack <= mean <= max(there) + slack:
                yield f"line {event.seq}: {source} is said to be stable at {mean:.6g}, and was not read there"


def _not_set_up(
    event: Event, kept: Mapping[int, Exchange], found: Mapping[str, tuple[Instrument, KeptLink]]
) -> Iterator[str]:
    """Yield that a device told how it is set up, though it is said not to have."""
    name = str(event.data.get("instrument"))
    if name not in found:
        return
    instrument, link = found[name]
    link.at(max((number for number, one in kept.items() if one.instrument == name), default=0))
    with suppress(*NOT_UNDERSTOOD):
        instrument.check_setup()
        if link.used <= kept.keys():
            yield f"line {event.seq}: {name} is said not to tell how it is set up, and told it"
