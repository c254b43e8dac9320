"""What people added to a run is part of what is checked: files beside the journal, and who did what."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from made import NOW, Made

from remotecal.certificates.library import CertificateLibrary
from remotecal.journal.files import Attached, keep_file
from remotecal.journal.writing import Journal
from remotecal.verify import Check, Report, verify

Peopled = tuple[Made, Attached]


@pytest.fixture
def peopled(made: Made, tmp_path: Path) -> Peopled:
    """A calibration in whose course somebody took a photo, and somebody paused."""
    (tmp_path / "plate.jpg").write_bytes(b"a photo")
    kept: list[Attached] = []

    def people(journal: Journal) -> None:
        kept.append(keep_file(tmp_path / "plate.jpg", made.run, "the nameplate", "on site"))
        journal.append("file", kept[0].model_dump())
        journal.append("control", {"verb": "pause", "by": "Li Wei", "reason": ""})
        journal.append("control", {"verb": "take_control", "by": "Zhang", "reason": "from Li Wei"})
        prompt = journal.append("prompt", {"kind": "text", "options": [], "question": {"en": "All well?"}})
        journal.append("answer", {"answer": "yes", "prompt": prompt.seq})

    shutil.rmtree(made.run)
    made.write_journal(made.run, meanwhile=people)
    made.seal(made.record((made.standards / "scale.xml").read_bytes()))
    return made, kept[0]


def examine(made: Made, journal: Path | None = None) -> Report:
    return verify(
        made.certificate,
        journal=journal or made.run,
        trust=made.trust(),
        library=CertificateLibrary([made.standards]),
        recompute=made.recompute,
        now=NOW,
    )


def check(report: Report, name: str) -> Check:
    (found,) = (one for one in report.checks if one.name == name)
    return found


@pytest.mark.parametrize("given", [lambda made: made.run, lambda made: made.journal])
def test_files_and_people_are_shown(peopled: Peopled, given: Callable[[Made], Path]) -> None:
    made, _ = peopled
    report = examine(made, given(made))
    assert report.verdict == "holds"
    assert check(report, "files").said == "plate.jpg (the nameplate, by on site)"
    assert check(report, "people").said == (
        "Li Wei: pause; Zhang: take_control (from Li Wei); somebody: answered yes"
    )


def test_a_file_that_was_changed_fails(peopled: Peopled) -> None:
    made, file = peopled
    (made.run / file.place).write_bytes(b"b photo")
    report = examine(made)
    assert report.verdict == "fails"
    assert "is not the file the journal names: it was changed" in check(report, "files").said


def test_a_file_that_is_missing_leaves_it_unproven(peopled: Peopled) -> None:
    made, file = peopled
    (made.run / file.place).unlink()
    report = examine(made)
    assert (report.verdict, check(report, "files").outcome) == ("is not proven", "not possible")
    assert (
        f"the journal names 1 files; not in {made.run}: {file.place} (plate.jpg)"
        in check(report, "files").said
    )


def test_where_people_left_nothing_nothing_is_said(made: Made) -> None:
    assert {one.name for one in examine(made).checks} & {"files", "people"} == set()
