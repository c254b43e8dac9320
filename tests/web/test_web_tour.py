"""The tour of the console shows each page that a person uses, in both languages."""

from pathlib import Path

import pytest
from routes import TYPES, paths
from tour_views import VIEWS

ROOT = Path(__file__).parent.parent.parent
IMAGES = ROOT / "docs" / "images" / "tour"
LANGUAGES = ("", ".zh-CN")
NOT_SHOWN = {
    "/runs/{station}/{run}/observations": "its lines open to what the picture of a number's evidence shows",
    "/signing/{act}": "stands while a browser signs; its key has to be in the register first",
    "/standard/drift": "no certificate of the demonstration tells nominal values, by which they are compared",
    "/standards/check": "no bench of the demonstration has a check standard",
    "/wall/{secret}": "lets the screen in, and leads to /wall",
}
"""Pages without a picture, and why."""


def pages() -> set[str]:
    """Return the paths of what is a page: no file, no picture, no stream."""
    others = (*TYPES, "/news")
    return {path for path in paths("GET") if not path.endswith(others)}


def test_each_page_has_a_picture_or_a_reason() -> None:
    shown = {view.shows for view in VIEWS}
    assert not shown & NOT_SHOWN.keys()
    assert shown | NOT_SHOWN.keys() == pages()


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_picture_is_there_and_in_the_tour(language: str) -> None:
    tour = (ROOT / f"docs/tour{language}.md").read_text(encoding="utf-8")
    there = {path.name for path in IMAGES.iterdir() if (".zh-CN" in path.name) == bool(language)}
    assert {f"{view.name}{language}.webp" for view in VIEWS} <= there
    assert {name for name in there if f"](images/tour/{name})" not in tour} == set()
