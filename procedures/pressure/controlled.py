"""What calibrations share in which a controller makes the pressure.

The controller brings the pressure to the set points, up and down; the controller itself or a reference gauge
beside it tells what it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Final

from remotecal.drivers.capabilities import PressureController, PressureGauge
from remotecal.errors import BenchError, ParameterError
from remotecal.procedures import Certificates, Drivers, Evidence, Run, Stability
from remotecal.procedures.library.evaluation.air import CORRECTED
from remotecal.procedures.library.evaluation.standards import Standard, require_known
from remotecal.procedures.library.measuring.sampling import sample
from remotecal.procedures.library.measuring.surroundings import read_air
from remotecal.procedures.library.measuring.trim import Trim
from remotecal.procedures.library.pressure import head
from remotecal.procedures.library.pressure.against import AgainstGauge, G, Kind, drift_equation, standard_role
from remotecal.procedures.library.pressure.device import PressureProcedure
from remotecal.procedures.library.pressure.parameters import ControlledParameters, PressureParameters
from remotecal.procedures.library.pressure.places import PRESSURE
from remotecal.units import convert

if TYPE_CHECKING:
    from remotecal.drivers.quantities import BoundReading


USUAL_AIR: Final = (90e3, 106e3)
"""What the air's pressure is in most places, in Pa: it decides which part of a certificate must hold."""


class ControlledProcedure(PressureProcedure[G]):
    """A calibration of a pressure device against a controller, or a reference gauge on its line."""

    controller: PressureController
    """Brings the pressure to the set points."""
    reference: PressureGauge | None
    """Tells the pressure where there is one; otherwise the controller does."""

    Parameters: ClassVar[type[PressureParameters]] = ControlledParameters
    parameters: ControlledParameters

    reach: ClassVar[Mapping[str, str]] = {"controller.setpoint": PRESSURE, "reference.pressure": PRESSURE}

    def suits(self, drivers: Drivers) -> None:
        """See that the standard counts from where the order says, if that is known of it beforehand."""
        told = drivers.get(standard_role(drivers))
        self._see_standard_kind(absolute=getattr(told, "absolute", None))

    def _see_standard_kind(self, *, absolute: bool | None) -> None:
        if absolute not in {None, self.parameters.standard_absolute}:
            is_ = "absolute" if absolute else "gauge"
            raise ParameterError(
                f"what tells the pressure shows {is_} pressure: say so by parameters.standard_kind, for its "
                "certificate is looked at for the other"
            )

    def allowance(self) -> Mapping[str, float]:
        """Return how far beyond a set point the controller may go for the reference to be there."""
        return {PRESSURE: self.parameters.apart / 100 * self.parameters.width}

    def corrected(self, drivers: Drivers) -> Sequence[tuple[str, str, str]]:
        """Return whose readings the evaluation corrects: role, quantity, unit to work in."""
        around = CORRECTED[:1] if self.parameters.absolute else CORRECTED
        return ((standard_role(drivers), PRESSURE, "Pa"), *around)

    @property
    def _mixed(self) -> bool:
        """Whether the standard counts from elsewhere than the device."""
        return self.parameters.standard_absolute != self.parameters.absolute

    @property
    def told(self) -> tuple[float, float]:
        """From where to where the standard is to tell the pressure, in Pa as it counts."""
        values, absolute = self.sweep.values, self.parameters.standard_absolute
        low, high = (self.counted(end, USUAL_AIR, absolute=absolute) for end in (values[0], values[-1]))
        return low[0], high[1]

    def check(self, certificates: Certificates, drivers: Drivers) -> None:
        """See that the standard's certificate holds at all set points, and is good enough for the device."""
        role = standard_role(drivers)
        if role not in certificates:
            raise BenchError(f"the {role} tells the pressure and has no certificate: give it one")
        require_known(certificates, drivers, self.corrected(drivers))
        known = Standard.certified("p_std", certificates[role].certificate, "Pa")
        low, high = self.told
        known.require(low, high, f"the {role} is to tell")
        self.see_standard(role, 2 * known.u(max(low, high, key=abs)))

    def prepare(self, run: Run) -> None:
        """See that the standard counts from where the order says, and to the controller's speed."""
        super().prepare(run)
        self._see_standard_kind(absolute=(self.reference or self.controller).is_absolute())
        if self.parameters.slew is not None:
            self.controller.slew.set(self.parameters.slew, "Pa/s")

    def expect(self, value: float, run: Run) -> None:
        standard = self.reference or self.controller
        run.expect(standard.pressure, value + self._more(run, standard), "Pa")

    def bring(self, value: float, run: Run, *, rising: bool) -> None:
        device = self.parameters.absolute
        if value == 0 and not device and not self.controller.is_absolute():
            self.controller.vent()
        else:
            standard = self.reference or self.controller
            shown = value + self._more(run, standard)
            told = value + self._more(run, self.controller)
            self.controller.setpoint.set(told, "Pa")
            self.controller.control()
            unit = standard.pressure.declaration.unit
            trim = self._trim(standard.pressure, told - shown, shown - value)
            trim.to(run, convert(shown, "Pa", unit), rising=rising)

    def _more(self, run: Run, instrument: PressureGauge) -> float:
        """Return what an instrument shows more than the device, in Pa, as it counts from elsewhere."""
        device, its = self.parameters.absolute, instrument.is_absolute()
        if device == its:
            return 0.0
        (air,) = run.read(self.ambient.air_pressure)
        return air.to("Pa").value if its else -air.to("Pa").value

    def _trim(self, shown: BoundReading, shift: float, more: float) -> Trim:
        """Return how the standard comes to a pressure.

        Args:
            shown: what the standard shows.
            shift: what the controller is told more than that, in Pa.
            more: what the standard shows more than the device, in Pa.
        """
        wanted, unit = self.parameters, shown.declaration.unit
        share = convert(wanted.width, "Pa", unit) / 100
        low, high = (convert(end + more, "Pa", unit) for end in wanted.span)
        return Trim(
            self.controller.setpoint,
            Stability(shown, duration=10, spread=wanted.steady * share, timeout=1800),
            within=wanted.off * share,
            past=wanted.past * share,
            back=wanted.back * share,
            low=low,
            high=high,
            apart=wanted.apart * share,
            shift=convert(shift, "Pa", unit),
            arrived=self.controller.in_limits,
        )

    def read(self, run: Run, device: Mapping[str, BoundReading]) -> dict[str, Any]:
        """Read the standard and the device together, again and again; returns the parts of an observation."""
        wanted, standard = self.parameters, self.reference or self.controller
        air, absolute = read_air(run, self.ambient), standard.is_absolute()
        self._see_standard_kind(absolute=absolute)
        kind: Kind = "absolute" if absolute else "gauge"
        quantities = {"reference": standard.pressure, **device}
        read = sample(run, wanted.readings * wanted.every, quantities, wanted.readings)
        return {**air._asdict(), "reference_kind": kind, **read}

    def reference_equation(self, evidence: Evidence) -> str:
        """Return in one line what the reference pressure is."""
        absolute = self.parameters.absolute
        air = f" {'+' if absolute else '-'} p_a" if self._mixed else ""
        lost = head.equation(self.parameters.medium, absolute=absolute)
        return f"p_ref = p_std{drift_equation(evidence)}{air} - {lost}"

    def at(self, value: float, evidence: Evidence, seen: Sequence[G]) -> AgainstGauge[G]:
        return AgainstGauge(value, evidence, seen, self.parameters)
