"""The tour of the console shows each page that a person uses, in both languages."""

from contextlib import nullcontext
from pathlib import Path

import pytest
from routes import TYPES, paths
from tour_views import STATION_PICTURES, STATION_VIEWS, VIEWS

from remotecal.clock import VirtualClock
from remotecal.station.folder import StationFolder
from remotecal.station.pages.app import StationPages
from remotecal.station.pages.arriving import Arrivals
from remotecal.station.pages.desk import Desk
from remotecal.station.pages.entering import Doorkeeper
from remotecal.station.pages.lookout import Lookout
from remotecal.station.pages.phones import Phones

ROOT = Path(__file__).parent.parent.parent
IMAGES = ROOT / "docs" / "images" / "tour"
LANGUAGES = ("", ".zh-CN")
PICTURES = {view.name for view in VIEWS} | STATION_PICTURES


def pages() -> set[str]:
    """Return the paths of what is a page: no file, no picture, no stream."""
    others = (*TYPES, "/news")
    return {path for path in paths("GET") if not path.endswith(others)}


def test_each_page_has_a_picture() -> None:
    assert {view.shows for view in VIEWS} | {view.through for view in VIEWS if view.through} == pages()


def test_each_page_beside_a_rig_has_a_picture(tmp_path: Path) -> None:
    (tmp_path / "station.toml").write_text('name = "here"\nbenches = []\n', encoding="utf-8")
    clock, keeper = VirtualClock(0.0), Doorkeeper()
    desk = Desk(StationFolder(tmp_path), clock.now)
    phones = Phones(keeper, tmp_path, "127.0.0.1", lambda *_: nullcontext())
    routes = StationPages(desk, keeper, phones, Arrivals(tmp_path, 1), Lookout(desk)).routes()
    there = {one.path.removeprefix(keeper.base) for one in routes if "GET" in one.methods}
    others = (*TYPES, "/news", "/pictures/{run}/{digest}")
    assert {*STATION_VIEWS.values(), "/enter"} == {path for path in there if not path.endswith(others)}


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_picture_is_there_and_in_the_tour(language: str) -> None:
    tour = (ROOT / f"docs/tour{language}.md").read_text(encoding="utf-8")
    there = {path.name for path in IMAGES.iterdir() if (".zh-CN" in path.name) == bool(language)}
    assert {f"{name}{language}.webp" for name in PICTURES} == there
    assert {name for name in there if f"](images/tour/{name})" not in tour} == set()
