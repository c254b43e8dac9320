"""What can be chosen of a simulated gas loop."""

from __future__ import annotations

from typing import Annotated, Literal

from remotecal.procedures.parameters import In
from remotecal.sim.gas_loop.gas import GasName
from remotecal.sim.gas_loop.integrated import IntegratedOptions
from remotecal.sim.gas_loop.meter import MeterKind


class LoopOptions(IntegratedOptions):
    """What can be chosen of a gas loop."""

    highest: Annotated[float, In("m3/h", at_least=40, at_most=1600)] = 400.0
    """Highest flow of the meter under test."""
    masters: Annotated[tuple[float, ...], In("m3/h", at_least=20, at_most=1600)] = (65.0, 160.0, 400.0)
    """Highest flow of each master."""
    kinds: tuple[MeterKind, ...] = ()
    """What each master is; turbines where none is given. The total of an ultrasonic or Coriolis one is read
    over a bus, so no gate opens the counters then."""
    check: MeterKind = "turbine"
    """What the check meter is, if no Coriolis one."""
    sound_off: Annotated[float, In("%")] = 0.0
    """By how much ultrasonic masters tell a wrong speed of sound: a path that is dirty, or another gas."""
    check_sound_off: Annotated[float, In("%")] = 0.0
    """The same of an ultrasonic check meter."""
    meter_sound_off: Annotated[float, In("%")] = 0.0
    """The same of an ultrasonic meter under test."""
    pressures: Annotated[tuple[float, ...], In("kPa", at_least=150, at_most=2500)] = (1000.0, 400.0)
    """Absolute pressures the order asks for."""
    gas: GasName = "air"
    """What the loop is filled with."""
    dew_point: Annotated[float | None, In("°C", at_least=-50, at_most=30)] = None
    """Dew point of the filling at the pressure of the air; a dry gas if it is not given."""
    dew_meter: bool = False
    """Whether a dew-point meter tells that of the gas, in a sample that is expanded to 101.325 kPa."""
    output: Literal["pulses", "current", "total", "coriolis", "base"] = "pulses"
    """How the meter under test is read; "total" is an ultrasonic one, over a bus, "coriolis" a Coriolis one
    that tells its total as a volume; "base" is one with pressure and temperature built in, an EK280, telling
    its total and its volume at base conditions over a bus."""
    gate: bool = True
    """Whether the controller opens all counters by one signal; else they are read one after another."""
    leak: Annotated[float, In("m3/h", at_least=0)] = 0.0
    """What leaks out of the loop, between masters and meter."""
    branch_leak: Annotated[float, In("m3/h", at_least=0)] = 0.0
    """What passes the valves of branches that are shut."""
    bank: bool = False
    """Whether there is a bank of critical nozzles behind the check meter, and the order is to use it."""
    choked_to: Annotated[float, In("1", above=0, at_most=0.98)] = 0.9
    """Up to which ratio of pressures the order counts its nozzles as choked."""
    calibrated_off: Annotated[float, In("%")] = 0.0
    """What all masters and the check meter are off beyond what their certificates allow: their laboratory was
    wrong."""
    pulsation: Annotated[float, In("%", at_least=0, at_most=2)] = 0.0
    """By how much at most pulsation of the flow changes what the meter under test shows, by the order."""
    installation: Annotated[float, In("%", at_least=0, at_most=2)] = 0.0
    """The same of swirl, and of how it is installed."""
    zero: bool = False
    """Whether an ultrasonic or Coriolis meter under test (`output = "total"` or `"coriolis"`) shows a flow
    while the gas stands, another one at another pressure, and the order has that read."""
    meter_lag: Annotated[float, In("s", at_least=1)] = 15.0
    """Time constant of the thermometer at the meter; one that soaks has minutes."""
