"""What meters have in common that are filled with one certified liquid after the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from remotecal.errors import BenchError, ParameterError, RunError
from remotecal.procedures import Certificates, Stability
from remotecal.procedures.library.density.standing import NEAR
from remotecal.procedures.library.density.tube import certified_liquid

if TYPE_CHECKING:
    from remotecal.drivers.measured import Measured
    from remotecal.drivers.readings import BoundReading

FAR: Final = 3 * NEAR
"""By which share a liquid may differ from what the order says, at any of the temperatures."""


def see_liquids(
    certificates: Certificates, densities: Sequence[float], temperatures: Sequence[float]
) -> None:
    """See that every liquid is there, is the one of the order, and is certified at all temperatures.

    Args:
        certificates: those of the bench, the liquids' as `liquids[1]` and so on.
        densities: what the order says of each, in kg/m³.
        temperatures: of the order, in °C.

    Raises:
        BenchError: one is missing.
        ParameterError: one is another than the order says.
    """
    for number, value in enumerate(densities, 1):
        used = certificates.get(f"liquids[{number}]")
        if used is None:
            raise BenchError(
                f"there is no liquid {number} on the bench: give it an artefact, or mend densities"
            )
        for t in temperatures:
            known = certified_liquid(used.certificate).around(t).value({"ρ_r": 0.0}, t)
            if abs(float(known) / value - 1) > FAR:  # type: ignore[arg-type]  # a float of floats
                raise ParameterError(
                    f"liquid {number} has {known:.6g} kg/m3 at {t:g} °C by its certificate, and the "
                    f"order says {value:g} kg/m3: mend densities (1 g/cm3 is 1000 kg/m3), or their order"
                )


def at_rest(temperature: BoundReading, rest: float, drift: float) -> Stability:
    """Return when a liquid's temperature is at rest: for `rest` seconds within `drift` kelvin an hour."""
    return Stability(temperature, duration=rest, slope=drift / 3600.0, timeout=40 * rest, every=rest / 12)


def see_near(place: str, what: str, reached: Measured, wanted: float, near: float) -> None:
    """Raise `RunError` if the tube or the line is more than `near` kelvin from a temperature in °C."""
    told = reached.to("°C").value
    if abs(told - wanted) > near:
        raise RunError(f"{place}: the {what} is at {told:.3f} °C: set its temperature, or allow more by near")
