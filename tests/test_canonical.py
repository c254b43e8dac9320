"""Canonical JSON is that of RFC 8785: by its own examples, and by another implementation of it."""

from __future__ import annotations

import json
import struct

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from remotecal.canonical import as_named, canonical

FLOATS = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.floats(-1e-4, 1e-4),
    st.integers(-(10**22), 10**22).map(float),
    st.integers(-324, 308).map(lambda power: float(f"1e{power}")),
)
WHOLE = st.integers(-(2**53) + 1, 2**53 - 1)
TEXTS = st.one_of(
    st.text(),
    st.text(st.characters(max_codepoint=0x7F)),
    st.text(st.sampled_from('\\"e+-.0123456789,]}[{:\x00\x1f\x7f\b\t\n\f\r/é流\ue000\uffff\U00010000😀')),
)
CONTENT = st.recursive(
    st.none() | st.booleans() | WHOLE | FLOATS | TEXTS,
    lambda content: (
        st.lists(content) | st.lists(content).map(tuple) | st.dictionaries(TEXTS, content, max_size=8)
    ),
    max_leaves=30,
)


@settings(max_examples=150)
@given(st.dictionaries(TEXTS, CONTENT))
def test_it_is_what_another_implementation_writes(content):
    written = canonical(content)
    assert written == rfc8785.dumps(content)
    assert as_named(json.loads(written)) == written


@settings(max_examples=500)
@given(FLOATS)
def test_every_float_is_written_as_by_another_implementation(number):
    assert canonical([number]) == rfc8785.dumps([number])


NUMBERS = {
    "0000000000000000": "0",
    "8000000000000000": "0",
    "0000000000000001": "5e-324",
    "8000000000000001": "-5e-324",
    "7fefffffffffffff": "1.7976931348623157e+308",
    "ffefffffffffffff": "-1.7976931348623157e+308",
    "4340000000000000": "9007199254740992",
    "c340000000000000": "-9007199254740992",
    "4430000000000000": "295147905179352830000",
    "44b52d02c7e14af5": "9.999999999999997e+22",
    "44b52d02c7e14af6": "1e+23",
    "44b52d02c7e14af7": "1.0000000000000001e+23",
    "444b1ae4d6e2ef4e": "999999999999999700000",
    "444b1ae4d6e2ef4f": "999999999999999900000",
    "444b1ae4d6e2ef50": "1e+21",
    "3eb0c6f7a0b5ed8c": "9.999999999999997e-7",
    "3eb0c6f7a0b5ed8d": "0.000001",
    "41b3de4355555553": "333333333.3333332",
    "41b3de4355555554": "333333333.33333325",
    "41b3de4355555555": "333333333.3333333",
    "41b3de4355555556": "333333333.3333334",
    "41b3de4355555557": "333333333.33333343",
    "becbf647612f3696": "-0.0000033333333333333333",
    "43143ff3c1cb0959": "1424953923781206.2",
}
"""RFC 8785, appendix B."""


@pytest.mark.parametrize(("bits", "written"), NUMBERS.items())
def test_the_numbers_of_the_standard(bits, written):
    (number,) = struct.unpack(">d", bytes.fromhex(bits))
    assert canonical([number]) == f"[{written}]".encode()


def test_the_members_of_the_standard_are_sorted():
    """RFC 8785, section 3.2.3: by UTF-16, so the emoji stands before the Hebrew letter of U+FB33."""
    names = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\u0080", "\u00f6"]
    sorted_names = ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"]
    assert list(json.loads(canonical(dict.fromkeys(names, "")))) == sorted_names


@pytest.mark.parametrize("number", [1e20, 2.0**53, -1.5e16, 3.0])
def test_a_whole_number_that_a_double_holds_may_have_been_one(number):
    """What was written of a float of 1e20 is read as a whole number, and is the same again."""
    written = canonical({"value": number})
    assert as_named(json.loads(written)) == written


@pytest.mark.parametrize(
    "content",
    [
        {"value": float("nan")},
        {"value": [float("inf")]},
        {"value": 2**53 + 1},
        {"value": 2**60},
        {"value": 10**21},
        {"value": -(10**400)},
        {"text": "\ud800"},
        {"\udfff": 1},
    ],
)
def test_what_json_can_not_tell_is_refused(content):
    with pytest.raises(ValueError, match=r"JSON|double|surrogates"):
        canonical(content)


@pytest.mark.parametrize(
    "content", [{1: 2}, {"of": [{None: 1}]}, {"of": ({"a": {2: 1, 10: 1}},)}, {"of": {1}}]
)
def test_names_that_are_no_texts_and_what_has_no_form_are_refused(content):
    """The encoder alone would write the names, in the order of what they are."""
    with pytest.raises(TypeError, match=r"no text|not JSON serializable"):
        canonical(content)
