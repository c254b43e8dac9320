"""What the calibration of a gas meter in a pressurised loop is told."""

from __future__ import annotations

from typing import Annotated, Final, Literal, Self

from pydantic import BeforeValidator, model_validator

from remotecal.errors import ParameterError
from remotecal.procedures import In
from remotecal.procedures.library.gas_loop.reynolds import HIGHEST_ORDER
from remotecal.procedures.library.meters.critical import RECOVERY
from remotecal.procedures.library.meters.gas_meters import GasMeterParameters

STEPS: Final = {"m3": "master_resolution", "kg": "master_mass_resolution"}
"""Unit of a master's total → what tells its step."""
ELSEWHERE = (1.0, 0.4, 0.1)
"""Flows at further pressures, as shares of Q_max, where they are not given."""
DN100: Final = 0.1
"""Diameter in m of which `zero_limit` is where the order does not state it."""


def _names(written: object) -> object:
    """Return a list of names as a tuple: orders and journals know lists alone."""
    return tuple(written) if isinstance(written, list) else written


class LoopParameters(GasMeterParameters):
    """What the calibration of a gas meter in a pressurised loop is told; pressures are absolute."""

    pressures: Annotated[tuple[float, ...], In("kPa", above=0, at_most=6500)]
    """Pressures to calibrate at, in the order to come to them: at the first one at all flows, at the others
    at `further_flows`. From high to low the loop has to be filled once only."""
    further_flows: Annotated[tuple[float, ...], In("m3/h", above=0)] = ()
    """Flows at pressures after the first one; 1, 0.4 and 0.1 of Q_max where they are not given."""
    diameter: Annotated[float, In("m", above=0)]
    """Inner diameter of the meter's pipe, for its Reynolds number."""

    reynolds_width: Annotated[float, In("%", above=0, at_most=20)] = 5.0
    """How far beyond all Reynolds numbers of one pressure that of a point at another may be for their errors
    to be held against each other (unverified); what the curve's slope makes of it is in U."""
    fewest_compared: Annotated[int | None, In("1", at_least=1)] = 3
    """At how many Reynolds numbers errors at two pressures should be held against each other (unverified);
    the certificate tells where fewer were."""

    gas: Literal["air", "nitrogen", "natural gas"] = "air"
    """What the loop is filled with."""
    components: Annotated[tuple[str, ...], BeforeValidator(_names)] = ()
    """Components of a natural gas, by the names of `remotecal.fluids.gas`."""
    fractions: Annotated[tuple[float, ...], In("1", at_least=0, at_most=1)] = ()
    """Mole fraction of each."""
    fraction_uncertainties: Annotated[tuple[float, ...], In("1", at_least=0)] = ()
    """Standard uncertainty of each; they count as exact where none are given."""
    dew_point: Annotated[float | None, In("°C", at_least=-50, at_most=40)] = None
    """Dew point of the filling, or frost point below 0 °C; a dry gas where it is not given. Where a
    dew-point meter tells it, this is about what it will be: masters are chosen by it."""
    dew_pressure: Annotated[float, In("kPa", at_least=50, at_most=2000)] = 101.325
    """Absolute pressure at which the dew point was found."""
    dew_uncertainty: Annotated[float, In("K", at_least=0)] = 0.5
    """Expanded uncertainty (k = 2) of the dew point, where no meter tells it."""
    dew_cell: Literal["stated", "loop"] = "stated"
    """At which pressure the dew-point meter's sensor is: at `dew_pressure`, as where its sample is expanded,
    or at that of the loop."""
    dew_change: Annotated[float, In("K", above=0)] = 0.5
    """How much the dew point it tells may change in a repeat (unverified): a mirror that is cleaned, and gas
    that is still drying, tell another one."""
    calorific_value: Annotated[float | None, In("MJ/m3", at_least=20, at_most=48)] = None
    """Superior calorific value for SGERG-88 (25 °C; 0 °C, 101.325 kPa); as `equation` within 0.3 % of what
    `fractions` give."""
    relative_density: Annotated[float | None, In("1", at_least=0.55, at_most=0.9)] = None
    """Relative density for SGERG-88 (0 °C, 101.325 kPa), held likewise; carbon dioxide and hydrogen are in
    `fractions`."""
    calorific_uncertainty: Annotated[float, In("MJ/m3", at_least=0)] = 0.06
    """Expanded uncertainty (k = 2) of it; this is what ISO 12213-3 supposes (unverified)."""
    relative_density_uncertainty: Annotated[float, In("1", at_least=0)] = 0.0013
    """Expanded uncertainty (k = 2) of the relative density, likewise by ISO 12213-3 (unverified)."""
    equation: Literal["", "GERG-2008", "AGA8 DETAIL", "SGERG-88", "Lemmon 2000", "Span 2000"] = ""
    """Equation of state of both ends; the best one for the gas where none is given: Lemmon 2000 for dry air,
    Span 2000 for dry nitrogen, GERG-2008 else."""
    cooling: Annotated[float, In("°C", at_least=5, at_most=40)] = 20.0
    """Temperature the cooler keeps the gas at."""

    capacity: Annotated[float, In("m3/h", above=0)]
    """What the blower sends round at full speed, about."""
    loop_volume: Annotated[float, In("m3", above=0)]
    """Volume of the loop, about: by it a leak is told."""
    filling_rate: Annotated[float, In("kPa/s", above=0, at_most=5)] = 1.6
    """Fastest change of pressure by filling or venting; 0.1 MPa a minute spares the gas the cold
    (unverified)."""
    pressure_tolerance: Annotated[float, In("%", above=0, at_most=10)] = 2.0
    """How far the pressure may be from the one asked for."""
    flow_tolerance: Annotated[float, In("%", above=0, at_most=20)] = 3.0
    """How far the flow may be from the one asked for."""
    masters_first: bool = True
    """Whether the gas comes to the masters before the meter under test."""
    least_load: Annotated[float, In("1", above=0, below=1)] = 0.2
    """Least share of its highest flow that a master runs at (unverified)."""
    most_load: Annotated[float, In("1", above=0, at_most=1.05)] = 0.95
    """Greatest share of it (unverified)."""
    fit_order: Annotated[int, In("1", at_least=1, at_most=4)] = HIGHEST_ORDER
    """Highest order of the curve through a master's errors over the Reynolds number."""

    master_resolution: Annotated[float | None, In("m3", at_least=0)] = None
    """Smallest step of the total of masters that tell one in m³; of masters that tell pulses alone it does
    not count."""
    master_mass_resolution: Annotated[float | None, In("kg", at_least=0)] = None
    """The same of masters that tell mass."""
    check_resolution: Annotated[float | None, In("m3", at_least=0)] = None
    """The same of a check meter that tells a total."""

    leak_time: Annotated[float, In("s", at_least=60)] = 600.0
    """How long the sealed loop is watched for a leak at each pressure."""
    leak_share: Annotated[float, In("1", above=0, at_most=0.01)] = 1e-4
    """Leak that is let pass, as a share of the lowest flow (unverified)."""
    zero_time: Annotated[float | None, In("s", at_least=10)] = None
    """How long the zero of the meter is read at each pressure, the blower off and every valve shut: of an
    ultrasonic or Coriolis meter that tells its flow. Where it is not given no zero is read."""
    zero_limit: Annotated[float, In("m3/h", above=0)] = 0.2
    """How much such a meter may show while the gas stands, ±. Where the order does not state it, that is of
    DN100, and by the area of `diameter` of any other: 7 mm/s, 0.05 m³/h in DN50 (unverified)."""
    steady: Annotated[float, In("s", at_least=30)] = 300.0
    """How long temperatures must be steady once gas circulates at a pressure."""
    steady_between: Annotated[float, In("s", at_least=10)] = 60.0
    """The same after a change of flow."""
    temperature_drift: Annotated[float, In("K/s", above=0)] = 1.7e-4
    """How fast temperatures may change then: 0.1 K in ten minutes (unverified)."""
    temperature_difference: Annotated[float, In("K", above=0)] = 0.5
    """How far the temperatures at masters and meter may be apart, by their thermometers' certificates
    (unverified)."""
    temperature_middle: Annotated[float, In("K", above=0)] = 0.25
    """How far the temperature at the meter may be from half-way between masters and check meter, where there
    is one (unverified): a well that soaks is steady, and wrong. Beyond this it is a fault; as much as it was
    off in a repeat is in the budget, which for 0.25 K is a standard uncertainty of 0.05 % of the volume."""
    temperature_change: Annotated[float, In("K", above=0)] = 0.1
    """How much a temperature may change in a repeat (unverified)."""
    pressure_change: Annotated[float, In("%", above=0)] = 0.05
    """How much the pressure may change in a repeat (unverified)."""
    flow_scatter: Annotated[float, In("%", above=0)] = 0.5
    """Standard deviation of the flow within a repeat that is let pass (unverified)."""
    closure: Annotated[float, In("%", above=0)] = 0.3
    """How far the check meter may be from its curve before the run stops (unverified); whether it is within
    twice its standard uncertainty stands on the certificate."""

    by_nozzles: bool = False
    """Whether a bank of critical nozzles holds the flow and is the loop's second check: which are open
    follows from the flow and their certificates."""
    back_pressure: Annotated[float, In("1", above=0, at_most=0.98)] = 0.5
    """Pressure behind the nozzles that may be there at most, as a share of that ahead of them. A diffuser
    lets it be more, up to what is measured for each nozzle, often 0.6 to 0.95 (unverified): of open ones the
    least that their certificates state decides, and where one states none an order of more than a throat
    bears alone, 0.528 in air, is refused."""
    nozzle_closure: Annotated[float, In("%", above=0)] = 0.5
    """How far the nozzles may be from the masters before the run stops (unverified); whether they are within
    twice the standard uncertainty of both stands on the certificate."""
    recovery: Annotated[float, In("1", at_least=0, at_most=1)] = RECOVERY
    """What the thermometer ahead of the nozzles feels of the stream's velocity (unverified); counts where the
    bench states `plenum_diameter`."""

    method: Literal["AGA8 DETAIL", "GERG-2008", "SGERG-88", "Lemmon 2000", "Span 2000", "ideal"] | None = None
    """By which method for Z a meter that tells its volume at base conditions converts, as it is programmed;
    "ideal" is Z/Z_b = 1."""
    base_pressure: Annotated[float, In("kPa", at_least=90, at_most=110)] = 101.325
    """Pressure of its base conditions."""
    base_temperature: Annotated[float, In("°C", at_least=-10, at_most=40)] = 20.0
    """Temperature of its base conditions; 20 °C in China, 15 °C or 0 °C in Europe."""
    base_resolution: Annotated[float, In("m3", above=0)] = 0.001
    """Smallest step of its volume at base conditions."""
    pressure_resolution: Annotated[float, In("Pa", at_least=0)] = 1.0
    """Smallest step of the pressure it shows."""
    temperature_resolution: Annotated[float, In("K", at_least=0)] = 0.01
    """Smallest step of the temperature it shows."""
    damping: Annotated[float, In("s", at_least=0, at_most=300)] = 0.0
    """Time constant of the filter that it has its pressure and temperature go through. It is waited for, and
    how far it may lag behind what changed in a repeat counts."""
    sound_difference: Annotated[float, In("%", above=0)] = 0.2
    """How far the speed of sound that an ultrasonic meter tells may be from the equation of state's
    (unverified)."""
    gate_delay: Annotated[float, In("s", at_least=0)] = 1e-5
    """How far apart counters begin and end at one gate signal, ± (unverified); where they are read one after
    another the bench's `reading_delay` counts instead."""
    well: Annotated[float, In("K", at_least=0)] = 0.05
    """By how much at most a thermometer's well is off the gas (unverified)."""
    pulsation: Annotated[float, In("%", at_least=0, at_most=2)] = 0.0
    """By how much at most pulsation of the flow changes what the meter shows, ±, as is known of the bench
    (unverified; often up to 0.1). At 0 nothing is charged, and the certificate says so."""
    installation: Annotated[float, In("%", at_least=0, at_most=2)] = 0.0
    """By how much at most swirl, and how the meter is installed, change what it shows, ± (unverified; often
    up to 0.1). At 0 nothing is charged, and the certificate says so."""
    pack_pressure: Annotated[float, In("Pa", at_least=0)] = 50.0
    """How well the change of pressure between the meters, and up to the nozzles, is known, ± (unverified)."""
    pack_temperature: Annotated[float, In("K", at_least=0)] = 0.02
    """How well the change of temperature there is known, ± (unverified)."""

    @model_validator(mode="after")
    def _loop_can_do_it(self) -> Self:
        if not self.pressures or len(set(self.pressures)) < len(self.pressures):
            raise ValueError("pressures must be given, each once")
        if len(set(self.elsewhere)) < len(self.elsewhere):
            raise ValueError("further_flows must be given each once")
        if beside := [flow for flow in self.elsewhere if not self.measures(flow)]:
            raise ValueError(self.beside(beside[0]))
        if not self.least_load < self.most_load:
            raise ValueError("least_load must be less than most_load")
        if (fastest := max(self.wanted + self.elsewhere)) > self.capacity:
            raise ValueError(f"{fastest:g} m3/h is more than the blower sends round, {self.capacity:g} m3/h")
        if self.by_nozzles and (refused := self._not_drawn(fastest, self.back_pressure)):
            raise ValueError(f"{refused} if diffusers allow")
        return self

    @model_validator(mode="after")
    def _gas_can_be(self) -> Self:
        if (self.gas == "natural gas") is not bool(self.components):
            raise ValueError("components and fractions are given for natural gas, and for it alone")
        if "SGERG-88" in {self.equation, self.method} and (
            self.gas != "natural gas" or None in {self.calorific_value, self.relative_density}
        ):
            raise ValueError("SGERG-88 is of natural gas, by calorific_value and relative_density: give both")
        if self.equation == "SGERG-88" and self.by_nozzles:
            raise ValueError("SGERG-88 tells no critical flow: take another equation, or no by_nozzles")
        if len(self.components) != len(self.fractions):
            raise ValueError("components and fractions go together, one of each")
        if len(set(self.components)) < len(self.components):
            raise ValueError("components must be named, each once")
        if self.dew_point is not None and "water" in self.components:
            raise ValueError("the water is told twice: leave out dew_point, or water among components")
        if len(self.fraction_uncertainties) not in {0, len(self.fractions)}:
            raise ValueError("fraction_uncertainties are given for all fractions, or for none")
        return self

    @property
    def simple(self) -> tuple[float, float]:
        """Calorific value and relative density, for SGERG-88 (ParameterError where they are not given)."""
        if self.calorific_value is None or self.relative_density is None:
            raise ParameterError("SGERG-88 takes calorific_value and relative_density: give both")
        return self.calorific_value, self.relative_density

    @property
    def elsewhere(self) -> tuple[float, ...]:
        """The flows at pressures after the first one, in m³/h."""
        if len(self.pressures) == 1:
            return ()
        if self.further_flows:
            return self.further_flows
        return tuple(flow for share in ELSEWHERE if (flow := round(share * self.highest, 9)) >= self.lowest)

    def _not_drawn(self, flow: float, limit: float) -> str:
        """Return why nozzles that make a flow in m³/h can't be choked, up to a ratio; "" if they can."""
        if (drawn := flow / limit) <= self.capacity:
            return ""
        return (
            f"at {flow:g} m3/h nozzles are choked where the blower draws {drawn:.4g} m3/h, and its "
            f"capacity is {self.capacity:g} m3/h: mend flows, or back_pressure"
        )

    def see_drawn(self, flow: float, limit: float) -> None:
        """See that the blower draws what has nozzles choked that are so up to a ratio by their certificates.

        Raises:
            ParameterError: it does not draw so much.
        """
        if refused := self._not_drawn(flow, limit):
            raise ParameterError(f"{refused}; by their certificates they are choked up to {limit:g}")

    def flows_at(self, pressure: float) -> tuple[float, ...]:
        """Return the flows to calibrate at, at one of the pressures, in m³/h."""
        return self.wanted if pressure == self.pressures[0] else self.elsewhere

    def step_of(self, role: str, unit: str) -> float:
        """Return the step of a total in m³ or kg.

        Args:
            role: `masters` or `check`.
            unit: of the total.

        Raises:
            ParameterError: the order does not tell it.
        """
        name = "check_resolution" if role == "check" else STEPS[unit]
        step: float | None = getattr(self, name)
        if step is None:
            raise ParameterError(
                f"parameters.{name} is missing: {role} tell a total in {unit}; state its smallest step"
            )
        return step

    @property
    def zero_allowed(self) -> float:
        """What the meter may show while the gas stands, in m³/h: to three digits, as it is told."""
        if "zero_limit" in self.model_fields_set:
            return self.zero_limit
        return float(f"{self.zero_limit * (self.diameter / DN100) ** 2:.3g}")

    @property
    def leak_allowed(self) -> float:
        """Leak that is let pass, in m³/h."""
        return self.leak_share * min(self.wanted + self.elsewhere)
