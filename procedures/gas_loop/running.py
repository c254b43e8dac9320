"""Running a loop: to a pressure, tight or not, round and round until it is steady, to a flow.

What is open while the flow changes is what was open and what is to be: so no master ever gets more than it
can bear, and the blower always has somewhere to send the gas.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Final

from remotecal.drivers.capabilities import LoopMode
from remotecal.errors import NotStable, RunError
from remotecal.procedures import Stability
from remotecal.procedures.library.gas_loop.soaking import corrected
from remotecal.procedures.library.gas_loop.standing_gas import IN_GAS, LEAK, TightSeen
from remotecal.procedures.library.measuring.sampling import amount, read_totals, sample
from remotecal.procedures.library.meters.zero import read_zero

if TYPE_CHECKING:
    from remotecal.drivers.capabilities import (
        FlowSource,
        GasLoop,
        NozzleValves,
        PressureGauge,
        Thermometer,
    )
    from remotecal.drivers.quantities import BoundReading
    from remotecal.procedures import Certificates, Run
    from remotecal.procedures.library.gas_loop.filling import LoopGas
    from remotecal.procedures.library.gas_loop.parameters import LoopParameters

LOOK: Final = 5.0
"""Seconds from one look to the next while something takes minutes."""
NEAR: Final = 0.002
"""How near a pressure must come before the valves shut, as a share."""
REST: Final = 180.0
"""Seconds a sealed loop rests before it is watched for a leak: filling warms the gas."""
STANDING: Final = 10.0
"""How much faster than between repeats temperatures may change while a sealed loop is watched for a leak:
they are measured, and only what thermometers lag behind remains."""
RAMP: Final = 30.0
"""Seconds in which the blower comes to another speed."""
TRIES: Final = 6
"""How often the blower's speed is mended before a flow counts as out of reach."""
SPARE: Final = 1.03
"""How much more the blower draws than nozzles need to be choked."""
LOOKED_AT: Final = 20.0
"""Seconds over which the flow is looked at to mend the speed."""
ABOVE: Final = 1.05
"""Share of a pressure above which the controller trips."""
OF_THE_AIR: Final = 100.0
"""About the pressure of the air, in kPa, from which a loop is filled."""
LONGEST: Final = 14400.0
"""Seconds after which a loop counts as never getting steady."""
PATIENCE: Final = 1800.0
"""Seconds after which temperatures that are apart, and came no nearer, count as never getting even."""


class Circulation:
    """A loop, and what its pressure, flow and temperatures are told by.

    Args:
        run: waits, reads, and keeps what happened.
        told: what the order tells.
        loop: the controller.
        blower: what makes the gas go round.
        gauge: at the meter.
        thermometers: at the masters and, last, at the meter, by role.
        behind: at the check meter, where there is one, by role.
        filling: the gas.
        certificates: role → certificate, by which temperatures are held against each other.
    """

    def __init__(
        self,
        run: Run,
        told: LoopParameters,
        loop: GasLoop,
        blower: FlowSource,
        gauge: PressureGauge,
        thermometers: Mapping[str, Thermometer],
        behind: Mapping[str, Thermometer],
        filling: LoopGas,
        certificates: Certificates,
    ) -> None:
        self._run, self._told, self._loop, self._blower = run, told, loop, blower
        self._gauge, self._filling = gauge, filling
        self._thermometers, self._behind = tuple(thermometers.values()), bool(behind)
        self._placed, self._certificates = {**thermometers, **behind}, certificates
        self._opened, self._speed, self._choked = 0, 0.0, False

    def come_to(self, pressure: float) -> None:
        """Bring the standing loop to an absolute pressure in kPa, and seal it.

        Raises:
            RunError: the pressure does not come there.
        """
        run, loop = self._run, self._loop
        self.stop()
        found = self._pressure()
        loop.highest_pressure.set(ABOVE * max(pressure, found), "kPa")
        loop.slew.set(self._told.filling_rate, "kPa/s")
        loop.setpoint.set(pressure, "kPa")
        loop.mode.set(LoopMode.REGULATE)
        longest = run.clock.now() + 300.0 + 2.0 * abs(pressure - found) / self._told.filling_rate
        while abs(self._pressure() / pressure - 1.0) > NEAR:
            if run.clock.now() > longest:
                raise RunError(
                    f"the loop does not come to {pressure:g} kPa, it is at {self._pressure():.4g} kPa: look "
                    "at the supply, at the filling valve and for leaks"
                )
            run.wait(LOOK)
        run.wait(REST)
        self._rest(STANDING * self._told.temperature_drift, self._told.steady_between)
        loop.mode.set(LoopMode.HOLD)
        loop.highest_pressure.set(ABOVE * pressure, "kPa")

    def see_tight(self, pressure: float) -> None:
        """Watch the sealed loop at a pressure in kPa, and keep what was read.

        Raises:
            RunError: that is more than is allowed.
        """
        quantities: dict[str, BoundReading] = {"pressure": self._gauge.pressure}
        quantities |= {f"t{n}": each.temperature for n, each in enumerate(self._thermometers)}
        read = sample(self._run, self._told.leak_time, quantities)
        pressures = read.pop("pressure")
        seen = TightSeen(pressure=pressures, temperature=tuple(chain(*zip(*read.values(), strict=True))))
        leak, allowed = seen.leak(self._told, self._filling), self._told.leak_allowed
        self._run.observe(LEAK, seen, pressure=pressure, leak=leak, allowed=allowed, unit="m3/h")
        if abs(leak) > allowed:
            raise RunError(
                f"at {pressure:g} kPa the sealed loop {'leaks' if leak > 0 else 'gains'} {abs(leak):.3g} "
                f"m3/h, and {allowed:.3g} m3/h is allowed: look at flanges, at the filling and the venting "
                "valve, and whether the temperature is steady; or watch it longer"
            )

    def read_zero(self, pressure: float, flow: BoundReading) -> float:
        """Read what a meter shows while the gas stands: the blower off, every branch shut.

        Args:
            pressure: the loop is at, in kPa.
            flow: what the meter shows.

        Returns:
            Its mean, in m³/h.

        Raises:
            RunError: a branch does not shut.
        """
        run = self._run
        self.stop()
        self._loop.opened.set(0)
        self._opened = 0
        run.wait(REST)
        self._see_open(0)
        about = {"pressure": pressure, "allowed": self._told.zero_allowed}
        return read_zero(run, flow, IN_GAS, about, self._told.zero_time).mean

    def open_for(self, bits: int, flow: float, look: Callable[[], float]) -> None:
        """Open branches, and bring the flow to a value.

        Args:
            bits: of the branches.
            flow: in m³/h.
            look: tells the flow in m³/h, by masters that are open.

        Raises:
            RunError: a branch does not open, or the flow is out of reach.
        """
        run, share = self._run, 100.0 * flow / self._told.capacity
        self._loop.opened.set(self._opened | bits)
        self._blower.speed.set(min(share, 100.0))
        self._blower.start()
        run.wait(RAMP)
        self._loop.opened.set(bits)
        self._opened = bits
        run.wait(LOOK)
        self._see_open(bits)
        found = 0.0
        for _ in range(TRIES):
            self._speed = min(share, 100.0)
            found = look()
            if abs(found / flow - 1.0) * 100.0 <= self._told.flow_tolerance / 2:
                return
            if found <= 0.0:
                break
            share = share * flow / found
            if share > 100.0:
                break
            self._blower.speed.set(share)
            run.wait(RAMP)
        raise RunError(
            f"{flow:g} m3/h can't be made: {found:.4g} m3/h go round; look at the blower and the valves, "
            "or mend capacity"
        )

    def choke(self, valves: NozzleValves, bits: int, limit: float) -> None:
        """Have nozzles hold the flow: open them, shut the way round them, and draw the pressure down behind.

        Args:
            valves: of the nozzles.
            bits: of those to be open.
            limit: pressure behind them that may be there at most, as a share of that ahead.

        Raises:
            RunError: others stand open.
        """
        self._choked = True
        valves.nozzles.set(bits)
        self._blower.speed.set(min(self._speed / limit * SPARE, 100.0))
        self._run.wait(RAMP)
        (stood,) = self._run.read(valves.nozzles_standing)
        if round(stood.value) != bits:
            raise RunError(
                f"nozzles {bits:b} are to be open, and {round(stood.value):b} stand open (the first one's "
                "digit is the last): look at the valves"
            )

    def release(self, valves: NozzleValves) -> None:
        """Let the gas go round the nozzles, the blower no faster than masters can bear without them."""
        if self._choked:
            self._blower.speed.set(self._speed)
            self._run.wait(RAMP)
        self._choked = False
        valves.nozzles.set(0)

    def _see_open(self, bits: int) -> None:
        (stood,) = self._run.read(self._loop.standing)
        if round(stood.value) != bits:
            raise RunError(
                f"branches {bits:b} are to be open, and {round(stood.value):b} stand open (the first one's "
                "digit is the last): look at the valves"
            )

    def warm_up(self, pressure: float) -> None:
        """Let the gas go round until it is steady, topped up to a pressure in kPa, and then sealed.

        Raises:
            NotStable: as `settle`.
            RunError: the sealed loop is too far from that pressure.
        """
        self._loop.mode.set(LoopMode.REGULATE)
        self.settle(self._told.steady)
        self._loop.mode.set(LoopMode.HOLD)
        found, most = self._pressure(), self._told.pressure_tolerance
        if abs(found / pressure - 1.0) * 100.0 > most:
            raise RunError(
                f"the loop is at {found:.4g} kPa and was to be at {pressure:g} kPa within {most:g} %: look "
                "at the supply, or allow more"
            )

    def settle(self, duration: float) -> None:
        """Wait until temperatures are steady, and near each other.

        Fast gas hardly tells that the pipes are not as warm as it is, slow gas does: so what is apart after
        a change of flow comes nearer, and is waited for as long as it does, up to `LONGEST`.

        Raises:
            NotStable: they are not in time, or too far apart.
        """
        clock, nearest = self._run.clock, math.inf
        since = begun = clock.now()
        while True:
            self._rest(self._told.temperature_drift, duration)
            (apart, off), now = self._uneven(), clock.now()
            if apart <= self._told.temperature_difference:
                self._see_middle(off)
                return
            if apart < nearest:
                nearest, since = apart, now
            if now - since > PATIENCE or now - begun > LONGEST:
                how = "come no nearer" if now - since > PATIENCE else "come nearer too slowly"
                raise NotStable(
                    f"the temperatures at masters and meter are {apart:.2f} K apart, and {how}; "
                    f"{self._told.temperature_difference:g} K are allowed: look at the insulation, bring the "
                    "cooler nearer to the room's temperature, or allow more"
                )

    def _uneven(self) -> tuple[float, float]:
        """Return how far temperatures are apart at masters and meter, and how far this one is off the middle.

        That is the middle between those ahead of it and behind it; both in K. Without a check meter it is 0.
        Thermometers are corrected: each may be off by as much as is allowed.
        """
        read = self._run.read(*(each.temperature for each in self._placed.values()))
        at = [
            corrected(self._certificates, role, one.to("°C").value)
            for role, one in zip(self._placed, read, strict=True)
        ]
        *masters, meter = at[: len(self._thermometers)]
        apart = max(*masters, meter) - min(*masters, meter)
        return apart, meter - (statistics.fmean(masters) + at[-1]) / 2 if self._behind else 0.0

    def _see_middle(self, off: float) -> None:
        """Refuse a temperature at the meter that is off half-way between those ahead of it and behind it."""
        if abs(off) > (most := self._told.temperature_middle):
            raise NotStable(
                f"the temperature at the meter is {off:+.2f} K from half-way between masters and check "
                f"meter, and {most:g} K is allowed: its thermometer may still soak, or sit badly in its well"
            )

    def _rest(self, slope: float, duration: float) -> None:
        self._run.settle(
            *(
                Stability(each.temperature, duration=duration, slope=slope, timeout=LONGEST, every=LOOK)
                for each in self._thermometers
            )
        )

    def stop(self) -> None:
        """Stop the blower, and wait until the gas stands."""
        self._blower.stop()
        self._run.wait(RAMP)

    def _pressure(self) -> float:
        (found,) = self._run.read(self._loop.pressure)
        return found.to("kPa").value


def comes_to_pressure(told: LoopParameters, pressure: float, last: float | None) -> float:
    """Return how long it takes to a pressure in kPa, about, in s, until all is steady there.

    Args:
        told: what the order tells.
        pressure: to come to.
        last: the one before it; None of the first one.
    """
    filled = abs(pressure - (OF_THE_AIR if last is None else last)) / told.filling_rate
    zero = 0.0 if told.zero_time is None else RAMP + REST + told.zero_time + told.steady_between
    return filled + REST + told.steady_between + told.leak_time + comes_to_flow(told) + told.steady + zero


def comes_to_flow(told: LoopParameters) -> float:
    """Return how long it takes to another flow, about, in s, until all is steady there."""
    choked = RAMP if told.by_nozzles else 0.0
    return 3 * RAMP + LOOK + 2 * LOOKED_AT + choked + told.steady_between


def flow_by(run: Run, counters: Sequence[tuple[BoundReading, float]]) -> float:
    """Return the flow that counters tell together, in m³/h; each with what one of its units is in m³."""
    named = {str(n): counter for n, (counter, _) in enumerate(counters)}
    before = read_totals(run, named)
    run.wait(LOOKED_AT)
    after = read_totals(run, named)
    return sum(
        3600.0 * worth * amount(counter, before[name], after[name]) / (after[name].at - before[name].at)
        for (name, counter), (_, worth) in zip(named.items(), counters, strict=True)
    )
