"""`remotecal demo water-bench`: from the wire to a signed certificate for each meter; the truth."""

import pytest
from kept_keys import demonstrate
from proof import verifying

from benchmarks.truth import calibrate
from remotecal.certificates.dcc import read
from remotecal.cli import main


def test_the_demonstration_ends_in_certificates_that_hold_and_a_report(tmp_path, capsys):
    out = tmp_path / "demo"
    assert demonstrate("water-bench", "--set", "meters=2", "--out", str(out)) == 0
    folders = sorted((out / "certificates").iterdir())
    assert len(folders) == 2
    assert not (out / "certificate.xml").exists()
    for name in ("report.pdf", "report.csv", "report.json"):
        assert (out / name).stat().st_size > 100
    for folder in folders:
        capsys.readouterr()
        assert main(verifying(out, folder)) == 0
        assert "holds" in capsys.readouterr().out
    made = [read((folder / "certificate.xml").read_bytes()) for folder in folders]
    assert [one.number for one in made] == [folder.name for folder in folders]
    # One meter's results in the other's name are found.
    first, second = (folder / "certificate.xml" for folder in folders)
    text = second.read_text("utf-8").replace(made[1].number, made[0].number)
    first.write_text(text.replace("WM-0002", "WM-0001"), "utf-8")
    assert main([*verifying(out, folders[0])[:1], str(first), *verifying(out, folders[0])[2:]]) != 0


def test_intervals_cover_the_true_errors():
    """`benchmarks/truth.py` is the full-sized check; of these seeds it is known what they give."""
    intervals = [one for seed in (1001, 1002, 1004) for one in calibrate("water-bench", seed)]
    assert len(intervals) >= 27
    missed = [one for one in intervals if not one.covers]
    assert len(missed) <= 2, missed
    ratio = sum(abs(one.error - one.true) / one.expanded for one in intervals) / len(intervals)
    assert ratio == pytest.approx(0.366, abs=0.03), "and they are not so wide that they would cover anything"
