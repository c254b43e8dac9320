"""Runs are found by the numbers of what took part in them; customers find what is theirs."""

import csv
import io
import time
from datetime import UTC, date, datetime, timedelta

import pytest
from web_laboratory import Web, problem

from remotecal.cli import main
from remotecal.clock import civil_day
from remotecal.store.tables import run_equipment


@pytest.fixture(scope="module")
def run(web: Web) -> str:
    """A run that was carried out and computed, of no customer's account."""
    return web.do(web.carried_out())


def numbers(web: Web, run: str) -> tuple[str, str]:
    """Return the serial number of what a run calibrated, and that of somebody who took part."""
    used, (item,) = web.hub.laboratory.store.about.of_run(web.site.folder.name, run)
    return item.serial or item.owner_number, next(one.serial for one in used if one.serial)


def test_an_item_and_a_standard_lead_to_the_run(web: Web, run: str) -> None:
    serial, standard = numbers(web, run)
    with web.log_in("reviewer") as client:
        (item,) = [
            one for one in client.get("/calibrated", params={"number": serial}).json() if one["run"] == run
        ]
        assert item["station"] == web.site.folder.name
        assert item["customer"]
        used = client.get("/equipment", params={"number": standard}).json()
        assert run in {one["run"] for one in used}
        assert {one["serial"] for one in used} == {standard}
        (its,) = (one for one in used if one["run"] == run)
        assert 1 < its["first_line"] < its["last_line"]
        resting = client.get("/resting", params={"number": standard, "depth": 3}).json()
        (found,) = [one for one in resting if one["run"] == run]
        assert (found["depth"], found["certificate"], found["issued"]) == (1, item["certificate"], None)
        assert (found["first_line"], found["last_line"]) == (its["first_line"], its["last_line"])
        began = datetime.fromisoformat(found["at"])
        params = {"number": standard, "until": (began - timedelta(seconds=1)).astimezone(UTC).isoformat()}
        assert run not in {one["run"] for one in client.get("/resting", params=params).json()}
        assert "nothing here" in problem(client.get("/resting", params={"number": "none"}), 404)


def test_a_customer_finds_what_is_theirs(web: Web, run: str) -> None:
    serial, standard = numbers(web, run)
    with web.log_in("customer") as client:
        assert client.get("/calibrated", params={"number": serial}).json() == []
        for path in ("/equipment", "/resting"):
            assert client.get(path, params={"number": standard}).status_code == 403
    store = web.hub.laboratory.store
    from remotecal.store.tables import runs

    with store.database.begin() as connection:
        connection.execute(runs.update().where(runs.c.run == run).values(account="acme"))
    try:
        with web.log_in("customer") as client:
            assert [one["run"] for one in client.get("/calibrated", params={"number": serial}).json()] == [
                run
            ]
        with web.log_in("bolt") as client:
            assert client.get("/calibrated", params={"number": serial}).json() == []
    finally:
        with store.database.begin() as connection:
            connection.execute(runs.update().where(runs.c.run == run).values(account=None))


def test_the_same_at_a_terminal(web: Web, run: str, capsys: pytest.CaptureFixture[str]) -> None:
    serial, standard = numbers(web, run)
    hub = ["--hub", str(web.hub._folder.path)]
    assert main(["hub", "find", serial, *hub]) == 0
    assert "item" in capsys.readouterr().out
    assert main(["hub", "find", standard, *hub]) == 0
    assert "standard" in capsys.readouterr().out
    assert main(["hub", "find", "nobody's", *hub]) == 2
    assert "looked for whole" in capsys.readouterr().err
    assert main(["hub", "resting", standard, "--csv", *hub]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert run in {row["run"] for row in rows}
    assert main(["hub", "resting", standard, "--until", "1999-01-01", *hub]) == 2
    assert "no run here rests on" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["hub", "resting", standard, "--since", "yesterday", *hub])
    assert "write it as" in capsys.readouterr().err
    assert main(["hub", "due", "--within", "100000", "--csv", *hub]) == 0
    assert capsys.readouterr().out.startswith("valid until,left,")


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Etc/GMT+12"])  # it is never the same day there
def test_days_at_a_terminal_are_the_laboratorys(
    web: Web, run: str, capsys: pytest.CaptureFixture[str], zone: str
) -> None:
    folder, (_, standard) = web.hub.laboratory.folder.path, numbers(web, run)
    hub, text = ["--hub", str(folder)], (folder / "hub.toml").read_text()
    began = web.hub.laboratory.store.journals.find("here", run).began
    assert began is not None
    day = f"{civil_day(began, zone)}"
    ends = {"certificate": f"E-{zone}", "serial": f"E-{zone}", "name": zone, "valid_until": "2100-01-01"}
    ends |= dict.fromkeys(("maker", "model", "roles", "certificate_sha256"), "")
    with web.hub.laboratory.store.database.begin() as connection:
        connection.execute(run_equipment.insert().values(**ends, station="here", run=run, at=began))
    (folder / "hub.toml").write_text(f'time_zone = "{zone}"\n{text}')
    try:
        assert main(["hub", "resting", standard, "--since", day, "--until", day, "--csv", *hub]) == 0
        assert run in capsys.readouterr().out
        days = [civil_day(time.time(), zone)]
        assert main(["hub", "due", "--within", "100000", "--csv", *hub]) == 0
        days.append(civil_day(time.time(), zone))
        rows = csv.DictReader(io.StringIO(capsys.readouterr().out))
        (left,) = [row["left"] for row in rows if row["number"] == f"E-{zone}"]
        assert left in {f"{(date(2100, 1, 1) - today).days}" for today in days}
    finally:
        (folder / "hub.toml").write_text(text)
