"""Evidence is data: whatever a journal names, nothing of it is imported, opened or written."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import TypedDict

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from made import NOW, START, Made, chained
from shipped import SHORT

from remotecal.certificates.library import CertificateLibrary
from remotecal.certificates.signing.journal import KIND, seal_journal
from remotecal.certificates.signing.seal import SealKey
from remotecal.clock import VirtualClock
from remotecal.journal.events import FILE, Json, read_journal
from remotecal.journal.writing import Journal
from remotecal.runs.catalogue import find
from remotecal.verify import Report, verify

HERE = Path(__file__).parent
CANARY = """
from pathlib import Path
Path({ran!r}).write_text("it ran")
from remotecal.drivers.line_instrument import ScpiInstrument
from remotecal.procedures import Procedure
class Driver(ScpiInstrument):
    pass
class Canary(Procedure):
    def points(self): ...
"""
INSTALLED = SHORT[0]
STRANGER = SealKey(Ed25519PrivateKey.generate())


class Watched(TypedDict):
    """What came of a command."""

    code: object
    said: str
    events: list[list[str]]


@dataclass(frozen=True)
class Trap:
    """A folder from which a program that is careless enough runs a canary."""

    folder: Path

    @property
    def ran(self) -> Path:
        return self.folder / "ran"

    @property
    def module(self) -> Path:
        return self.folder / "canary_module.py"

    def set(self) -> None:
        self.folder.mkdir()
        self.module.write_text(CANARY.format(ran=str(self.ran)))
        (self.folder / "bench.toml").write_text(
            '[bench]\nname = "B"\n[instruments.scale]\ndriver = "canary_module:Driver"\n'
            'address = "TCPIP::127.0.0.1::1::SOCKET"\n'
        )
        (self.folder / "secret.txt").write_text("secret")

    @property
    def hash(self) -> str:
        """The hash its file would have as a procedure."""
        return sha256(
            f"{sha256(self.module.read_bytes()).hexdigest()}  {self.module.name}\n".encode()
        ).hexdigest()

    def names(self) -> tuple[str, ...]:
        """Names by which a journal might have it run."""
        module = self.module
        return (
            str(module),
            module.name,
            f"../trap/{module.name}",
            f"{self.folder}/./x/../{module.name}",
            f"file://{module}",
            "canary_module",
            "canary_module:Canary",
            f"{self.folder}/canary_module",
        )


@pytest.fixture
def trap(tmp_path: Path) -> Trap:
    trap = Trap(tmp_path / "trap")
    trap.set()
    return trap


def journal_of(made: Made, folder: Path, start: dict[str, Json], key: SealKey | None, *kinds: str) -> Path:
    """Write the journal of the made run again, with another start, without `kinds`; returns its directory."""
    clock = VirtualClock(START.timestamp())
    with Journal.create(folder, clock) as journal:
        for event in read_journal(made.journal):
            clock.advance(1)
            if event.kind == "start":
                journal.append("start", {**event.data, "run": folder.name, **start})
            elif event.kind not in {KIND, *kinds}:
                journal.append(event.kind, event.data)
        if key is not None:
            seal_journal(journal, key)
    return folder


def hostile(made: Made, trap: Trap, name: str, key: SealKey | None, *without: str) -> Path:
    """Write a journal that names the canary wherever a journal names anything."""
    folder = made.folder / f"hostile-{sha256(f'{name}{key}{without}'.encode()).hexdigest()[:12]}"
    bench = str(trap.folder / "bench.toml")
    digest = find(name).sha256 if name == INSTALLED else trap.hash
    start: dict[str, Json] = {"procedure": {"name": name, "sha256": digest}, "bench": bench}
    journal_of(made, folder, start, key, *without)
    made.seal(made.recompute(folder), folder / "certificate.xml")
    return folder


def watched(trap: Trap, *commands: list[object]) -> list[Watched]:
    """Carry out commands in a process of their own, in the trap's folder, which can be imported from."""
    path = os.pathsep.join([str(trap.folder), str(HERE), str(HERE.parent.parent)])
    done = subprocess.run(
        [sys.executable, HERE / "watched.py"],
        input=json.dumps([[str(word) for word in command] for command in commands]),
        capture_output=True,
        text=True,
        timeout=120,
        cwd=trap.folder,
        env=os.environ | {"PYTHONPATH": path, "COLUMNS": "1000"},
    )
    assert done.returncode == 0, done.stderr
    told: list[Watched] = json.loads(done.stdout)
    return told


def verifying(made: Made, run: Path, certificate: Path | None = None) -> list[object]:
    trust = made.folder / "trust.toml"
    key = made.folder / "keys" / "list-issuer.pub.pem"
    return [
        *("verify", certificate or run / "certificate.xml", "--journal", run),
        *("--trust", trust, "--trust-key", key, "--standards", made.standards),
    ]


def prepared(made: Made) -> None:
    made.trust(next_update=datetime.now(UTC).date() + timedelta(days=365))
    made.keys.write(made.folder / "keys")


def assert_nothing_ran(trap: Trap, told: Watched, *may_read: Path) -> None:
    """Check that a command touched nothing but what it was given, and what is installed."""
    assert isinstance(told["code"], int), told["code"]
    assert told["code"] != 0
    assert not trap.ran.exists(), told["said"]
    root, packages = HERE.parent.parent, Path(pytest.__file__).parent.parent
    own = [root / name for name in ("remotecal", "procedures", "sim")]
    # An editable installation stands in sys.path by a name that is no file; entry points are sought there.
    sought = ("/usr/", "/proc/", "<", "__editable__.")
    installed = (*map(str, (*own, packages, sys.prefix, sys.base_prefix)), *sought)
    for event, what in told["events"]:
        if event == "open":
            given = any(what == str(path) or what.startswith(f"{path}/") for path in may_read)
            assert given or what.isdigit() or what.startswith(installed), (event, what)
        elif event == "exec":
            assert what.startswith(installed), (event, what)
        elif event == "import":
            assert "canary" not in what, (event, what)
        else:
            assert not event.startswith(("socket.", "subprocess.", "os.system", "os.exec", "write")), (
                event,
                what,
            )
            assert not event.startswith(("os.remove", "os.rename", "os.mkdir", "os.chmod", "shutil.")), (
                event,
                what,
            )


def test_whatever_a_journal_names_nothing_of_it_runs(made: Made, trap: Trap) -> None:
    """Signed by the trusted station itself, by a stranger, by nobody; verified, evaluated, taken up."""
    prepared(made)
    runs = [hostile(made, trap, name, made.keys.station) for name in trap.names()]
    strange = [hostile(made, trap, str(trap.module), key) for key in (STRANGER, None)]
    unfinished = [hostile(made, trap, name, None, "finish") for name in (trap.names()[0], INSTALLED)]
    commands = [verifying(made, made.run, made.certificate)]
    commands += [verifying(made, run) for run in (*runs, *strange)]
    commands += [["evaluate", run] for run in (*runs, *strange)]
    commands += [["resume", run, "--yes"] for run in unfinished]
    first, *told = watched(trap, *commands)
    assert "Certificate FLOW-1" in first["said"]
    given = (made.folder / "keys", made.folder / "trust.toml", made.folder / "trust.toml.sig", made.standards)
    for command, one in zip(commands[1:], told, strict=True):
        run = Path(str(command[3] if command[0] == "verify" else command[1]))
        # Whoever takes a run up asks for its bench: that is read, but brings in no code.
        bench = [trap.folder / "bench.toml"] if command[0] == "resume" else []
        assert_nothing_ran(trap, one, *given, *bench, run)
    by_station = [one["said"] for one in told[: len(runs)]]
    assert all("results" in said and "the procedure is not at hand" in said for said in by_station)
    for one in told[len(runs) : len(runs) + len(strange)]:
        assert "nothing is computed from a journal that no station" in one["said"]
    assert all("give the procedure's file with --procedure FILE" in one["said"] for one in told[-12:-1])
    assert "not an installed one: give the bench file with --bench" in told[-1]["said"]


def test_a_procedure_that_is_given_must_be_the_one_the_journal_names(made: Made, trap: Trap) -> None:
    """And only the caller's word brings it in: with the right hash it runs, as the caller wants it to."""
    prepared(made)
    right = hostile(made, trap, "canary_module.py", made.keys.station)
    journal_of(
        made, made.folder / "wrong", {"procedure": {"name": "x.py", "sha256": "0" * 64}}, made.keys.station
    )
    wrong = made.folder / "wrong"
    made.seal(made.recompute(wrong), wrong / "certificate.xml")
    given: list[object] = ["--procedure", trap.module]
    stranger = hostile(made, trap, "canary_module.py", STRANGER)
    _, *told = watched(
        trap,
        verifying(made, made.run, made.certificate),
        [*verifying(made, wrong), *given],
        ["evaluate", wrong, *given],
        [*verifying(made, stranger), *given],
    )
    for one in told:
        assert one["code"] == 6
    assert not trap.ran.exists()
    assert "it was changed since, or is another one" in told[0]["said"]
    assert "it was changed since, or is another one" in told[1]["said"]
    assert "nothing is computed" in told[2]["said"]
    watched(trap, [*verifying(made, right), *given])
    assert trap.ran.exists()


def examine(made: Made, run: Path) -> Report:
    return verify(
        run / "certificate.xml",
        journal=run,
        trust=made.trust(),
        library=CertificateLibrary([made.standards]),
        now=NOW,
    )


def outcome(report: Report, name: str) -> tuple[str, str]:
    (check,) = (check for check in report.checks if check.name == name)
    return check.outcome, check.said


@pytest.mark.parametrize("broken", ["chain", "signature", "trust", "no list"])
def test_nothing_is_computed_after_chain_signature_or_trust_failed(
    made: Made, tmp_path: Path, broken: str
) -> None:
    """Neither by a procedure that would be at hand, nor by a driver."""
    computed = []

    def recompute(journal: Path) -> object:
        computed.append(journal)
        return made.recompute(journal)

    lines = made.journal.read_bytes()
    if broken == "chain":
        made.journal.write_bytes(lines.replace(b"600.02", b"600.03"))
    elif broken == "signature":
        events = list(read_journal(made.journal))
        events[3] = events[3]._replace(kind="note", data={"text": "nothing"})
        made.journal.write_bytes(chained(events))
    elif broken == "trust":
        made.journal.write_bytes(lines)
        made = replace(made, folder=made.folder)
    trust = made.trust()
    if broken == "trust":
        laboratory = trust.bodies[1].model_copy(update={"journal_keys": ()})
        trust = trust.model_copy(update={"bodies": (trust.bodies[0], laboratory, trust.bodies[2])})
    report = verify(
        made.certificate,
        journal=made.run,
        trust=None if broken == "no list" else trust,
        library=CertificateLibrary([made.standards]),
        recompute=recompute,  # type: ignore[arg-type]
        now=NOW,
    )
    assert report.verdict != "holds"
    assert computed == []
    for name in ("replies", "results"):
        checks = [check for check in report.checks if check.name == name]
        assert [check.outcome for check in checks] == ([] if broken == "chain" else ["not possible"])


def test_an_installed_procedure_of_another_hash_computes_nothing(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    def evaluated(*_: object) -> None:
        raise AssertionError("it was evaluated")

    monkeypatch.setattr(find(INSTALLED).procedure, "evaluate", evaluated)
    run = made.folder / "older"
    start: dict[str, Json] = {"procedure": {"name": INSTALLED, "sha256": "0" * 64}}
    journal_of(made, run, start, made.keys.station)
    made.seal(made.recompute(run), run / "certificate.xml")
    result, said = outcome(examine(made, run), "results")
    assert (result, "not 0000000000000000…: it was changed since" in said) == ("failed", True)


def test_evidence_a_procedure_breaks_on_is_refused(made: Made) -> None:
    """Made by the station itself: no observations of the kind the procedure makes."""
    run = made.folder / "other"
    found = find("dosing")
    told: dict[str, Json] = {"smallest_mass": 400.0, "pulses_per_mass": 50.0}
    parameters: dict[str, Json] = {"speeds": [50.0], "accuracy_class": 0.5, **told}
    start: dict[str, Json] = {
        "procedure": {"name": "dosing", "sha256": found.sha256},
        "parameters": parameters,
    }
    journal_of(made, run, start, made.keys.station)
    made.seal(made.recompute(run), run / "certificate.xml")
    result, said = outcome(examine(made, run), "results")
    assert result == "failed"
    assert "order FLOW-1, parameters: speeds is missing" in said, "the order asked for something else"


@pytest.mark.parametrize("instead", ["pipe", "device", "folder"])
def test_what_is_no_file_is_not_waited_for(made: Made, instead: str) -> None:
    def put(path: Path) -> None:
        if instead == "pipe":
            os.mkfifo(path)
        elif instead == "device":
            path.symlink_to("/dev/zero")
        else:
            path.mkdir()

    put(made.standards / "other.xml")
    (made.standards / "gone.xml").symlink_to("nowhere")
    made.journal.unlink()
    put(made.journal)
    report = verify(
        made.certificate,
        journal=made.run,
        trust=made.trust(),
        library=CertificateLibrary([made.standards]),
        now=NOW,
    )
    assert [(check.name, "no file, so no journal" in check.said) for check in report.failures] == [
        ("journal", True)
    ]


def link(path: Path, trap: Trap) -> None:
    path.symlink_to(trap.folder / "secret.txt")


def linked_folder(path: Path, trap: Trap) -> None:
    path.parent.rmdir()
    path.parent.symlink_to(trap.folder)
    path.write_text("secret")


def pipe(path: Path, trap: Trap) -> None:
    os.mkfifo(path)


@pytest.mark.parametrize("put", [link, linked_folder, pipe])
def test_a_file_that_leads_elsewhere_is_not_opened(
    made: Made, trap: Trap, put: Callable[[Path, Trap], None]
) -> None:
    run = made.folder / "files-run"
    content = sha256(b"secret").hexdigest()
    told: dict[str, Json] = {
        "name": "../../secret.txt",
        "media_type": "text/plain",
        "size": 6,
        "sha256": content,
        "about": "",
        "by": "somebody",
    }
    clock = VirtualClock(START.timestamp())
    with Journal.create(run, clock) as journal:
        for event in read_journal(made.journal):
            if event.kind == "finish":
                journal.append("file", told)
            if event.kind != KIND:
                journal.append(
                    event.kind, {**event.data, "run": "files-run"} if event.kind == "start" else event.data
                )
        seal_journal(journal, made.keys.station)
    made.seal(made.recompute(run), run / "certificate.xml")
    (run / "files").mkdir()
    put(run / "files" / f"{content}.txt", trap)
    result, said = outcome(examine(made, run), "files")
    assert (result, "no plain file of the run" in said) == ("failed", True)
    assert (run / FILE).exists()
