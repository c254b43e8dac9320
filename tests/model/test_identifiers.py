"""What a person reads as one number is one number."""

import pytest

from remotecal.model.identifiers import among, comparable, disguise, same

LIKE = {
    "case": "flow-2026-000119",
    "blanks": "FLOW - 2026 - 000119",
    "no-break space": "FLOW-2026-\u00a0000119",
    "full width": "ＦＬＯＷ－２０２６－０００１１９",
    "zero width space": "FLOW-\u200b2026-000119",
    "soft hyphen": "FL\u00adOW-2026-000119",
    "bidirectional override": "\u202eFLOW-2026-000119\u202c",
    "variation selector": "FLOW\ufe00-2026-000119",
    "Hangul filler": "FLOW\u3164-2026-000119",
    "tag character": "FLOW-2026-000119\U000e0041",
    "another dash": "FLOW\u20112026\u2013000119",
    "Arabic digits": "FLOW-\u0662\u0660\u0662\u0666-\u0660\u0660\u0660\u0661\u0661\u0669",
    "Cyrillic O": "FL\u041eW-2026-000119",
    "Greek omicron": "FL\u039fW-2026-000119",
    "mathematical letters": "\U0001d405LOW-2026-000119",
}
HIDES = (
    "zero width space",
    "soft hyphen",
    "bidirectional override",
    "variation selector",
    "Hangul filler",
    "tag character",
    "Cyrillic O",
    "Greek omicron",
)


@pytest.mark.parametrize("how", LIKE)
def test_what_looks_the_same_is_the_same(how: str) -> None:
    assert same(LIKE[how], "FLOW-2026-000119")
    assert among(LIKE[how], ["other", "FLOW-2026-000119"])
    assert (disguise(LIKE[how]) is not None) is (how in HIDES)


def test_a_number_wholly_in_letters_that_look_latin_is_found() -> None:
    assert comparable("\u0410\u0412\u0421-1") == comparable("ABC-1")
    assert disguise("\u0410\u0412\u0421-1") is None


@pytest.mark.parametrize(
    ("one", "other"),
    [("FLOW-1", "FLOW-l"), ("FLOW-0", "FLOW-O"), ("B-1", "B-11"), ("B-1", "B1"), ("国检1", "国检2")],
)
def test_different_numbers_stay_different(one: str, other: str) -> None:
    assert not same(one, other)


@pytest.mark.parametrize(
    "honest", ["国检字第001号", "Ω-meter 3", "L/24-0815 (a)", "Müller", "ЕС-2026", "№ 12", "ー1"]
)
def test_honest_numbers_are_left_alone(honest: str) -> None:
    assert disguise(honest) is None
