"""Determine the volume of a stretch of pipe by filling it with weighed water.

The stretch, such as that from the meter to the diverter, is shut off, emptied and dried; then it is filled
from a can that is weighed before and after. What of it stays full of air, or spills, is allowed for.

The measurement model, for one repeat:

    m = (W_1 - W_2)·(1 - ρa/ρp)/(1 - ρa/ρ)      W: balance indications less their errors, can before and after
    V = (m/ρ(t, p) + δV)/(1 + 3α·(t - 20 °C))   α: linear expansion of the pipe; the volume is that at 20 °C
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, ClassVar, Literal

from remotecal.drivers.capabilities import AmbientMonitor, Balance, Thermometer, Valve, WaterRig
from remotecal.model import Text
from remotecal.procedures import (
    Certificates,
    Drivers,
    Evaluation,
    Evidence,
    In,
    Parameters,
    Point,
    Procedure,
    Run,
)
from remotecal.procedures.library.evaluation.air import CORRECTED
from remotecal.procedures.library.evaluation.finding import Finding
from remotecal.procedures.library.evaluation.repeats import Repeats
from remotecal.procedures.library.evaluation.standards import require_known
from remotecal.procedures.library.evaluation.tables import by_gum
from remotecal.procedures.library.flow.characterised import determined, without_cmc
from remotecal.procedures.library.flow.from_can import INPUTS, Filled, poured
from remotecal.procedures.library.measuring.sampling import see_amount
from remotecal.procedures.library.measuring.surroundings import read_air
from remotecal.uncertainty.number import Number, Numbers

EMPTY = Text(
    zh="请排空并吹干该管段，关闭其两端，把装满水的容器放到天平上，然后确认。",
    en="Empty the stretch of pipe, dry it, shut its ends; put the full can on the balance, and confirm.",
)
FILL = Text(
    zh="请用该容器中的水注满管段并排除气泡，把容器放回天平，然后确认。",
    en="Fill the stretch from the can, without bubbles; put the can back on the balance, and confirm.",
)
"""What the person on site is asked for, in each repeat."""


class VolumeParameters(Parameters):
    """What the determination of a volume of pipe is told."""

    fillings: Annotated[int, In("1", at_least=2, at_most=30)] = 3
    """Fillings, each a repeat."""
    residue: Annotated[float, In("m3", at_least=0)] = 2e-5
    """What may stay in the stretch as air, or spill, ± (unverified)."""
    expansion: Annotated[float, In("1/K", at_least=0)] = 16e-6
    """Linear thermal expansion of the pipe; that of stainless steel if not given (unverified)."""
    water: Literal["Tanaka", "IAPWS-95"] = "Tanaka"
    """Formula of the water's density."""
    coverage: Annotated[float, In("1", at_least=0.9, at_most=0.999)] = 0.95
    """Coverage probability of the expanded uncertainty."""


class PipeVolume(Procedure):
    """Determine the volume of a stretch of pipe by filling it with weighed water."""

    title: ClassVar[Text] = Text(
        zh="连接管段容积的测定（注水称量法）", en="Determination of a volume of pipe by weighed water"
    )
    model_equation: ClassVar[str] = "V = (m/ρ + δV)/(1 + 3α·(t - 20 °C))"

    rig: WaterRig
    """Whose pipe it is."""
    balance: Balance
    """Weighs the can."""
    thermometer: Thermometer
    ambient: AmbientMonitor

    under_test: ClassVar[str] = "rig"

    Parameters: ClassVar[type[VolumeParameters]] = VolumeParameters
    parameters: VolumeParameters

    inputs: ClassVar[Mapping[str, Text]] = INPUTS
    """The inputs of the measurement model, by symbol."""

    def points(self) -> Sequence[Point]:
        return (Point("fillings", {}, self.parameters.fillings),)

    def characteristics(self) -> Mapping[str, str]:
        return {"water_density": "1"}

    def check(self, certificates: Certificates, drivers: Drivers) -> None:
        """See that every reading has a certificate that tells its error, or its maker's limit of error."""
        own = (("balance", "mass", "kg"), ("thermometer", "temperature", "°C"))
        require_known(certificates, drivers, (*own, *CORRECTED))

    def prepare(self, run: Run) -> None:
        """Shut the line."""
        self.rig.inlet.set(Valve.SHUT)
        self.rig.outlet.set(Valve.SHUT)

    def measure(self, point: Point, run: Run) -> Filled:
        run.ask(EMPTY, options=("done",))
        air, before = read_air(run, self.ambient), self.balance.settled_mass.read()
        run.ask(FILL, options=("done",))
        after, temperature = self.balance.settled_mass.read(), self.thermometer.temperature.read()
        see_amount("what the filling took, in kg,", before.to("kg").value - after.to("kg").value)
        return Filled(can_before=before, can_after=after, temperature=temperature, **air._asdict())

    def evaluate(self, evidence: Evidence) -> Evaluation:
        """Return the volume at 20 °C."""
        (point,) = evidence.points
        repeats = Repeats(point, without_cmc(evidence), Filled.at(evidence, point))
        seen = repeats.seen
        volume = self._volume(repeats)
        finding = Finding(
            point=point,
            observed_at=repeats.points,
            title=NAME,
            reference=[one.can_before.value - one.can_after.value for one in seen],
            errors=repeats.errors(volume),
            evaluated=repeats.evaluate(volume, "m3", coverage=self.parameters.coverage),
            beyond=repeats.beyond,
        )
        return determined(
            finding,
            "connecting_volume",
            NAME,
            formula=self.parameters.water,
            seen=seen,
            method=by_gum(self.model_equation, [finding], self.inputs),
        )

    def _volume(self, repeats: Repeats[Filled]) -> Callable[[Filled, Numbers], Number]:
        """Return how to get the volume from a filling, in m³, and add the inputs that takes."""
        wanted = self.parameters
        taken = poured(repeats, wanted.water, wanted.residue, extended=True)

        def volume(one: Filled, x: Numbers) -> Number:
            held, temperature = taken(one, x)
            found: Number = held / (1.0 + 3.0 * wanted.expansion * (temperature - 20.0))
            return found

        return volume


NAME = Text(zh="管段容积（20 °C）", en="Volume of the pipe at 20 °C")
"""What is determined."""
