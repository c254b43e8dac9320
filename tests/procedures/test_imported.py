"""What a module imports is found in its source without making a tree of it, and nothing of it runs."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from remotecal import source
from remotecal.procedures import library
from remotecal.runs import catalogue, imported
from remotecal.runs.catalogue import find, names

LIBRARY = Path(library.__path__[0])
SOURCES = [
    *LIBRARY.rglob("*.py"),
    *Path(catalogue.__file__).parent.glob("*.py"),
    *Path(__file__).parent.glob("*.py"),
]


def by_tree(content: bytes) -> list[str]:
    """Return the imports of a source as its whole syntax tree has them."""
    return [
        ast.unparse(node)
        for node in ast.walk(source.parsed(content))
        if isinstance(node, (ast.Import, ast.ImportFrom))
    ]


def by_text(content: bytes) -> list[str]:
    nodes = [node for node in imported._imports(content) if isinstance(node, (ast.Import, ast.ImportFrom))]
    return [ast.unparse(node) for node in nodes]


def test_of_the_library_and_others_it_is_what_the_tree_has() -> None:
    assert len(SOURCES) > 200
    for path in SOURCES:
        content = path.read_bytes()
        assert sorted(by_text(content)) == sorted(by_tree(content)), path


ODD = {
    "docstring": '"""Words.\n\nimport no\nfrom a import no\n"""\nimport yes\n',
    "in a string": "q = 'import no'; r = \"from a import no\"; import yes\n",
    "raw": "q = r'\\'; import yes'\nimport other\n",
    "escaped": 'q = "\\"; import no; \\""\nimport yes\n',
    "other quotes": "q = '''\n\"\"\"\nimport no\n'''\nimport yes\n",
    "quote in a string": "q = '\"'; import yes; r = '\"'\n",
    "joined": "q = 'a\\\nimport no\\\n'\nimport yes\n",
    "comment": "# import no, 'or\nimport yes  # import no\n",
    "one line": "if True: import one; from two import three\nelse: import four\n",
    "parentheses": "from a import (  # and (why)\n    b as c,\n\n    d,\n)\nimport e\n",
    "no spaces": "from.import(a)\nfrom..b.c import*\nimport d\n",
    "going on": "from \\\n    a.b \\\n    import \\\n    c, \\\n    d as e\nimport f, g.h as i\n",
    "from elsewhere": "def f():\n    yield from g\n    raise A from b\nimport yes\n",
    "names like it": "important = import_it = 1\nfrom_ = important\nimport yes\n",
    "ends of lines": "import a\r\nfrom b import (\r\n    c,\r\n)\rimport d\r\n",
    "no end": "import a",
    "tabs": "if 1:\n\timport\ta\n\tfrom\tb\timport\tc\n",
    "another encoding": "# coding: latin-1\nq = 'é import no'\nimport yes\n",
    "other letters": "é = 'b'\nimport größe\nfrom 流量 import 表\n",
    "fields": "q = f'{a} import no {b!r:>{c}} {{'\nimport yes\n",
    "prefixes": "q = Rb'import no' + rB\"import no\" + U'import no' + bR'''\nimport no\n'''\nimport yes\n",
}
NESTED = {
    "quotes in quotes": 'q = f"{a["#"]}"; import yes\n',
    "a quote in quotes": 'q = f"{"\'"}"\nimport yes\nq = f"{"\'"}"\n',
    "deep": "q = f'{f'{f'#'}'}'; import yes\n",
    "doubled before": 'q = f"}}{a:{b["#"]}}"; import yes\n',
    "a format": 'q = f"{a:{"#"}}"; import yes\n',
}
"""What Python reads so from 3.12 on."""


@pytest.mark.parametrize(
    "written", [*ODD.values(), *(NESTED.values() if sys.version_info >= (3, 12) else ())]
)
def test_however_it_is_written(written: str) -> None:
    content = written.encode("latin-1" if "latin-1" in written else "utf-8")
    assert sorted(by_text(content)) == sorted(by_tree(content)) != []


def test_a_module_of_the_library_that_states_a_title_holds_a_procedure_and_no_other() -> None:
    """By that it is known without running: a procedure states its title in its own class, not in a base."""
    held = {
        name
        for name, module in catalogue._modules().items()
        if catalogue._is_shipped(module) and len(catalogue._own_procedures(source.load(module))) == 1
    }
    assert {name for name in names() if "." in name} == held


TOLD = """
import sys
from remotecal.runs.catalogue import LIBRARY, hashes
told = hashes()
ran = [name for name in told if f"{LIBRARY}.{name}" in sys.modules]
print(ran, *(f"{name}={told[name]}" for name in told if "." in name))
"""


def test_told_at_a_start_it_is_of_what_runs_and_nothing_ran() -> None:
    said = subprocess.run([sys.executable, "-c", TOLD], capture_output=True, text=True, check=True).stdout
    assert said.split() == ["[]", *(f"{name}={find(name).sha256}" for name in names() if "." in name)]
