"""What lies in a folder is listed as a laboratory's database lists it, and stays as it is."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
from hashlib import sha256
from pathlib import Path

import pytest

from remotecal.certificates.dcc.xml import LARGEST_FILE
from remotecal.cli import main
from remotecal.hub.shelf import HERE, shelf
from remotecal.journal.events import FILE, LONGEST, seal
from remotecal.journal.files import read_attached


@pytest.fixture
def folder(tmp_path: Path, demo: Path) -> Path:
    """Return a folder with a finished and signed run in it, and one that was cut off in the middle."""
    shutil.copytree(demo, tmp_path / "march" / "done")
    lines = (demo / FILE).read_bytes().splitlines(keepends=True)
    torn = tmp_path / "cut"
    torn.mkdir()
    (torn / FILE).write_bytes(b"".join(lines[: len(lines) // 2]) + lines[-1][:20])
    return tmp_path


def listed(capsys, *words: object) -> list[dict[str, str]]:
    assert main([*map(str, words), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def hashes(folder: Path) -> dict[Path, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path: sha256(path.read_bytes()).hexdigest() for path in files}


def test_runs_certificates_and_what_ends(folder: Path, capsys) -> None:
    before = hashes(folder)
    runs = listed(capsys, "runs", "--in", folder)
    assert {row["run"]: row["state"] for row in runs} == {"cut": "running", "march-done": "signed"}
    (certificate,) = listed(capsys, "certificates", "--in", folder)
    record = json.loads((folder / "march" / "done" / "record.json").read_text(encoding="utf-8"))
    assert (certificate["certificate"], certificate["signed as"]) == (record["number"], "issued")
    due = listed(capsys, "due", "--in", folder, "--within", 400)
    standards = [one for measured in record["measurements"] for one in measured["standards"]]
    assert {row["certificate"] for row in due} == {
        one["certificate"]["number"] for one in standards if "certificate" in one
    }
    assert main(["due", "--in", str(folder), "--within", "400", "--csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["certificate"] for row in rows] == [row["certificate"] for row in due]
    assert hashes(folder) == before


def test_records_are_computed_from_journals_and_held_against_what_lies_there(folder: Path) -> None:
    path = folder / "march" / "done" / "record.json"
    with shelf(folder) as made:
        made.evaluate()
        assert made.store.journals.find(HERE, "march-done").record == "agrees"
        assert made.store.journals.find(HERE, "cut").record == ""
    content = json.loads(path.read_text(encoding="utf-8"))
    content["customer"]["name"] = {"": "Somebody else"}
    path.write_text(json.dumps(content), encoding="utf-8")
    with shelf(folder) as made:
        made.evaluate()
        assert made.store.journals.find(HERE, "march-done").record == "differs"


def test_what_is_written_meanwhile_is_taken_in(folder: Path, demo: Path) -> None:
    with shelf(folder) as made:
        known = made.store.journals.committed(HERE, "cut")
        shutil.copy(demo / FILE, folder / "cut" / FILE)
        made.refresh()
        row = made.store.journals.find(HERE, "cut")
        assert row.committed > known
        assert row.state == "signed"


def test_what_could_not_be_read_is_read_once_it_is_another_and_a_record_that_comes_is_compared(
    folder: Path,
) -> None:
    beside = folder / "march" / "done"
    whole = {name: (beside / name).read_bytes() for name in ("certificate.xml", "record.json")}
    (beside / "certificate.xml").write_bytes(whole["certificate.xml"].replace(b"<", b" ", 1))
    (beside / "record.json").unlink()
    with shelf(folder) as made:
        made.evaluate()
        assert list(made.refused) == ["march-done"]
        assert made.store.signings.latest(HERE, "march-done") is None
        (beside / "certificate.xml").write_bytes(whole["certificate.xml"])  # as long as before
        made.refresh()
        assert made.refused == {}
        assert made.store.signings.latest(HERE, "march-done").duty == "issued"
        content = json.loads(whole["record.json"])
        content["customer"]["name"] = {"": "Somebody else"}
        (beside / "record.json").write_text(json.dumps(content), encoding="utf-8")
        made.evaluate()
        assert made.store.journals.find(HERE, "march-done").record == "differs"


def test_a_journal_that_was_changed_is_told_and_the_others_are_listed(folder: Path, capsys) -> None:
    path = folder / "cut" / FILE
    path.write_bytes(path.read_bytes().replace(b'"at":"2', b'"at":"3', 1))
    assert main(["runs", "--in", str(folder), "--json"]) == 0
    said = capsys.readouterr()
    assert "cut: " in said.err
    assert "march-done" in {row["run"] for row in json.loads(said.out)}


def test_pages_say_of_a_changed_journal_that_it_is_no_evidence(folder: Path) -> None:
    path = folder / "march" / "done" / FILE
    before, _, after = path.read_bytes().partition(b'"kind":"point"')
    path.write_bytes(before + b'"kind":"paint"' + after)
    with shelf(folder) as made:
        known = made.store.journals.find(HERE, "march-done")
        assert "was changed after it was written" in known.failed


def test_what_anybody_laid_there_is_told_and_the_others_are_shown(folder: Path, demo: Path) -> None:
    lines = (demo / FILE).read_bytes().splitlines()[:9]
    said = {"name": "a", "media_type": "image/png", "size": 1, "sha256": "0" * 64, "about": "a", "by": "a"}
    last = json.loads(lines[-1])
    names_a_file, _ = seal(last["seq"] + 1, last["at"], "file", said, last["hash"])
    laid = {
        "large": lines,
        "long": [*lines, b"{" * LONGEST],
        "nested": [b"[" * 100_000],
        "pipe": [*lines, names_a_file],
    }
    for name, its in laid.items():
        (folder / name).mkdir()
        (folder / name / FILE).write_bytes(b"\n".join([*its, b""]))
    with (folder / "large" / "certificate.xml").open("wb") as file:
        file.truncate(LARGEST_FILE + 1)
    attached = folder / "pipe" / read_attached(said, 1).place
    attached.parent.mkdir()
    record = folder / "march" / "done" / "record.json"
    record.unlink()
    for pipe in (attached, record):
        os.mkfifo(pipe)
    with shelf(folder) as made:
        made.evaluate()
        told = {name: why.partition(": ")[0] for name, why in made.refused.items()}
        assert told == {
            "large": f"{folder / 'large' / 'certificate.xml'} has more than 32 MiB, which are not read",
            "nested": "a line is no event of a journal",
            "pipe": f"{attached} (a) is no plain file of the run",
        }
        known = made.store.journals.find
        assert known(HERE, "march-done").failed == f"{record} is no file"
        named = ("large", "long", "pipe")
        assert [known(HERE, name).committed for name in named] == [9, 9, 10]


def test_two_certificates_with_one_number_are_told(folder: Path, demo: Path, capsys) -> None:
    shutil.copytree(demo, folder / "april")
    listed_ = main(["certificates", "--in", str(folder)])
    assert listed_ == 0
    assert "a number is issued once" in capsys.readouterr().err


def test_a_certificate_of_another_journal_is_none_of_this_run(folder: Path, capsys) -> None:
    for path in (folder / "march" / "done").glob("certificate.*"):
        path.rename(folder / "cut" / path.name)
    (row,) = listed(capsys, "certificates", "--in", folder)
    assert (row["run"], row["signed as"]) == ("march-done", "draft")
    with shelf(folder) as made:
        assert "rests on another journal" in made.refused["cut"]


def test_no_folder_is_said(tmp_path: Path, capsys) -> None:
    assert main(["runs", "--in", str(tmp_path / "none")]) == 2
    assert "there is no folder" in capsys.readouterr().err
