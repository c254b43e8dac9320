"""`remotecal demo pressure-bench`: from the wire to the signed certificate with its loop; and the truth."""

import pytest
from kept_keys import demonstrate
from proof import verifying

from benchmarks.truth import calibrate
from remotecal.certificates.dcc import read
from remotecal.certificates.pdf.curve import picture
from remotecal.cli import main


@pytest.mark.parametrize(("output", "procedure"), [("indication", "gauge"), ("current", "transmitter")])
def test_the_demonstration_ends_in_a_certificate_that_holds(tmp_path, capsys, output, procedure):
    out = tmp_path / "demo"
    assert demonstrate("pressure-bench", "--set", f"output={output}", "--out", str(out)) == 0
    made = read((out / "certificate.xml").read_bytes())
    drawn = picture(made.measurements[0].results[0].tables[0], "sans-serif")
    assert drawn is not None
    assert str(drawn["svg"]).count("<polygon") == 12
    assert "rising and falling differ by up to" in str(drawn["alt"])
    assert made.evidence.procedure == f"pressure.{procedure}"
    assert (out / "certificate.pdf").read_bytes().startswith(b"%PDF")
    capsys.readouterr()
    assert main(verifying(out)) == 0
    assert "holds" in capsys.readouterr().out


@pytest.mark.parametrize("medium", ["nitrogen", "oil"])
def test_a_gauge_at_a_piston_gauge_gets_a_certificate_that_holds(tmp_path, capsys, medium):
    out = tmp_path / "demo"
    told = ("--set", f"medium={medium}", "--set", "weights=4", "--set", "full=16")
    assert demonstrate("piston-bench", *told, "--out", str(out)) == 0
    made = read((out / "certificate.xml").read_bytes())
    assert made.evidence.procedure == "pressure.dead_weight"
    symbols = {line.symbol for budget in made.measurements[0].budgets for line in budget.lines}
    assert {"A_0", "λ", "m_1", "ρ_m"} <= symbols
    assert ("Γ" in symbols) == (medium == "oil")
    capsys.readouterr()
    assert main(verifying(out)) == 0
    assert "holds" in capsys.readouterr().out


def test_intervals_cover_the_errors_the_device_has_in_use():
    """`benchmarks/truth.py` is the full-sized check."""
    intervals = [one for seed in range(1003, 1009) for one in calibrate("pressure-bench", seed)]
    assert len(intervals) == 36
    assert sum(not one.covers for one in intervals) <= 6
    ratio = sum(abs(one.error - one.true) / one.expanded for one in intervals) / len(intervals)
    assert 0.15 < ratio < 0.8, "and they are not so wide that they would cover anything"
