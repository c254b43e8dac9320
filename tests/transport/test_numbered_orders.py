"""Orders get their numbers where they are made, and a number is used once: at the hub and on one computer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from laboratories import hub_up
from sites import BENCH, Site, enrol_site
from tiny_bench import Tiny

from remotecal.cli import main
from remotecal.errors import OrderError
from remotecal.hub.numbers import NumberSettings
from remotecal.hub.settings import HubFolder
from remotecal.model import Text
from remotecal.order import Order
from remotecal.transport.messages import RemoteOrder, Terms


@asynccontextmanager
async def sited(folder: HubFolder, tiny: Tiny) -> AsyncIterator[Site]:
    async with hub_up(folder) as hub:
        yield await enrol_site(hub, tiny, folder.path.parent / "here")


async def order(site: Site, *, customer: str = "Customer", **head: object) -> RemoteOrder:
    """Issue an order in earnest, with a head of its own."""
    bundle, procedure = site.bundle()
    whole = Order.load(site.tiny.order)
    own = {"demonstration": False, "number": "", "certificate": None, **head}
    party = whole.customer.model_copy(update={"name": Text.plain(customer)})
    changed = {"order": whole.order.model_copy(update=own), "customer": party}
    terms = Terms(bench=BENCH, bundle=bundle)
    return await site.hub.laboratory.issue(
        whole.model_copy(update=changed), procedure, "here", terms, "Li Wei", lasts=3600.0
    )


def series(site: Site, **patterns: str) -> None:
    folder = site.hub.laboratory.folder
    folder.settings = folder.settings.model_copy(update={"numbers": NumberSettings(**patterns)})


async def test_an_order_without_a_number_gets_the_next(folder: HubFolder, tiny: Tiny) -> None:
    async with sited(folder, tiny) as site:
        with pytest.raises(OrderError, match=r"has no number: give it one .*or set a series"):
            await order(site)
        series(site, order="O-{number:3}", certificate="C-{number:4}")
        found = [await order(site) for _ in range(3)]
        assert [one.order.order.number for one in found] == ["O-001", "O-002", "O-003"]
        assert [one.order.order.certificate for one in found] == ["C-0001", "C-0002", "C-0003"]
        assert found[0].id.startswith("O-001-")
        typed = await order(site, number="mine", certificate="C-0005")
        assert typed.order.order.number == "mine"
        assert [(await order(site)).order.order.certificate for _ in range(2)] == ["C-0004", "C-0006"]


async def test_an_order_alone_has_a_series(folder: HubFolder, tiny: Tiny) -> None:
    async with sited(folder, tiny) as site:
        series(site, order="LNJL-{year}-{number:5}")
        one = await order(site)
        assert one.order.numbers == {"": one.order.order.number}
        assert one.order.order.number.endswith("-00001")


async def test_a_number_is_used_once(folder: HubFolder, tiny: Tiny) -> None:
    async with sited(folder, tiny) as site:
        store = site.hub.laboratory.store
        first = await order(site, number="O-1", certificate="C-1")
        with pytest.raises(OrderError, match=f"C-1 is that of the order {first.id}"):
            await order(site, number="O-2", certificate="C-1")
        with pytest.raises(OrderError, match=f"O-1 is that of the order {first.id}|C-1"):
            await order(site, number="C-1")
        with pytest.raises(OrderError, match="is that of an order of Customer"):
            await order(site, number="O-1", certificate="C-2", customer="Somebody else")
        await order(site, number="O-1", certificate="C-2")  # a customer's order may have several runs
        assert len(store.pages.orders(9)) == 2
        store.orders.withdraw(first.id, "not needed")
        assert (await order(site, number="O-3", certificate="C-1")).order.order.certificate == "C-1"
        rows = {row.number: row.holder for row in store.numbers.held(9)}
        assert rows.keys() == {"C-1", "C-2"}
        assert rows["C-1"] != first.id


@pytest.mark.parametrize("pattern", ["LNJL", "{number}{number}", "{year}{year}{number}", "{n}", "{number:0}"])
def test_a_pattern_that_gives_no_numbers_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="is no pattern of numbers"):
        NumberSettings(order=pattern)


def test_on_one_computer_a_number_is_used_once_among_runs_beside_each_other(
    tiny: Tiny, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    again = ["run", str(tiny.order), "--bench", str(tiny.bench), "--out"]
    assert main([*again, str(tmp_path / "one")]) == 0
    assert main([*again, str(tmp_path / "two")]) == 0  # a demonstration may be repeated
    text = tiny.order.read_text("utf-8")
    for written, said in (
        (text.replace("demonstration = true", ""), f"T-1 is that of the certificate in {tmp_path / 'one'}"),
        (text.replace('number = "T-1"', ""), "the order has no number"),
    ):
        earnest = tiny.order.with_name("earnest.toml")
        earnest.write_text(written, "utf-8")
        capsys.readouterr()
        code = main(["run", str(earnest), "--bench", str(tiny.bench), "--out", str(tmp_path / "three")])
        told = capsys.readouterr()
        assert (code, said in told.err) == (2, True), told
        assert not (tmp_path / "three").exists()
