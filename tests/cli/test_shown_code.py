"""A QR code in a terminal is read as what it stands for."""

import re
import sys

import numpy as np
import pytest
import zxingcpp

from remotecal.cli.terminal import show_code

HALVES = {" ": (0, 0), "▀": (1, 0), "▄": (0, 1), "█": (1, 1)}
"""Character → what its upper and its lower half are."""
COMMAND = "remotecal station enrol ABCD-EFGH-JKLM-NPQR --at lab.example:4223 --station station"


def test_a_code_in_a_terminal_is_read_as_what_was_to_be_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("PYTHONIOENCODING", "utf-8")
    show_code(COMMAND)
    lines = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in capsys.readouterr().out.splitlines()]
    rows = [[HALVES[one][half] for one in line] for line in lines if line for half in (0, 1)]
    picture = np.kron(np.array(rows, np.uint8) * 255, np.ones((8, 8), np.uint8))
    assert [code.text for code in zxingcpp.read_barcodes(picture)] == [COMMAND]
