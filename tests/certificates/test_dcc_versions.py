"""Whatever the schema of a DCC version allows is read, and nothing of it is lost in silence."""

import re

import pytest
from dcc_forms import VERSIONS, Forms
from lxml import etree

from remotecal.certificates.dcc import read, write
from remotecal.model import Record

TURNS = 9
"""As many as the longest choice has alternatives."""


def said(record: Record, data: bytes) -> set[int]:
    """Return the lines of the elements that the record says it leaves out, with all within them."""
    root = etree.fromstring(data)
    by_line = {element.sourceline: element for element in root.iter()}
    left = {int(re.match(r"line (\d+):", entry)[1]) for entry in record.left_out}
    return {inner.sourceline for line in left for inner in by_line[line].iter()}


@pytest.mark.parametrize("version", VERSIONS)
def test_all_a_version_allows_is_read_or_said_and_can_be_written_again(version: str) -> None:
    for turn in range(TURNS):
        forms = Forms(version, turn)
        data = forms.certificate()
        found = read(data, valid=True)
        assert silent(forms, data, found) == [], turn
        again = read(write(found))
        assert again.model_copy(update={"left_out": ()}) == found.model_copy(update={"left_out": ()}), turn


def silent(forms: Forms, data: bytes, found: Record) -> list[str]:
    """Return the texts of a certificate that its record has not and does not say to leave out."""
    left_out, told = said(found, data), set(re.findall(r"[\w/]+", found.to_json()))
    return [
        f"line {element.sourceline}: {etree.QName(element).localname} {text}"
        for element in etree.fromstring(data).iter()
        for text in (element.text, element.get("refType"))
        if text in forms.texts and text not in told and element.sourceline not in left_out
    ]
