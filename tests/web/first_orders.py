"""A first order on pages, for whichever bench a domain brings: read and sent as a browser would."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from html import unescape
from pathlib import Path

import httpx
from asked import asking
from sites import until
from test_web_pages import browsing
from web_laboratory import Web

from remotecal.bench import Bench
from remotecal.order import Order
from remotecal.sim.assembly import Assembly
from remotecal.station.folder import StationFolder


@dataclass
class FirstDay:
    """A laboratory whose station has told of a simulated bench."""

    web: Web
    procedure: str
    bench: str
    """Name of the bench."""
    suits: Order
    """Whose parameters suit it."""


@contextmanager
def first_day(web: Web, kind: type[Assembly], procedure: str, folder: Path) -> Iterator[FirstDay]:
    """Have the station tell of a simulated bench beside its own, until the context ends."""
    with kind.up(folder, seed=7) as up:
        file = web.site.folder.path / "station.toml"
        file.write_text(file.read_text().replace("benches = [", f'benches = ["{up.bench}", '))
        web.site.folder = StationFolder(web.site.folder.path)

        async def told() -> None:
            async with web.site.up():
                await until(lambda: web.hub.laboratory.store.stations.get("here").announced is not None)

        web.do(told())
        yield FirstDay(web, procedure, Bench.load(up.bench).name, Order.load(up.order))


def form_in(page: httpx.Response, action: str = "/orders/first") -> dict[str, str]:
    """Return what a browser without a script would send of the form of an order."""
    whole = page.text.partition(f'<form method="post" action="{action}"')[2].partition("</form>")[0]
    fields: dict[str, str] = {}
    for tag in re.findall(r"<input[^>]*>", whole):
        name, value = (re.search(rf' {what}="([^"]*)"', tag)[1] for what in ("name", "value"))
        if 'type="checkbox"' not in tag or " checked" in tag:
            fields[name] = unescape(value)
    for name, inner in re.findall(r'<select id="[^"]*" name="([^"]*)".*?>(.*?)</select>', whole, re.DOTALL):
        chosen = re.search(r'<option selected value="([^"]*)"|<option value="([^"]*)" selected', inner)
        first = re.search(r'<option[^>]* value="([^"]*)"', inner)
        found = chosen or first
        fields[name] = unescape(found[1] or (found[2] if chosen else "") or "")
    return fields


def link_to(page: httpx.Response, text: str) -> str:
    """Return where the link with a text leads."""
    links = re.findall(r'<a [^>]*href="([^"]*)"[^>]*>([^<]*)</a>', page.text)
    return next(unescape(where) for where, said in links if unescape(said) == text)


DEVICE = {
    "dut0.name_zh": "压力表", "dut0.name_en": "Gauge", "dut0.model": "X 1", "dut0.owner_number": "O-1",
}  # fmt: skip
PARTIES = {
    "customer": "Acme <Water> & Söhne", "address": "1 Weir Lane", "laboratory_address": "2 Mill Road",
    "person.performed": "Zhang Wei", "person.reviewed": "Li Na", "person.approved": "Wang Fang",
}  # fmt: skip


def carry_out(
    day: FirstDay, quick: Mapping[str, str], misfits: set[str], beyond: Mapping[str, str] | None = None
) -> None:
    """Write an order by pages alone, have it done, and look at what comes of it.

    Args:
        day: the laboratory.
        quick: parameters that make it short, as somebody types them.
        misfits: procedures that the bench can't carry out, and that must not be offered.
        beyond: parameters that its instruments can't reach.
    """
    web, bench, suits, procedure = day.web, day.bench, day.suits, day.procedure
    with browsing(web, "operator") as client:
        page = client.get(link_to(client.get("/orders"), "New order"))
        page = client.get(link_to(page, bench))
        fitting = set(re.findall(r"<code>([a-z_.]+)</code>", page.text))
        assert procedure in fitting
        assert not misfits & fitting
        title = re.search(rf'procedure={procedure}">([^<]*)</a>', page.text)[1]
        page = client.get(link_to(page, unescape(title)))
        with asking(web.hub.laboratory.store) as sent:
            client.get(page.url.raw_path.decode())
        assert len(sent) <= 5, sent
        form = form_in(page)
        for name, value in suits.parameters.items():
            said = ", ".join(map(str, value)) if isinstance(value, list | tuple) else value
            form[f"parameter.{name}"] = {True: "1", False: ""}.get(said, f"{said}")
        form |= DEVICE | PARTIES | {f"parameter.{name}": said for name, said in quick.items()}
        form |= {"number": f"FIRST-{procedure}", "account": "acme"}
        if beyond is not None:
            far = form | {f"parameter.{name}": said for name, said in beyond.items()}
            refused = client.post("/orders/first", data=far)
            assert refused.status_code == 422
            assert "Choose other points, or another bench" in refused.text
            assert form_in(refused) == far
        for said, why in (({}, "are of a verification"), ({"verification": "1"}, "no number of months")):
            refused = client.post("/orders/first", data=form | {"valid_months": "0"} | said)
            assert refused.status_code == 422
            assert why in refused.text
        answers = [client.post("/orders/first", data=form) for _ in range(2)]
        assert [one.status_code for one in answers] == [303, 303], answers[0].text
        (where,) = {one.headers["location"] for one in answers}
        again = client.post("/orders/first", data=form | {"key": "another-key", "customer": "Bolt"})
        assert again.status_code == 422  # the number is another customer's
    run = where.rpartition("/")[2]
    assert [who for who, _, data in web.audit("order") if run in data] == ["operator"]
    with web.token("customer") as acme:
        told = acme.get(f"/orders/{run}").json()
    assert told["order"]["customer"]["name"] == {"": PARTIES["customer"]}
    assert told["order"]["dut"]["name"] == {"zh": "压力表", "en": "Gauge"}
    assert web.hub.laboratory.store.items.find(told["item"]).owner_number == "O-1"

    async def carried_out() -> None:
        async with web.site.up():
            await until(lambda: _ended(web, run))

    web.do(carried_out())
    assert not web.hub.laboratory.store.orders.find(run).reason
    with web.token("operator") as operator:
        record = operator.get(f"/runs/here/{run}/record").json()
    assert record["demonstration"] is True  # for the bench is simulated
    assert [one for each in record["measurements"] for one in each["results"]]


def _ended(web: Web, run: str) -> bool:
    """Tell whether a run's record was computed, or why there will be none is known."""
    store = web.hub.laboratory.store
    return store.records.find("here", run) is not None or bool(store.orders.find(run).reason)
