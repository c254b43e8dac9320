"""What travels as a bundle, and what is refused before anything of it is written or run."""

import base64
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from procedure_package import package
from tiny_bench import PROCEDURE

from remotecal.certificates.signing.seal import SealKey
from remotecal.configuration import Written
from remotecal.errors import OrderError
from remotecal.runs.catalogue import MOST_BYTES, find
from remotecal.transport.bundles import TrustedProcedures, make_bundle
from remotecal.transport.envelopes import seal

AUTHOR = SealKey(Ed25519PrivateKey.generate())
STRANGER = SealKey(Ed25519PrivateKey.generate())


class Forged(Written):
    """A bundle as somebody who has a trusted key might make it."""

    procedure: str
    files: list[dict[str, str]]


@pytest.fixture
def library(tmp_path: Path) -> TrustedProcedures:
    return TrustedProcedures(tmp_path / "installed")


def forged(procedure: str, *paths: str, content: bytes = b"raise SystemExit('it ran')") -> str:
    text = base64.b64encode(content).decode()
    files = [{"path": path, "content": text} for path in paths]
    return seal("bundle", Forged(procedure=procedure, files=files), AUTHOR).decode()


@pytest.mark.parametrize("make", [lambda _: PROCEDURE, lambda folder: package(folder / "levels")])
def test_a_procedure_travels_whole(
    library: TrustedProcedures, tmp_path: Path, make: Callable[[Path], Path]
) -> None:
    file = make(tmp_path)
    named = library.install(make_bundle(file, AUTHOR), [AUTHOR.public])
    found = library.find(named)
    assert (named.name, named.sha256) == (file.name, find(str(file)).sha256)
    assert found.sha256 == named.sha256
    assert found.name.startswith(str(tmp_path / "installed" / named.sha256))
    assert library.install(make_bundle(file, AUTHOR), [AUTHOR.public]) == named, "again, and nothing changes"


def test_nothing_runs_before_it_is_looked_for(library: TrustedProcedures, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    file = tmp_path / "evil.py"
    file.write_text(f"open({str(ran)!r}, 'w')\n")
    with pytest.raises(OrderError, match="not trusted here"):
        library.install(make_bundle(file, STRANGER), [AUTHOR.public])
    assert not (tmp_path / "installed").exists()
    library.install(make_bundle(file, AUTHOR), [AUTHOR.public])
    assert not ran.exists()


@pytest.mark.parametrize(
    ("procedure", "paths", "said"),
    [
        ("../p.py", ["../p.py"], "procedure"),
        ("p.py", ["p.py", "../../evil.py"], "path"),
        ("/etc/p.py", ["/etc/p.py"], "procedure"),
        ("f/p.py", ["f/p.py", "f/__init__.py", "f/..\\evil.py"], "path"),
        ("f/p.py", ["f/p.py", "f/__init__.py", "f/.hidden"], "path"),
        ("f/p.py", ["f/p.py", "f/__init__.py", "f//x"], "path"),
        ("f/p.py", ["f/p.py", "f/__init__.py", "f/a\nb"], "path"),
        ("f/p.py", ["f/p.py", "f/__init__.py", "f/p.py"], "twice"),
        ("f/p.py", ["f/p.py", "f/__init__.py", "f/P.py"], "twice"),
        ("f/p.py", ["f/p.py", "f/__init__.py", "f/x", "f/x/y"], "file and a folder of one name"),
        ("f/p.py", ["f/p.py", "f/__init__.py", "f/__pycache__/p.cpython-311.pyc"], "compiled"),
        ("f/p.py", ["f/p.py"], "must hold f/__init__.py and f/p.py"),
        ("f/p.py", ["f/p.py", "f/__init__.py", "g/p.py"], "nothing beside that folder"),
        ("p.py", ["q.py"], "must hold p.py"),
        ("p.py", ["p.py", "q.py"], "put them into a folder"),
        ("p.py", [], "files"),
        ("f/p.py", ["f/p.py", "f/__init__.py", *(f"f/{n}" for n in range(300))], "files"),
    ],
)
def test_a_bundle_that_can_not_be_is_refused(
    library: TrustedProcedures, tmp_path: Path, procedure: str, paths: list[str], said: str
) -> None:
    with pytest.raises(OrderError, match=said):
        library.install(forged(procedure, *paths), [AUTHOR.public])
    assert not (tmp_path / "installed").exists()


def test_too_much_is_refused(library: TrustedProcedures, tmp_path: Path) -> None:
    with pytest.raises(OrderError, match="too large"):
        library.install(forged("p.py", "p.py", content=bytes(MOST_BYTES + 1000)), [AUTHOR.public])
    folder = package(tmp_path / "levels").parent
    (folder / "data" / "a b.txt").write_text("a name that can't travel")
    with pytest.raises(OrderError, match="path"):
        make_bundle(folder / "compare.py", AUTHOR)


def test_what_was_changed_after_it_was_installed_never_runs(
    library: TrustedProcedures, tmp_path: Path
) -> None:
    bundle = make_bundle(package(tmp_path / "levels"), AUTHOR)
    named = library.install(bundle, [AUTHOR.public])
    changed = tmp_path / "installed" / named.sha256 / "levels" / "names.py"
    changed.write_text("raise SystemExit('it ran')\n")
    with pytest.raises(OrderError, match="not trusted here"):
        library.find(named)
    library.install(bundle, [AUTHOR.public])
    assert library.find(named).procedure.title.get("en") == "levels"
    changed.unlink()
    changed.symlink_to("/etc/hostname")
    with pytest.raises(OrderError, match="no plain file"):
        library.find(named)


def test_another_path_is_no_name(library: TrustedProcedures) -> None:
    named = library.install(make_bundle(PROCEDURE, AUTHOR), [AUTHOR.public])
    for name in ("../tiny_procedure.py", "*.py", "tiny_procedure", f"{named.sha256}/tiny_procedure.py"):
        with pytest.raises(OrderError, match="is not trusted here"):
            library.find(named.model_copy(update={"name": name}))
