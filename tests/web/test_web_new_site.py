"""Scenario 20 in a real browser: a new site, from its code on the hub's page to its first value there."""

import json
import shlex
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from processes import call, call_process
from reading import codes
from sites import BENCH, Site, until
from test_web_browser import browser, said
from test_web_days import LOCALES, person
from web_laboratory import DIGEST, Web

from remotecal.station.folder import StationFolder

__all__ = ["browser", "said"]

GOAL = 600.0
"""Seconds to the first value at the hub."""


@pytest.mark.parametrize("language", LOCALES)
def test_20_a_new_site_gives_its_first_value(
    browser: Browser, web: Web, tmp_path: Path, said: list[str], language: str
) -> None:
    web.users.put("chief", roles={"operator", "administrator"}, password=DIGEST)
    name, place = f"site-{language}", tmp_path / "station"
    someone = person(browser, web, said, "20 a new site's first value, goal 10 min", language, "chief")
    page = someone.page
    someone.begin(web.url)
    someone.click(someone.link("menu.stations"))
    someone.fill(page.get_by_label(someone.words("stations.name")), name)
    someone.click(someone.button("stations.invite"))
    made = page.locator(".made code")
    expect(made).to_have_count(2)  # the form is sent a while after the click
    code, typed = made.all_inner_texts()
    (scanned,) = codes(page.pdf(), tmp_path)
    assert scanned == typed
    program, *command = shlex.split(scanned)
    assert (program, command[2]) == ("remotecal", code)
    call_process(*command, "--station", place)
    bench = web.site.tiny.bench
    (place / "station.toml").write_text(f"name = {json.dumps(name)}\nbenches = [{json.dumps(str(bench))}]\n")
    assert "gauge" in call("bench", "check", bench)
    site = Site(web.hub, web.site.tiny, StationFolder(place), web.site.author)
    up = site.up()
    web.do(up.__aenter__())
    try:
        web.do(until(lambda: web.hub.laboratory.store.stations.get(name).seen is not None))
        someone.click(someone.link("menu.stations"))
        someone.click(page.get_by_role("link", name=name, exact=True))
        expect(page.get_by_role("main")).to_contain_text(someone.words("stations.connected"))
        expect(page.get_by_role("heading", name=BENCH)).to_be_visible()
        someone.fill(page.get_by_label(someone.words("stations.quantity", what="gauge")), "value")
        someone.click(page.get_by_role("button", name=f"{someone.words('stations.read')} gauge"))
        expect(
            page.get_by_role("status").filter(has_text=someone.words.source("gauge.value"))
        ).to_contain_text(" V")
    finally:
        web.do(up.__aexit__(None, None, None))
    assert someone.done() < GOAL
    assert someone.clicks <= 5
    assert [who for who, _, data in web.audit("enrolled") if name in who] == [name]
    assert said == []
