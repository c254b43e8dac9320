"""`remotecal bench check`: is everything there, is it the right thing, and may it be used."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from remotecal.bench import Bench
from remotecal.cli.terminal import in_their_language, say
from remotecal.drivers.links import Place
from remotecal.errors import BenchError, RemotecalError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date
    from pathlib import Path

    from remotecal.drivers.links import StationLinks
    from remotecal.open_bench import OpenBench


HEADINGS = ("instrument", "driver", "who answers", "can be", "certificate", "verdict")
IN_CHINESE = dict(zip(HEADINGS, ("仪器", "驱动", "应答者", "可用作", "证书", "结论"), strict=True))
SPARED = ("can be", "driver", "who answers")
"""What is left out where there is no room, in turn; `remotecal drivers` tells what a driver can be."""


def check(path: Path, hub: Path) -> None:
    """Open every instrument of a bench, check it and its certificate, and print what was found.

    Those that are good stand in a table, what is wrong with the others in sentences below it.

    Args:
        path: the bench file.
        hub: the hub's directory, for instruments at stations.

    Raises:
        BenchError: something is wrong; what was printed says what, for every instrument.
    """
    bench = Bench.load(path)
    clock = bench.clock()
    good, faulty = [], []
    with _within_reach(bench, hub) as stations:
        opened = bench.connect(clock, stations, what="bench check")
        try:
            for name in bench.file.instruments:
                cells, faults = _line(bench, opened, name, bench.day(clock))
                faulty += [faults] if faults else []
                good += [] if faults else [cells]
        finally:
            opened.close()
    _show(bench.name, good, [*faulty, *_notes(bench)])
    today = bench.day(clock)
    bench.characteristics(today)
    bench.file.approved(today)
    if faulty:
        raise BenchError(
            f"{len(faulty)} of {len(bench.file.instruments)} instruments of {path} can't be used"
        )


def _notes(bench: Bench) -> Iterator[Sequence[str]]:
    """Yield what is no fault of an instrument, and keeps runs from being begun."""
    try:
        bench.refuse_unsafe()
    except BenchError as refusal:
        yield [f"no run can be begun, as long as it can't be made safe: {refusal}"]


def _show(title: str, good: Sequence[Sequence[str]], faulty: Sequence[Sequence[str]]) -> None:
    """Print the good instruments, with all that there is room for, and then each fault as a sentence."""
    from rich.padding import Padding
    from rich.text import Text

    from remotecal.cli.tables import narrowest, plain, show_table, terminal

    console = terminal()
    console.print(Text(plain(title), "italic"))
    columns = [*zip(HEADINGS, *good, strict=True)]
    for heading in SPARED:
        if narrowest(columns) > console.width:
            columns = [column for column in columns if column[0] != heading]
    headings, *rows = zip(*columns, strict=True)
    if rows:
        show_table([say(heading, IN_CHINESE[heading]) for heading in headings], rows)
    for fault in (fault for faults in faulty for fault in faults):
        first, *more = in_their_language(fault).splitlines()
        console.print(Text(plain(first), "red"))
        for line in more:
            console.print(Padding(Text(plain(line)), (0, 0, 0, 2)))


def _within_reach(bench: Bench, hub: Path) -> AbstractContextManager[StationLinks | None]:
    """Connect to the hub's stations, if an instrument of the bench is at one."""
    if not any(Place.named(entry.address) for entry in bench.file.instruments.values()):
        return nullcontext()
    import getpass

    from remotecal.hub.remote_link import stations
    from remotecal.hub.settings import HubFolder

    return stations(HubFolder(hub), getpass.getuser())


def _line(bench: Bench, opened: OpenBench, name: str, today: date) -> tuple[tuple[str, ...], list[str]]:
    """Return what stands under `HEADINGS` for an instrument, and a sentence for each thing that is wrong."""
    faults: list[RemotecalError] = []
    identity = certificate = ""
    try:
        if name in opened.failures:
            raise opened.failures[name]
        identity = str(opened.instruments[name].met or "")  # asked when it was opened, a moment ago
    except RemotecalError as failure:
        faults.append(failure)
    try:
        used = bench.certificate(name, today)
        if used is not None:
            until = used.certificate.valid_until
            certificate = used.certificate.number + (
                say(f", until {until}", f"，有效期至 {until}") if until else ""
            )
    except RemotecalError as failure:
        faults.append(failure)
    driver = bench.drivers[name]
    kinds = [base.__name__ for base in driver.__mro__ if getattr(base, "_is_protocol", False)]
    kinds = [kind for kind in kinds if kind not in {"Protocol", "Asked"}]
    said = [str(fault) for fault in faults]
    cells = (name, driver.__name__, identity, ", ".join(kinds), certificate, say("good", "可用"))
    return cells, [one if one.startswith(name) else f"{name}: {one}" for one in said]
