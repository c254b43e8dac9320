"""`remotecal demo gas-loop`: from the wire to the signed certificate; and the truth."""

import pytest
from kept_keys import demonstrate
from proof import verifying

from benchmarks.truth import calibrate
from remotecal.certificates.dcc import read
from remotecal.cli import main


def test_the_demonstration_ends_in_a_certificate_that_holds(tmp_path, capsys):
    out = tmp_path / "demo"
    assert demonstrate("gas-loop", "--out", str(out)) == 0
    made = read((out / "certificate.xml").read_bytes())
    assert made.evidence.procedure == "gas_loop.meter_by_masters"
    assert len(made.measurements[0].results[0].tables[0].column("basic_measurementError").values) == 9
    assert (out / "certificate.pdf").read_bytes().startswith(b"%PDF")
    capsys.readouterr()
    assert main(verifying(out)) == 0
    assert "holds" in capsys.readouterr().out


def test_intervals_cover_the_true_errors():
    """`benchmarks/truth.py` is the full-sized check; of these seeds it is known what they give."""
    found = [calibrate("gas-loop", seed) for seed in (1002, 1003, 1006)]
    intervals = [one for each in found for one in each]
    assert len(intervals) == 24
    # Those of one calibration miss together: they share what their masters have in common.
    assert sum(not one.covers for one in intervals) <= 2
    ratio = sum(abs(one.error - one.true) / one.expanded for one in intervals) / len(intervals)
    assert ratio == pytest.approx(0.541, abs=0.03), "and they are not so wide that they would cover anything"
    assert max(one.expanded for one in intervals) == pytest.approx(0.3, abs=0.05), (
        "with 0.2 % for installation"
    )
