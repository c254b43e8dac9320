"""What an instrument can do, as procedures ask for it.

A procedure's role is typed by a capability; a driver says which it has by inheriting from it. The
unit beside a quantity names the dimension a role needs; any unit of that dimension serves.

Capabilities stand in modules by family; all of them are imported from here.
"""

from remotecal.drivers.capabilities.conversion import VolumeConverter
from remotecal.drivers.capabilities.electrical import (
    Ammeter,
    ResistancePair,
    ResistanceSource,
    Voltmeter,
)
from remotecal.drivers.capabilities.energy import EnergyTotalizer
from remotecal.drivers.capabilities.flow import (
    BellProver,
    BranchedRig,
    CollectingRig,
    Densitometer,
    FlowMeter,
    FlowSource,
    GasCollector,
    GasLoop,
    LoopMode,
    MassFlowMeter,
    MassTotalizer,
    NozzleBank,
    NozzleValves,
    Outlet,
    Prover,
    SoundMeter,
    TankScale,
    Valve,
    VelocityMeter,
    VolumeTotalizer,
    WaterRig,
)
from remotecal.drivers.capabilities.pressure import PressureController, PressureGauge
from remotecal.drivers.capabilities.rig import RigController
from remotecal.drivers.capabilities.surroundings import AmbientMonitor, DewPointMeter
from remotecal.drivers.capabilities.temperature import HeatSource, TemperatureScanner, Thermometer
from remotecal.drivers.capabilities.time import (
    CounterGate,
    FrequencyMeter,
    GateState,
    PulseCounter,
    PulseGenerator,
)
from remotecal.drivers.capabilities.weighing import Balance

__all__ = [
    "AmbientMonitor",
    "Ammeter",
    "Balance",
    "BellProver",
    "BranchedRig",
    "CollectingRig",
    "CounterGate",
    "Densitometer",
    "DewPointMeter",
    "EnergyTotalizer",
    "FlowMeter",
    "FlowSource",
    "FrequencyMeter",
    "GasCollector",
    "GasLoop",
    "GateState",
    "HeatSource",
    "LoopMode",
    "MassFlowMeter",
    "MassTotalizer",
    "NozzleBank",
    "NozzleValves",
    "Outlet",
    "PressureController",
    "PressureGauge",
    "Prover",
    "PulseCounter",
    "PulseGenerator",
    "ResistancePair",
    "ResistanceSource",
    "RigController",
    "SoundMeter",
    "TankScale",
    "TemperatureScanner",
    "Thermometer",
    "Valve",
    "VelocityMeter",
    "Voltmeter",
    "VolumeConverter",
    "VolumeTotalizer",
    "WaterRig",
]
