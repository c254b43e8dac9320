"""The laboratory to which a clamp-on meter has come home: three certificates, and the air around."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Final

from remotecal.model import CertificateReference, Column, Equipment, Identification, Table, Text, Uncertainty
from remotecal.procedures.parameters import In
from remotecal.sim import stands
from remotecal.sim.assembly import Assembly, BenchOptions
from remotecal.sim.certificates import AGE, ISSUER, VALIDITY, Certified
from remotecal.sim.chance import chance
from remotecal.sim.clamp_on.paper import CLAMP_ON, CUSTOMERS, LABORATORY, SCOPE, clamp_on, customer_meter
from remotecal.sim.clamp_on.site import WHOLE, Travelling, customers, instruments
from remotecal.sim.paper import Job, Paper, Standing
from remotecal.sim.person import Bystander
from remotecal.sim.surroundings import Air

if TYPE_CHECKING:
    from datetime import date

    from remotecal.sim.world import World

ON_SITE, AGAIN = timedelta(days=60), timedelta(days=20)
"""How long ago the customer's meter was certified provisionally, and the clamp-on meter once more."""
EXPANDED: Final = 1.5
"""Expanded uncertainty (k = 2) of the provisional certificate, in %."""
FLOWS: Final = (300.0, 150.0, 75.0)
"""Flows on site in m³/h."""
PER_VELOCITY: Final = 114.0
"""Flow in m³/h that is 1 m/s in the customer's pipe."""


class HomeOptions(BenchOptions):
    """What can be chosen of a journey that is over."""

    drift: Annotated[float, In("%", at_least=0, at_most=10)] = 0.05
    """Standard deviation of what the whole journey did to the clamp-on meter."""
    closes: bool = True
    """Whether both its certificates agree: of journeys that do, or do not, one is drawn."""
    harmed: bool = False
    """Whether it came home harmed."""


class ClampOnHome(Assembly):
    """Laboratory to which a clamp-on transfer standard has come home: its journey is closed."""

    Options = HomeOptions
    procedures = ("flow.clamp_on_returned",)
    scope = SCOPE

    def __init__(self, world: World, options: HomeOptions) -> None:
        super().__init__(world, options)
        rng = chance(options.seed, "journey")
        self.travelling = Travelling(rng, options.drift / 100.0)
        while self.travelling.closed is not options.closes:
            self.travelling = Travelling(rng, options.drift / 100.0)
        """The clamp-on meter: what both certificates state, and what is true."""
        self.meter = customers(rng, max(FLOWS) / 3600.0)
        """The customer's meter."""
        # What the provisional certificate knows it may be off by: the clamp-on meter's certificate is in it.
        off = rng.gauss(0.0, math.sqrt(EXPANDED**2 - (100.0 * WHOLE) ** 2) / 2) + 100.0 * self.travelling.off
        self._found = [self.true_error(flow) + off - 100.0 * self.travelling.on_site for flow in FLOWS]
        known = instruments(rng)
        air = [known[name] for name in ("barometer", "air_thermometer", "hygrometer")]
        self.wired = {"ambient": stands.ambient(world, Air(world.random("air")), *air)}
        self.person = Bystander(world, {"come home": lambda _: "harmed" if options.harmed else "unharmed"})

    def true_error(self, at: float) -> float:
        """Return the true error in % of the customer's meter at a flow in m³/h."""
        return 100.0 * self.meter.curve(at / 3600.0)

    def paper(self, today: date) -> Paper:
        before = Standing(CLAMP_ON, clamp_on(self.travelling.before, AGE), "TUF-2000M")
        after = Standing(CLAMP_ON, clamp_on(self.travelling.after, AGAIN), "TUF-2000M")
        return Paper(
            name="simulated laboratory, a clamp-on meter home from its journey",
            job=Job(
                "flow.clamp_on_returned",
                "HOME",
                {"accuracy_class": 2.5},
                customer_meter(),
                laboratory=LABORATORY,
                place="customer",
            ),
            artefacts={
                "before": before,
                "after": after,
                "site": Standing(CUSTOMERS, self._provisional(before, today), "class 2.5"),
            },
        )

    def _provisional(self, before: Standing, today: date) -> Certified:
        """Return what the provisional certificate states; it names the clamp-on meter's on paper."""
        number = f"SIM-{today.year}-{len(self.wired) + 1:03}"  # the first artefact's, as `write_paper` counts
        named = CertificateReference(
            number=number,
            title=before.certified.name,
            issuer=ISSUER,
            issued=today - AGE,
            valid_until=today - AGE + VALIDITY,
        )
        standard = Equipment(
            name=before.certified.name,
            model=before.model,
            identifications=(Identification(value=CLAMP_ON),),
            certificate=named,
        )
        known = Uncertainty(expanded=(f"{EXPANDED:g}",), k=("2",), p=("0.95",))
        flows = tuple(f"{flow:g}" for flow in FLOWS)
        table = Table(
            columns=(
                Column(ref_types=("remotecal_nominalValue",), unit="m3/h", values=flows),
                Column(ref_types=("basic_referenceValue",), unit="m3/h", values=flows),
                Column(
                    ref_types=("remotecal_pipeVelocity",),
                    unit="m/s",
                    values=tuple(f"{flow / PER_VELOCITY:.4f}" for flow in FLOWS),
                ),
                Column(
                    ref_types=("basic_measurementError",),
                    unit="%",
                    values=tuple(f"{error:.3f}" for error in self._found),
                    uncertainty=known,
                ),
                Column(ref_types=("remotecal_repeatability",), unit="%", values=("0.05",) * len(FLOWS)),
            )
        )
        return Certified(
            Text(zh="电磁流量计", en="Electromagnetic flow meter"),
            ((Text(zh="示值误差（临时）", en="error of indication (provisional)"), table),),
            age=ON_SITE,
            standards=(standard,),
        )
