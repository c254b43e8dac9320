"""An order that waits long for consent on site is told to who ordered it, and so is one that was declined."""

import re
from datetime import date, timedelta

import pytest
from sites import Site, enrol_site, until
from test_web_today import part
from test_web_walls import logged_in
from web_laboratory import Web

from remotecal.clock import civil_day
from remotecal.hub.standing import standing
from remotecal.journal.events import on_site
from remotecal.pages.words import LANGUAGES, words
from remotecal.station.consent import SaidOnSite
from remotecal.store.tables import orders
from remotecal.store.unbegun import OVERDUE, STILL_TOLD
from remotecal.transport.consent import ConsentAwaited
from remotecal.transport.messages import RemoteOrder

TOLD = {"operator": True, "reader": True, "reviewer": False, "customer": False}
"""Who is told of an order that the reader wrote."""


@pytest.fixture(scope="module")
def site(web: Web) -> Site:
    path = web.site.folder.path.parent / "asks"
    return web.do(enrol_site(web.hub, web.site.tiny, path, "asks", consent=True))


def waits(web: Web) -> ConsentAwaited | None:
    """Return what the hub knows of what waits at the site."""
    store = web.hub.laboratory.store
    return standing(store.stations.get("asks"), web.clock.now()).waits


def asked(web: Web, order: RemoteOrder) -> bool:
    return (known := waits(web)) is not None and known.order == order.id


def test_an_order_that_waits_for_long_is_told_and_one_that_is_declined(web: Web, site: Site) -> None:
    up, store = site.up(), web.hub.laboratory.store
    order = web.do(site.order())
    web.do(up.__aenter__())
    web.do(until(lambda: asked(web, order)))
    first = waits(web)
    with store.database.begin() as connection:
        connection.execute(orders.update().where(orders.c.id == order.id).values(by="reader"))

    def called(user: str, language: str = "en", section: str = "waiting") -> bool:
        with logged_in(web, user) as client:
            page = client.get("/", headers={"Accept-Language": language})
            return f'href="/orders/{order.id}"' in part(page, section)

    with logged_in(web, "reader") as client, web.token("reader") as program:
        for language in LANGUAGES:
            listed = client.get("/orders", headers={"Accept-Language": language}).text
            assert listed.count(words(language)("stage.waits_consent")) == 1
        held = {one["id"]: one["held"] for one in program.get("/orders").json()}
    assert {one: by for one, by in held.items() if by} == {order.id: "consent"}
    assert not called("operator"), "it waits for a moment only"
    with web.clock.put_forward(OVERDUE - 60):
        assert not called("operator")
    with web.clock.put_forward(OVERDUE + 60):
        for user, told in TOLD.items():
            assert called(user) is told, user
        with logged_in(web, "operator") as client:
            waiting = part(client.get("/", headers={"Accept-Language": "zh"}), "waiting")
            assert words("zh")("waiting.consent") in waiting
            assert "asks" in waiting
            assert "asks" in client.get("/stations/asks").text
    web.do(up.__aexit__(None, None, None))
    with web.clock.put_forward(OVERDUE + 60):
        assert called("operator"), "the station is away"
    seen = store.stations.get("asks").seen
    up = site.up()
    station = web.do(up.__aenter__())
    try:
        assert station.consent.waits == first, "known before it is asked again"
        web.do(until(lambda: store.stations.get("asks").seen > seen and station.consent.order is not None))
        assert station.consent.waits == waits(web) == first, "a restart begins nothing anew"
        web.do(say(station, order))
        assert web.do(site.refusal(order)) == "on site: 周工 does not agree: 漏水"
        web.do(until(lambda: waits(web) is None))
    finally:
        web.do(up.__aexit__(None, None, None))
    with web.clock.put_forward(OVERDUE + 60):
        assert not called("operator")
        for user, told in TOLD.items():
            assert called(user, section="abnormal") is told, user
        for language, said in {
            "zh": "现场的 周工 不同意：漏水",
            "en": "周工, on site, does not agree: 漏水",
        }.items():
            with logged_in(web, "operator") as client:
                page = client.get("/", headers={"Accept-Language": language})
                assert said in part(page, "abnormal")
    mended = [web.do(site.order()) for _ in range(2)]
    with store.database.begin() as connection:
        at = orders.c.id.in_((order.id, mended[0].id))
        connection.execute(orders.update().where(at).values(item=7))
    assert not called("operator", section="abnormal"), "its item has a newer order"
    with store.database.begin() as connection:
        connection.execute(orders.update().where(orders.c.id == mended[0].id).values(item=None))
    assert called("operator", section="abnormal")
    for one in mended:
        store.orders.withdraw(one.id, "not needed")
    with store.database.begin() as connection:
        connection.execute(orders.update().where(orders.c.id == mended[0].id).values(item=7))
    assert called("operator", section="abnormal"), "nobody saw to it by what was withdrawn"
    with web.clock.put_forward(order.expires - order.issued + STILL_TOLD + 60):
        assert not called("operator", section="abnormal")
    assert called("operator", section="abnormal")
    with logged_in(web, "operator") as client:
        assert f'action="/orders/{order.id}/cancel"' in client.get(f"/orders/{order.id}").text
    store.orders.withdraw(order.id, "settled with them")
    assert not called("operator", section="abnormal"), "somebody saw to it"


def test_an_order_that_nobody_begins_is_told_once_its_day_or_its_time_is_over(web: Web, site: Site) -> None:
    order, store = web.do(site.order()), web.hub.laboratory.store
    number = store.orders.find(order.id).number

    def told(user: str = "operator", language: str = "en") -> str:
        with logged_in(web, user) as client:
            page = part(client.get("/", headers={"Accept-Language": language}), "abnormal")
        lines = [line for line in page.split("<li>") if f'href="/orders/{order.id}"' in line]
        return re.sub("<[^>]*>", "", "".join(lines)).strip()

    def planned(day: date) -> None:
        with store.database.begin() as connection:
            at = orders.c.id == order.id
            connection.execute(orders.update().where(at).values(planned=day.isoformat()))

    today = civil_day(web.clock.now(), web.hub.laboratory.folder.time_zone)
    planned(today)
    assert told() == ""
    planned(today - timedelta(days=1))
    assert told() == f"Order not begun, planned for {today - timedelta(days=1)} {number} asks"
    assert told("customer") == ""
    with web.clock.put_forward(order.expires - web.clock.now() + 60):
        assert told(language="zh").startswith("委托已过期，无人开始")
    with web.clock.put_forward(order.expires - web.clock.now() + STILL_TOLD + 60):
        assert told() == ""
    store.orders.withdraw(order.id, "not needed")
    assert told() == ""


async def say(station: object, order: RemoteOrder) -> None:
    """Have the person on site decline."""
    assert station.consent.give(SaidOnSite(False, on_site("周工"), "漏水"), order.id) == ""


def test_what_no_longer_waits_is_told_by_no_stations_old_word(web: Web, site: Site) -> None:
    store, up = web.hub.laboratory.store, site.up()
    order = web.do(site.order())
    web.do(up.__aenter__())
    web.do(until(lambda: asked(web, order)))
    web.do(up.__aexit__(None, None, None))
    with web.clock.put_forward(OVERDUE + 60), logged_in(web, "operator") as client:
        assert order.id in part(client.get("/"), "waiting")
        store.orders.withdraw(order.id, "not needed")
        assert order.id not in part(client.get("/"), "waiting")
    another = web.do(site.order())
    with web.clock.put_forward(OVERDUE + 60), logged_in(web, "operator") as client:
        assert another.id not in part(client.get("/"), "waiting"), "it was not asked about this one"
    store.orders.withdraw(another.id, "not needed")
