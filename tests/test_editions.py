"""No certificate names a document that was not in force."""

from datetime import date, timedelta
from itertools import pairwise

import pytest

from remotecal.editions import EDITIONS, edition, withdrawn
from remotecal.runs.catalogue import find, names


@pytest.mark.parametrize(
    ("document", "day", "name"),
    [
        ("JJG 643", date(2024, 8, 6), "JJG 643-2003"),
        ("JJG 643", date(2024, 8, 7), "JJG 643-2024"),
        ("JJG 643-2003", date(2026, 1, 1), "JJG 643-2024"),
        ("JJG 882", date(2020, 3, 31), "JJG 882-2019"),
        ("DKD-R 6-1", date(2026, 1, 1), "DKD-R 6-1, edition 03/2014, revision 3"),
        ("DKD-R 6-1", date(2020, 1, 1), "DKD-R 6-1"),
        ("EURAMET cg-17", date(2026, 1, 1), "EURAMET cg-17, version 4.1"),
        ("JJG 875", date(2026, 1, 1), "JJG 875"),
        ("JJG 225", date(2025, 4, 18), "JJG 225-2001"),
        ("JJG 225", date(2025, 4, 19), "JJG 225-2024"),
        ("JJG 99", date(2026, 1, 1), "JJG 99-2022"),
        ("JJG 1113", date(2015, 10, 9), "JJG 164-2000"),
        ("JJG 1113", date(2015, 10, 10), "JJG 1113-2015"),
        ("JJG 164", date(2026, 1, 1), "JJG 164-2000"),
        ("ISO 4185:1980", date(2026, 1, 1), "ISO 4185:1980"),
    ],
)
def test_the_edition_is_that_of_the_day(document, day, name):
    assert edition(document, day) == name


def test_what_was_withdrawn_is_told():
    assert withdrawn("JJG 643-2003", date(2026, 1, 1)) == "JJG 643-2024"
    assert withdrawn("JJG 643-2003", date(2020, 1, 1)) == ""
    assert withdrawn("JJG 643", date(2026, 1, 1)) == ""
    assert withdrawn("JJG 1033-2007", date(2026, 1, 1)) == ""


@pytest.mark.parametrize(
    "written", ["JJG643-2003", "JJG 643\u20142003", "JJG 643 \u2013 2003", "jjg 643-2003"]
)
def test_an_edition_is_known_however_it_is_written(written):
    assert withdrawn(written, date(2026, 1, 1)) == "JJG 643-2024"
    assert withdrawn(written, date(2020, 1, 1)) == ""
    assert withdrawn(written.replace("643", "1033"), date(2026, 1, 1)) == ""


@pytest.mark.parametrize("document", EDITIONS)
def test_editions_follow_each_other_without_a_gap(document):
    for before, after in pairwise(EDITIONS[document]):
        assert before.until + timedelta(days=1) == after.since
    assert EDITIONS[document][-1].until is None


def test_no_procedure_names_an_edition_by_itself_where_editions_are_known():
    for name in names():
        for norm in find(name).procedure.norms:
            assert edition(norm, date(2026, 1, 1)) == norm or norm in EDITIONS, (name, norm)
