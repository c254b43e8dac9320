"""A channel of a readout is addressed as any quantity is: by interlocks, in evidence, from afar."""

from __future__ import annotations

import pytest
from examining import examine_replies

from remotecal.bench import Bench
from remotecal.errors import BenchError, EvidenceError, InterlockTripped
from remotecal.journal.events import FILE, read_journal

ENTRY_POINTS = """
[remotecal.drivers]
TinySource = tiny:TinySource
TinyMeter = tiny:TinyMeter
"""

INTERLOCK = """
[[interlocks]]
watch = "gauge.cells[17]"
above = 8.0
unit = "V"
"""


@pytest.fixture
def _installed(tmp_path, monkeypatch):
    """The tiny drivers are installed, so that `verify` finds them by their names."""
    about = tmp_path / "tiny_drivers-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: tiny-drivers\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(ENTRY_POINTS)
    monkeypatch.syspath_prepend(tmp_path)


def test_a_bench_is_asked_for_channels_by_name(tiny):
    with Bench.load(tiny.bench).open(tiny.clock) as opened:
        tiny.world.level = 2.0
        names = "gauge.cells[3]", "gauge.cells[17]"
        third, last = opened.read_together(*map(opened.reading, names))
        assert [(one.value, one.source) for one in (third, last)] == [
            (2.003, "gauge.cells[3]"),
            (2.017, "gauge.cells[17]"),
        ]
        assert third.u == pytest.approx(0.1 / 3**0.5), "1 % of the range in force, 10 V"
        asked = [line.removeprefix("meter ") for line in tiny.world.lines[-3:]]
        assert asked == ["MEAS:CELL? (@3)", "MEAS:CELL? (@17)", "MEAS:FULL?"]
        for wrong in ("cells", "cells[18]", "cells[03]", "cells[3].read", "value[1]", "read"):
            with pytest.raises(BenchError, match="can't be read"):
                opened.reading(f"gauge.{wrong}")


def test_an_interlock_watches_one_channel(tiny):
    tiny.add(tiny.bench, INTERLOCK)

    def rise(name, line):
        if sum("MEAS:VAL?" in seen for seen in tiny.world.lines) == 12 and "CELL" in line:
            tiny.world.level = 7.99

    tiny.world.before = rise
    with pytest.raises(InterlockTripped, match=r"gauge.cells\[17\] is 8.007 V, above its limit, 8 V"):
        tiny.run()
    assert tiny.world.level == 0
    assert not any("CELL? (@16)" in line for line in tiny.world.lines)


@pytest.mark.parametrize("watched", ["gauge.cells", "gauge.cells[18]"])
def test_an_interlock_on_no_channel_is_refused(tiny, watched):
    tiny.add(tiny.bench, INTERLOCK.replace("gauge.cells[17]", watched))
    with pytest.raises(BenchError, match=r"TinyMeter has no 'cells.*did you mean cells\["):
        Bench.load(tiny.bench)


@pytest.fixture
def events(tiny, _installed):
    """A run that read three cells in each repeat, whose range changed in the middle."""
    tiny.bench.write_text(tiny.bench.read_text().replace("tiny:Tiny", "Tiny"))
    tiny.parameter("cells = [1, 3, 17]")

    def change_range(name, line):
        if line == "SOUR:LEV 2;:SYST:ERR?":
            tiny.world.full_scale = 50.0

    tiny.world.before = change_range
    tiny.run()
    return list(read_journal(tiny.out / FILE))


def cells(events, repeat):
    """Return what an observation says of the cells, to be forged."""
    return [event for event in events if event.kind == "observation"][repeat].data["values"]["cells"]


def test_kept_replies_give_each_channel_and_its_range_again(events):
    assert examine_replies(events).startswith("24 values read again")
    first, last = cells(events, 0)[2], cells(events, -1)[2]
    assert (first["source"], first["value"], last["value"]) == ("gauge.cells[17]", 1.017, 2.017)
    assert (first["u"], last["u"]) == (pytest.approx(0.1 / 3**0.5), pytest.approx(0.5 / 3**0.5))


def change_value(kept):
    kept[1]["value"] += 0.001


def change_channel(kept):
    kept[1]["source"] = "gauge.cells[17]"


def change_to_no_channel(kept):
    kept[1]["source"] = "gauge.cells[99]"


def forget_the_range(kept):
    kept[1]["u"] /= 5


@pytest.mark.parametrize(
    ("forge", "said"),
    [
        (change_value, r"exchange \d+ says 2.003 V, the observation 2.004"),
        (change_channel, r"exchange \d+ says 2.017 V, the observation 2.003"),
        (change_to_no_channel, r"TinyMeter has no cells\[99\] to read"),
        (forget_the_range, r"gauge.cells\[3\] has u = 0.288"),
    ],
)
def test_forged_channels_are_met(events, forge, said):
    forge(cells(events, -1))
    with pytest.raises(EvidenceError, match=said):
        examine_replies(events)
