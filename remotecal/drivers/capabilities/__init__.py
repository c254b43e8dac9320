"""What an instrument can do, as procedures ask for it.

A procedure's role is typed by a capability; a driver says which it has by inheriting from it. The
unit beside a quantity names the dimension a role needs; any unit of that dimension serves.

Capabilities stand in modules by family; all of them are imported from here.
"""

from remotecal.drivers.capabilities.electrical import Ammeter, Voltmeter
from remotecal.drivers.capabilities.flow import (
    CollectingRig,
    Densitometer,
    FlowMeter,
    FlowSource,
    GasLoop,
    LoopMode,
    MassTotalizer,
    NozzleBank,
    Outlet,
    Valve,
    VolumeTotalizer,
    WaterRig,
)
from remotecal.drivers.capabilities.pressure import PressureController, PressureGauge
from remotecal.drivers.capabilities.rig import RigController
from remotecal.drivers.capabilities.surroundings import AmbientMonitor, DewPointMeter
from remotecal.drivers.capabilities.temperature import TemperatureScanner, Thermometer
from remotecal.drivers.capabilities.time import FrequencyMeter, PulseCounter
from remotecal.drivers.capabilities.weighing import Balance

__all__ = [
    "AmbientMonitor",
    "Ammeter",
    "Balance",
    "CollectingRig",
    "Densitometer",
    "DewPointMeter",
    "FlowMeter",
    "FlowSource",
    "FrequencyMeter",
    "GasLoop",
    "LoopMode",
    "MassTotalizer",
    "NozzleBank",
    "Outlet",
    "PressureController",
    "PressureGauge",
    "PulseCounter",
    "RigController",
    "TemperatureScanner",
    "Thermometer",
    "Valve",
    "Voltmeter",
    "VolumeTotalizer",
    "WaterRig",
]
