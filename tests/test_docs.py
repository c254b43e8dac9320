"""The documentation's code runs: the Python blocks of a page, one after another, in one session."""

import inspect
import re
import shlex
import tomllib
from pathlib import Path

import pytest
from domains import needs_one_that_is_gone, went_with_its_domain

from remotecal.cli import parser

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
BLOCK = re.compile(r"^```(python|toml|json)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(page: Path, language: str) -> list[tuple[int, str]]:
    """Return a page's blocks in a language, each with the line its code begins on."""
    text = page.read_text(encoding="utf-8")
    return [(text.count("\n", 0, m.start(2)) + 1, m[2]) for m in BLOCK.finditer(text) if m[1] == language]


def pages_with(language: str) -> list[Path]:
    """Return the pages with code in a language; that of Chinese pages is their English one's."""
    return [page for page in PAGES if blocks(page, language) and not page.name.endswith(".zh-CN.md")]


STEP_BY_STEP = ROOT / "docs" / "first-steps.md"
"""Its blocks need what its commands leave; `whole/test_first_steps.py` does all of it."""


@pytest.mark.parametrize(
    "page",
    [page for page in pages_with("python") if page != STEP_BY_STEP],
    ids=lambda page: str(page.relative_to(ROOT)),
)
def test_python_blocks_run(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    """So do the tests a page shows that take fixtures."""
    if needs_one_that_is_gone("".join(code for _, code in blocks(page, "python"))):
        pytest.skip("it shows a domain that was taken away")
    monkeypatch.chdir(tmp_path)
    session: dict[str, object] = {"__name__": f"docs_{page.stem.replace('-', '_')}"}
    for line, code in blocks(page, "python"):
        compiled = compile("\n" * (line - 1) + code, str(page), "exec")
        exec(compiled, session)  # noqa: S102  the documentation's own code
    for name, item in session.items():
        if name.startswith("test_") and inspect.isfunction(item) and not hasattr(item, "pytestmark"):
            wanted = inspect.signature(item).parameters
            if wanted:
                item(**{fixture: request.getfixturevalue(fixture) for fixture in wanted})


@pytest.mark.parametrize("page", pages_with("toml"), ids=lambda page: str(page.relative_to(ROOT)))
def test_toml_blocks_parse(page: Path) -> None:
    for _, code in blocks(page, "toml"):
        tomllib.loads(code)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_files_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", page.read_text(encoding="utf-8")):
        there = page.parent / target
        assert there.exists() or went_with_its_domain(there), f"{page.name} links to {target}: not there"


COMMAND = re.compile(r"^remotecal [^\n…]*$", re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_in_blocks_are_commands(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each `remotecal …` of a block is one the command line takes; nothing is carried out."""
    text = page.read_text(encoding="utf-8").replace("\\\n", " ")
    for line in COMMAND.findall(text):
        try:
            parser().parse_args(shlex.split(line, comments=True)[1:])
        except SystemExit as end:
            assert end.code == 0, f"{page.name}: {line}: {capsys.readouterr().err}"  # noqa: PT017  no test of it


def anchors(page: Path) -> list[str]:
    """Return the names by which a page's headings are linked to, as GitHub makes them."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings]


# The changelog has the same headings for every version.
@pytest.mark.parametrize(
    "page", [p for p in PAGES if p.name != "CHANGELOG.md"], ids=lambda page: str(page.relative_to(ROOT))
)
def test_headings_are_told_apart_and_linked_to_by_their_names(page: Path) -> None:
    assert len(set(anchors(page))) == len(anchors(page)), "two headings have one name"
    text = page.read_text(encoding="utf-8")
    for target, anchor in re.findall(r"\]\((?!https?:)([^)#\s]*)#([^)\s]+)\)", text):
        there = page.parent / target if target else page
        assert anchor in anchors(there), f"{page.name} links to #{anchor} in {there.name}, which is not there"
