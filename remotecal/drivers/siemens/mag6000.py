"""Siemens SITRANS F M MAG 6000 with the USM II Modbus RTU module (source: `usm2`)."""

from __future__ import annotations

from typing import ClassVar

from remotecal.drivers.accuracy import EXACT, percent_of_reading
from remotecal.drivers.capabilities import FlowMeter, VolumeTotalizer
from remotecal.drivers.codecs import coil, holding_f32, holding_f64
from remotecal.drivers.declarations import Step
from remotecal.drivers.quantities import Action, Choice, Reading
from remotecal.drivers.siemens.usm2 import Counting, Product, Usm2

SOURCE = "Siemens, as generally known; unverified in the data sheet"


class SiemensMag6000(Usm2, FlowMeter, VolumeTotalizer):
    """Electromagnetic meter."""

    model = "SITRANS F M MAG 6000"

    flow = Reading(holding_f32(3003), "m3/s", span=(0, 0.1), accuracy=percent_of_reading(0.2, SOURCE))
    """Absolute volume flow; the span, that of a DN 100 sensor, is unverified."""

    volume = Reading(holding_f64(3015), "m3", span=(-1e12, 1e12), accuracy=percent_of_reading(0.2, SOURCE))
    """Totalizer 1."""

    volume_2 = Reading(holding_f64(3019), "m3", span=(-1e12, 1e12), accuracy=percent_of_reading(0.2, SOURCE))
    """Totalizer 2 or batch."""

    volume_per_pulse = Reading(holding_f32(2291), "m3", span=(1e-9, 1000), accuracy=EXACT)
    """Volume one pulse of the output stands for."""

    reset_volume = Action(coil(10), 1)
    """Set totalizer 1 to zero."""

    hold_volume = Choice(coil(11), Counting)
    """Whether totalizer 1 counts."""

    expects: ClassVar[tuple[Step, ...]] = (Usm2.product.to(Product.MAG_6000),)
