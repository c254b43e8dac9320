"""Live's cards: an indication beside its limit with its trend, the time left, the line; pause and go on."""

import json
import re
import time
import tracemalloc
from collections.abc import Iterator

import pytest
from asked import asking as statements
from pydantic import ValidationError
from test_web_interlock import answered, asking, tiny
from test_web_pages import browsing, token
from web_laboratory import Web

from remotecal.pages.frame import environment
from remotecal.pages.words import words
from remotecal.store.journals import RunRow
from remotecal.store.tables import runs
from remotecal.transport.messages import Live
from remotecal.web.indications import indications
from remotecal.web.last_minute import REACH, SOURCES, LastMinute
from remotecal.web.pace import left
from remotecal.web.pages.frame import TEMPLATES
from remotecal.web.watching import Seen

__all__ = ["tiny"]
LIMITED = {"limits": {"oil.temperature": [{"above": 330.0, "unit": "K"}]}, "digits": {"dut.count": 0}}


def live(**told: object) -> Live:
    return Live.model_validate_json(json.dumps({"run": "r", "state": "running", "doing": "measure"} | told))


def test_what_has_a_limit_comes_first_with_its_trend() -> None:
    heard, last = LastMinute(), {"dut.count": (7.0, "1"), "oil.temperature": (19.0405723231, "°C")}
    for second in range(4):
        last["oil.temperature"] = (20.0 + second, "°C")
        heard.take(live(last=last), float(second))
    oil, count = indications(live(last=last, **LIMITED), heard, 1)
    assert (oil.source, oil.value, oil.unit) == ("oil.temperature", "23", "°C")
    assert [(one.side, one.value, one.unit) for one in oil.limits] == [("above", "330", "K")]
    assert oil.trend is not None
    assert (oil.trend.least, oil.trend.most) == ("20", "23")
    (line,) = re.findall(r'd="M([0-9 ]+)"', oil.trend.drawing)
    downs = [int(number) for number in line.split()][1::2]
    assert downs == sorted(downs, reverse=True), "it rises, and the limit is too far to be drawn"
    assert "stroke-dasharray" not in oil.trend.drawing
    near = {"limits": {"oil.temperature": [{"above": 298.15, "unit": "K"}]}}
    (oil, _) = indications(live(last=last, **near), heard, 1)
    assert oil.trend is not None
    assert "stroke-dasharray" in oil.trend.drawing, "25 °C is near"
    wrong = {"limits": {"oil.temperature": [{"above": 1.0, "unit": "no unit"}]}}
    assert indications(live(last=last, **wrong), heard, 1)[0].trend is not None
    assert (count.value, count.trend) == ("7", None)


@pytest.mark.parametrize("far", [1e308, 1.7e308])
def test_no_number_of_a_station_breaks_the_page_of_all(far: float) -> None:
    heard = LastMinute()
    for second, value in enumerate((far, -far, far)):
        heard.take(live(last={"a": (value, "V")}), float(second))
    (shown,) = indications(live(last={"a": (far, "V")}), heard, 1)
    assert shown.trend is None
    for digits in (-1, 16, 200_000_000):
        with pytest.raises(ValidationError, match=r"digits\.a"):
            live(last={"a": (1.5, "V")}, digits={"a": digits})


def test_the_last_minute_takes_little_memory_whatever_a_station_says() -> None:
    told = live(last={f"s{number}": (0.0, "V") for number in range(SOURCES + 20)})
    tracemalloc.start()
    try:
        heard = LastMinute()
        for step in range(500):
            told.last.update(dict.fromkeys(told.last, (float(step), "V")))
            heard.take(told, 0.2 * step)
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    trend = heard.trend("s1")
    assert trend[-1] == (0.0, 499.0)
    assert -REACH <= trend[0][0] < 1 - REACH
    assert 60 <= len(trend) <= 80
    assert heard.trend(f"s{SOURCES + 1}") == []
    assert taken < 60_000


def test_messages_that_did_not_come_are_counted_by_their_numbers() -> None:
    heard = LastMinute()
    for second, sent in ((0, 1), (1, 2), (2, 0), (8, 5), (9, 6)):
        heard.take(live(sent=sent), float(second))
    assert heard.line == (6.0, 2, 6)
    heard.take(live(sent=1), 10.0)
    assert heard.line == (0.0, 0, 1), "the station was started anew"
    for second in range(11, 90):
        heard.take(live(sent=second), float(second))
    assert heard.line == (1.0, 0, 61), "what was lost is a minute ago"
    silent = LastMinute()
    silent.take(live(), 0.0)
    assert silent.line == (0.0, 0, 0), "one of an earlier version numbers nothing"


def test_the_time_left_is_the_stations_or_follows_from_its_observations() -> None:
    assert left(live(), 0.0) is None
    assert left(live(left=90.0), 30.0) == 60.0
    assert left(live(left=90.0), 300.0) == 0.0
    assert left(live(left=90.0, state="asking"), 30.0) == 90.0
    assert left(live(observed=2, due=6, began=100.0, now=150.0), 0.0) == 100.0


def row(**told: object) -> RunRow:
    return RunRow(
        **{
            **dict.fromkeys(("conflict", "unordered", "failed", "record", "awaiting"), ""),
            "station": "here", "run": "r-1", "committed": 1, "head": "0" * 64, "state": "running",
            "began": 1.0, "updated": 1.0, "account": None, "acknowledged": None, **told,
        }
    )  # fmt: skip


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_card_says_all_in_words(language: str) -> None:
    heard, t = LastMinute(), words(language)
    last = {"oil.temperature": (21.5, "°C")}
    for second, sent in ((0, 1), (1, 2), (2, 4)):
        told = {"number": 2, "points": 5, "doing": "settle oil.temperature: spread 2 K (allowed 1) over 5 s"}
        now = live(last=last, sent=sent, left=601.0, state="paused", **told, **LIMITED)
        heard.take(now, float(second))
    seen = Seen(now, time.monotonic(), heard)
    pieces = environment(TEMPLATES).get_template("live_pieces.html").make_module({"t": t})
    card = str(pieces.readings(row(), seen, drawn=6))
    said = re.sub(r"<[^>]+>", " ", card.replace("<wbr>", ""))
    for text in (
        t("live.about", minutes=11),
        t("live.lost", lost=1, sent=4),
        {
            "en": "waits until oil.temperature is stable: spread",
            "zh": "等待 oil.temperature 稳定：5 s 内变化",
        }[language],
        t("live.above", limit="330 K"),
        "21.5",
        "2 / 5",
    ):
        assert text in said, text
    assert f'role="img" aria-label="{t("live.trend", least="21.5", most="21.5")}"' in card
    assert "style=" not in card
    assert len(card) < 2500


def test_the_buttons_of_a_card_stand_above_its_values() -> None:
    """Below them all, on a phone, nobody would find what pauses a run."""
    pieces = {"a": "head", "a.acts": "acts", "a.values": "values"}
    cards = environment(TEMPLATES).get_template("live_cards.html")
    told = cards.render(cards=[("a", "R")], pieces=pieces, acts=True)
    assert re.sub(r"<[^>]+>", " ", told).split() == ["head", "acts", "values"]


@pytest.fixture
def suspended(web: Web) -> Iterator[str]:
    store, name = web.hub.laboratory.store, "halts-1"
    store.journals.append("here", name, 1, [], time.time())
    why = "the run was suspended, to be taken up again: the station was stopped"
    with store.database.begin() as connection:
        told = runs.update().where(runs.c.run == name).values(state="suspended", why=why, committed=5)
        connection.execute(told)
    yield name
    store.journals.acknowledge("here", name, 5)


def test_a_suspended_run_is_on_live_with_its_reason(web: Web, suspended: str) -> None:
    with browsing(web, "operator", "zh") as client:
        page = client.get("/live").text
        assert suspended in page
        assert "运行已中止，待继续：the station was stopped" in page
        assert words("zh")("live.not_over") in page
        assert f"/runs/here/{suspended}/commands" not in page, "it is at rest"
    web.hub.laboratory.store.journals.acknowledge("here", suspended, 5)
    with browsing(web, "operator") as client:
        assert suspended not in client.get("/live").text


def verbs(page: str) -> list[str]:
    return re.findall(r'<button name="verb" value="([a-z_]+)"', page)


def test_a_run_is_paused_and_goes_on_from_its_card_without_a_script(web: Web) -> None:
    store = web.hub.laboratory.store
    with browsing(web, "operator") as operator:
        assert operator.get("/live").status_code == 200  # what it then knows of orders is remembered
    with asking(web) as order, browsing(web, "operator") as operator, browsing(web, "reviewer") as reviewer:
        here = f"/runs/here/{order.id}/commands"
        page = operator.get("/live")
        button = f'<button form="commands" formaction="{here}" name="verb" value="{{}}"'
        assert button.format("pause") in page.text
        own = operator.get(f"/runs/here/{order.id}").text
        for text in (page.text, own):  # what it is, by what, for whom, by which order
            (told,) = re.findall(r'<p class="order">(.*)</p>', text)
            assert f'<a href="/orders/{order.id}">{order.order.order.number}</a>' in told
            assert "<strong>" in told
            assert told.count(" · ") == 3
        with statements(store, by_pages=True) as sent:
            assert '<p class="order">' in operator.get("/live").text
        assert not [one for one in sent if "FROM orders" in one.statement], "it is remembered a while"
        assert {"pause", "go_on", "abort"} <= set(verbs(own)), "it asks, and may be paused besides"
        assert f'href="/runs/here/{order.id}#question"' in page.text
        assert f'href="/runs/here/{order.id}#controls"' in page.text
        before, _, cards = page.text.partition('id="live"')
        assert "csrf" in before
        assert "csrf" not in cards.partition("</main>")[0], "cards are the same for all"
        told = operator.post(here, data={"csrf": token(page), "back": "live", "verb": "pause"})
        assert (told.status_code, told.headers["location"]) == (303, "/live")
        answered(web)
        web.do(web.site.state(order, "paused"))
        with operator.stream("GET", "/live/news") as stream:
            assert any(button.format("go_on") in line.replace('\\"', '"') for line in stream.iter_lines())
        assert verbs(operator.get(f"/runs/here/{order.id}").text) == ["go_on", "release_control", "abort"]
        shown = reviewer.get("/live").text
        assert order.id in shown
        assert here not in shown, "who may not command has no buttons"
        with reviewer.stream("GET", "/live/news") as stream:
            told_first = next(line for line in stream.iter_lines() if line.startswith("data: "))
        assert "formaction" not in told_first
        sent = {"csrf": token(operator.get("/live")), "back": "live", "verb": "go_on"}
        assert operator.post(here, data=sent).headers["location"] == "/live"
        web.do(web.site.state(order, "signed"))


def test_a_run_is_paused_and_aborted_though_slow_pages_hold_every_thread(web: Web) -> None:
    with asking(web) as order, browsing(web, "operator") as operator, web.token("operator") as program:
        here = f"/runs/here/{order.id}/commands"
        mine = token(operator.get("/live"))
        with web.threads_held():
            paused = operator.post(here, data={"csrf": mine, "back": "live", "verb": "pause"})
            assert (paused.status_code, paused.headers["location"]) == (303, "/live")
            assert operator.get("/health").status_code == 200
            aborted = program.post(here, json={"verb": "abort", "argument": "it smokes"})
            assert aborted.status_code == 200, aborted.text
            web.do(web.site.state(order, "aborted"))
