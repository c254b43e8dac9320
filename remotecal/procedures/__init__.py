"""The engine: what a procedure is, how it is run, and the evidence it leaves.

A procedure imports what it needs from here.
"""

from remotecal.procedures.evaluation import Evaluation
from remotecal.procedures.evidence import Evidence, InstrumentUsed, Observation
from remotecal.procedures.parameters import In, Parameters
from remotecal.procedures.procedure import Certificates, Drivers, Point, Procedure, Value
from remotecal.procedures.run import Progress, Run
from remotecal.procedures.stability import Stability
from remotecal.source import watch

__all__ = [
    "Certificates",
    "Drivers",
    "Evaluation",
    "Evidence",
    "In",
    "InstrumentUsed",
    "Observation",
    "Parameters",
    "Point",
    "Procedure",
    "Progress",
    "Run",
    "Stability",
    "Value",
]

watch("remotecal.procedures.library")  # before anything of it is imported
