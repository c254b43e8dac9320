"""`remotecal sim up`: a simulated rig that serves its instruments until interrupted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from tempfile import TemporaryDirectory
from typing import cast, get_args

from remotecal.clock import RealClock
from remotecal.configuration import nearest
from remotecal.errors import ConfigurationError
from remotecal.signals import on_ending
from remotecal.sim.water.assemblies import Assembly, Output, master_line, water_rig

RIGS = {"water-rig": water_rig, "master-line": master_line}
"""What can be put up, by the name a person gives it."""


def up(
    name: str,
    *,
    meter: str = "pulses",
    dn: int = 50,
    seed: int = 1,
    directory: Path | None = None,
    real: bool = False,
) -> None:
    """Serve a rig until interrupted; print its instruments and the bench file to use.

    Args:
        name: which rig.
        meter: how the meter under test is read.
        dn: nominal diameter in mm.
        seed: the same seed gives the same rig.
        directory: where bench file, certificates and order go; a temporary one if not given.
        real: let the rig's time be the computer's; otherwise a run moves it.

    Raises:
        ConfigurationError: there is no such rig, meter or diameter.
    """
    if name not in RIGS:
        raise ConfigurationError(f"there is no rig {name!r}, {nearest(name, list(RIGS))}")
    with TemporaryDirectory(prefix=f"remotecal-{name}-") as temporary:
        place = directory or Path(temporary)
        clock = RealClock() if real else None
        with (
            RIGS[name](place, seed=seed, dn=dn, clock=clock, output=_output(meter)) as assembly,
            _until_ended(),  # before anybody is told how to end it
        ):
            _tell(name, assembly, real=real)


def _output(meter: str) -> Output:
    for output in get_args(Output):
        if output == meter:
            return cast("Output", output)
    raise ConfigurationError(f"a meter can't be read by {meter!r}, {nearest(meter, get_args(Output))}")


def _tell(name: str, assembly: Assembly, *, real: bool) -> None:
    print(f"{name} is up, in {'real' if real else 'virtual'} time.\n")
    lines = [
        (station, place.simulated.driver.__name__, assembly.addresses[station], _settings(place.settings))
        for station, place in assembly.stations.items()
    ]
    widths = [max(len(line[column]) for line in lines) for column in range(4)]
    for line in lines:
        print("  " + "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())
    print(f"\nbench file  {assembly.bench}\nwork order  {assembly.order}\n")
    print(f"In another terminal:\n  remotecal bench check {assembly.bench}")
    print(f"  remotecal run {assembly.order} --out run-1\nCtrl-C ends it.", flush=True)


def _settings(settings: Mapping[str, int]) -> str:
    return ", ".join(f"{key} = {value}" for key, value in settings.items())


@contextmanager
def _until_ended() -> Iterator[None]:
    """Stay in the context until somebody interrupts or ends the process."""
    ended: SimpleQueue[str] = SimpleQueue()
    with on_ending(ended.put):
        yield
        while True:
            with suppress(Empty):  # Windows lets no signal through while a thread waits for good
                ended.get(timeout=LOOK_UP)
                return


LOOK_UP = 0.5
"""Seconds from one look for a signal to the next."""
