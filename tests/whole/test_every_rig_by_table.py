"""Every shipped table of a rig's controller serves a whole calibration, as the driver of our own does."""

from __future__ import annotations

import re

import pytest
from every_bench import options, short
from short_runs import ShortRuns, record
from tabled import TABLED, TABLES, plain, text
from tripping import out_of_place

from remotecal.clock import VirtualClock
from remotecal.drivers.mapped.by_table import parsed
from remotecal.drivers.mapped.fitting import wanted
from remotecal.drivers.mapped.table import Map
from remotecal.journal.events import FILE
from remotecal.rehearsal import RealBench

RUNS = ShortRuns()
BEGUN = 1_780_000_000.0
"""When they begin: a certificate tells the time."""


def measured(name, folder):
    """Return the evidence, and the measurements but for hashes of certificates, which have random keys."""
    with short(name).up(folder / "bench", clock=VirtualClock(BEGUN), seed=7, **options(name)) as bench:
        evidence = RUNS.calibrate(bench)
        left = {each: out_of_place(one) for each, one in bench.connect().items()}
        assert {each: wrong for each, wrong in left.items() if wrong} == {}
    return evidence, [
        re.sub(r"[0-9a-f]{64}", "…", one.model_dump_json()) for one in record(evidence).measurements
    ]


def test_no_table_of_a_rig_is_left_out() -> None:
    assert {path.stem for path in TABLES.glob("rig-*.toml")} == {name.split()[-1] for name in TABLED}


@pytest.mark.parametrize("name", TABLED)
def test_a_calibration_by_a_table_is_the_one_by_a_driver(name, tmp_path) -> None:
    evidence, ours = measured(name, tmp_path / "table")
    _, native = measured(plain(name), tmp_path / "native")
    assert ours == native
    journal = (tmp_path / "table" / "run" / FILE).read_text(encoding="utf-8")
    assert "MB_SERVER" in journal or "WAGO" in journal, "the table is evidence"
    kinds = RealBench.of_run(evidence).drivers.values()
    said = text(name.split()[-1])
    (kind,) = {one for one in kinds if getattr(one, "stated_table", "") == said}
    assert all(one in kind.__mro__ for one in wanted(parsed(Map, said))), (
        "a rehearsal knows it from the journal alone"
    )
