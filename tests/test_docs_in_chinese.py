"""What laboratory and site people read stands in Chinese as well, and says the same.

That what is linked to is there, and that commands are commands, `test_docs.py` asks of every page.
"""

import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from test_docs import anchors

from remotecal.certificates.pdf.numbers import full_width

ROOT = Path(__file__).parent.parent
IN_BOTH = [
    "README.md",
    "docs/certificate-face.md",
    "docs/describe-a-bench.md",
    "docs/first-steps.md",
    "docs/go-remote.md",
    "docs/tour.md",
    "docs/use-the-console.md",
    "docs/verify-a-certificate.md",
]
"""Pages that a laboratory and whoever is on site read: each must have its twin."""

BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMENT = re.compile(r"(?:^|(?<=\s))#.*$", re.MULTILINE)
HEADING = re.compile(r"^(#+) (.*)$", re.MULTILINE)
LINK = re.compile(r"\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]+))?\)")
INLINE = re.compile(r"`([^`]+)`")
every_pair = pytest.mark.parametrize("page", [ROOT / name for name in IN_BOTH], ids=lambda page: page.name)


def twin(page: Path) -> Path:
    return page.with_suffix(".zh-CN.md")


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def prose(page: Path) -> str:
    return BLOCK.sub("", text_of(page))


def headings(page: Path) -> list[tuple[str, str]]:
    return HEADING.findall(prose(page))


def sections(page: Path) -> list[str]:
    """Return what stands between the headings of a page, its first lines with the link to its twin aside."""
    first, *others = re.split(r"^#+ .*$", prose(page), flags=re.MULTILINE)[1:]
    lines = first.split("\n")
    to_twin = next(at for at, line in enumerate(lines) if re.fullmatch(r"\[[^]]+\]\([^)]+\)", line))
    return ["\n".join(lines[:to_twin] + lines[to_twin + 1 :]), *others]


def side_by_side(page: Path) -> Iterator[tuple[str, str, str]]:
    """Yield each heading of a page, and what stands below it in English and in Chinese."""
    titles = [title for _, title in headings(page)]
    yield from zip(titles, sections(page), sections(twin(page)), strict=True)


@pytest.mark.parametrize(
    "page", [*ROOT.glob("*.zh-CN.md"), *sorted(ROOT.glob("docs/**/*.zh-CN.md"))], ids=lambda page: page.name
)
def test_every_chinese_page_is_held_to_its_english_one(page: Path) -> None:
    assert page in [twin(ROOT / name) for name in IN_BOTH], f"{page.name} is not in the list IN_BOTH"


@every_pair
def test_each_begins_with_a_link_to_the_other(page: Path) -> None:
    for this, other in ((page, twin(page)), (twin(page), page)):
        beginning = "\n".join(text_of(this).split("\n")[:6])
        assert f"]({other.name})" in beginning, f"{this.name} does not lead to {other.name}"


@every_pair
def test_headings_are_the_same_in_number_level_and_order(page: Path) -> None:
    levels, chinese = ([level for level, _ in headings(one)] for one in (page, twin(page)))
    assert chinese == levels, f"{[title for _, title in headings(page)]}"


def code(page: Path) -> list[tuple[str, list[str]]]:
    """Return the blocks of code, comments aside; a drawing, which has no language, may be drawn otherwise."""
    found = []
    for language, block in BLOCK.findall(text_of(page)):
        lines = [line.rstrip() for line in COMMENT.sub("", block).split("\n")] if language else []
        found.append((language, lines))
    return found


@every_pair
def test_code_is_the_same_but_for_comments(page: Path) -> None:
    assert code(twin(page)) == code(page)


@every_pair
def test_words_of_code_are_the_same_in_each_section(page: Path) -> None:
    """Commands, options, files and keys within sentences and tables."""
    for (_, title), english, chinese in zip(
        headings(page), sections(page), sections(twin(page)), strict=True
    ):
        here, there = (
            {" ".join(words.split()) for words in INLINE.findall(section)} for section in (english, chinese)
        )
        assert there == here, f"{title}: {sorted(there ^ here)}"


def tables(section: str) -> list[int]:
    """Return how many rows each table of a section has."""
    rows = "".join("|" if line.startswith("|") else " " for line in section.split("\n"))
    return [len(table) for table in rows.split()]


@every_pair
def test_tables_have_the_same_rows(page: Path) -> None:
    for (_, title), english, chinese in zip(
        headings(page), sections(page), sections(twin(page)), strict=True
    ):
        assert tables(chinese) == tables(english), title


def links(page: Path, section: str) -> Counter[tuple[Path, int | None]]:
    """Return where a section leads: the English page or picture of a pair, and which of its headings."""
    found: list[tuple[Path, int | None]] = []
    for target, anchor in LINK.findall(section):
        there = (page.parent / target).resolve() if target else page
        at = anchors(there).index(anchor) if anchor else None
        found.append((there.with_name(there.name.replace(".zh-CN.", ".")), at))
    return Counter(found)


@every_pair
def test_links_lead_to_the_same_places(page: Path) -> None:
    for (_, title), english, chinese in zip(
        headings(page), sections(page), sections(twin(page)), strict=True
    ):
        assert links(twin(page), chinese) == links(page, english), title


@every_pair
def test_chinese_pages_lead_to_chinese_pages(page: Path) -> None:
    for section in sections(twin(page)):
        for target, _ in LINK.findall(section):
            there = (page.parent / target).resolve() if target else twin(page)
            assert there not in [ROOT / name for name in IN_BOTH], f"{target} has a page in Chinese"


@every_pair
def test_chinese_is_punctuated_as_chinese(page: Path) -> None:
    text = re.sub(r"\]\([^)]*\)", "]", INLINE.sub("``", prose(twin(page))))
    assert text == "\n".join(map(full_width, text.split("\n")))


@every_pair
def test_lines_of_chinese_do_not_break_between_characters(page: Path) -> None:
    """A line's end within a paragraph is shown as a blank: it may only follow a mark of punctuation."""
    for line, following in pairwise(prose(twin(page)).split("\n")):
        broken = re.search(r"[\w`)\]*]$", line) and re.match(r"[\w`\[(*]", following)
        assert line.startswith(("#", "[", "|")) or not broken, f"{line}\n{following}"
