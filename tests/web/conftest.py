"""A laboratory with its API up, for all tests of one file."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "procedures"))
sys.path.insert(0, str(Path(__file__).parent.parent / "transport"))
sys.path.insert(0, str(Path(__file__).parent.parent / "store"))
sys.path.insert(0, str(Path(__file__).parent.parent / "certificates"))

from tiny_bench import Tiny, tiny_bench
from web_laboratory import Web, laboratory_up

PERSONS = """
[[persons]]
name = "Reviewer"
duty = "reviewed"
[[persons]]
name = "Approver"
duty = "approved"
"""


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tiny]:
    with tiny_bench(tmp_path_factory.mktemp("tiny")) as bench:
        bench.add(bench.order, PERSONS)
        yield bench


@pytest.fixture(scope="module")
def web(tiny: Tiny, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with laboratory_up(tmp_path_factory.mktemp("laboratory"), tiny) as up:
        yield up
