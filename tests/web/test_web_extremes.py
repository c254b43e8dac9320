"""Whatever a station tells, in whatever numbers and forms, no page fails and nobody else waits."""

import json
import re
import time
from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest
from pydantic import ValidationError
from test_web_pages import browsing
from web_laboratory import Web

from remotecal.certificates.pdf.strip import HEIGHT, strip
from remotecal.clock import VirtualClock
from remotecal.errors import ParameterError
from remotecal.journal.writing import Journal
from remotecal.statistics import ControlChart
from remotecal.store.unbegun import OVERDUE, overdue
from remotecal.transport.check_standards import MOST_VALUES, CheckTold
from remotecal.transport.messages import Hello, Live
from remotecal.web.indications import trend_of
from remotecal.web.last_minute import LastMinute
from remotecal.web.pace import left
from remotecal.web.pages import tripped
from remotecal.web.watching import Seen

HUGE = 10**400
MIDDLE = HEIGHT // 2


def short(value: object) -> str:
    """Return what a case is called by."""
    return str(value)[:60]


@pytest.mark.parametrize(
    "values",
    [
        [9.9e37] * 3,
        [0.0, 5e-324],
        [-1.7e308, 1.7e308],
        [1e16, 1e16],
    ],
    ids=["overload", "tiny", "endless", "large"],
)
def test_a_trend_of_values_without_a_scale_lies_in_the_middle(values: list[float]) -> None:
    points = [(float(place - len(values)), value) for place, value in enumerate(values)]
    drawn = strip(points, 60.0, values[:1])
    assert {int(down) for down in re.findall(r"\d+ (\d+)", drawn.split('d="M')[-1])} == {MIDDLE}
    assert trend_of(points).drawing


def test_small_steps_of_a_large_total_are_drawn_at_their_places() -> None:
    steps = [2.0**52 + step for step in range(5)]  # as a counter runs
    drawn = strip([(float(place - 4), value) for place, value in enumerate(steps)], 60.0)
    assert [int(down) for down in re.findall(r"\d+ (\d+)", drawn.split('d="M')[-1])] == [26, 20, 14, 8, 2]


COUNTS = ("number", "points", "repeat", "observed", "due", "sent", "prompt")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *((name, HUGE) for name in COUNTS),
        *((name, -1) for name in COUNTS),
        ("began", 1e300),
        ("now", -1e300),
        ("left", 1e300),
        ("left", -1.0),
    ],
    ids=short,
)
def test_where_a_run_is_is_told_in_numbers_that_can_be_counted_with(field: str, value: float) -> None:
    said = {"run": "r", "state": "running", "doing": "x", field: value}
    with pytest.raises(ValidationError, match=field):
        Live.model_validate_json(json.dumps(said))


def test_no_time_left_fails_a_page() -> None:
    worst = Live(run="r", state="paused", doing="x", observed=1, due=2**31, began=-1e11, now=1e11)
    endless = worst.model_copy(update={"now": 1e308, "began": -1e308})
    for live in (worst, endless, worst.model_copy(update={"left": float("nan")})):
        assert left(live, 0.0) is None
        assert Seen(live, time.monotonic()).left is None
    assert left(Live(run="r", state="paused", doing="x", left=90.0), 0.0) == 90.0


def test_a_number_that_can_t_be_kept_leaves_the_last_minute_whole() -> None:
    heard, live = LastMinute(), Live(run="r", state="running", doing="x", sent=1)
    heard.take(live, 0.0)
    with pytest.raises(OverflowError):
        heard.take(live.model_copy(update={"sent": HUGE}), 1.0)
    assert len(heard._at) == len(heard._numbers) == 1


HELLO = {
    "station": "here", "session": "s", "nonce": "n", "time": 1.79e9, "version": "1", "benches": [],
    "procedures": {}, "running": None,
}  # fmt: skip


@pytest.mark.parametrize(
    "said",
    [
        {"disk_free": HUGE},
        {"disk_free": 2**63},
        {"disk_free": -1},
        {"time": 1e300},
        {"waits_for_consent": {"order": "o", "since": -1e300}},
    ],
    ids=short,
)
def test_what_a_station_says_of_itself_is_bounded(said: dict[str, object]) -> None:
    assert Hello.model_validate_json(json.dumps(HELLO | {"disk_free": 2**63 - 1})).time == 1.79e9
    with pytest.raises(ValidationError, match=next(iter(said))):
        Hello.model_validate_json(json.dumps(HELLO | said))


def test_nobody_is_asked_of_an_order_before_it_was_issued() -> None:
    said, now = [("here", json.dumps({"waits_for_consent": {"order": "o", "since": -1e11}}))], 1.79e9
    assert list(overdue([("o", "N", "here", "x", now - 60.0)], said, now)) == []
    (late,) = overdue([("o", "N", "here", "x", now - OVERDUE)], said, now)
    assert late.since == now - OVERDUE


def test_values_of_a_check_standard_are_few_and_can_be_reckoned_with() -> None:
    said = {"name": "n", "unit": "g", "in_control": [1.0], "latest": [], "checked": date(2026, 5, 6)}
    for wrong in ((0.0,) * (MOST_VALUES + 1), (1e308,)):
        for name in ("in_control", "latest"):
            with pytest.raises(ValidationError, match=name):
                CheckTold.model_validate(said | {"in_control": (1.0,), "latest": (), name: wrong})


@pytest.mark.parametrize(
    "values",
    [
        (1e308, -1e308) * 8,
        (1e308, 1.1e308) * 8,
        (5e-324, 0.0) * 8,
        (1e100, *(1.0,) * 9, 1e84),
    ],
    ids=["apart", "large", "tiny", "uneven"],
)
def test_a_chart_of_any_values_is_one_or_is_refused(values: tuple[float, ...]) -> None:
    try:
        chart = ControlChart.of(values)
    except ParameterError:
        return
    assert chart.sigma > 0
    chart.faults(values)


def test_names_of_the_last_minute_are_short_text_and_its_numbers_can_be_drawn() -> None:
    written = [{"what": "w" * 9999, "unit": [["V"]], "values": [[-1.0, HUGE], [HUGE, 1.0], [-1.0, 9.9e37]]}]
    (one,) = tripped._told(written)
    assert (len(one.what), one.unit, one.values) == (tripped.LONGEST, "", ((-1.0, 9.9e37),))


def test_a_line_that_no_journal_has_takes_no_run_s_page_away(web: Web, tmp_path: Path) -> None:
    trend = [{"what": "gauge", "unit": "V", "values": [[-1.0, 9.9e37], [0.0, 9.9e37]]}]
    journals = web.hub.laboratory.store.journals
    for name, canonical in (("whole", True), ("anew", False)):
        with Journal.create(tmp_path / name, VirtualClock(1.79e9)) as journal:
            journal.append("start", {"format": 1})
            journal.append("interlock", {"error": "InterlockTripped", "text": "above", "trend": trend})
        first, last = (tmp_path / name / "journal.jsonl").read_bytes().splitlines()
        if not canonical:  # chained all the same
            own = re.sub(rb'"hash":"[0-9a-f]{64}",', b"", last.replace(b'"error":', b'"error": '))
            last = own.replace(b'"kind":', b'"hash":"%s","kind":' % sha256(own).hexdigest().encode())
        assert journals.append("here", name, 1, [first, last], 1.79e9) == 2
    with browsing(web, "reader") as client:
        pages = [client.get(f"/runs/here/{name}") for name in ("whole", "anew")]
    assert [page.status_code for page in pages] == [200, 200]
    assert ["gauge" in page.text for page in pages] == [True, False]
