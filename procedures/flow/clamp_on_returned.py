"""Close the journey of a clamp-on meter that was the reference on site, and state what then counts.

Three certificates take part, each kept by its hash: that of the clamp-on meter before it went, that after it
came home, and the provisional one of the customer's meter. It is closed where both of the clamp-on meter
agree, |E_n| ≤ 1, at every velocity about those on site; otherwise the run is refused. On the way the clamp-on
meter is taken to have been half way between, anywhere between with the same right:

    E = (1 + E_s)·(1 + (d/2 + e_c + (e_b + e_a)/2)/(1 + e_0) + δ_d) - 1,  δ_d within ± |d|/2

d is its error after less that before, e_0, so that the difference adds u = |d|/(2·√3). Its error is then the
mean of two calibrations: what both have in common (`in_common`) is e_c and is in it whole, what is each one's
own, e_b and e_a, by half. The provisional certificate knows the clamp-on meter by the one before alone, which
E_s is therefore without. Where certificates of one laboratory do not tell what they have in common, all of it
is; those of two laboratories have nothing in common. What is in common is no reason for them to agree, and is
left out of E_n: as one of them states it, if the other does not; as the order says, if neither does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Final, Literal

from remotecal.bench import CertificateUsed
from remotecal.drivers.capabilities import AmbientMonitor
from remotecal.errors import EvidenceError, RunError
from remotecal.model import Result, Statement, Table, Text
from remotecal.procedures import (
    Artefact,
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
from remotecal.procedures.library.evaluation import conformity
from remotecal.procedures.library.evaluation.conformity import Constant, Further, Specification, as_it_comes
from remotecal.procedures.library.evaluation.digits import fixed
from remotecal.procedures.library.evaluation.sources import NO_COMMON_PART
from remotecal.procedures.library.evaluation.tables import budgets, by_gum, column
from remotecal.procedures.library.flow.journey import (
    BothWays,
    Change,
    FoundOnSite,
    on_site,
    see_one_journey,
    without_standard,
)
from remotecal.procedures.library.measuring.surroundings import AirDuring, InAir, read_air
from remotecal.procedures.library.meters.results import MeterFinding, error_table
from remotecal.procedures.library.meters.under_test import METER
from remotecal.uncertainty.budget import Budget
from remotecal.uncertainty.inputs import Input
from remotecal.uncertainty.number import Number

HOME: Final = "home"
"""What the only point is called."""
UNHARMED, HARMED = "unharmed", "harmed"
"""What may be answered."""

INPUTS: Final[Mapping[str, Text]] = {
    "E_s": Text(
        zh="现场示值误差（临时证书），不含标准表证书的不确定度",
        en="error on site (provisional certificate), without what is uncertain of the clamp-on meter",
    ),
    "e_c": Text(
        zh="标准表两次校准的公共部分", en="what both calibrations of the clamp-on meter have in common"
    ),
    "e_b": Text(zh="标准表行程前校准的自身部分", en="the calibration before, its own part"),
    "e_a": Text(zh="标准表行程后校准的自身部分", en="the calibration after, its own part"),
    "δ_d": Text(zh="标准表行程前后之差", en="difference of the clamp-on meter before and after its journey"),
}
"""The inputs of the measurement model, by symbol."""

EACH_WAY: Final = (
    Text(zh="行程前的校准", en="calibration before"),
    Text(zh="行程后的校准", en="calibration after"),
)
"""Where the own parts of both calibrations come from."""

SHARES: Final[Mapping[str, float]] = {"e_c": 1.0, "e_b": 0.5, "e_a": 0.5}
"""What of each is in the mean of both calibrations."""


class ReturnedSeen(InAir):
    """What is seen of a clamp-on meter that has come home."""

    received: str
    """Its state: `unharmed`."""


class ReturnedParameters(Parameters):
    """What the closing of a journey is told."""

    accuracy_class: Annotated[float, In("%", above=0, at_most=10)]
    """Maximum permissible error of the customer's meter, ±, relative."""
    norm: str = "JJG 1033-2007"
    """The regulation the meter is held against."""
    rule: Literal["verification", "guard band U", "simple acceptance"] = "verification"
    """Decision rule of the statement of conformity."""
    repeatability_share: Annotated[float, In("1", above=0, at_most=1)] = 1 / 3
    """Repeatability allowed, as a share of the maximum permissible error (unverified)."""
    common_untold: Annotated[float | None, In("1", at_least=0, below=1)] = None
    """What share of U both certificates of one laboratory have in common where neither states it: by as much
    E_n is larger. Where it is not told either such certificates are refused: E_n would be too small."""
    calibrated_bore: Annotated[float | None, In("mm", above=0)] = None
    """Inner diameter of the pipe the clamp-on meter was calibrated in, both times, where its certificates go
    by flow and not by velocity."""
    coverage: Annotated[float, In("1", at_least=0.9, at_most=0.999)] = 0.95
    """Coverage probability of the expanded uncertainties."""
    coverage_factor: Annotated[float | None, In("1", at_least=1, at_most=4)] = None
    """Coverage factor of the expanded uncertainties, where it shall be exactly this."""


class ClampOnReturned(Procedure):
    """Close the journey of a clamp-on transfer standard, and certify what it calibrated on site."""

    title: ClassVar[Text] = Text(
        zh="传递标准行程闭合后的现场校准结果",
        en="On-site calibration, the transfer standard's journey closed",
    )
    norms: ClassVar[tuple[str, ...]] = ("ISO 13528:2022",)
    model_equation: ClassVar[str] = "E = (1 + E_s)·(1 + (d/2 + e_c + (e_b + e_a)/2)/(1 + e_0) + δ_d) - 1"

    before: Artefact
    """The clamp-on meter, with the certificate from before its journey."""
    after: Artefact
    """The same, with the one from after it."""
    site: Artefact
    """The customer's meter, with its provisional certificate."""
    ambient: AmbientMonitor

    Parameters: ClassVar[type[ReturnedParameters]] = ReturnedParameters
    parameters: ReturnedParameters

    under_test: ClassVar[str] = "site"
    inputs: ClassVar[Mapping[str, Text]] = INPUTS

    def points(self) -> Sequence[Point]:
        return (Point(HOME),)

    def certified(self) -> Sequence[str]:
        return ("before", "after", "site")

    def check(self, certificates: Certificates, drivers: Drivers) -> None:
        """Refuse a journey that did not close, or certificates that are not of one journey."""
        see_one_journey(certificates)
        there = on_site(certificates["site"])
        both = self._both_ways(certificates)
        both.closed([one.velocity for one in there])
        for one in there:
            without_standard(one, both.change(one.velocity)[0], both.parts(one.velocity)[0])

    def measure(self, point: Point, run: Run) -> ReturnedSeen:
        air = read_air(run, self.ambient)
        said = run.ask(received(self.before.serial), (UNHARMED, HARMED))
        if said == HARMED:
            raise RunError(
                "the clamp-on meter was harmed on its journey, and nobody knows whether on the way there or "
                "back: calibrate the customer's meter anew"
            )
        return ReturnedSeen(received=said, **air._asdict())

    def evaluate(self, evidence: Evidence) -> Evaluation:
        """Return the errors that count, the closure, budgets and conformity."""
        see_one_journey(evidence.certificates)
        _see_device(evidence)
        _see_unharmed(evidence)
        there = on_site(evidence.certificates["site"])
        both = self._both_ways(evidence.certificates)
        changes = both.closed([one.velocity for one in there])
        findings = [self._finding(one, both, evidence.certificates["site"]) for one in there]
        wanted = self.parameters
        specification = Specification(Constant(wanted.accuracy_class, "%"), wanted.norm, wanted.rule)
        spread = Further(
            Text(zh="重复性", en="repeatability"),
            max(one.repeatability for one in there),
            wanted.repeatability_share * wanted.accuracy_class,
            "%",
            unverified=as_it_comes(wanted, "repeatability_share"),
        )
        air = AirDuring()
        for seen in map(ReturnedSeen.of, evidence.observations):
            air.take(seen)
        return Evaluation(
            results=(
                error_table(findings, specification, accredited=False),
                closed(changes),
            ),
            budgets=budgets(findings),
            conditions=tuple(air.conditions()),
            methods=(by_gum(self.model_equation, findings, self.inputs),),
            statements=(
                *conformity.statements(findings, specification, METER, (spread,)),
                _said(evidence.certificates),
                *both.said(),
            ),
        )

    def _both_ways(self, certificates: Certificates) -> BothWays:
        bore = self.parameters.calibrated_bore
        return BothWays(certificates, None if bore is None else bore / 1000.0, self.parameters.common_untold)

    def _finding(self, one: FoundOnSite, both: BothWays, site: CertificateUsed) -> OfSite:
        """Return what counts at one flow."""
        before, drift = both.change(one.velocity)
        shift = drift / 2.0
        inputs = _inputs(one, both, site, before, shift)
        known = {each.symbol for each in inputs}

        def model(**x: Number) -> Number:
            off: Number = sum((x[name] * share for name, share in SHARES.items() if name in known), shift)
            error: Number = 100.0 * ((1.0 + x["E_s"]) * (1.0 + off / (1.0 + before) + x["δ_d"]) - 1.0)
            return error

        wanted = self.parameters
        evaluated = Budget(model, inputs, "%").evaluate(coverage=wanted.coverage, k=wanted.coverage_factor)
        return OfSite(
            point=Point(f"{one.nominal:g} m3/h", {"flow": one.nominal}),
            observed_at=(HOME,),
            title=Text(zh=f"流量点 {one.nominal:g} m³/h", en=f"Flow point {one.nominal:g} m³/h"),
            reference=[one.flow],
            errors=[evaluated.value],
            evaluated=evaluated,
            factors=(),
            scattered=one.repeatability,
        )


def _inputs(
    one: FoundOnSite, both: BothWays, site: CertificateUsed, before: float, shift: float
) -> list[Input]:
    """Return what is uncertain of an error on site, and of the clamp-on meter half way between."""
    parts = both.parts(one.velocity)
    u, dof = without_standard(one, before, parts[0])
    common = sum(each.common for each in parts) / 2.0
    both_ways = Text(zh="行程前、后的校准", en="calibrations before and after")
    told = both_ways if all(each.told for each in parts) else Text.joined([both_ways, NO_COMMON_PART])
    inputs = [
        Input.normal("E_s", one.error / 100.0, "1", u, dof=dof, source=site.certificate.number),
        Input.normal("e_c", 0.0, "1", common, dof=min(each.dof for each in parts), source=told),
        *(
            Input.normal(symbol, 0.0, "1", each.own, dof=each.dof, source=source)
            for symbol, source, each in zip(("e_b", "e_a"), EACH_WAY, parts, strict=True)
        ),
        Input.from_limits("δ_d", 0.0, "1", abs(shift), source=both_ways),
    ]
    return [each for each in inputs if each.u or each.symbol in {"E_s", "δ_d"}]


@dataclass(frozen=True, slots=True, kw_only=True)
class OfSite(MeterFinding):
    """What counts at one flow on site."""

    scattered: float
    """Repeatability on site, in %."""

    @property
    def repeatability(self) -> float:
        """What the provisional certificate states of it, in %."""
        return self.scattered


def closed(changes: Sequence[Change]) -> Result:
    """Return the closure as a table."""

    def percent(values: Iterable[float]) -> list[str]:
        return [fixed(100.0 * value, 3) for value in values]

    columns = (
        column("流速", "Velocity", "remotecal_velocity", "m/s", [f"{each.velocity:.4g}" for each in changes]),
        column("出发前误差", "Error before", "remotecal_errorBefore", "%",
               percent(each.before for each in changes)),
        column("出发前 U(k = 2)", "U before (k = 2)", "remotecal_expandedBefore", "%",
               percent(each.before_expanded for each in changes)),
        column("返回后误差", "Error after", "remotecal_errorAfter", "%",
               percent(each.after for each in changes)),
        column("返回后 U(k = 2)", "U after (k = 2)", "remotecal_expandedAfter", "%",
               percent(each.after_expanded for each in changes)),
        column("E_n", "E_n", "remotecal_en", "1", [fixed(each.closure.en, 2) for each in changes]),
    )  # fmt: skip
    name = Text(zh="传递标准行程闭合", en="Closure of the transfer standard's journey")
    return Result(name=name, ref_types=("remotecal_closure",), tables=(Table(columns=columns),))


def received(serial: str) -> Text:
    """Return what is asked of a clamp-on meter that has come home."""
    return Text(
        zh=f"外夹式超声流量计 {serial} 返回时，仪表、换能器和电缆是否完好？",
        en=f"Has the clamp-on meter {serial} come home, its transducers and cables as they went?",
    )


def _see_unharmed(evidence: Evidence) -> None:
    """Raise `EvidenceError` unless the clamp-on meter came home as it went."""
    for one in map(ReturnedSeen.of, evidence.observations):
        if one.received != UNHARMED:
            raise EvidenceError(f"{one.entry.place}: the clamp-on meter came home {one.received!r}")


def _see_device(evidence: Evidence) -> None:
    """Raise `EvidenceError` unless the provisional certificate is of the order's device, by any number."""
    certificate = evidence.certificates["site"].certificate
    if not any(certificate.is_for(one.item()) for one in evidence.order.devices.values()):
        raise EvidenceError(
            f"the provisional certificate {certificate.number} names no number of the order's device: mend "
            "either"
        )


def _said(certificates: Certificates) -> Statement:
    """Return what is said of the certificates the closing rests on."""
    numbers = [certificates[role].certificate.number for role in ("before", "after", "site")]
    return Statement(
        ref_types=("remotecal_journeyClosed",),
        name=Text(zh="行程闭合", en="Journey closed"),
        declaration=Text(
            zh=f"传递标准行程前后的证书 {numbers[0]} 和 {numbers[1]} 在各流速下 |E_n| ≤ 1；"
            f"本证书取代临时证书 {numbers[2]}。",
            en=f"Certificates {numbers[0]} and {numbers[1]} of the transfer standard, before and after its "
            f"journey, agree at all velocities, |E_n| ≤ 1; this certificate takes the place of the "
            f"provisional one, {numbers[2]}.",
        ),
    )
