"""Thirty meters of one customer in one order end in thirty certificates and one report."""

from __future__ import annotations

import json

from test_lot import lot, run_of

from remotecal.certificates.dcc import read
from remotecal.certificates.reporting import write_summary
from remotecal.lot import read_orders
from remotecal.runs.apart import write_certificates
from remotecal.runs.catalogue import find
from remotecal.runs.record import evaluate
from remotecal.sim.water_bench.assemblies import WaterMeterBench

COUNT = 30


def test_thirty_meters_get_thirty_certificates_and_one_report(tmp_path):
    serials = [f"S-{n:02}" for n in range(1, COUNT + 1)]
    with WaterMeterBench.up(tmp_path / "bench", seed=7, meters=COUNT) as bench:
        places = [f"meter_{n}" for n in range(1, COUNT + 1)]
        said = f'serials = {serials}\nplaces = {places}\nname = "Water meter"\nclass_name = "2"\n'
        (order,) = read_orders(lot(bench, said))
        evidence = run_of(bench, order, "run")
    folders = write_certificates(evaluate(evidence, find("flow.water_bench")), order, tmp_path / "out")
    assert [(folder / "certificate.pdf").is_file() for folder in folders] == [True] * COUNT
    written = [(folder / "certificate.xml").read_bytes() for folder in folders]
    made = [read(one) for one in written]
    assert [one.items[0].serials for one in made] == [(serial,) for serial in serials]
    errors = [one.measurements[0].results[0].tables[0].column("basic_measurementError") for one in made]
    assert len({one.floats() for one in errors}) > COUNT / 2, "each its own"
    assert len(write_summary(written, tmp_path / "report").listed) == COUNT
    told = json.loads((tmp_path / "report" / "report.json").read_text("utf-8"))["listed"]
    assert [one["serial"] for one in told] == serials
    assert len({one["certificate"] for one in told}) == COUNT
