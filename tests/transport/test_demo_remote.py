"""The remote demonstration: a simulated rig, a station beside it, and a laboratory elsewhere."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from dosing.bench import DosingStand

from remotecal.certificates.signing.journal import JournalSeal
from remotecal.cli import demo_remote
from remotecal.cli.progress import ProgressLine
from remotecal.errors import RemotecalError
from remotecal.journal.events import JournalReader
from remotecal.journal.gathering import gather
from remotecal.runs.catalogue import find
from remotecal.runs.record import evaluate


def test_a_simulated_rig_is_calibrated_from_afar(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with DosingStand.up(tmp_path / "bench", seed=7) as rig:
        text = rig.order.read_text("utf-8")
        text = re.sub(r"^speeds = \[([^,]+),([^,]+),[^]]*\]$", r"speeds = [\1, \2]", text, flags=re.MULTILINE)
        rig.order.write_text(text, "utf-8")
        remote = demo_remote.calibrate_remotely(rig.order, rig.bench, out, ProgressLine())
    assert {path.name for path in out.iterdir()} == {
        "certificate.pdf",
        "certificate.xml",
        "journal.jsonl",
        "record.json",
    }
    seal = JournalSeal()
    evidence = gather(seal.along(JournalReader.at(out)))
    assert seal.signer() == remote.station.public
    assert len(evidence.observations) == 6
    again = evaluate(evidence, find(evidence.procedure.name))
    assert remote.record.measurements == again.measurements
    (said,) = (one for one in remote.record.statements if "remotecal_remoteOperation" in one.ref_types)
    assert said.declaration is not None
    assert "Demonstration Calibration Laboratory through its station demo-site" in said.declaration.get("en")


def test_a_run_that_ends_early_says_why(tmp_path: Path) -> None:
    with DosingStand.up(tmp_path / "bench", seed=7) as rig:
        text = re.sub(r"^repeats = .*$", "repeats = -1", rig.order.read_text("utf-8"), flags=re.MULTILINE)
        rig.order.write_text(text, "utf-8")
        with pytest.raises(RemotecalError, match="repeats must be at least 2; it is -1"):
            demo_remote.calibrate_remotely(rig.order, rig.bench, tmp_path / "out", ProgressLine())


def test_a_demonstration_that_is_ended_leaves_nothing_behind(tmp_path: Path) -> None:
    """Neither processes nor files, though the second signal comes in the middle of clearing up."""
    place = tmp_path / "temporary"
    place.mkdir()
    line = [sys.executable, "-m", "remotecal", "demo", "dosing-stand", "--remote", "--out", tmp_path / "out"]
    environment = os.environ | {"TMPDIR": str(place), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        assert any(text.startswith("The hub is up") for text in process.stdout)
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    # Python itself ends by the signal where that came into an import; shells say 130 of both.
    assert process.returncode in {130, -signal.SIGINT}
    assert not list(place.iterdir())
    lines = Path("/proc").glob("[0-9]*/cmdline")
    assert not [file for file in lines if str(place).encode() in read(file)]


def read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:  # it has ended meanwhile
        return b""
