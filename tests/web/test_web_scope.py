"""The scope beside what was stated: counted by capability; each U below its CMC with its evidence."""

import math
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from sample import record
from several import several
from test_web_certificates import issued
from test_web_pages import browsing
from test_web_work_told import REGISTER, row, table
from web_laboratory import Web

from remotecal.certificates.dcc import read, write
from remotecal.certificates.demonstration import write_trust_list
from remotecal.certificates.scope import stated
from remotecal.certificates.signing.xml import sign_xml
from remotecal.certificates.trust import Capability
from remotecal.cli import main
from remotecal.hub.scope import (
    _row,
    _rows,
    _stated_by,
    compare_if_possible,
    compare_issued,
    hash_of,
    key_of,
    scope_of,
    unlike_sealed,
)
from remotecal.hub.settings import HubFolder
from remotecal.model import Column, InCmc, Record, Text
from remotecal.model.choice import of_items
from remotecal.store.stated import StatedResult, StatedSum, enter
from remotecal.store.stated_tables import stated_certificates
from remotecal.web.pages.scope import ratio

TIME = f"since={record().finished.isoformat()}&until={record().finished.isoformat()}"


def able(low: str, high: str, cmc: str) -> Capability:
    return Capability(
        quantity="basic_measurementError",
        unit="%",
        cmc=cmc,
        against="basic_referenceValue",
        against_unit="m3/h",
        low=low,
        high=high,
    )


SMALL, LARGE = able("0", "20", "0.027"), able("20", "100", "0.03")
"""The sample states U = 0.036, 0.027 and 0.088 below 20 m³/h; above it 0.035, 0.029 and 0.026."""


def compare(web: Web) -> int:
    return compare_if_possible(web.hub.laboratory.folder, web.hub.laboratory.store, web.clock.now())


def plain(sums: Mapping[tuple[str, str], StatedSum]) -> dict[tuple[str, str], tuple[object, ...]]:
    """Return sums without what the index numbers a certificate by."""
    return {key: (*one[:3], *one.smallest[1:]) for key, one in sums.items()}


def certify(web: Web, scope: Sequence[Capability]) -> None:
    """Have the trust list tell another scope of the laboratory."""
    trust = web.hub.laboratory.folder.path / "trust.toml"
    name, today = Text(zh="实验室", en="Laboratory"), datetime.now(UTC).date()
    write_trust_list(trust, web.keys, name, scope, today)


@pytest.fixture(scope="module")
def number(web: Web) -> tuple[str, str]:
    """The run and the number of an issued certificate, which states what the sample does."""
    folder = web.hub.laboratory.folder
    register = REGISTER.format(ended=date(2020, 1, 1), soon=date(2090, 1, 1), holds=date(2099, 1, 1))
    (folder.path / "register.toml").write_text(register, encoding="utf-8")
    run = web.do(web.carried_out())
    store = web.hub.laboratory.store
    with store.database.begin() as connection:
        enter(connection, store.database, "here", "waiting", "", "C-0")
    certified = issued(web, run)
    # compared as soon as it was issued, and nothing else in that request
    assert [one.run for one in store.stated.behind(hash_of(()), 9)] == ["waiting"]
    with store.database.begin() as connection:
        connection.execute(stated_certificates.delete().where(stated_certificates.c.run == "waiting"))
    assert list(unlike_sealed(folder, store, web.clock.now())) == []
    with (folder.path / "hub.toml").open("a") as file:
        file.write('signatories = "register.toml"\n')  # the last table there is [issuing]
    folder.settings = HubFolder(folder.path).settings
    kept = store.records.find("here", run)
    store.records.put(replace(kept, record=record().to_json(), computed=time.time()))
    certify(web, (SMALL, LARGE))
    return run, certified


def test_each_u_below_the_cmc_at_its_place_is_told(web: Web, number: tuple[str, str]) -> None:
    run, certified = number
    with browsing(web, "operator") as client:
        page = client.get(f"/people?{TIME}").text
        assert "still to be compared with this scope, as it was changed or they are new: 1." in page
        assert compare(web) == 1
        page = client.get(f"/people?{TIME}").text
        assert "still to be compared" not in page
        scope = page.partition('id="scope"')[2].partition('id="below"')[0]
        assert row(scope, "Error of indication 0.027").endswith(
            f"3 0.027 % at 13.982 m³/h {certified} 1.000 0"
        )
        assert row(scope, "Error of indication 0.03 ").endswith(
            f"3 0.026 % at 35.046 m³/h {certified} 0.866 2"
        )
        below = page.partition('id="below"')[2]
        links = re.findall(rf'href="(/runs/here/{run}/results/[0-9/]+)">([0-9.]+)', below)
        assert [u for _, u in links] == ["0.026", "0.029"]
        for address, u in links:
            evidence = client.get(address)
            assert evidence.status_code == 200
            value = {"0.026": 2, "0.029": 1}[u]
            assert record().tables[0].columns[3].values[value] in evidence.text
        assert f'<a href="/runs/here/{run}">{certified}</a>' in below
        rows = table(client.get(f"/people?{TIME}&table=below"))
        assert [(one["U"], one["Certificate"], one["U / CMC"]) for one in rows] == [
            ("0.026", certified, "0.866"),
            ("0.029", certified, "0.966"),
        ]
        assert [one["Results"] for one in table(client.get(f"/people?{TIME}&table=scope"))] == ["3", "3"]
        earlier = client.get("/people?since=2020-01-01&until=2020-02-01").text
        assert row(earlier, "Error of indication 0.03 ").endswith("0 – – –")
        assert client.get("/people?since=2020-02-01&until=2020-01-01").status_code == 422
    with browsing(web, "operator", "zh") as client:
        assert "小于 CMC" in client.get(f"/people?{TIME}").text
    with browsing(web, "customer") as client:
        assert client.get(f"/people?{TIME}&table=below").status_code == 403


def test_a_sealed_certificate_states_what_the_index_has_of_its_record(web: Web) -> None:
    said, xml, scope = record(), write(record()), (SMALL, LARGE)
    for duty in ("performed", "reviewed", "approved", "issued"):
        xml = sign_xml(xml, web.keys.signers[duty], duty, datetime.now(UTC))
    stands = _stated_by(xml, scope)
    assert stands == [row._replace(place="") for row in _rows(said, "", scope)]
    assert [row.wanting for row in stands].count(True) == 2


def test_the_certificate_of_one_device_states_what_the_index_has_of_it() -> None:
    whole = several()
    for item in whole.items:
        its_own = read(write(of_items(whole, (item,))))
        stands = [_row(one)._replace(place="") for one in stated(its_own, ())]
        assert stands == [row._replace(place="") for row in _rows(whole, item.id, ())]
        assert stands


OF_CMC = {
    1.001: "1.001",
    1.005: "1.005",
    0.9999999: "0.999",
    10.26: "10.2",
    1e30: f"{10**30}.0",
    None: "",
    math.nan: "",
}


def test_which_part_of_the_cmc_a_u_is_is_rounded_down_as_it_is_written() -> None:
    of = dict.fromkeys(StatedResult._fields, "1") | {"marked": False}
    assert {told: ratio(StatedResult(**of | {"ratio": told})) for told in OF_CMC} == OF_CMC


def test_another_scope_is_held_against_all_that_was_stated(
    web: Web, number: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    folder, store = web.hub.laboratory.folder, web.hub.laboratory.store
    narrower = able("20", "40", "0.02")
    certify(web, (narrower,))
    with browsing(web, "operator") as client:
        page = client.get(f"/people?{TIME}").text
        assert "as a former scope had it" in page
        assert "not marked" not in page.partition('id="below"')[2], "by a scope that is none any more"
        assert table(client.get(f"/people?{TIME}&table=below")) == []
    compare(web)
    days = record().finished.isoformat(), record().finished.isoformat()
    sums = store.stated.sums(*days)
    assert sums[key_of(narrower), narrower.quantity].results == 1
    others = sums["", "basic_measurementError"]
    assert (others.results, others.wanting, others.marked) == (5, 5, 0)
    with browsing(web, "operator") as client:
        page = client.get(f"/people?{TIME}").text
        assert row(page.partition("Stated where there is no CMC")[2], "Error of indication").endswith("5 0")
        assert page.partition('id="below"')[2].count("not marked") == 5
    assert main(["hub", "reindex", "--hub", str(folder.path), "--sealed"]) == 0
    said = capsys.readouterr().out
    assert "issued certificates stated is held" in said
    assert "but of 1 of them" in said  # the record is another one than that of the certificate
    assert f"! {number[0]}: look at its record" in said
    assert plain(store.stated.sums(*days)) == plain(sums)
    trust = folder.path / str(folder.settings.issuing.trust)
    kept = trust.read_bytes()
    trust.write_text("no list", encoding="utf-8")
    assert main(["hub", "reindex", "--hub", str(folder.path), "--sealed"]) != 0
    assert "items are looked for anew" in capsys.readouterr().out, "all else is done"
    trust.write_bytes(kept)


def marked() -> Record:
    """Return the sample, whose results are said to be outside the scope."""
    said = record()
    (table,) = said.tables
    columns = [
        one.model_copy(update={"in_cmc": InCmc(valid=(False,))})
        if isinstance(one, Column) and one.uncertainty is not None
        else one
        for one in table.columns
    ]
    (measurement,) = said.measurements
    (result,) = measurement.results
    result = result.model_copy(update={"tables": (table.model_copy(update={"columns": tuple(columns)}),)})
    return said.model_copy(update={"measurements": (measurement.model_copy(update={"results": (result,)}),)})


def test_a_small_u_that_is_marked_as_outside_the_scope_is_within_what_may_be_stated(
    web: Web, number: tuple[str, str]
) -> None:
    store = web.hub.laboratory.store
    certify(web, (SMALL, LARGE))
    kept = store.records.find("here", number[0])
    for said, wanting in ((record(), 2), (marked(), 0)):
        store.records.put(replace(kept, record=said.to_json(), computed=time.time()))
        assert compare(web) == 1
        found = store.stated.sums(said.finished.isoformat(), said.finished.isoformat())
        assert found[key_of(LARGE), LARGE.quantity].wanting == wanting
        assert found[key_of(LARGE), LARGE.quantity].smallest.ratio == pytest.approx(0.026 / 0.03)


def test_only_a_scope_that_counts_today_is_one(
    web: Web, number: tuple[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    folder, now = web.hub.laboratory.folder, web.clock.now()
    certify(web, (SMALL,))
    assert scope_of(folder, now) == (SMALL,)
    assert scope_of(folder, now + 400 * 86400.0) == scope_of(folder, now - 400 * 86400.0) == ()
    with browsing(web, "operator") as client:
        assert client.get(f"/people?{TIME}&table=below").status_code == 200
        certify(web, ())
        assert client.get(f"/people?{TIME}&table=below").status_code == 404  # and not: nothing is wanting
        assert "The trust list tells no scope" in client.get(f"/people?{TIME}").text
    compare_issued(folder, web.hub.laboratory.store, float("inf"), ("here", number[0], ""))
    assert "can't be held against the scope now" in caplog.text  # and whoever issues it goes on
