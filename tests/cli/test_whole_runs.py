"""Commands that talk to instruments, on a tiny bench."""

from __future__ import annotations

import getpass
import json
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

sys.path.insert(0, str(Path(__file__).parent.parent / "procedures"))

from tiny import PROCEDURE
from tiny_bench import tiny_bench

from remotecal.certificates.signing.journal import seal_journal
from remotecal.certificates.signing.seal import SealKey
from remotecal.cli import main
from remotecal.cli.run import resumable
from remotecal.errors import RunAborted
from remotecal.journal.events import FILE, read_journal
from remotecal.journal.writing import Journal


@pytest.fixture
def tiny(tmp_path):
    with tiny_bench(tmp_path) as bench:
        yield bench


def test_a_run_ends_in_a_certificate_and_a_summary(tiny, capsys):
    assert main(["run", str(tiny.order), "--out", str(tiny.out)]) == 0
    said = capsys.readouterr()
    assert "1.000" in said.out
    assert f"4 observations; everything is in {tiny.out}" in said.out
    assert {path.name for path in tiny.out.iterdir()} == {
        FILE,
        "certificate.xml",
        "certificate.pdf",
        "record.json",
    }
    assert json.loads((tiny.out / "record.json").read_text())["number"] == "T-1"
    assert "4/4 observed · point 2/2 2 V · repeat 2/2 · done" in said.err


def evaluate(tiny, *options):
    return main(["evaluate", str(tiny.out), *map(str, options)])


def test_a_folder_s_list_says_why_there_is_no_record_and_takes_the_procedure(tiny, capsys):
    """A laboratory's own procedure is a file, which a folder of runs does not name."""
    assert main(["run", str(tiny.order), "--out", str(tiny.out)]) == 0
    capsys.readouterr()
    within = ["certificates", "--in", str(tiny.directory)]
    assert main(within) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "out has no record: " in said
    assert "--procedure FILE" in said
    assert main([*within, "--json", "--procedure", str(PROCEDURE)]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["certificate"], row["signed as"]) == ("T-1", "draft")


def test_a_certificate_is_computed_again_beside_the_one_that_is_there(tiny, capsys):
    assert main(["run", str(tiny.order), "--out", str(tiny.out)]) == 0
    before = {path: path.read_bytes() for path in tiny.out.iterdir()}
    capsys.readouterr()
    assert evaluate(tiny) == 2
    assert "followed 'tiny_procedure.py', which is not installed here: give" in capsys.readouterr().err
    for number in (1, 2):
        assert evaluate(tiny, "--procedure", PROCEDURE) == 0
        said = capsys.readouterr().out.replace("\n", " ")
        assert f"everything is in {tiny.out / f'evaluated-{number}'}" in said
        assert "certificate.xml (a draft) was left as it is; it says the same, to the last digit" in said
    record = tiny.out / "record.json"
    assert (tiny.out / "evaluated-2" / "record.json").read_bytes() == record.read_bytes()
    assert evaluate(tiny, "--procedure", PROCEDURE, "--out", tiny.directory / "again") == 0
    assert (tiny.directory / "again" / "record.json").read_bytes() == record.read_bytes()
    assert {path: path.read_bytes() for path in tiny.out.iterdir() if path.is_file()} == before


def test_a_procedure_changed_since_is_not_imported_unless_asked_for(tiny, capsys):
    ran = tiny.directory / "ran"
    changed = tiny.directory / "mine.py"
    later = PROCEDURE.read_text().replace(":.3f}", ":.2f}")
    changed.write_text(f"open({str(ran)!r}, 'w').close()\n{later}")
    assert main(["run", str(tiny.order), "--out", str(tiny.out)]) == 0
    capsys.readouterr()
    assert evaluate(tiny, "--procedure", changed) == 6
    told = capsys.readouterr().err
    assert "it was changed since, or is another one" in told
    assert "--new-evaluation" in told
    assert not ran.exists()
    assert evaluate(tiny, "--procedure", changed, "--new-evaluation") == 0
    assert ran.exists()
    said = capsys.readouterr().out
    assert "it says otherwise in" in said
    assert "certificate '1.000', journal '1.00'" in said


def test_a_sealed_journal_that_was_changed_is_not_evaluated(tiny, capsys):
    assert main(["run", str(tiny.order), "--out", str(tiny.out)]) == 0
    with Journal.open(tiny.out, tiny.clock) as journal:
        seal_journal(journal, SealKey(Ed25519PrivateKey.generate()))
    events = read_journal(tiny.out / FILE)
    tiny.directory /= "forged"
    with Journal.create(tiny.out, tiny.clock) as journal:  # chained anew, with the old seal
        for event in events:
            journal.append(event.kind, event.data)
    assert evaluate(tiny, "--procedure", PROCEDURE) == 6
    assert "the signature is not that of key" in capsys.readouterr().err
    assert [path.name for path in tiny.out.iterdir()] == [FILE]


def test_a_run_is_taken_up_with_the_files_that_are_named_again(tiny, capsys):
    with suppress(RunAborted):
        tiny.world.before = lambda *_: (
            tiny.control.abort("enough", "liwei") if tiny.world.level == 2 else None
        )
        tiny.run()
    tiny.world.before = lambda *_: None
    for given, missing in (
        ([], "--procedure FILE"),
        (["--procedure", PROCEDURE], "give the bench file with --bench"),
    ):
        assert main(["resume", str(tiny.out), *map(str, given)]) == 2
        assert missing in capsys.readouterr().err
    moved = tiny.bench.rename(tiny.directory / "moved.toml")
    assert main(["resume", str(tiny.out), "--procedure", str(PROCEDURE)]) == 2
    assert "bench.toml is not there any more" in capsys.readouterr().err
    moved.rename(tiny.bench)
    named = ["--procedure", PROCEDURE, "--bench", tiny.bench]
    assert main(["resume", str(tiny.out), *map(str, named)]) == 0
    assert (tiny.out / "certificate.xml").exists()


def test_an_order_needs_a_bench(tiny, capsys):
    tiny.order.write_text(tiny.order.read_text().replace('bench = "bench.toml"', ""))
    assert main(["run", str(tiny.order), "--out", str(tiny.out)]) == 2
    assert "names no bench: give one with --bench" in capsys.readouterr().err
    assert main(["run", str(tiny.order), "--bench", str(tiny.bench), "--out", str(tiny.out)]) == 0


def test_questions_are_answered_beforehand(tiny, capsys):
    tiny.parameter("ask = true")
    photo = tiny.directory / "plate.jpg"
    run = ["run", str(tiny.order), "--out", str(tiny.out), "--answer", "no", "--attach", str(photo)]
    assert main(run) == 2
    assert "plate.jpg can't be read" in capsys.readouterr().err
    photo.write_bytes(b"a photo")
    assert main(run) == 0
    (answer,), (file,) = tiny.events("answer"), tiny.events("file")
    assert (answer.data["answer"], answer.data["by"]) == ("no", getpass.getuser())
    assert (file.data["name"], file.data["by"]) == ("plate.jpg", getpass.getuser())
    assert len(list((tiny.out / "files").iterdir())) == 1
    tiny.directory /= "second"
    assert main(["run", str(tiny.order), "--out", str(tiny.out), "--yes"]) == 0
    assert tiny.events("answer")[0].data["answer"] == "yes"


def test_a_dead_instrument_ends_in_one_message(tiny, capsys):
    tiny.hasten()
    tiny.world.deaf.add("meter")
    assert main(["run", str(tiny.order), "--out", str(tiny.out)]) == 2
    said = capsys.readouterr().err
    assert "gauge" in said
    assert "Traceback" not in said


def test_an_interlock_has_an_exit_code_of_its_own(tiny, capsys):
    tiny.add(tiny.bench, '[[interlocks]]\nwatch = "gauge.value"\nabove = 1.5\nunit = "V"\n')
    assert main(["run", str(tiny.order), "--out", str(tiny.out)]) == 4
    said = capsys.readouterr().err
    assert "gauge.value is 2 V, above its limit, 1.5 V" in said
    assert f"`remotecal resume {tiny.out}` takes the run up again" in said
    assert tiny.world.level == 0
    with pytest.raises(RunAborted, match=f"`remotecal resume {tiny.out}` takes"), resumable(tiny.out):
        raise KeyboardInterrupt  # once more, while what was stopped is ending
    with pytest.raises(KeyboardInterrupt), resumable(tiny.directory):
        raise KeyboardInterrupt


def test_what_never_began_is_not_said_to_be_taken_up_again(tiny, capsys):
    tiny.hasten()
    tiny.world.deaf.add("meter")
    main(["run", str(tiny.order), "--out", str(tiny.out)])
    assert "remotecal resume" not in capsys.readouterr().err


def test_bench_check_tells_of_every_instrument(tiny, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "140")
    assert main(["bench", "check", str(tiny.bench)]) == 0
    said = capsys.readouterr().out
    assert said.count("good") == 2
    for word in ("Tiny bench", "source", "TinyMeter", "Maker Tiny, SN S1", "Indicator"):
        assert word in said
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert main(["bench", "check", str(tiny.bench)]) == 0
    said = capsys.readouterr().out
    assert (said.count("可用"), said.count("应答者")) == (3, 1), "and what can be used as what"


def test_bench_check_tries_all_and_fails_if_one_does(tiny, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "300")
    tiny.world.serials["source"] = "S2"
    tiny.bench.write_text(
        tiny.bench.read_text().replace('serial = "M1"', 'serial = "M1"\nvalid_until = 2020-01-01')
    )
    assert main(["bench", "check", str(tiny.bench)]) == 2
    said = capsys.readouterr()
    assert "serial number S1 is expected" in said.out
    assert "its calibration was valid until 2020-01-01" in said.out
    assert "2 of 2 instruments" in said.err


@pytest.mark.parametrize("columns", [40, 80])
def test_bench_check_says_what_is_wrong_in_sentences_however_narrow_the_terminal(
    tiny, capsys, monkeypatch, columns
):
    monkeypatch.setenv("COLUMNS", str(columns))
    tiny.world.serials["source"] = "S2"
    assert main(["bench", "check", str(tiny.bench)]) == 2
    said = capsys.readouterr().out
    lines = said.splitlines()
    assert all(len(line) <= columns for line in lines)
    (row,) = [line for line in lines if line.startswith(" gauge")]
    assert row.split()[-1] == "good"
    begin = next(number for number, line in enumerate(lines) if line.startswith("source"))
    sentence = " ".join(" ".join(lines[begin:]).split())
    assert sentence.startswith(
        "source: serial number S1 is expected, but Maker Tiny, SN S2, firmware 1.0 answers"
    )
    assert max(map(len, lines[begin:])) > columns * 2 / 3, "the whole width is used"


def test_a_person_who_reads_chinese_is_told_in_chinese(tiny, capsys, monkeypatch):
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert main(["run", str(tiny.order), "--out", str(tiny.out)]) == 0
    assert "示值" in capsys.readouterr().out
    assert main(["verify", str(tiny.out / "certificate.xml")]) == 6
    said = capsys.readouterr().out
    assert "本证书仅为演示，无效。" in said
    assert "证书 T-1 核验不通过。" in said


@pytest.mark.parametrize("out", ["file", "file/below", "out\udcb1", "long" * 100])
def test_what_can_not_be_a_directory_is_refused_before_anything_is_opened(tiny, capsys, tmp_path, out):
    (tmp_path / "file").write_text("something else")
    assert main(["run", str(tiny.order), "--out", str(tmp_path / out)]) == 2
    said = capsys.readouterr().err
    assert said.startswith("remotecal: ")
    assert said.count("\n") == 1
    assert tiny.world.lines == []


def test_what_a_new_evaluation_says_otherwise_is_told_in_sentences(tiny, capsys):
    changed = tiny.directory / "mine.py"
    changed.write_text(PROCEDURE.read_text() + "\n")
    assert main(["run", str(tiny.order), "--out", str(tiny.out)]) == 0
    capsys.readouterr()
    assert evaluate(tiny, "--procedure", changed, "--new-evaluation") == 0
    said = capsys.readouterr().out
    assert "statements: journal alone says 'The results were evaluated anew" in said
    assert "ref_types" not in said
