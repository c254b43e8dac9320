"""One bench, one run: whatever the process, the user, the file or the way its addresses are written."""

import getpass
import json
import os
import shutil
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from terminals import REMOTECAL

from remotecal import locks
from remotecal.bench import Bench
from remotecal.errors import BenchInUse, ConfigurationError
from remotecal.runs.control import Control
from remotecal.runs.prompts import Scripted

ENVIRONMENT = os.environ | {"PYTHONPATH": str(Path(__file__).parent), "COLUMNS": "80"}
NOBODY = 65534


@pytest.fixture
def begun(tiny):
    """A run in a process of its own, which asks whether it may begin and gets no answer."""
    tiny.parameter("ask = true")
    line = [*REMOTECAL, "run", tiny.order, "--out", tiny.out]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(line, env=ENVIRONMENT, **pipes) as process:
        assert process.stdout.readline()
        assert process.stdout.read(1) == b"M"
        yield process
        process.kill()


def remotecal(*line):
    return subprocess.run([*REMOTECAL, *line], env=ENVIRONMENT, capture_output=True, text=True, timeout=60)


def test_a_second_run_is_refused_and_told_who_has_the_bench(tiny, begun):
    said = len(tiny.world.lines)
    second = remotecal("run", tiny.order, "--out", tiny.directory / "second")
    assert second.returncode == 2
    told = f"is in use by run {tiny.out} of {getpass.getuser()} (process {begun.pid}) since 2"
    assert told in second.stderr
    assert "Traceback" not in second.stderr
    assert len(tiny.world.lines) == said
    assert not (tiny.directory / "second").exists()


def test_a_bench_is_not_checked_beside_a_run(tiny, begun):
    checked = remotecal("bench", "check", tiny.bench)
    assert checked.returncode == 2
    assert f"(process {begun.pid})" in checked.stderr


def test_another_file_that_names_one_of_its_instruments_is_the_same_bench(tiny, begun):
    copy = tiny.directory / "elsewhere" / "bench.toml"
    copy.parent.mkdir()
    shutil.copy(tiny.bench, copy)
    assert remotecal("bench", "check", copy).returncode == 2
    alone = copy.read_text()
    start, end = alone.index("[instruments.gauge]"), alone.index("[roles]")
    copy.write_text(alone[:start] + alone[end:].replace('meter = "gauge"\n', ""))
    with pytest.raises(BenchInUse, match="the line tcp"), Bench.load(copy).open():
        pass


def test_a_run_that_is_killed_leaves_the_bench_free(tiny, begun):
    begun.kill()
    begun.wait()
    assert tiny.resume(Scripted(["yes"])).complete


def test_two_threads_are_two(tiny):
    bench = Bench.load(tiny.bench)
    with bench.open(tiny.clock):
        with pytest.raises(BenchInUse, match=f"process {os.getpid()}"), bench.open(tiny.clock):
            pass
        found = []

        def second():
            try:
                tiny.run()
            except BenchInUse as refused:
                found.append(refused)

        thread = threading.Thread(target=second)
        thread.start()
        thread.join()
        assert len(found) == 1
    tiny.control = Control()
    assert tiny.run().complete


def test_what_was_taken_is_given_back_when_the_rest_is_refused():
    with locks.hold(["b of a test"], "testing"):
        with pytest.raises(BenchInUse, match="b of a test is in use by testing of"):
            locks.hold(["a of a test", "b of a test"], "testing")
        locks.hold(["a of a test"], "testing").close()


AS_SOMEBODY_ELSE = f"""
import getpass, os, portalocker
from remotecal.locks import hold
getpass.getuser()
os.setgroups([])
os.setgid({NOBODY})
os.setuid({NOBODY})
os.umask(0o077)
hold(["of two users"], "testing")
print("taken")
"""


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")
def test_another_user_is_refused_and_can_take_over_what_is_free():
    def as_nobody():
        line = [sys.executable, "-c", AS_SOMEBODY_ELSE]
        return subprocess.run(line, capture_output=True, text=True, timeout=60)

    assert as_nobody().stdout == "taken\n"
    with locks.hold(["of two users"], "testing"):
        told = f"by testing of {getpass.getuser()} (process {os.getpid()})"
        assert told in as_nobody().stderr
    assert as_nobody().stdout == "taken\n"


@pytest.fixture
def shared(tmp_path, monkeypatch):
    """A directory of all users, of this test's own."""
    place = tmp_path / "lock"
    place.mkdir()
    place.chmod(0o1777)
    monkeypatch.setattr(locks, "SHARED", (str(place),))
    monkeypatch.setattr(locks, "ROOT", os.getuid())
    return place


def test_a_link_that_somebody_has_laid_is_not_followed(shared, tmp_path):
    locks.hold(["it"], "testing").close()
    (lock,) = shared.glob("*.lock")
    assert stat.S_IMODE(lock.stat().st_mode) == 0o666
    victim = tmp_path / "victim"
    victim.write_text("precious")
    for lay in (lock.symlink_to, lock.hardlink_to):
        lock.unlink()
        lay(victim)
        with pytest.raises(ConfigurationError, match=r"can't be used|somebody has put it there"):
            locks.hold(["it"], "testing")
    said = lock.with_suffix(".held")
    lock.unlink()
    said.unlink()
    said.symlink_to(victim)
    locks.hold(["it"], "testing").close()
    assert victim.read_text() == "precious"


def test_a_directory_where_others_could_remove_locks_is_not_used(shared):
    shared.chmod(0o777)
    with pytest.raises(ConfigurationError, match="where locks could lie"):
        locks.hold(["it"], "testing")


def test_what_a_holder_says_can_do_no_harm(shared):
    with locks.hold(["it"], "testing"):
        (said,) = shared.glob("*.held")
        for text in ("", "[]", "no JSON", "[" * 5000, "\xff"):
            said.write_text(text, "latin-1")
            with pytest.raises(BenchInUse, match="it is in use: wait"):
                locks.hold(["it"], "testing")
        told = {"what": "\x1b[2J", "user": "a\nb", "pid": 1, "since": ""}
        said.write_text(json.dumps(told))
        with pytest.raises(BenchInUse, match=r"by \[2J of ab \(process 1\)"):
            locks.hold(["it"], "testing")
