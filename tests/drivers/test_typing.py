"""A driver used wrongly is a type error, and an error when it runs."""

import re
from pathlib import Path

import pytest
from mypy import api

from remotecal.drivers.links import open_link
from remotecal.drivers.tuf.tuf2000m import Tuf2000M
from remotecal.testing.transcripts import on_socket

MISUSE = Path(__file__).parent / "misuse.py"


def test_mypy_refuses_what_is_wrong_and_nothing_else(pytestconfig: pytest.Config) -> None:
    config = pytestconfig.rootpath / "pyproject.toml"
    cache = pytestconfig.rootpath / ".mypy_cache"  # mypy's own, where all but this file is known already
    report, trouble, _ = api.run(["--strict", f"--config-file={config}", f"--cache-dir={cache}", str(MISUSE)])
    assert not trouble
    found = re.findall(rf"^\S*{MISUSE.name}:(\d+): error: .*\[([\w-]+)\]$", report, re.MULTILINE)
    wanted = [
        (str(number), code)
        for number, line in enumerate(MISUSE.read_text(encoding="utf-8").splitlines(), start=1)
        for code in filter(None, line.partition("# mypy: ")[2].split(", "))
    ]
    assert found == wanted, report


def test_what_is_not_declared_cant_be_assigned() -> None:
    with on_socket() as port:
        link = open_link(f"modbus+tcp://127.0.0.1:{port}", Tuf2000M.wire, name="meter")
        meter = Tuf2000M(link)
        for name in ("flow", "flwo"):
            with pytest.raises(AttributeError, match=f"declares no '{name}' to assign"):
                setattr(meter, name, 3)
        link.close()
