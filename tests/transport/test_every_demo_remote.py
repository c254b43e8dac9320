"""Demonstrations here and by a laboratory far away: the same files, the same results, proven certificates.

All benches can be demonstrated so; here it is the first one of each folder, for what it costs.
"""

from __future__ import annotations

import pytest
from every_bench import LEADING, options, short_in_file
from kept_keys import demonstrate
from proof import verifying

from remotecal.certificates import APART, PDF_NAME
from remotecal.cli import main
from remotecal.model import Record


def demonstrated(bench, out, chosen, *more):
    """Demonstrate by the command line; returns the files it left."""
    settings = [argument for name, value in chosen.items() for argument in ("--set", f"{name}={value}")]
    assert demonstrate(str(bench), *settings, "--out", str(out), *more) == 0
    return {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()}


def stated(out):
    """Return the tables of results, in which nothing tells who carried the order out, or when."""
    record = Record.from_json((out / "record.json").read_text(encoding="utf-8").strip())
    return [result.tables for each in record.measurements for result in each.results]


@pytest.mark.parametrize("name", LEADING)
def test_from_afar_it_leaves_what_it_leaves_here_and_states_the_same(tmp_path, capsys, name):
    bench, chosen = short_in_file(name, tmp_path), options(name)
    here, afar = tmp_path / "here", tmp_path / "afar"
    assert demonstrated(bench, afar, chosen, "--remote") == demonstrated(bench, here, chosen)
    assert stated(afar) == stated(here)
    apart = sorted(path.parent for path in afar.glob(f"{APART}/*/{PDF_NAME}"))
    for folder in apart[:1] or [afar]:
        capsys.readouterr()
        assert main(verifying(afar, folder)) == 0, capsys.readouterr().out
        assert "holds" in capsys.readouterr().out
