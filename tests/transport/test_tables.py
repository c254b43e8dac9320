"""What the laboratory's commands print fits 80 columns, and does nothing to the terminal."""

from pathlib import Path

import pytest

from remotecal.cli import main
from remotecal.cli.tables import plain, show_table, wide
from remotecal.clock import VirtualClock
from remotecal.hub.settings import HubFolder
from remotecal.journal.writing import Journal
from remotecal.store import Store
from remotecal.store.records import RecordRow

RUN = "FLOW-2026-17-0123456789ab"
REASON = "the balance [/dev/ttyUSB0] is silent: look at its cable,\x1b[2J and at its power supply"


@pytest.fixture
def busy(folder: HubFolder, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> HubFolder:
    monkeypatch.setenv("COLUMNS", "80")
    with Journal.create(tmp_path / RUN, VirtualClock(0.0)) as journal:
        journal.append("start", {"format": 1})
    lines = (tmp_path / RUN / "journal.jsonl").read_bytes().splitlines()
    for station in ("pump-house-7", "here"):
        store.stations.enrol(store.stations.new_code(station, 9.0), "key", "print", 1e9, 1.0)
    store.journals.append("pump-house-7", RUN, 1, lines, 1.7e9)
    store.journals.note_conflict("pump-house-7", RUN, REASON)
    store.records.put(RecordRow("pump-house-7", RUN, "h", "k", "{}", agrees=False, computed=1.0))
    for number in (1, 2):
        store.orders.issue(f"O-{number}", "1", "here", b"e", 1.0, 2.0, "Li Wei")
    store.orders.refuse("O-1", "here", REASON)
    return folder


def test_runs_fit_and_are_named_whole(busy: HubFolder, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["runs", "--hub", str(busy.path)]) == 0
    said = capsys.readouterr().out
    table = [line for line in said.splitlines() if ": " not in line]
    assert max(map(len, table)) <= 80
    (line,) = (line for line in table if RUN in line)
    assert line.split()[1:4] == ["pump-house-7", "running", "1"]
    assert "DIFFERS" in line
    assert "…" not in said
    assert f"{RUN}: lines were refused: {plain(REASON)}" in said
    assert f"O-1 was refused: {plain(REASON)}" in said
    assert "\x1b" not in said


def test_stations_fit(busy: HubFolder, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["hub", "stations", "--hub", str(busy.path)]) == 0
    said = capsys.readouterr().out
    assert max(map(len, said.splitlines())) <= 80
    assert "pump-house-7" in said
    assert "2001-09-09 01:46:40" in said


def test_a_long_name_is_broken_and_nothing_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", "80")
        show_table(("run", "station", "record"), [("r" * 70, "station-7" * 3, "DIFFERS")])
    said = capsys.readouterr().out
    assert said.count("r" * 10) >= 6
    assert "DIFFERS" in said
    assert "station-7" * 3 in said
    assert sum(line.count("r") for line in said.splitlines()[2:]) == 70


def test_words_and_numbers_stay_whole_while_another_column_can_give_way(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    named, day = "PRESSURE-2026-17-0123456789abe155043eeb2f", "2027-08-02"
    about = "压力变送器在标准装置上需要重新校准，此前不得用于任何测量"
    rows = [(named, f"压力变送器{day}到期", about, day)]
    monkeypatch.setenv("COLUMNS", "80")
    show_table(("运行", "仪器", "说明", "日期"), rows)
    said = capsys.readouterr().out
    assert max(map(wide, said.splitlines())) <= 80
    assert named in said
    assert said.count(day) == 2
    monkeypatch.setenv("COLUMNS", "77")
    show_table(("run", "station", "state", "began"), [(named, "pump-house-7", "running", f"{day} 12:00")])
    (line,) = (line for line in capsys.readouterr().out.splitlines() if named in line)
    assert line.split()[1:] == ["pump-house-7", "running", day], "the edges gave way"


def test_what_is_piped_is_not_wrapped(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    show_table(("run", "why"), [("O-1", REASON * 9)])
    assert plain(REASON * 9) in capsys.readouterr().out


def test_a_space_of_any_width_is_shown_and_what_a_terminal_obeys_is_not() -> None:
    assert plain("0 – 100\u202f%, 张\u3000三, 1\u00a0kPa") == "0 – 100\u202f%, 张\u3000三, 1\u00a0kPa"
    assert plain("\x1b[2J\u202e\u2028") == "\ufffd[2J\ufffd\ufffd"
