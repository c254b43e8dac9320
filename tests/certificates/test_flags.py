"""What a reviewer is to look at first, and what differs from the last certificate."""

from decimal import Decimal

import pytest
from sample import BUDGETS, record

from remotecal.hub.reviewing import changes
from remotecal.journal.events import Event, Json, timestamp
from remotecal.model import PointBudget, Record
from remotecal.model.flat import flatten
from remotecal.verify.flags import flagged


def with_values(values: tuple[str, ...], budgets: tuple[PointBudget, ...] = BUDGETS) -> Record:
    """Return the sample with other errors, and other budgets."""
    whole = record()
    (measurement,) = whole.measurements
    (first, *results) = measurement.results
    (table, *tables) = first.tables
    columns = tuple(
        column.model_copy(update={"values": values}) if column.conformity is not None else column
        for column in table.columns
    )
    table = table.model_copy(update={"columns": columns})
    first = first.model_copy(update={"tables": (table, *tables)})
    measurement = measurement.model_copy(update={"results": (first, *results), "budgets": budgets})
    return whole.model_copy(update={"measurements": (measurement,)})


def test_a_value_within_its_u_of_a_limit_is_flagged_and_names_its_place() -> None:
    expanded = Decimal(BUDGETS[0].expanded)
    steps = {"within": expanded - Decimal("0.001"), "at": expanded, "beyond": expanded + Decimal("0.001")}
    for name, step in steps.items():
        for limit, sign in ((Decimal("0.5"), 1), (Decimal("-0.5"), -1)):
            for value in (limit - sign * step, limit + sign * step):
                whole = with_values((str(value), *("0",) * (len(BUDGETS) - 1)))
                found = [flag for flag in flagged(whole, ()) if flag.kind == "limit"]
                assert len(found) == (name != "beyond"), (name, value)
                for flag in found:
                    m, r, t, row, column = map(int, flag.place.split("/"))
                    flat = flatten(whole.measurements[m].results[r].tables[t].columns)[column]
                    assert flat.at(row) == str(value)
                    assert str(value) in flag.said.get("zh")


def test_a_share_unlike_the_other_points_is_flagged() -> None:
    def shares(*values: float) -> Record:
        budgets = []
        for budget, share in zip(BUDGETS, values, strict=False):
            line = budget.lines[0].model_copy(update={"share": f"{share}"})
            other = budget.lines[1].model_copy(update={"share": f"{100 - share}"})
            budgets.append(budget.model_copy(update={"lines": (line, other)}))
        return with_values(("0",) * len(BUDGETS), tuple(budgets))

    assert flagged(shares(50, 60, 70), ()) == ()
    (flag,) = flagged(shares(50, 55, 90), ())
    assert (flag.kind, flag.place) == ("share", f"0/0/0/{BUDGETS[2].row}/0")
    assert "90 % of the variance, 52 % elsewhere" in flag.said.get("en")
    assert "100 %" not in flag.said.get("en")
    (flag,) = flagged(shares(100, 110, 140), ())
    assert "140 % of the variance, 105 % elsewhere; more than 100 %, for" in flag.said.get("en")
    assert flagged(shares(10, 90), ()) == ()  # which of two is unlike nobody can say


def test_typed_numbers_and_going_on_are_flagged() -> None:
    def event(seq: int, what: str, **data: object) -> Event:
        return Event(seq, "", what, data, "")

    journal = [
        event(2, "prompt", kind="number"),
        event(3, "answer", prompt=2, by="Li Wei", answer="1.2"),
        event(4, "prompt", kind="choice"),
        event(5, "answer", prompt=4, by="Li Wei", answer="yes"),
        event(6, "resume"),
    ]
    whole = with_values(("0",) * len(BUDGETS), BUDGETS[:1])
    assert [(flag.kind, flag.said.get("en")) for flag in flagged(whole, journal)] == [
        ("typed", "Li Wei typed 1 numbers"),
        ("resumed", "gone on with after a stop, line 6"),
    ]
    assert flagged(whole, journal[2:4]) == ()


def read(value: float, at: float) -> dict[str, Json]:
    return {"value": value, "unit": "V", "u": None, "source": "a.b", "at": at, "exchange": int(at)}


@pytest.mark.parametrize(
    ("repeats", "told"),
    [
        ([(1.23457, 20.1)] * 3, True),
        ([(1.23457, 20.1)] * 2 + [(1.23457, 20.2)], False),  # something else did move
        ([(1.23457, 20.1)], False),  # a single one repeats nothing
        ([(1.2345, 20.1)] * 3, False),  # so coarse that it may stand still
        ([(100000.0, 20.1)] * 3, False),  # nominal
    ],
)
def test_repeats_that_can_t_be_the_same_by_chance_are_flagged(
    repeats: list[tuple[float, float]], told: bool
) -> None:
    def observed(n: int, fine: float, coarse: float) -> Event:
        room: list[Json] = [read(coarse, n), read(coarse, n + 0.5)]
        lasted = 30.0 + 1e-4 * n
        values: dict[str, Json] = {"meter": read(fine, n), "room": room, "of": "a", "duration": lasted}
        return Event(n, "", "observation", {"point": "5 V", "repeat": n, "values": values}, "")

    journal = [observed(n, *repeat) for n, repeat in enumerate(repeats, 1)]
    whole = with_values(("0",) * len(BUDGETS), BUDGETS[:1])
    said = [(flag.kind, flag.said.get("en")) for flag in flagged(whole, journal)]
    alike = ("repeated", "5 V: all readings of 3 repeats are the same to the last digit")
    assert said == ([alike] if told else [])


@pytest.mark.parametrize(
    ("clock", "after", "told"),
    [("real", 61.0, True), ("real", 59.0, False), ("real", -3600.0, False), ("virtual", 61.0, False)],
)
def test_a_run_from_before_its_order_is_flagged_by_more_than_clocks_may_differ(
    clock: str, after: float, told: bool
) -> None:
    began = 1_700_000_000.0
    start = Event(1, timestamp(began), "start", {"clock": clock}, "")
    whole = with_values(("0",) * len(BUDGETS), BUDGETS[:1])
    found = flagged(whole, [start], ordered=began + after)
    assert [flag.kind for flag in found] == (["before_order"] if told else [])
    assert flagged(whole, [start]) == (), "where nobody knows the order"


def test_what_both_certificates_state_of_a_point_is_compared() -> None:
    first, *others = BUDGETS
    moved = first.model_copy(update={"value": "0.30", "expanded": "0.04"})
    before = first.model_copy(update={"value": "0.25", "expanded": "0.03"})
    values = ("0",) * len(BUDGETS)
    found = changes(with_values(values, (before, *others)), with_values(values, (moved, *others[1:])))
    assert [one.point for one in found] == [first.title, *(other.title for other in others[1:])]
    assert (found[0].before, found[0].now, found[0].e_n) == ("0.25", "0.30", Decimal(1))
    assert all(one.e_n == 0 for one in found[1:])
    other_unit = before.model_copy(update={"unit": "1"})
    assert changes(with_values(values, (other_unit,)), with_values(values, (moved,))) == ()
