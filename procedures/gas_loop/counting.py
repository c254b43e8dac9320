"""What masters, check meter and meter under test count in a repeat: by one gate, or read one after another.

Where one signal opens all counters at once they begin and end together, whatever it takes to read them. Else
each is read at both ends of the repeat, and the time between these readings counts with the whole flow.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeVar

from remotecal.drivers.capabilities import GateState
from remotecal.drivers.measured import passed
from remotecal.errors import RunError
from remotecal.procedures.library.measuring.sampling import read_totals, see_amount

if TYPE_CHECKING:
    from remotecal.drivers.capabilities import CounterGate, PulseCounter
    from remotecal.drivers.measured import Measured
    from remotecal.drivers.quantities import BoundReading
    from remotecal.procedures import Run

MASTER = "master "
"""What a master's counter is called, with its number behind."""
DISTURBED = "disturbed"
"""What a converting meter counts with an alarm, which has to be nothing."""

Told = dict[str, object]
"""Parts of an observation, by their names in `LoopSeen`."""
W = TypeVar("W")


def by_gate(
    run: Run, gate: CounterGate, counters: Mapping[str, PulseCounter], watch: Callable[[], W]
) -> tuple[W, Told, dict[str, Measured]]:
    """Have counters count while one gate is open.

    Args:
        run: reads.
        gate: opens all of them.
        counters: by the names of `LoopSeen`, masters as `MASTER` and their number.
        watch: watches the rest while it is open.

    Returns:
        What `watch` returned, the parts of an observation, and what each counter counted.

    Raises:
        RunError: one counted nothing.
    """
    gate.gate.set(GateState.SHUT)
    for each in counters.values():
        each.count_gated()
    gate.gate.set(GateState.OPEN)
    watched = watch()
    gate.gate.set(GateState.SHUT)
    found = read_totals(run, {name: each.gated_pulses for name, each in counters.items()})
    (took,) = run.read(gate.gate_time)
    for each in counters.values():
        each.count_freely()
    _see(found)
    told: Told = {"gate_time": took, **_parts("pulses", found)}
    if "pulses" in found:
        told["pulses"] = told.pop("pulses_pulses")
    return watched, told, found


def by_readings(
    run: Run, counters: Mapping[str, BoundReading], watch: Callable[[], W]
) -> tuple[W, Told, dict[str, Measured]]:
    """Read counters one after another at both ends of a repeat; as `by_gate`."""
    before = read_totals(run, counters, flowing=True)
    watched = watch()
    after = read_totals(run, counters, flowing=True)
    found = {
        name: passed(before[name], after[name], counter.declaration.modulus)
        for name, counter in counters.items()
    }
    _see(found)
    return watched, {**_parts("before", before), **_parts("after", after)}, found


def _see(found: Mapping[str, Measured]) -> None:
    for name, amount in found.items():
        if name != DISTURBED:
            see_amount(f"what {name} counted", amount.value)
        elif amount.value:
            raise RunError(
                f"the meter counted {amount.value:g} m3 as disturbed: an alarm stood, and it converted with "
                "a substitute value; look at its limits of alarm, and let the alarm go"
            )


def _parts(when: str, read: Mapping[str, Measured]) -> Told:
    """Return readings of counters as the parts of an observation."""
    masters = tuple(one for name, one in read.items() if name.startswith(MASTER))
    others = {f"{name}_{when}": one for name, one in read.items() if not name.startswith(MASTER)}
    return {f"masters_{when}": masters, **others}
