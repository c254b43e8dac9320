"""`remotecal demo` of the benches of density: from the wire to the signed certificate; and the truth."""

import pytest
from kept_keys import demonstrate
from proof import verifying

from benchmarks.truth import calibrate
from remotecal.certificates.dcc import read
from remotecal.cli import main


@pytest.mark.parametrize(
    ("bench", "procedure", "rows"),
    [
        ("density-bench", "density.densitometer", 5),
        ("solid-bench", "density.solid", 1),
        ("pycnometer-bench", "density.gas_pycnometer", 1),
        ("tube-bench", "density.vibrating_tube", 12),
        ("line-bench", "density.on_line", 22),
        ("hydrometer-bench", "density.hydrometer", 3),
    ],
)
def test_the_demonstration_ends_in_a_certificate_that_holds(tmp_path, capsys, bench, procedure, rows):
    out = tmp_path / "demo"
    assert demonstrate(bench, "--out", str(out)) == 0
    made = read((out / "certificate.xml").read_bytes())
    assert made.evidence.procedure == procedure
    columns = made.measurements[0].results[0].tables[0].columns
    assert [len(one.values) for one in columns if getattr(one, "uncertainty", None)] == [rows]
    capsys.readouterr()
    assert main(verifying(out)) == 0
    assert "holds" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("bench", "calibrations", "most"),
    [
        ("density-bench", 4, 1),
        ("solid-bench", 8, 1),
        ("pycnometer-bench", 4, 0),
        ("tube-bench", 3, 9),
        ("line-bench", 2, 11),
        ("hydrometer-bench", 6, 0),
    ],
)
def test_intervals_cover_the_truth(bench, calibrations, most):
    """`benchmarks/truth.py` is the full-sized check; of these seeds it is known what they give."""
    intervals = [one for seed in range(2001, 2001 + calibrations) for one in calibrate(bench, seed)]
    assert sum(not one.covers for one in intervals) <= most
    ratio = sum(abs(one.error - one.true) / one.expanded for one in intervals) / len(intervals)
    assert 0.1 < ratio < 0.9, "and they are not so wide that they would cover anything"
