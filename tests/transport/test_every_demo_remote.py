"""Demonstrations here and by a laboratory far away: the same files, the same results, proven certificates.

All benches can be demonstrated so; here it is the first one of each folder, for what it costs.
"""

from __future__ import annotations

import pytest
from every_bench import LEADING, options, short_in_file
from kept_keys import demonstrate
from proof import verifying

from remotecal.certificates import APART, PDF_NAME
from remotecal.certificates.added import REMOTE
from remotecal.cli import main
from remotecal.model import Record


def demonstrated(bench, out, chosen, *more):
    """Demonstrate by the command line; returns the files it left."""
    settings = [argument for name, value in chosen.items() for argument in ("--set", f"{name}={value}")]
    assert demonstrate(str(bench), *settings, "--out", str(out), *more) == 0
    return {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()}


def stated(out):
    """Return what each certificate states, by number: what was found, with its budgets, and the statements.

    Standards are left out, whose certificates are made anew, and who carried the order out, and when.
    """
    said = {}
    for path in sorted(out.rglob("record.json")):
        record = Record.from_json(path.read_text(encoding="utf-8").strip())
        measured = [each.model_copy(update={"standards": ()}) for each in record.measurements]
        said[str(path.relative_to(out)), record.number] = measured, list(record.statements)
    return said


@pytest.mark.parametrize("name", LEADING)
def test_from_afar_it_leaves_what_it_leaves_here_and_states_the_same(tmp_path, capsys, name):
    bench, chosen = short_in_file(name, tmp_path), options(name)
    here, afar = tmp_path / "here", tmp_path / "afar"
    assert demonstrated(bench, afar, chosen, "--remote") == demonstrated(bench, here, chosen)
    far, near = stated(afar), stated(here)
    for _, statements in far.values():
        (remotely,) = (one for one in statements if REMOTE in one.ref_types)
        statements.remove(remotely)
    assert far == near
    apart = sorted(path.parent for path in afar.glob(f"{APART}/*/{PDF_NAME}"))
    for folder in apart or [afar]:
        capsys.readouterr()
        assert main(verifying(afar, folder)) == 0, capsys.readouterr().out
        assert "holds" in capsys.readouterr().out
