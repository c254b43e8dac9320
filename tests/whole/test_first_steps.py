"""The newcomer's path: every line that docs/first-steps.md has typed is typed here, in its order."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs" / "first-steps.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(console|python)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
STEPS = [
    step
    for language, block in BLOCKS
    for step in (block.replace("$ ", "").splitlines() if language == "console" else [block])
]

SLOWEST = 80
"""Characters a minute of who looks for each key; who types with two fingers makes more than 100."""

OFFLINE = "--quiet --disable-pip-version-check --no-index --no-deps --no-build-isolation"
TOOLS = {
    "remotecal": '{python} -m remotecal "$@"',
    "pytest": '{python} -m pytest -q -W error -p remotecal.testing.plugin "$@"',
    "pip": '{python} -m pip "$@" {offline} --target {site}',
}
"""What an installed remotecal, pytest and pip would do, here from the checkout and without a network."""


@pytest.fixture
def typed(tmp_path: Path) -> tuple[Path, dict[str, str]]:
    """An empty folder, and the environment of its terminals."""
    site, tools, here = (tmp_path / name for name in ("site", "bin", "here"))
    for folder in (site, tools, here):
        folder.mkdir()
    for name, line in TOOLS.items():
        script = line.format(python=sys.executable, site=site, offline=OFFLINE)
        (tools / name).write_text(f"#!/bin/sh\nexec {script}\n")
        (tools / name).chmod(0o755)
    environment = {
        "PATH": f"{tools}:{os.environ['PATH']}",
        "PYTHONPATH": f"{site}:{ROOT}",
        "COLUMNS": "100",
    }
    return here, os.environ | environment


def serve(line: str, folder: Path, environment: dict[str, str]) -> subprocess.Popen[str]:
    """Begin what goes on until it is interrupted, and wait until it says so."""
    process = subprocess.Popen(
        ["sh", "-c", f"exec {line}"], cwd=folder, env=environment, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    for said in process.stdout:
        if said.startswith("Ctrl-C"):
            return process
    raise AssertionError(f"{line} ended")


def test_every_line_does_what_the_page_says(typed: tuple[Path, dict[str, str]]) -> None:
    folder, environment = typed
    served: list[subprocess.Popen[str]] = []
    said: dict[str, str] = {}
    try:
        for step in STEPS:
            if " sim up " in step:
                served.append(serve(step, folder, environment))
                continue
            line = [sys.executable, "-c", step] if "\n" in step else ["sh", "-c", step]
            done = subprocess.run(line, cwd=folder, env=environment, capture_output=True, text=True)
            assert done.returncode == 0, f"{step}\n{done.stdout}{done.stderr}"
            said[step] = done.stdout
    finally:
        for process in served:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=30)
    check_what_was_said(said, folder)


def check_what_was_said(said: dict[str, str], folder: Path) -> None:
    by_begin = {step[:40]: text for step, text in said.items()}

    def told(begin: str) -> str:
        return next(text for step, text in by_begin.items() if step.startswith(begin))

    assert told("remotecal new procedure comparison").split()[:3] == [
        "comparison.py",
        "comparison_bench.py",
        "test_comparison.py",
    ]
    assert {"certificate.xml", "certificate.pdf", "record.json", "journal.jsonl"} <= {
        path.name for path in (folder / "run-1").iterdir()
    }
    assert "it says the same, to the last digit" in said["remotecal evaluate run-1 --procedure comparison.py"]
    anew = said["remotecal evaluate run-1 --procedure comparison.py --new-evaluation"]
    assert " 2.00 " in anew
    assert "it says otherwise" in anew
    assert told("from pathlib").startswith("Reference temperature (°C),Error of indication (K)")
    assert "1 passed" in said["pytest"]
    assert "comparison" in said["remotecal procedures"]
    assert "MEAS:TEMP?" in said["remotecal drivers show Sable540"]
    assert "Signed by demonstration keys" in told("remotecal demo")
    verify = told("remotecal demo").rpartition("Check it:\n  remotecal ")[2].split()
    done = subprocess.run(
        [sys.executable, "-m", "remotecal", *verify],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": f"{folder.parent / 'site'}:{ROOT}"},
        capture_output=True,
        text=True,
    )
    assert "holds" in done.stdout, done.stdout + done.stderr


def test_it_is_typed_in_less_than_ten_minutes() -> None:
    assert len(STEPS) > 10
    assert sum(map(len, STEPS)) / SLOWEST < 10


def test_no_command_of_the_page_is_left_out() -> None:
    """What the page shows beside its blocks is prose: nothing to type stands in it but the installation."""
    prose = re.sub(r"^```.*?^```$", "", PAGE, flags=re.MULTILINE | re.DOTALL)
    assert re.findall(r"`((?:remotecal|pip|pytest|sed) [^`]*)`", prose) == ["pip install '.[test]'"]
    typed = [line for language, block in BLOCKS if language == "console" for line in block.splitlines()]
    assert all(line.startswith("$ ") for line in typed)
    assert PAGE.count("```") == 2 * len(BLOCKS)
