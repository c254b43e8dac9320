"""The engine: what a procedure is, how it is run, and the evidence it leaves.

A procedure imports what it needs from here.
"""

from remotecal.drivers.waveform import Waveform
from remotecal.journal.contents import File
from remotecal.journal.evidence import Evidence, InstrumentUsed
from remotecal.journal.observation import Observation, Point, Value
from remotecal.procedures.evaluation import Evaluation
from remotecal.procedures.observed import By, Observed, Often, Waited
from remotecal.procedures.parameters import In, Parameters
from remotecal.procedures.procedure import Artefact, Certificates, Drivers, Procedure
from remotecal.procedures.run import Run
from remotecal.procedures.stability import Stability
from remotecal.procedures.stood_by import StoodBy
from remotecal.source import watch

__all__ = [
    "Artefact",
    "By",
    "Certificates",
    "Drivers",
    "Evaluation",
    "Evidence",
    "File",
    "In",
    "InstrumentUsed",
    "Observation",
    "Observed",
    "Often",
    "Parameters",
    "Point",
    "Procedure",
    "Run",
    "Stability",
    "StoodBy",
    "Value",
    "Waited",
    "Waveform",
]

watch("remotecal.procedures.library")  # before anything of it is imported
