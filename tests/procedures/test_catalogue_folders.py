"""Procedures in folders: what they are called, and that their hash covers all they are made of."""

import sys
from collections import Counter
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from tiny import PROCEDURE

from remotecal.errors import OrderError
from remotecal.registers import same_procedure
from remotecal.runs.catalogue import find, find_followed, is_installed, names
from remotecal.runs.imported import imported

PACKAGE = "sable_procedures"


@pytest.fixture
def sable(tmp_path: Path) -> Iterator[Path]:
    """Install a third party's package: a procedure in one folder that imports from another."""
    folder = tmp_path / PACKAGE
    for inside in ("levels", "shared"):
        (folder / inside).mkdir(parents=True)
        (folder / inside / "__init__.py").write_text("")
    (folder / "__init__.py").write_text("")
    (folder / "shared" / "words.py").write_text("WORD = 'one'\n")
    (folder / "shared" / "unused.py").write_text("")
    text = PROCEDURE.read_text()
    (folder / "levels" / "compare.py").write_text(f"from {PACKAGE}.shared.words import WORD\n{text}")
    about = tmp_path / "sable-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: sable\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(
        f"[remotecal.procedures]\nsable_levels = {PACKAGE}.levels.compare:Tiny\n"
    )
    sys.path.insert(0, str(tmp_path))
    yield folder
    sys.path.remove(str(tmp_path))
    forget()


def forget() -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
        del sys.modules[name]


def found_anew() -> str:
    forget()
    return find("sable_levels").sha256


def test_the_hash_is_that_of_sha256sum(sable: Path) -> None:
    files = (
        "__init__.py",
        "levels/__init__.py",
        "levels/compare.py",
        "shared/__init__.py",
        "shared/words.py",
    )
    listed = "".join(f"{sha256((sable / name).read_bytes()).hexdigest()}  {name}\n" for name in files)
    assert found_anew() == sha256(listed.encode()).hexdigest()


@pytest.mark.parametrize(
    "file", ["shared/words.py", "shared/__init__.py", "levels/__init__.py", "__init__.py"]
)
def test_whatever_it_is_made_of_counts(sable: Path, file: str) -> None:
    before = found_anew()
    with (sable / file).open("a") as out:
        out.write("OTHER = 1\n")
    assert found_anew() != before


PLACES = {
    "try": "try:\n    {}\nexcept ImportError:\n    pass",
    "except": "try:\n    raise ImportError\nexcept ImportError:\n    {}",
    "else": "try:\n    pass\nexcept ImportError:\n    pass\nelse:\n    {}",
    "finally": "try:\n    pass\nfinally:\n    {}",
    "with": "from contextlib import suppress\nwith suppress():\n    {}",
    "for": "for _ in (1,):\n    {}",
    "elif": "if 1 > 2:\n    pass\nelif 2 > 1:\n    {}",
    "case": "match 1:\n    case 1:\n        {}",
    "method": "class One:\n    async def two(self):\n        def three():\n            {}",
}
"""Where an import may stand."""


@pytest.mark.parametrize("place", PLACES)
def test_wherever_it_is_imported_it_counts(sable: Path, place: str) -> None:
    (sable / "shared" / "words.py").write_text(
        PLACES[place].format("from ..shared import unused") + "\nWORD = 'one'\n"
    )
    before = found_anew()
    (sable / "shared" / "unused.py").write_text("OTHER = 1\n")
    assert found_anew() != before


def test_a_source_is_taken_apart_once(sable: Path) -> None:
    """That takes longest in finding a procedure, and whoever runs many finds each of them again and again."""
    imported.cache_clear()
    found_anew()
    taken = imported.cache_info().misses
    found_anew()
    assert imported.cache_info().misses == taken == 5


def test_what_it_does_not_import_does_not_count(sable: Path) -> None:
    before = found_anew()
    (sable / "shared" / "unused.py").write_text("OTHER = 1\n")
    assert found_anew() == before


def test_a_shipped_one_may_be_called_without_its_folder() -> None:
    shipped = [name for name in names() if "." in name]
    assert max(Counter(name.rpartition(".")[2] for name in shipped).values(), default=1) == 1
    for name in shipped:
        short = name.rpartition(".")[2]
        assert find(short).sha256 == find(name).sha256
        assert is_installed(short)
        assert find_followed(short, find(name).sha256).procedure is find(name).procedure
        assert same_procedure(short, name)
    assert not same_procedure("mass.scale", "force.scale")


def test_another_name_is_none() -> None:
    assert not is_installed("compare")
    with pytest.raises(OrderError, match="no procedure 'compare'"):
        find("compare")
