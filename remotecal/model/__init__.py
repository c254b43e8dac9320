"""The certificate data model: frozen, without input or output.

A run fills a `Record`; the certificate of another laboratory is read into one. Numbers are decimal
strings, units are in the short notation of `remotecal.units`, texts are by language.
"""

from remotecal.model.base import Frozen, Text
from remotecal.model.certificate import Certificate, DriftLimit
from remotecal.model.certified import (
    CertifiedCoefficients,
    CertifiedPlaces,
    CertifiedPoint,
    CertifiedPoints,
    Coefficient,
    Where,
)
from remotecal.model.complex import Bivariate, Complex
from remotecal.model.correlation import Correlation, Region
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
from remotecal.model.face import Face
from remotecal.model.people import Contact, Laboratory, Location, Person
from remotecal.model.quantities import (
    Column,
    Conformity,
    InCmc,
    Interval,
    Limits,
    Note,
    Uncertainty,
    Verdict,
    Words,
)
from remotecal.model.record import (
    BudgetLine,
    EvidenceReference,
    Measurement,
    PointBudget,
    Record,
    Replacement,
    Result,
)
from remotecal.model.statements import (
    APPROVED_STANDARD,
    IN_CMC,
    ONLY_IN_FULL,
    ONLY_IN_FULL_VERIFIED,
    ONLY_THE_ITEM,
    ONLY_THE_ITEM_VERIFIED,
    PASSED,
    TRACEABLE,
    VALID_UNTIL,
    VERIFICATION,
    VERIFIED,
    Statement,
)
from remotecal.model.tables import JointResult, Quantity, Table

__all__ = [
    "APPROVED_STANDARD",
    "IN_CMC",
    "ONLY_IN_FULL",
    "ONLY_IN_FULL_VERIFIED",
    "ONLY_THE_ITEM",
    "ONLY_THE_ITEM_VERIFIED",
    "PASSED",
    "TRACEABLE",
    "VALID_UNTIL",
    "VERIFICATION",
    "VERIFIED",
    "Bivariate",
    "BudgetLine",
    "Certificate",
    "CertificateReference",
    "CertifiedCoefficients",
    "CertifiedPlaces",
    "CertifiedPoint",
    "CertifiedPoints",
    "Coefficient",
    "Column",
    "Complex",
    "Condition",
    "Conformity",
    "Contact",
    "Correlation",
    "DriftLimit",
    "Equipment",
    "EquipmentClass",
    "EvidenceReference",
    "Face",
    "Frozen",
    "Identification",
    "InCmc",
    "InputQuantity",
    "Interval",
    "Item",
    "JointResult",
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
    "Region",
    "Replacement",
    "ReportReference",
    "Result",
    "Software",
    "Statement",
    "Table",
    "Text",
    "Uncertainty",
    "Verdict",
    "Where",
    "Words",
]
