"""How often a page asks the database, and by which indexes: as often for a long list as for a short one."""

import re

import httpx
import pytest
from asked import asking, for_each_row, plan
from laboratories import NO_TLS, PATIENCE
from test_web_pages import browsing
from web_laboratory import Web

QUERIES = {
    "/runs": 2,
    "/runs?station=here&state=signed": 2,
    "/orders": 2,
    "/orders?number=1": 2,
    "/audit": 2,
    "/audit?what=order": 2,
    "/audit/chain": 2,
    "/stations": 2,
    "/stations/here": 2,
    "/users": 2,
    "/tokens": 2,
    "/orders/{run}": 2,
    "/runs/here/{run}": 2,
    "/runs/here/{run}/files": 3,
    "/runs/here/{run}/journal": 3,
    "/runs/here/{run}/record": 3,
    "/runs/here/{run}/certificate": 8,
}
"""Address → queries, the one that tells who asks included."""
CUSTOMERS = {"/runs": 2, "/orders": 2, "/orders/{run}": 2, "/runs/here/{run}": 2}
"""The same for a customer, whose account stands with order and run."""

PAGES = {
    "operator": {
        "/": 5,
        "/orders": 3,
        "/orders?stage=certified": 3,
        "/orders?words=customer&procedure=tiny_procedure.py": 3,
        "/orders?number={number}&words=customer": 3,
        "/orders/sheets?order={run}": 3,
        "/orders/labels?order={run}": 2,
        "/orders/{run}": 4,
        "/live": 2,
        "/runs": 3,
        "/runs/here/{run}": 5,
        "/runs/here/{run}/course": 3,
        "/runs/here/{run}/moment": 5,
        "/runs/here/{run}/observations": 4,
        "/review": 5,
        "/review/here/{run}": 4,
        "/certificates": 3,
        "/certificates?q={number}": 4,
        "/items": 2,
        "/notices": 3,
        "/due": 1,
        "/due?by=customer": 1,
        "/standards": 2,
        "/standard?number=M1": 4,
        "/standard/drift?number=M1": 4,
        "/resting": 1,
        "/stations": 3,
        "/stations/here": 3,
        "/statistics": 5,
        "/statistics/intervals": 3,
        "/people": 1,
        "/requests": 2,
        "/numbers": 2,
        "/search?q={number}": 5,
        "/resting?number=M1": 3,
    },
    "customer": {
        "/": 4,
        "/my": 4,
        "/my/items": 2,
        "/my/table": 1,
        "/runs": 2,
        "/orders": 2,
        "/certificates": 2,
        "/live": 2,
    },
    "administrator": {"/audit": 3, "/stations": 4},
}
"""Who → page → queries of a later look, the one that tells who asks included."""
GROWING = ("runs", "run_equipment", "run_items", "records", "signed_certificates", "orders", "journal_lines")
"""Tables with rows for each run there ever was."""
BROAD = re.compile(r"\((duty|state|station|account|edition)=\?\)$").search
"""Finds a step by which many of these rows are read: for each row of a list that is a list of its own."""


@pytest.fixture(scope="module")
def run(web: Web) -> str:
    run = web.do(web.carried_out())
    web.hub.laboratory.store.orders.assign(run, "acme")
    return run


def queries(web: Web, client: httpx.Client, address: str) -> int:
    with asking(web.hub.laboratory.store, by_pages=True) as sent:
        answer = client.get(address)
    assert answer.status_code == 200, answer.text
    return len(sent)


def test_a_page_asks_as_often_as_it_must(web: Web, run: str) -> None:
    with web.token("operator") as operator, web.token("administrator") as administrator:
        assert operator.get("/orders").status_code == 200, "how people are called is remembered a while"
        for address, count in QUERIES.items():
            client = administrator if address.startswith(("/audit", "/users")) else operator
            assert (address, queries(web, client, address.format(run=run))) == (address, count)
    with web.token("customer") as acme:
        assert [row["run"] for row in acme.get("/runs").json()] == [run]
        for address, count in CUSTOMERS.items():
            assert (address, queries(web, acme, address.format(run=run))) == (address, count)


def test_a_page_of_the_console_asks_as_often_as_it_must(web: Web, run: str) -> None:
    """And goes through no table whole that grows with the runs, but by an index that has all of it."""
    store = web.hub.laboratory.store
    (item,) = store.about.of_run("here", run)[1]
    found, whole = {}, []
    for role, expected in PAGES.items():
        with browsing(web, role) as client:
            for address in expected:
                path = address.format(run=run, number=item.certificate)
                assert client.get(path).status_code == 200, path  # what is remembered is found
                with asking(store, by_pages=True) as sent:
                    assert client.get(path).status_code == 200, path
                found[role, address] = len(sent)
                whole += [(path, step) for asked in sent for step in gone_through(plan(store, asked))]
                whole += [
                    (path, step) for asked in sent for step in for_each_row(store, asked) if BROAD(step)
                ]
    assert found == {(role, page): n for role, pages in PAGES.items() for page, n in pages.items()}
    assert not whole


def gone_through(steps: list[str]) -> list[str]:
    """Return the steps that read all rows of a table that grows with the runs."""
    return [
        step
        for table in GROWING
        for step in steps
        if f"{step} ".startswith(f"SCAN {table} ") and "USING" not in step
    ]


def test_a_long_list_asks_as_often(web: Web) -> None:
    store = web.hub.laboratory.store
    for number in range(150):
        name = f"long-{number}"
        store.orders.issue(name, "1", "here", b"e", 1.0, 2.0, "Li Wei", account="bolt")
        store.journals.append("here", name, 1, [], 1.0)
    with web.token("bolt", "customer") as bolt, web.token("operator") as operator:
        for client, address in ((bolt, "/orders"), (bolt, "/runs"), (operator, "/runs?limit=1000")):
            assert queries(web, client, address) == QUERIES[address.partition("?")[0]]
        assert len(bolt.get("/runs").json()) == 100


def test_whoever_looks_after_the_hub_asks_for_what_waits(web: Web) -> None:
    with httpx.Client(base_url=web.url, timeout=PATIENCE, verify=NO_TLS) as anybody:
        assert queries(web, anybody, "/health") == 3
        assert queries(web, anybody, "/metrics") == 11
