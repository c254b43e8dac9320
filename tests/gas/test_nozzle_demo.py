"""`remotecal demo nozzles`: from the wire to the signed certificate; and the truth."""

import pytest
from kept_keys import demonstrate
from proof import verifying

from benchmarks.truth import calibrate
from remotecal.certificates.dcc import read
from remotecal.cli import main


def test_the_demonstration_ends_in_a_certificate_that_holds(tmp_path, capsys):
    out = tmp_path / "demo"
    assert demonstrate("nozzles", "--out", str(out)) == 0
    made = read((out / "certificate.xml").read_bytes())
    assert made.evidence.procedure == "gas.meter_by_nozzles"
    assert len(made.measurements[0].results[0].tables[0].column("basic_measurementError").values) == 7
    assert (out / "certificate.pdf").read_bytes().startswith(b"%PDF")
    capsys.readouterr()
    assert main(verifying(out)) == 0
    assert "holds" in capsys.readouterr().out


def test_intervals_cover_the_true_errors():
    """`benchmarks/truth.py` is the full-sized check; of these seeds it is known what they give."""
    intervals = [one for seed in range(1001, 1005) for one in calibrate("nozzles", seed)]
    assert len(intervals) == 28
    # Those of one calibration miss together: they share nozzles and equation of state.
    assert not [one for one in intervals if not one.covers]
    ratio = sum(abs(one.error - one.true) / one.expanded for one in intervals) / len(intervals)
    assert ratio == pytest.approx(0.327, abs=0.03), "and they are not so wide that they would cover anything"
    assert max(one.expanded for one in intervals) == pytest.approx(0.25, abs=0.1)
