"""The demonstration, run once for all tests that look at what it leaves."""

import pytest

from remotecal.cli import main


@pytest.fixture(scope="session")
def demo(tmp_path_factory):
    out = tmp_path_factory.mktemp("demo") / "out"
    assert main(["demo", "--out", str(out)]) == 0
    return out
