"""Complex values of a DCC, single and in lists, with the uncertainties of both parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remotecal.certificates.dcc.read_joint import BIVARIATE, SINGLE_REGIONS, SUFFIXES, bivariate
from remotecal.certificates.dcc.read_values import numerals, unit_of
from remotecal.certificates.dcc.source import Unread, by_name, in_full, only

if TYPE_CHECKING:
    from lxml.etree import _Element

    from remotecal.certificates.dcc.source import CertificateSource

COMPLEX = ("si:complex", "si:complexListXMLList")
_LIST = in_full(COMPLEX[1])
_FORMS = {"cartesian": ("valueReal", "valueImag"), "polar": ("valueMagnitude", "valuePhase")}
_PARTS = {
    suffix: by_name(
        **{name: [f"si:{name}{suffix}"] for names in _FORMS.values() for name in names},
        unit=[f"si:unit{suffix}"],
        phase_unit=[f"si:unitPhase{suffix}"],
        uncertainty=[BIVARIATE] if suffix else SINGLE_REGIONS,
    )
    for suffix in SUFFIXES
}


def complex_numbers(source: CertificateSource, element: _Element) -> dict[str, object]:
    """Return form, units, values and uncertainties as fields of a complex quantity.

    Raises:
        Unread: a part is missing, or its units are unknown or differ.
        RecordError: it can't be read without guessing.
    """
    children = source.children(element, _PARTS["XMLList" if element.tag == _LIST else ""])
    form = next((form for form, names in _FORMS.items() if set(names) <= children.keys()), None)
    if form is None or ("phase_unit" in children) != (form == "polar") or "unit" not in children:
        raise Unread(element, "a part of its values or its unit is missing")
    first, second = (numerals(only(children[name])) for name in _FORMS[form])
    if len(first) != len(second):
        source.refuse(element, f"there are {len(first)} and {len(second)} parts of complex values")
    of = [unit_of(source, only(children["unit"]), len(first))]
    fields: dict[str, object] = {
        "form": form,
        "unit": of[0],
        "values": tuple(zip(first, second, strict=True)),
    }
    if form == "polar":
        of.append(unit_of(source, only(children["phase_unit"]), len(first)))
        fields["phase_unit"] = of[1]
    if "uncertainty" in children:
        try:
            parts = (of[0], of[-1])
            fields["uncertainty"] = bivariate(source, only(children["uncertainty"]), parts, len(first))
        except Unread as part:
            source.leave_out_unread(part)
    return fields
