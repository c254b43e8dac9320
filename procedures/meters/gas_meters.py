"""What every calibration of a gas meter is told of it, and what the meter is held against (`classes`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final, Self

from pydantic import model_validator

from remotecal.model import Statement, Text
from remotecal.procedures import In
from remotecal.procedures.library.evaluation.conformity import Further, Specification, Zones, as_it_comes
from remotecal.procedures.library.meters.classes import CLASSES, NORM, TRANSITION, ClassName, test_flows
from remotecal.procedures.library.meters.parameters import MeterParameters
from remotecal.procedures.library.meters.results import MeterFinding

BESIDE: Final = 0.05
"""How far from a flow of the document one may be to stand for it, as a share (unverified)."""


class GasMeterParameters(MeterParameters):
    """What every calibration of a gas meter is told."""

    highest: Annotated[float, In("m3/h", above=0)]
    """Q_max of the meter."""
    lowest: Annotated[float, In("m3/h", above=0)]
    """Q_min of the meter."""
    flows: Annotated[tuple[float, ...], In("m3/h", above=0)] = ()
    """Flows to calibrate at, in the order to measure; those of the document where they are not given
    (unverified)."""
    total_resolution: Annotated[float, In("m3", at_least=0)] = 1e-4
    """Smallest step of the total, for a meter read by it."""
    accuracy_class: ClassName
    """Accuracy class of the meter, by which errors are permitted as the document is cited (unverified)."""
    transition: Annotated[float | None, In("m3/h", above=0)] = None
    """Q_t, from which on the smaller permissible error holds; 0.2 Q_max if not given (unverified)."""
    permissible: Annotated[tuple[float, ...], In("%", above=0)] = ()
    """Permissible errors from Q_t on and below it, where they are not those of the class (unverified)."""
    weighted_mean: Annotated[float | None, In("%", above=0)] = None
    """Permissible weighted mean error, where it is not that of the class (unverified)."""
    norm: str = NORM
    """The document the meter is held against."""

    @model_validator(mode="after")
    def _meter_can_be(self) -> Self:
        if not self.lowest < self.highest:
            raise ValueError("lowest is Q_min and highest is Q_max: the one must be less than the other")
        if len(set(self.wanted)) < len(self.wanted):
            raise ValueError("flows must be given, each once")
        if beside := [flow for flow in self.wanted if not self.measures(flow)]:
            raise ValueError(self.beside(beside[0]))
        if self.q_t > self.highest:
            raise ValueError(f"transition is Q_t, and can't be more than highest, {self.highest:g} m3/h")
        if len(self.permissible) not in {0, 2}:
            raise ValueError("permissible are two errors: from Q_t on, and below it")
        if self.permissible and self.permissible[0] > self.permissible[1]:
            raise ValueError("permissible are two errors, from Q_t on and below it: the second is the larger")
        return self

    def measures(self, flow: float) -> bool:
        """Tell whether a flow in m³/h lies between Q_min and Q_max."""
        return self.lowest * (1 - 1e-9) <= flow <= self.highest * (1 + 1e-9)

    def beside(self, flow: float) -> str:
        """Return why a flow in m³/h is none to judge a meter at."""
        return (
            f"{flow:g} m3/h lies outside what the meter is for, {self.lowest:g} to {self.highest:g} m3/h, "
            "where no error is permitted and the weighted mean error has no weight: mend flows, lowest or "
            "highest"
        )

    @property
    def wanted(self) -> tuple[float, ...]:
        """The flows to calibrate at, in m³/h."""
        return self.flows or test_flows(self.lowest, self.highest)

    @property
    def q_t(self) -> float:
        """The transitional flow, in m³/h."""
        return TRANSITION * self.highest if self.transition is None else self.transition

    def left_out(self, wording: int) -> tuple[Statement, ...]:
        """Return at which of the document's flows nothing was measured; `wording` is evidence's."""
        document = test_flows(self.lowest, self.highest)
        apart = [q for q in document if all(abs(one / q - 1) > BESIDE for one in self.wanted)]
        if wording < 2 or self.norm != NORM or not apart:
            return ()
        flows = {join: join.join(f"{q:g}" for q in apart) for join in ("、", ", ")}
        text = Text(
            zh=f"{self.norm} 的流量点（未核实）{flows['、']} m³/h 未测；"
            "符合性和加权平均误差仅针对所测流量点。",
            en=f"Nothing was measured at these flows of {self.norm} (unverified): {flows[', ']} m³/h. The "
            "verdict and the weighted mean error are of the flows measured alone.",
        )
        return (Statement(ref_types=("remotecal_remark", "remotecal_leftOut"), declaration=text),)

    def held_against(
        self, findings: Sequence[MeterFinding], weighted: float
    ) -> tuple[Specification, Sequence[Further]]:
        """Return what the meter is held against, and what else it is: its weighted mean error, in %."""
        known = CLASSES[self.accuracy_class]
        above, below = self.permissible or (known.above, known.below)
        zones = Zones(((self.q_t, below), (float("inf"), above)), "%", "m3/h")
        most = known.weighted if self.weighted_mean is None else self.weighted_mean
        spread = max(finding.repeatability for finding in findings)
        figures = as_it_comes(self, "permissible", "transition")
        return Specification(zones, self.norm, self.rule, unverified=figures), (
            Further(
                Text(zh="加权平均误差绝对值", en="magnitude of the weighted mean error"),
                abs(weighted),
                most,
                "%",
                unverified=as_it_comes(self, "weighted_mean"),
            ),
            Further(
                Text(zh="重复性", en="repeatability"),
                spread,
                self.repeatability_share * above,
                "%",
                unverified=as_it_comes(self, "repeatability_share"),
            ),
        )
