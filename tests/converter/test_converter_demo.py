"""`remotecal demo converter`: from the wire to the signed certificate; and the truth."""

import pytest
from kept_keys import demonstrate
from proof import verifying

from benchmarks.truth import draw
from remotecal.certificates.dcc import read
from remotecal.cli import main


def test_the_demonstration_ends_in_a_certificate_that_holds(tmp_path, capsys):
    out = tmp_path / "demo"
    assert demonstrate("converter", "--out", str(out), "--set", "temperatures=[20.0]") == 0
    made = read((out / "certificate.xml").read_bytes())
    assert made.evidence.procedure == "converter.volume_converter"
    assert len(made.measurements[0].results) == 5
    assert (out / "certificate.pdf").read_bytes().startswith(b"%PDF")
    capsys.readouterr()
    assert main(verifying(out)) == 0
    assert "holds" in capsys.readouterr().out


def test_intervals_cover_the_true_errors():
    """`benchmarks/truth.py` is the full-sized check; of these seeds it is known what they give."""
    known = [one for seed in range(1001, 1004) for one in draw("converter", seed, every=1)]
    intervals = [one for one in known if not one.of]
    assert len(intervals) == 45
    # Those of one calibration miss together: they share controller, thermometer and well.
    assert not [one for one in intervals if not one.covers]
    ratio = sum(abs(one.error - one.true) / one.expanded for one in intervals) / len(intervals)
    assert ratio == pytest.approx(0.232, abs=0.03), "and they are not so wide that they would cover anything"
    assert max(one.expanded for one in intervals) == pytest.approx(0.025, abs=0.02)
    parts = {of: [one for one in known if one.of == of] for of in ("e_p", "e_T", "e_f")}
    assert {of: len(each) for of, each in parts.items()} == {"e_p": 15, "e_T": 9, "e_f": 45}
    for each in parts.values():
        assert sum(not one.covers for one in each) <= 1
