"""Collecting water in a weigh tank, whatever for: the roles, draining, weighing, and the mass."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, ClassVar, Final, TypeVar

from remotecal.drivers.capabilities import Balance, CollectingRig, Outlet, Valve
from remotecal.drivers.measured import Measured
from remotecal.errors import ParameterError
from remotecal.fluids.air import air_formula, buoyancy_factor
from remotecal.model import Text
from remotecal.procedures import By, Certificates, Drivers, In, Run, Stability, Waited
from remotecal.procedures.library.evaluation.air import INPUTS as AIR_INPUTS
from remotecal.procedures.library.evaluation.air import AirAround
from remotecal.procedures.library.evaluation.standards import Standard
from remotecal.procedures.library.flow.lost import INPUTS_OF_TANK, OF_TANK, PLAUSIBLE, lost, off_centre
from remotecal.procedures.library.flow.on_rig import OnWaterRig
from remotecal.procedures.library.flow.parameters import RigParameters
from remotecal.procedures.library.flow.water import InWater, OfWater
from remotecal.uncertainty.number import Number, Numbers

DRAINING = 45.0
"""Seconds, about, in which a tank drains and its balance comes to rest; only by them is told what is left."""

OF_WEIGHING: Final[Mapping[str, Text]] = {
    "W": Text(zh="天平示值偏差（满载）", en="deviation of the balance's indication, tank full"),
    "W_0": Text(zh="天平示值偏差（空载）", en="deviation of the balance's indication, tank empty"),
    "W_res": Text(zh="天平分辨力", en="resolution of the balance"),
    **INPUTS_OF_TANK,
    **AIR_INPUTS,
}
"""The inputs that weighing the water brings into the measurement model, by symbol."""


class Weighed(InWater):
    """What a repeat yields of the water that was collected."""

    in_order: ClassVar[tuple[str, ...]] = ("mass_before mass_after",)

    mass_before: Annotated[Measured, "kg", By("balance", "settled_mass"), Waited("dripping")]
    """Balance with the tank drained."""
    mass_after: Annotated[
        Measured, "kg", By("balance", "settled_mass"), Waited("dripping", since="temperature")
    ]
    """Balance with the water collected."""
    time: Annotated[Measured | None, "s", By("rig", "collection_time")] = None
    """Between the diverter's two passages, for a flying start."""


C = TypeVar("C", bound=Weighed)


class CollectingParameters(RigParameters):
    """What is told of the weigh tank."""

    smallest_mass: Annotated[float, In("kg", above=0)]
    """Water one repeat must collect at least, so that the balance's error stays small."""
    largest_mass: Annotated[float, In("kg", above=0)]
    """Water the weigh tank takes."""
    empty: Annotated[float, In("kg", above=0)]
    """Balance indication below which the tank counts as drained."""
    dripping: Annotated[float, In("s", at_least=1)] = 10.0
    """Time for the tank to come to rest before it is weighed."""


class OnWeighTank(OnWaterRig):
    """What is done on a rig that collects water in a weigh tank."""

    rig: CollectingRig
    balance: Balance

    Parameters: ClassVar[type[CollectingParameters]] = CollectingParameters
    parameters: CollectingParameters

    def characteristics(self) -> Mapping[str, str]:
        return {**super().characteristics(), "balance_resolution": "kg"}

    def may_state(self) -> Mapping[str, str]:
        return {**super().may_state(), **OF_TANK}

    def plausible(self) -> Mapping[str, tuple[float, float]]:
        return {**super().plausible(), **PLAUSIBLE}

    def certified(self) -> Sequence[str]:
        return ("balance",)

    def corrected(self, drivers: Drivers) -> Sequence[tuple[str, str, str]]:
        return (
            *super().corrected(drivers),
            ("balance", "mass", "kg"),
            ("ambient", "air_temperature", "°C"),
            ("ambient", "humidity", "%"),
        )

    def prepare(self, run: Run) -> None:
        super().prepare(run)
        self.rig.diverter.set(Outlet.BYPASS)

    def see_state(self, seen: InWater) -> None:
        """Raise `ParameterError` if no formula covers water or air of a repeat, while it can be mended."""
        super().see_state(seen)
        temperature, pressure = seen.air_temperature.to("°C").value, seen.air_pressure.to("Pa").value
        air_formula([(temperature, pressure, seen.humidity.to("%").value / 100)])

    def drain(self, run: Run) -> None:
        """Drain the tank, and see that it is empty."""
        self.rig.drain.set(Valve.OPEN)
        run.settle(
            Stability(self.balance.mass, duration=10, spread=self.parameters.empty, timeout=3600, every=5)
        )
        left = self.balance.mass.read().to("kg").value
        if left > self.parameters.empty:
            raise ParameterError(
                f"the drained tank weighs {left:g} kg: is the drain shut, or `empty` too low?"
            )
        self.rig.drain.set(Valve.SHUT)

    def weigh(self, run: Run) -> Measured:
        """Weigh the tank once it has come to rest."""
        run.wait(self.parameters.dripping)
        return self.balance.settled_mass.read()


def see_balance(certificates: Certificates, most: float) -> None:
    """Raise `CertificateRefused` unless the balance's certificate tells its error up to a mass in kg."""
    known = Standard.certified("W", certificates["balance"].certificate, "kg")
    known.require(0.0, most, "the balance is to weigh")


def collected_mass(repeats: OfWater[C]) -> Callable[[C, Numbers], Number]:
    """Return how to get the mass collected in a repeat, in kg, and add the inputs that takes."""
    seen = repeats.seen
    full = repeats.correction("W", "balance", [one.mass_after for one in seen], "kg")
    empty = repeats.correction("W_0", "balance", [one.mass_before for one in seen], "kg")
    repeats.rounded(
        "W_res", "kg", repeats.constant("balance_resolution", "kg"), repeats.fact("balance_resolution").source
    )
    centred, gone = off_centre(repeats), lost(repeats)
    around = AirAround(repeats, repeats.barometer)

    def mass(one: C, x: Numbers) -> Number:
        after = full.corrected(x, one.mass_after.value)
        before = empty.corrected(x, one.mass_before.value)
        buoyancy = buoyancy_factor(around.density(one, x), repeats.density(one, x))
        arrived = centred(after - before + x["W_res"], x) * buoyancy
        collected: Number = arrived + gone(one.mass_after.at - one.mass_before.at, x, 1)
        return collected

    return mass
