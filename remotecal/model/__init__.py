"""The certificate data model: frozen, without input or output.

A run fills a `Record`; the certificate of another laboratory is read into one. Numbers are decimal
strings, units are in the short notation of `remotecal.units`, texts are by language.
"""

from remotecal.model.base import Frozen, Text
from remotecal.model.certificate import Certificate, CertifiedPoint, CertifiedPoints
from remotecal.model.equipment import (
    CertificateReference,
    Condition,
    Equipment,
    EquipmentClass,
    Identification,
    InputQuantity,
    Item,
    Method,
    ReportReference,
    Software,
)
from remotecal.model.people import Contact, Laboratory, Location, Person
from remotecal.model.quantities import (
    Column,
    Conformity,
    InCmc,
    Interval,
    Limits,
    Note,
    Quantity,
    Table,
    Uncertainty,
    Verdict,
    Words,
)
from remotecal.model.record import (
    BudgetLine,
    Evidence,
    Measurement,
    PointBudget,
    Record,
    Replacement,
    Result,
)
from remotecal.model.statements import IN_CMC, ONLY_IN_FULL, ONLY_THE_ITEM, TRACEABLE, Statement

__all__ = [
    "IN_CMC",
    "ONLY_IN_FULL",
    "ONLY_THE_ITEM",
    "TRACEABLE",
    "BudgetLine",
    "Certificate",
    "CertificateReference",
    "CertifiedPoint",
    "CertifiedPoints",
    "Column",
    "Condition",
    "Conformity",
    "Contact",
    "Equipment",
    "EquipmentClass",
    "Evidence",
    "Frozen",
    "Identification",
    "InCmc",
    "InputQuantity",
    "Interval",
    "Item",
    "Laboratory",
    "Limits",
    "Location",
    "Measurement",
    "Method",
    "Note",
    "Person",
    "PointBudget",
    "Quantity",
    "Record",
    "Replacement",
    "ReportReference",
    "Result",
    "Software",
    "Statement",
    "Table",
    "Text",
    "Uncertainty",
    "Verdict",
    "Words",
]
