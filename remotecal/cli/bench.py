"""`remotecal bench check`: is everything there, is it the right thing, and may it be used."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from remotecal.bench import Bench
from remotecal.drivers.links import Place
from remotecal.errors import BenchError, RemotecalError

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from remotecal.drivers.links import Stations
    from remotecal.open_bench import OpenBench


def check(path: Path, hub: Path) -> None:
    """Open every instrument of a bench, check it and its certificate, and print a table.

    Args:
        path: the bench file.
        hub: the hub's directory, for instruments at stations.

    Raises:
        BenchError: something is wrong; the table says what, for every instrument.
    """
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    bench = Bench.load(path)
    clock = bench.clock()
    table = Table(title=bench.name, box=box.SIMPLE_HEAD, title_justify="left")
    for heading in ("Instrument", "Driver", "Who answers", "Can be", "Certificate", "Verdict"):
        table.add_column(heading, overflow="fold")
    faulty = 0
    with _within_reach(bench, hub) as stations:
        opened = bench.connect(clock, stations, what="bench check")
        try:
            for name in bench.file.instruments:
                *cells, fault = _line(bench, opened, name, bench.day(clock))
                faulty += bool(fault)
                table.add_row(*map(Text, cells), Text(fault or "good", "red" if fault else "green"))
        finally:
            opened.close()
    Console().print(table)
    bench.characteristics(bench.day(clock))
    if faulty:
        raise BenchError(f"{faulty} of {len(bench.file.instruments)} instruments of {path} can't be used")


def _within_reach(bench: Bench, hub: Path) -> AbstractContextManager[Stations | None]:
    """Connect to the hub's stations, if an instrument of the bench is at one."""
    if not any(Place.named(entry.address) for entry in bench.file.instruments.values()):
        return nullcontext()
    import getpass

    from remotecal.transport.remote_link import stations
    from remotecal.transport.settings import HubFolder

    return stations(HubFolder(hub), getpass.getuser())


def _line(bench: Bench, opened: OpenBench, name: str, today: date) -> tuple[str, ...]:
    """Return name, driver, identity, capabilities, certificate, and what is wrong or ""."""
    faults = []
    identity = certificate = ""
    try:
        if name in opened.failures:
            raise opened.failures[name]
        identity = str(opened.instruments[name].identify())
    except RemotecalError as failure:
        faults.append(str(failure))
    try:
        used = bench.certificate(name, today)
        if used is not None:
            until = used.certificate.valid_until
            certificate = used.certificate.number + (f", until {until}" if until else "")
    except RemotecalError as failure:
        faults.append(str(failure))
    driver = bench.drivers[name]
    kinds = [base.__name__ for base in driver.__mro__ if getattr(base, "_is_protocol", False)]
    kinds = [kind for kind in kinds if kind not in {"Protocol", "Asked"}]
    return name, driver.__name__, identity, ", ".join(kinds), certificate, "; ".join(faults)
