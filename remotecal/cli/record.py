"""`remotecal record`: keep what a real instrument says, for tests to hear it again."""

from __future__ import annotations

from enum import Enum, IntFlag
from typing import TYPE_CHECKING

from remotecal.bench import Bench
from remotecal.certificates.keeping import write_new
from remotecal.cli.tables import show_table
from remotecal.configuration import nearest
from remotecal.drivers.declarations import named
from remotecal.drivers.hand_instrument import HandInstrument
from remotecal.drivers.instrument import Identity
from remotecal.drivers.measured import Measured
from remotecal.drivers.quantities import BoundChoice, BoundFlags, BoundReading, BoundSetting
from remotecal.errors import BenchError, ConfigurationError, RemotecalError
from remotecal.testing.recordings import Recorder, Recording, Whom

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from remotecal.drivers.instrument import Instrument
    from remotecal.drivers.links import Link

Askable = BoundReading | BoundSetting | BoundChoice[Enum] | BoundFlags[IntFlag]
ASKABLE = (BoundReading, BoundSetting, BoundChoice, BoundFlags)
"""What can be asked, as long as its codec says how."""


def record(path: Path, name: str, quantities: Sequence[str], out: Path) -> None:
    """Open an instrument of a bench, ask it for quantities, and keep every exchange; nothing is set.

    Args:
        path: the bench file.
        name: the instrument, as it is called there.
        quantities: what to ask it for, as its driver calls them; by default all that can be asked.
        out: a new file for the recording, which is written whatever goes wrong meanwhile.

    Raises:
        ConfigurationError: there is no such instrument or quantity, or there is something at `out` already.
        LinkError: nobody, or somebody else, answers.
        InstrumentError: a quantity could not be read; all were tried.
    """
    bench = Bench.load(path)
    if name not in bench.drivers:
        raise BenchError(f"there is no instrument {name!r} in {path}, {nearest(name, list(bench.drivers))}")
    known = named(bench.drivers[name])
    for quantity in quantities:
        if quantity not in known:
            driver = bench.drivers[name].__name__
            raise BenchError(f"{driver} has no {quantity!r}, {nearest(quantity, list(known))}")
    if out.exists():
        raise ConfigurationError(f"{out} is there already, and nothing is overwritten: choose another place")
    if issubclass(bench.drivers[name], HandInstrument):
        raise BenchError(f"{name} is read by a person, in a run alone: there is no wire to record")
    with bench.hold("record", [name]):
        faults = _record(bench, name, quantities or list(known), out)
    if faults:
        raise faults[0]


def _record(bench: Bench, name: str, quantities: Sequence[str], out: Path) -> Sequence[RemotecalError]:
    """Ask an instrument and write the recording; return why some of it could not be read."""
    clock, entry = bench.clock(), bench.file.instruments[name]
    recorders: list[Recorder] = []
    identity = Identity()

    def through(link: Link) -> Link:
        recorders.append(Recorder(link, clock))
        return recorders[0]

    began = clock.now()
    try:
        with bench.open_instrument(name, clock, through=through) as instrument:
            identity = instrument.met or identity
            return _ask(instrument, quantities)
    finally:
        if recorders:
            whom = Whom(entry.driver, name, entry.address, entry.settings, identity, began)
            recording = Recording(whom, tuple(recorders[0].happened))
            write_new(out, recording.text().encode())
            many = len(recording.happened)
            whose = f"{name}, which does not say who it is" if identity == Identity() else str(identity)
            print(f"{many} {'exchange' if many == 1 else 'exchanges'} with {whose}: {out}")


def _ask(instrument: Instrument, quantities: Sequence[str]) -> Sequence[RemotecalError]:
    """Ask for quantities, and print what they are; return why some could not be read."""
    rows: list[tuple[str, str]] = []
    faults: list[RemotecalError] = []
    for name, quantity in _askable(instrument, quantities):
        try:
            rows.append((name, _shown(quantity)))
        except RemotecalError as fault:
            faults.append(fault)
            rows.append((name, str(fault)))
    show_table(("quantity", "value"), rows)
    return faults


def _askable(instrument: Instrument, names: Sequence[str]) -> Iterator[tuple[str, Askable]]:
    for name in names:
        quantity = instrument.quantity(name)
        if isinstance(quantity, ASKABLE) and instrument.can_be_asked(quantity.declaration):
            yield name, quantity


def _shown(quantity: Askable) -> str:
    """Ask for a quantity, and return it as people read it."""
    read = quantity.read()
    if isinstance(read, Measured):
        return f"{read.value:g}" + ("" if read.unit == "1" else f" {read.unit}")
    return read.name or "none"
