"""The console's demonstration: a laboratory with work behind it, and nothing of it left when it is ended."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from remotecal.cli.demo_year import RECENT, plan, two_years_of
from remotecal.clock import civil_time
from remotecal.model import Record
from remotecal.sim.certificates import AGE, VALIDITY
from remotecal.store import Store

CONSOLE = (sys.executable, "-m", "remotecal", "demo", "dosing-stand", "--console")
WITHIN = 300.0
"""Seconds in which a laboratory is up."""
PERFORMS, REVIEWS, CUSTOMER = "liwei", "wangfang", "instruments"


def test_people_log_in_see_the_work_and_nothing_is_left_once_it_is_ended(tmp_path: Path) -> None:
    place, temporary = tmp_path / "laboratory", tmp_path / "temporary"
    temporary.mkdir()
    with _started(temporary, "--runs", "3", "--out", str(place)) as process:
        said = _said(process)
        url = re.search(r"http://\S+", said)[0]
        known = dict(re.findall(r"^  (\w+) +(\S+) +\w+: ", said, re.MULTILINE))
        assert len(known) == 5
        with _in(url, REVIEWS, known) as client:
            certificates = client.get("/certificates").text
            assert len(set(re.findall(r"DEMO-C-\d{4}-\d{4}", certificates))) == 3
            assert "/v/" in certificates
        with _in(url, PERFORMS, known) as client:
            today, review = client.get("/").text, client.get("/review").text
            runs = set(re.findall(r"/review/demo-site/(DEMO-[\w-]+)", review))
            assert len(runs) == 2
            assert "Wang Fang: " in today
            assert client.get("/orders").text.count("demo-away") >= 1
            assert client.get("/orders/new?item=1").status_code == 200
            page = client.get(f"/runs/demo-site/{min(runs)}").text
            (evidence, *_) = re.findall(r'href="(/runs/demo-site/[^"]+/results/[0-9/]+)"', page)
            assert client.get(evidence).status_code == 200
            people = client.get("/people").text
            assert people.index("DEMO-P-1") < people.index("DEMO-P-3"), "who may do what"
            assert "DEMO-P-2" in client.get("/due").text
            reviewed = client.get(f"/review/demo-site/{max(runs)}").text
            assert "not registered" not in reviewed
            assert "no file with the hash" not in reviewed, "the standards' certificates are at hand"
            steps = client.get("/statistics?table=steps").text
            assert "performed" in steps
            assert not re.search(r",-\d", steps)
        with _in(url, CUSTOMER, known) as client:
            assert client.get("/audit").status_code in {403, 404}
            mine = set(re.findall(r"/runs/demo-site/(DEMO-[\w-]+)", client.get("/runs").text))
            assert len(mine) < 3
        for _ in range(2):  # whoever presses Ctrl-C twice interrupts no clearing up
            process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert process.returncode == 0
    assert not list(temporary.iterdir())
    assert _left(tmp_path) == []
    _all_ends_behind_it(place)


def test_interrupted_while_it_works_it_leaves_nothing(tmp_path: Path) -> None:
    with _started(tmp_path, "--runs", "3", lang="zh_CN.UTF-8") as process:
        assert process.stderr is not None
        assert any(line.startswith("登记站点") for line in process.stderr), "in the language of who waits"
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert process.returncode == 130
    assert not list(tmp_path.iterdir())
    assert _left(tmp_path) == []


@pytest.mark.parametrize("runs", [2, 3, 6, 15])
def test_a_year_is_in_order_and_ends_with_what_waits(runs: int) -> None:
    now = civil_time(1_800_000_000.0, "UTC")
    jobs = plan(runs, now)
    assert [job.number for job in jobs] == list(range(1, runs + 1))
    assert sorted(job.at for job in jobs) == [job.at for job in jobs]
    assert jobs[0].at >= now - 365 * (now - now.replace(day=now.day - 1))
    assert jobs[0].stage == "issued"
    assert jobs[-1].stage == RECENT[-1][1]
    assert len({job.device for job in jobs}) < runs or runs < 3


def test_the_standards_of_each_run_are_valid_that_day(tmp_path: Path) -> None:
    now = civil_time(1_800_000_000.0, "UTC")
    before, last = two_years_of(now, tmp_path)
    assert before.day.year != last.day.year
    for job in plan(15, now):
        day = job.at.date()
        used = before if day <= before.ends else last
        assert used.day - AGE <= day <= used.ends
    assert (last.ends - now.date()).days == 25
    assert last.ends == last.day - AGE + VALIDITY


@contextmanager
def _started(temporary: Path, *arguments: str, lang: str = "C.UTF-8") -> Iterator[subprocess.Popen[str]]:
    """Begin a demonstration, and end it whatever comes of it."""
    environment = os.environ | {"TMPDIR": str(temporary), "PYTHONUNBUFFERED": "1", "LC_ALL": lang}
    with subprocess.Popen(
        [*CONSOLE, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)


def _said(process: subprocess.Popen[str]) -> str:
    """Return all that is told once the laboratory is up."""
    said = ""
    assert process.stdout is not None
    for line in process.stdout:
        said += line
        if line.startswith("Ctrl-C"):
            return said
    assert process.stderr is not None
    raise AssertionError(process.stderr.read())


@contextmanager
def _in(url: str, name: str, known: dict[str, str]) -> Iterator[httpx.Client]:
    """Give a browser in which somebody has logged in by the form."""
    with httpx.Client(base_url=url, timeout=60.0, headers={"Origin": url, "Accept-Language": "en"}) as client:
        came = client.post("/login", data={"name": name, "password": known[name], "next": "/"})
        assert came.status_code == 303, came.text
        yield client


def _left(place: Path) -> list[Path]:
    """Return the processes that name a place."""
    return [file for file in Path("/proc").glob("[0-9]*/cmdline") if str(place).encode() in _read(file)]


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:  # it has ended meanwhile
        return b""


def _all_ends_behind_it(place: Path) -> None:
    """Check that all that was made says that it is a demonstration."""
    with Store(f"sqlite:///{place / 'hub' / 'hub.sqlite'}") as store:
        rows = [store.records.find("demo-site", row.run) for row in store.pages.runs(100)]
    assert len(rows) == 3
    records = [Record.from_json(row.record) for row in rows if row is not None]
    assert all(record.demonstration for record in records)
    found = [
        record.measurements[0].results[0].tables[0].column("basic_measurementError") for record in records
    ]
    assert len({str(column) for column in found}) == 3, (
        "the same bench, with the noise of another day each time"
    )
