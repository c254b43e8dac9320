"""Items under calibration, reference standards, methods, software and conditions."""

import re
from collections.abc import Iterable
from datetime import date
from typing import Literal, Self

from remotecal.model.base import Frozen, Id, Line, Number, Text, Unit, Word
from remotecal.model.quantities import Column
from remotecal.model.tables import Quantity


class Identification(Frozen):
    """A number somebody gave to a thing or an order."""

    value: Line
    """The number."""
    issuer: Literal["manufacturer", "calibrationLaboratory", "customer", "owner", "other"] = "manufacturer"
    """Who gave it."""
    name: Text | None = None
    """What it is called: serial number, order number."""
    ref_types: tuple[Word, ...] = ()
    """What it means, machine-readable."""


class EquipmentClass(Frozen):
    """The class of an instrument in a published scheme."""

    reference: Line
    """The scheme, such as JJG 1033-2007."""
    class_id: Line
    """The class, in the words of the scheme."""


class Software(Frozen):
    """A program and its version."""

    name: Text
    """Name of the program."""
    release: Line
    """Version; PTB's checks want a letter first: `v1.2.3`."""
    kind: Literal["application", "bios", "driver", "editor", "firmware", "library", "os", "other"] | None = (
        None
    )
    """What sort of program it is."""


class ReportReference(Frozen):
    """Another certificate, fixed by its hash."""

    number: Line
    """Number of the certificate."""
    title: Text
    """What it is the certificate of."""
    procedure: Line = "analogue"
    """How the hash was taken: `SHA256` of the file, `c14n-sha256`, or `analogue` for paper."""
    value: Line = "analogue"
    """The hash, or `analogue`."""
    in_validity: bool | None = None
    """Whether it was used within its range and validity."""
    traceable: bool | None = None
    """Whether it is traceable itself."""
    description: Text | None = None
    """Whatever else is said of it."""


class CertificateReference(ReportReference):
    """The certificate of a standard, and until when it may be used."""

    issuer: Text | None = None
    """The laboratory that issued it."""
    issued: date | None = None
    """Date of issue."""
    valid_until: date | None = None
    """Last day on which it may be used."""


class Item(Frozen):
    """A device under test (ISO/IEC 17025, 7.8.2.1 g)."""

    id: Id | None = None
    """What measurements refer to it by."""
    name: Text
    """What it is."""
    manufacturer: Text | None = None
    """Who made it."""
    model: Line | None = None
    """Type designation."""
    identifications: tuple[Identification, ...] = ()
    """Serial number and other numbers."""
    classes: tuple[EquipmentClass, ...] = ()
    """Its class in published schemes."""
    description: Text | None = None
    """Its condition, and whatever else is said of it."""
    quantities: tuple[Quantity, ...] = ()
    """Its characteristics: nominal diameter, K factor set."""

    @property
    def serials(self) -> tuple[str, ...]:
        """The numbers its maker gave it."""
        return tuple(entry.value for entry in self.identifications if entry.issuer == "manufacturer")


class Equipment(Frozen):
    """A reference standard or another instrument the result rests on."""

    id: Id | None = None
    """What tables refer to it by."""
    ref_types: tuple[Word, ...] = ("basic_measurementStandard",)
    """Its part in the measurement, machine-readable."""
    name: Text
    """What it is."""
    manufacturer: Text | None = None
    """Who made it."""
    model: Line | None = None
    """Type designation."""
    identifications: tuple[Identification, ...] = ()
    """Serial number and other numbers."""
    classes: tuple[EquipmentClass, ...] = ()
    """Its class in published schemes."""
    description: Text | None = None
    """Whatever else is said of it: range, maximum permissible error."""
    certificate: CertificateReference | None = None
    """Its own certificate."""
    quantities: tuple[Quantity, ...] = ()
    """Its characteristics."""

    @property
    def serials(self) -> tuple[str, ...]:
        """The numbers its maker gave it."""
        return tuple(entry.value for entry in self.identifications if entry.issuer == "manufacturer")


class InputQuantity(Frozen):
    """An input of the measurement model; budgets name it by its symbol."""

    symbol: Word
    """Symbol in the model."""
    name: Text
    """What it is."""
    source: Text | None = None
    """Where its value and uncertainty come from."""

    def is_from(self, certificate: str) -> bool:
        """Tell whether its source names a certificate, by its number."""
        return self.source is not None and names(self.source.root.values(), certificate)


def names(sources: Iterable[str], certificate: str) -> bool:
    """Tell whether a source of an input, as it is said in each language, names a certificate, by its number.

    The parts of one are those of `Text.joined`.
    """
    return any(certificate in re.split("; |；", said) for said in sources)


class Method(Frozen):
    """A method used, with the documents that define it."""

    name: Text
    """What it is called."""
    ref_types: tuple[Word, ...] = ()
    """What it is, machine-readable; `basic_uncertainty` for the evaluation of uncertainty."""
    norms: tuple[Line, ...] = ()
    """Documents with their year: JJG 1033-2007."""
    references: tuple[Line, ...] = ()
    """Clauses in them."""
    description: Text | None = None
    """The method in words, such as the measurement model."""
    inputs: tuple[InputQuantity, ...] = ()
    """The inputs of the measurement model."""


class Condition(Frozen):
    """A condition that influenced the measurement: ambient temperature, the fluid."""

    name: Text
    """What it is called."""
    ref_types: tuple[Word, ...] = ()
    """What it is, machine-readable."""
    status: Literal["beforeAdjustment", "afterAdjustment", "beforeRepair", "afterRepair"] | None = None
    """State of the item it belongs to, for results as found and as left."""
    quantities: tuple[Quantity, ...]
    """Its values."""

    @classmethod
    def between(cls, kind: str, name: Text, low: Number, high: Number, unit: Unit) -> Self:
        """Return a condition that stayed between `low` and `high`.

        `kind` is a refType such as `basic_temperature`; its ends become `…Min` and `…Max`.
        """
        least, most = Text(zh="最小", en="minimum"), Text(zh="最大", en="maximum")
        return cls(
            name=name,
            ref_types=(kind,),
            quantities=(
                Column(name=least, ref_types=(f"{kind}Min",), unit=unit, values=(low,)),
                Column(name=most, ref_types=(f"{kind}Max",), unit=unit, values=(high,)),
            ),
        )
