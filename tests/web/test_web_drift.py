"""How a standard's certified values changed; and whether a bench is in control by its check standard."""

import json
import re
from datetime import date, timedelta
from html import unescape

import pytest
from asked import asking, plan
from sample import record as sample
from sites import until
from test_web_brought import brought, certificate, run
from test_web_out_of_service import day
from test_web_pages import browsing
from web_laboratory import Web

from remotecal.certificates.drift import courses
from remotecal.journal.events import seal
from remotecal.model import Column, Measurement, Record, Result, Table, Text, Uncertainty
from remotecal.store.tables import journal_lines, run_equipment, runs
from remotecal.transport.messages import BenchAnnounced
from remotecal.web.pages.drift import changed_most

__all__ = ["day", "run"]

STEADY = "[10.0, 10.1, 9.9, 10.0, 10.1, 9.9, 10.0, 10.1, 10.0, 9.9]"


def measured(
    values: list[tuple[str, str, str]], nominal: str = "basic_nominalValue"
) -> tuple[Measurement, ...]:
    """Return a measurement with values over nominal ones, each with its U at k = 2."""
    at = Column(ref_types=("basic_nominalValue",), unit="g", values=tuple(place for place, _, _ in values))
    expanded = tuple(u for _, _, u in values)
    stated = Uncertainty(expanded=expanded, k=("2",), p=("0.95",))
    mass = Column(
        ref_types=("mass_conventional",),
        unit="g",
        values=tuple(value for _, value, _ in values),
        uncertainty=stated,
    )
    table = Table(columns=(at, mass))
    (whole,) = sample().measurements
    result = Result(name=Text(zh="质量", en="Mass"), tables=(table,))
    return (whole.model_copy(update={"results": (result,), "budgets": (), "items": ()}),)


def of(number: str, day: date, values: list[tuple[str, str, str]], **said: object) -> Record:
    """Return a certificate of a day."""
    whole = sample()
    told = {"number": number, "begun": day, "finished": day, "issued": day, "received": None}
    items = whole.items[:1]
    return whole.model_copy(update={**told, "items": items, "measurements": measured(values), **said})


FIRST, SECOND, THIRD = date(2024, 5, 6), date(2025, 5, 7), date(2026, 5, 8)


def test_values_at_the_same_point_are_told_with_their_change() -> None:
    first = of("A", FIRST, [("100", "100.000123", "0.000050"), ("200.0", "200.0000451", "0.000112")])
    second = of("B", SECOND, [("100.00", "100.000203", "0.000050"), ("50", "50.00002", "0.00003")])
    third = of("C", THIRD, [("100", "100.000212", "0.000047")])
    found = {one.point.place: one for one in courses([third, first, second], "")}
    assert list(found) == ["100", "200", "50"]
    told = found["100"].told
    assert [(one.one.number, one.value, one.expanded) for one in told] == [
        ("A", "100.000123", "0.000050"),
        ("B", "100.000203", "0.000050"),
        ("C", "100.000212", "0.000047"),
    ]
    assert [(one.change, one.change_expanded, one.beyond) for one in told] == [
        ("", "", False),
        ("0.000080", "0.000071", True),
        ("0.000009", "0.000069", False),
    ]
    assert told[2].since_first == pytest.approx(0.000089)
    ((alone,),) = [one.told for one in found.values() if one.point.place == "200"]
    assert (alone.value, alone.expanded, alone.change) == ("200.00005", "0.00011", "")


def test_those_that_changed_most_are_drawn_and_the_others_counted() -> None:
    places = [str(100 * place) for place in range(1, 8)]
    first = of("A", FIRST, [(place, place, "0.00050") for place in places])
    changed = [(place, f"{int(place) + 0.001 * nth:.3f}", "0.00050") for nth, place in enumerate(places)]
    drawn = changed_most(courses([first, of("B", SECOND, changed)], ""))
    assert [one.point.place for one in drawn] == ["300", "400", "500", "600", "700"]


def test_a_standard_uncertainty_is_told_at_k_2_and_what_can_t_be_followed_is_left_out() -> None:
    plain = of("A", FIRST, [("100", "100.0001", "0.00005")])
    (whole,) = plain.measurements
    (table,) = whole.results[0].tables
    at, mass = table.columns
    one = mass.model_copy(update={"uncertainty": Uncertainty(expanded=("0.000025",), k=("1",))})
    none = mass.model_copy(update={"uncertainty": None})

    def with_columns(*columns: Column) -> Record:
        result = whole.results[0].model_copy(update={"tables": (Table(columns=columns),)})
        return plain.model_copy(update={"measurements": (whole.model_copy(update={"results": (result,)}),)})

    (course,) = courses([with_columns(at, one)], "")
    assert course.told[0].expanded == "0.000050"
    assert courses([with_columns(at, none)], "") == ()
    assert courses([with_columns(one)], "")[0].point.place == "", "a single value"
    two = one.model_copy(update={"values": ("1.0", "2.0")})
    assert courses([with_columns(two)], "") == (), "of several without a nominal value none is known again"


def test_the_page_has_drawing_and_table_of_those_in_runs_and_those_brought(web: Web, run: str) -> None:
    number = "S-drift"
    with web.token("operator") as operator:
        assert operator.post("/items", json={"name": "Weight", "serial": number}).status_code == 201
    said = {"begun": FIRST, "finished": FIRST, "issued": FIRST, "received": None}
    values = measured([("100", "100.000123", "0.000050")])
    brought(web, certificate("W-1", serial=number, measurements=values, **said), number=number)
    with browsing(web, "reader", "zh") as client, browsing(web, "reader") as english:
        page = client.get(f"/standard/drift?number={number}").text
        assert "只有一份证书" in page
        assert "<svg" not in page
        line = _in_a_run(web, run, number, of("W-2", SECOND, [("100", "100.000203", "0.000050")]))
        store = web.hub.laboratory.store
        with asking(store) as sent:
            page = unescape(english.get(f"/standard/drift?number={number}").text)
        assert len(sent) == 5
        assert not [step for one in sent for step in plan(store, one) if "SCAN journal_lines" in step]
        assert "one certificate only" not in page
        assert page.count("<svg") == 1
        for told in (
            "Value / g",
            "U of the change / g",
            "0.000080",
            "more than U",
            "W-1 (2024-05-06)",
            "Nobody on the trust list answers for these, which somebody brought: W-1<",
            "● 100 g",
        ):
            assert told in re.sub(r"</?span[^>]*>", "", page), told
        assert f"/standard/drift?number={number}" in english.get(f"/standard?number={number}").text
        assert client.get("/standard/drift?number=nobody").status_code == 404
        _announced(web, "S-new", "W-9")
        page = english.get("/standard/drift?number=S-new").text
        assert re.search(r"their files are not here.*: W-9<", page)
        assert "certifies a value" not in page, "nobody here can know"
        for forged in (b'{"forged":1}', b"[" * 100_000):
            this = (journal_lines.c.run == "drifting") & (journal_lines.c.seq == 1)
            with store.database.begin() as connection:
                connection.execute(journal_lines.update().where(this).values(line=forged))
            page = client.get(f"/standard/drift?number={number}").text
            assert "只有一份证书" not in page, "there are two, and one is not here"
            assert re.search(r"此处没有其文件，未计入.*： W-2<", page)
        with store.database.begin() as connection:
            connection.execute(journal_lines.update().where(this).values(line=line))
        assert "只有一份证书" not in client.get(f"/standard/drift?number={number}").text
        row = {"station": "here", "run": "drifting", "committed": 1, "head": "", "state": "begun"}
        with store.database.begin() as connection:
            connection.execute(
                runs.insert().values(**row, began=1.0, updated=1.0, conflict="", unordered="x")
            )
        assert "只有一份证书" in client.get(f"/standard/drift?number={number}").text
    with browsing(web, "customer") as customer:
        assert customer.get(f"/standard/drift?number={number}").status_code == 403


def _announced(web: Web, serial: str, certificate: str) -> None:
    """Have the station tell of a standard on its bench that took part in no run."""
    stations = web.hub.laboratory.store.stations
    row = stations.get("here")
    said = json.loads(json.dumps(row.said))
    said["benches"][0]["numbers"]["new"] = [serial, certificate]
    stations.seen("here", row.session or "", json.dumps(said), web.clock.now())


def _in_a_run(web: Web, run: str, serial: str, record: Record) -> bytes:
    """Enter a run, as like another, that had a standard by a certificate; return its first line."""
    first = json.loads(web.hub.laboratory.store.journals.first_line("here", run))
    used = {"file": "w.xml", "sha256": "0" * 64, "record": record.model_dump(mode="json")}
    first["data"]["certificates"] = {"weight": used}
    row = {"station": "here", "run": "drifting", "name": "weight", "at": web.clock.now(), "serial": serial}
    row |= {"certificate": record.number, "certificate_sha256": "0" * 64, "valid_until": "", "roles": ""}
    line, _ = seal(1, first["at"], "start", first["data"], first["prev"])
    with web.hub.laboratory.store.database.begin() as connection:
        connection.execute(run_equipment.insert().values(**row, maker="", model=""))
        connection.execute(journal_lines.insert().values(station="here", run="drifting", seq=1, line=line))
    return line


def test_a_check_standard_has_its_chart_and_its_faults_in_words(web: Web, run: str, day: date) -> None:
    bench = web.site.tiny.bench
    before = bench.read_text()
    text = 'name = "{}"\nunit = "g"\nin_control = {}\nlatest = {}\nchecked = {}\n'
    for file, name, latest in (
        ("check.toml", "check <weight>", [10.05, 9.95, 10.4]),
        ("once.toml", "once", [10.4, 10.05, 9.95]),
    ):
        (bench.parent / file).write_text(text.format(name, STEADY, latest, day - timedelta(days=1)))
    bench.write_text(before + '[admission]\ncheck_standards = ["check.toml", "once.toml", "missing.toml"]\n')
    stations = web.hub.laboratory.store.stations

    def told() -> tuple[object, ...]:
        (said,) = stations.get("here").said["benches"]
        return BenchAnnounced.model_validate_json(json.dumps(said)).checks

    async def heard() -> None:
        async with web.site.up():
            await until(lambda: bool(told()))

    try:
        web.do(heard())
    finally:
        bench.write_text(before)
    with browsing(web, "reader") as client, browsing(web, "reader", "zh") as chinese:
        listed = client.get("/standards").text
        assert "not in control" in listed
        address, once = [unescape(one) for one in re.findall(r'href="(/standards/check\?[^"]+)"', listed)]
        page = re.sub(r"\s+", " ", client.get(address).text)
        for seen in ("check &lt;weight&gt;", "10.00 g", "0.11 g", "9.67 … 10.33 g", "<svg", "not in control"):
            assert seen in page, seen
        rows = re.findall(r"<tr>(.*?)</tr>", page)[1:]
        values = [re.findall(r'class="number">([^<]*)<', row)[1] for row in rows]
        assert values == ["10.40", "9.95", "10.05"], "decimal points in line"
        assert ["out of control" in row for row in rows] == [True, False, False], "the latest first"
        assert "1 of the last 1 lie beyond 3 sigma above the centre" in rows[0]
        now = re.sub(r"<[^>]*>|\s+", " ", client.get(once).text)
        assert re.search(r"in control +· +not in control at earlier values since: 1", now)
        assert "高出中心线 3 倍标准差以上" in chinese.get(address).text
        assert client.get("/standards/check?station=here&bench=Tiny%20bench&name=x").status_code == 404
