"""The universal counter, with pulses on input 1 and a gate signal at Gate In."""

from __future__ import annotations

import math
from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING

from remotecal.drivers.keysight.counter53230a import Edge, GateSource, Keysight53230A
from remotecal.sim.simulated import Refused
from remotecal.sim.simulated_lines import Reply, ScpiSimulated

if TYPE_CHECKING:
    from remotecal.sim.gate import Gate
    from remotecal.sim.world import World


class Mode(Enum):
    """What it is configured to measure."""

    FREQUENCY = "FREQ"
    GATED = "TOT:TIM"
    FREE = "TOT:CONT"


class State(Enum):
    """Where a measurement is."""

    IDLE = "no measurement was started"
    ARMED = "waiting for the gate"
    COUNTING = "counting"
    DONE = "there is a result"


STALE = '-230,"Data corrupt or stale"'


class UniversalCounter(ScpiSimulated):
    """A 53230A: gated and free totalize, and frequency.

    Gated by time it counts from `INIT` on; gated externally from the chosen edge of the gate to the
    opposite one. `FETC?` before a gated count has ended waits for its end; under an external gate,
    which nobody can foresee, it gives no reply.
    """

    def __init__(
        self,
        world: World,
        pulses: Callable[[], float],
        gate: Gate,
        name: str = "counter",
        *,
        serial: str = "MY50001234",
        timebase_error: float = 0.0,
    ) -> None:
        """Set it up.

        Args:
            world: where it is.
            pulses: tells how many pulses have come until now, with the part of the next one.
            gate: what is at Gate In.
            name: what its faults draw their numbers by.
            serial: its serial number.
            timebase_error: the relative error of its time base (1).
        """
        self._pulses = pulses
        self._timebase = 1.0 + timebase_error
        self._mode = Mode.FREQUENCY
        self._state = State.IDLE
        self._gate_time = 0.1
        self._begin = 0.0
        self._result = 0.0
        self._until = 0.0
        self._run = 0
        super().__init__(
            Keysight53230A,
            world,
            name,
            f"Keysight Technologies,53230A,{serial},02.05-1519.666-1.19-4.15-127-159-35",
            commands={
                r":?CONF(?:igure)?:TOT(?:alize)?:TIM(?:ed)? *(.*)": self._configure_gated,
                r":?CONF(?:igure)?:TOT(?:alize)?:CONT(?:inuous)?(?: .*)?": lambda _: self._configure(
                    Mode.FREE
                ),
                r":?CONF(?:igure)?:FREQ(?:uency)?(?: .*)?": lambda _: self._configure(Mode.FREQUENCY),
                r":?MEAS(?:ure)?:FREQ(?:uency)?\?.*": lambda _: self._measure(),
                r":?INIT(?:iate)?(?::IMM(?:ediate)?)?": lambda _: self._initiate(),
                r":?ABOR(?:t)?": lambda _: self._abort(),
                r":?FETC(?:h)?\?": lambda _: self._fetch(),
                r":?READ\?": lambda _: self._read(),
                r":?(?:SENS(?:e)?:)?TOT(?:alize)?:DATA\?": lambda _: self._running(),
                r":?(?:SENS(?:e)?:)?FREQ(?:uency)?:GATE:TIME (.*)": self._set_gate_time,
            },
        )
        self._held |= {"gate_source": GateSource.TIME.value, "gate_edge": Edge.FALLING.value}
        gate.listeners.append(self._gate)

    def _configure(self, mode: Mode) -> Reply:
        self._abort()
        self._mode = mode
        self._state = State.IDLE
        self._gate_time = 0.1
        return None

    def _configure_gated(self, argument: str) -> Reply:
        time = argument.partition(",")[0].strip().upper()
        self._configure(Mode.GATED)
        self._held["gate_source"] = GateSource.TIME.value
        try:
            self._gate_time = float("inf") if time.startswith("INF") else float(time or 0.1)
        except ValueError:
            raise Refused(3, '-224,"Illegal parameter value"') from None
        if self._gate_time != float("inf") and not 1e-6 <= self._gate_time <= 1000.0:
            self._gate_time = 0.1
            raise Refused
        return None

    def _set_gate_time(self, argument: str) -> Reply:
        try:
            self._gate_time = float(argument)
        except ValueError:
            raise Refused(3, '-224,"Illegal parameter value"') from None
        return None

    def _initiate(self) -> Reply:
        if self._state in {State.ARMED, State.COUNTING}:
            raise Refused(6, '-213,"Init ignored"')
        if self._mode is Mode.GATED and self._held["gate_source"] == GateSource.EXTERNAL.value:
            self._state = State.ARMED
            self._until = float("inf")
        else:
            self._open(self.world.time)
            if self._mode is not Mode.FREE and self._gate_time != float("inf"):
                self._until = self.world.time + self._gate_time
                self.world.at(self._until, self._timed_end(self._run))
        return None

    def _open(self, _: float) -> None:
        self._run += 1
        self._state = State.COUNTING
        self._until = float("inf")
        self._begin = self._pulses()

    def _timed_end(self, run: int) -> Callable[[float], None]:
        def end(_: float) -> None:
            if run == self._run and self._state is State.COUNTING:
                self._close()

        return end

    def _close(self) -> None:
        self._state = State.DONE
        self._result = self._counted()
        if self._mode is Mode.FREQUENCY:
            self._result = (self._pulses() - self._begin) / self._gate_time / self._timebase

    def _counted(self) -> float:
        return float(math.floor(self._pulses()) - math.floor(self._begin))

    def _gate(self, time: float, opened: bool) -> None:  # noqa: FBT001 - a listener's signature
        if self._mode is not Mode.GATED or self._held["gate_source"] != GateSource.EXTERNAL.value:
            return
        opens = opened is (self._held["gate_edge"] == Edge.RISING.value)
        if opens and self._state is State.ARMED:
            self._open(time)
        elif not opens and self._state is State.COUNTING:
            self._close()

    def _abort(self) -> Reply:
        if self._state is State.COUNTING and self._mode is Mode.FREE:
            self._close()
        elif self._state in {State.ARMED, State.COUNTING}:
            self._state = State.IDLE
        return None

    def _fetch(self) -> Reply:
        if self._state is State.IDLE:
            raise Refused(4, STALE)
        if self._state is State.DONE:
            return self._number(self._result)
        if self._mode is Mode.FREE:
            return self._running()
        if self._until == float("inf"):
            return None
        return self.after(self._until - self.world.time, self._fetch)

    def _read(self) -> Reply:
        self._initiate()
        return self._fetch()

    def _measure(self) -> Reply:
        self._configure(Mode.FREQUENCY)
        return self._read()

    def _running(self) -> Reply:
        if self._state is State.COUNTING:
            return self._number(self._counted())
        if self._state is State.DONE:
            return self._number(self._result)
        raise Refused(4, STALE)

    def _number(self, value: float) -> str:
        """Write a reading as the counter does: 14 decimals and an exponent of three digits."""
        value = self.faults.distort("count", value)
        mantissa, _, exponent = f"{value:+.14E}".partition("E")
        return f"{mantissa}E{int(exponent):+04d}"

    def _reset(self) -> None:
        self._configure(Mode.FREQUENCY)
        self._held |= {"gate_source": GateSource.TIME.value, "gate_edge": Edge.FALLING.value}
