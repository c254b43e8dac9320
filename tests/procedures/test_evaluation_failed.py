"""A procedure that stumbles in its evaluation: one error says which, where and why; the evidence stays."""

from pathlib import Path

import pytest
from tiny import PROCEDURE
from tiny_bench import Tiny

from remotecal.cli import main
from remotecal.errors import EvaluationFailed, ParameterError
from remotecal.journal.gathering import read_evidence
from remotecal.runs.catalogue import find
from remotecal.runs.record import evaluate

TAKEN = 'for m in entry.values["values"]'


def stumbling(directory: Path, at: str) -> Path:
    """Write the tiny procedure, with something wrong where its evaluation takes the readings."""
    file = directory / "stumbling.py"
    text = PROCEDURE.read_text()
    assert TAKEN in text
    file.write_text(text.replace(TAKEN, at))
    return file


def raised(tiny: Tiny, at: str) -> EvaluationFailed:
    file = stumbling(tiny.directory, at)
    tiny.order.write_text(tiny.order.read_text().replace(str(PROCEDURE), str(file)))
    evidence = tiny.run()
    with pytest.raises(EvaluationFailed) as failure:
        evaluate(evidence, find(str(file)))
    return failure.value


def test_a_name_that_nobody_kept_is_told_with_its_point(tiny: Tiny) -> None:
    failure = raised(tiny, 'for m in entry.values["value"]')
    assert (failure.procedure, failure.point) == ("stumbling.py", "1 V")
    assert str(failure) == ("procedure stumbling.py can't evaluate this evidence at 1 V: KeyError: 'value'")
    assert isinstance(failure.__cause__, KeyError)


def test_it_is_the_point_it_was_at(tiny: Tiny) -> None:
    failure = raised(tiny, f'{TAKEN} if point.name == "1 V" or m.no')
    assert failure.point == "2 V"
    assert "at 2 V: AttributeError" in str(failure)


def test_an_error_of_our_own_keeps_its_words(tiny: Tiny) -> None:
    at = f"{TAKEN} if not run_error()"
    file = stumbling(tiny.directory, at)
    said = "from remotecal.errors import ParameterError\ndef run_error(): raise ParameterError('no water')\n"
    file.write_text(file.read_text().replace("class Tiny(", f"{said}\n\nclass Tiny(", 1))
    tiny.order.write_text(tiny.order.read_text().replace(str(PROCEDURE), str(file)))
    evidence = tiny.run()
    with pytest.raises(EvaluationFailed, match=r"can't evaluate this evidence at 1 V: no water") as failure:
        evaluate(evidence, find(str(file)))
    assert isinstance(failure.value.__cause__, ParameterError)


def test_the_command_says_so_and_the_run_can_be_evaluated_later(
    tiny: Tiny, capsys: pytest.CaptureFixture[str]
) -> None:
    raised(tiny, 'for m in entry.values["value"]')
    asked = ["evaluate", str(tiny.out), "--procedure", str(tiny.directory / "stumbling.py")]
    assert main([*asked, "--out", str(tiny.directory / "certificate")]) != 0
    assert "can't evaluate this evidence at 1 V: KeyError: 'value'" in capsys.readouterr().err
    mended = stumbling(tiny.directory, TAKEN)
    record = evaluate(read_evidence(tiny.out), find(str(mended)), new_evaluation=True)
    assert len(record.tables[0].columns[0].values) == 2
