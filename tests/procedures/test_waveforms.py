"""A million samples are one file beside the journal, read when somebody wants them, and only as they were."""

from __future__ import annotations

import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from examining import examine_course, examine_replies, examine_shapes
from exchanged import exchanges_of
from scope import DRIVERS, GAIN, PROCEDURE, STEP, ZERO, Scope, World, scope
from scope_procedure import Seen
from tiny_bench import Tiny

from remotecal.bench import Bench
from remotecal.drivers.line_instrument import ScpiInstrument
from remotecal.drivers.quantities import Trace
from remotecal.drivers.waveform import Waveform, in_bytes
from remotecal.errors import (
    ConfigurationError,
    EvaluationFailed,
    EvidenceError,
    FileMissing,
    InstrumentError,
    ParameterError,
    UnitError,
)
from remotecal.journal import writing
from remotecal.journal.contents import beside
from remotecal.journal.events import FILE
from remotecal.journal.evidence import Evidence
from remotecal.journal.files import named_files
from remotecal.journal.gathering import gather, read_evidence
from remotecal.runs.catalogue import find
from remotecal.runs.execute import resume
from remotecal.runs.record import evaluate

MILLION = 1_000_000


@pytest.fixture
def digitizer(tiny: Tiny) -> Iterator[World]:
    with scope(tiny, 3000) as world:
        yield world


def seen(evidence: Evidence) -> list[Seen]:
    return [one for point in evidence.points for one in Seen.at(evidence, point)]


def test_a_million_samples_leave_the_journal_small(tiny: Tiny) -> None:
    with scope(tiny, MILLION) as world:
        evidence = tiny.run()
    assert (tiny.out / FILE).stat().st_size < 50_000
    sizes = [path.stat().st_size for path in (tiny.out / "files").iterdir()]
    assert sizes == [2 * MILLION + len("#72000000")] * 4
    for one, codes in zip(seen(evidence), world.taken, strict=True):
        assert np.array_equal(one.trace.raw(), codes)
        expected = 1000 * (ZERO + GAIN * codes.astype(np.float64))
        assert np.allclose(one.trace.samples(), expected, rtol=1e-12, atol=1e-9)
    record = evaluate(read_evidence(tiny.out), find(str(PROCEDURE)))
    (column,) = record.measurements[0].results[0].tables[0].columns
    assert [round(float(value)) for value in column.values] == [1000, 2000]
    assert examine_replies(tiny.events(), DRIVERS, beside(tiny.out)).startswith("4 values read again")


def test_what_is_not_looked_at_is_not_read(tiny: Tiny) -> None:
    with scope(tiny, MILLION):
        tiny.run()
    tracemalloc.start()
    try:
        read = seen(read_evidence(tiny.out))
        assert [one.trace.count for one in read] == [MILLION] * 4
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2_000_000, "not even one series was held"


def test_a_waveform_says_what_its_samples_mean(tiny: Tiny, digitizer: World) -> None:
    evidence = tiny.run()
    kept = evidence.observations[0].values["trace"]
    assert isinstance(kept, Waveform)
    assert (kept.unit, kept.count, kept.sample, kept.source) == ("V", 3000, ">i2", "gauge.trace")
    assert (kept.step, kept.begins, kept.scale, kept.offset) == (STEP, -0.5, GAIN, ZERO)
    assert kept.u == (0, pytest.approx(0.06 / 3**0.5))
    (event, *_) = tiny.events("observation")
    assert event.data["values"]["trace"] == {  # type: ignore[index, call-overload]
        "waveform": {
            "at": kept.at, "begins": -0.5, "count": 3000, "exchange": kept.exchange, "offset": ZERO,
            "sample": ">i2", "scale": GAIN, "sha256": kept.sha256, "skip": 6, "source": "gauge.trace",
            "step": STEP, "u": [0, kept.u[1]], "unit": "V",
        }
    }  # fmt: skip
    read = seen(evidence)[0]
    assert (read.trace.unit, read.trace.offset, read.trace.u) == ("mV", 500, (0, pytest.approx(60 / 3**0.5)))
    assert read.trace.times()[:3].tolist() == [-0.5, -0.5 + STEP, -0.5 + 2 * STEP]
    place = digitizer.asked.index("CURV?")
    assert digitizer.asked[place : place + 4] == ["CURV?", "XINC?", "YMUL?", "YZER?"]


def test_a_large_reply_stands_in_a_file_that_is_named_behind_its_exchange(
    tiny: Tiny, digitizer: World
) -> None:
    tiny.run()
    events = tiny.events()
    files = [event for event in events if event.kind == "file"]
    assert [event.data["by"] for event in files] == ["gauge"] * 4
    first = files[0]
    kept = exchanges_of(events[first.seq - 2].data)
    (large,) = [one for one in kept if isinstance(one["reply"], dict)]
    assert large["reply"] == {"file": first.data["sha256"]}
    assert first.data["about"] == f"reply of gauge in exchange {large['number']}"
    assert first.data["name"] == f"gauge {large['number']}.reply"
    examine_shapes(events)
    examine_course(events)


def test_a_small_block_stands_in_the_journal_and_nowhere_else(tiny: Tiny) -> None:
    with scope(tiny, 100) as world:
        evidence = tiny.run()
    assert not (tiny.out / "files").exists()
    assert np.array_equal(seen(evidence)[0].trace.raw(), world.taken[0])
    assert np.array_equal(seen(gather(tiny.events()))[0].trace.raw(), world.taken[0]), "no file is needed"
    assert examine_replies(tiny.events(), DRIVERS).startswith("4 values read again")


def test_samples_and_files_of_ones_own_are_kept_as_they_are(tiny: Tiny, digitizer: World) -> None:
    tiny.parameter("card = true")
    tiny.largest = 100_000
    evidence = tiny.run()
    one = seen(evidence)[0]
    assert one.card is not None
    assert one.log is not None
    assert one.card.sample == "<f4"
    current = np.linspace(4, 20, 5000, dtype=np.float32) / 1000
    assert np.array_equal(one.card.raw(), current)
    assert one.card.unit == "mA"
    assert np.allclose(one.card.samples(), current.astype(np.float64) * 1000, rtol=1e-12)
    assert np.array_equal(one.card.times(), np.arange(5000) ** 2 / 1e6)
    assert one.log.content() == b"channel,range\n1,20mA\n"
    assert one.log.name == "card.csv"
    record = evaluate(evidence, find(str(PROCEDURE)))
    loop, ranges = record.measurements[0].results[0].tables[1].columns
    assert (loop.values[0], ranges.words[0]) == ("20.000", "20mA")  # type: ignore[union-attr]
    said = examine_replies(tiny.events(), DRIVERS, beside(tiny.out))
    assert said == "4 values read again from the instruments' kept replies; no instrument said card, log"


def test_more_samples_than_a_site_takes_are_refused(tiny: Tiny, digitizer: World) -> None:
    tiny.parameter("card = true")
    with pytest.raises(ConfigurationError, match=r"samples\.bin has 60000 bytes, 1000 are allowed"):
        tiny.run()


@pytest.mark.parametrize(
    "kind", ["<f8", ">f8", "<f4", ">f4", "<i2", ">i2", "i1", "u1", "<u2", "<i4", "<i8", "<u8"]
)
def test_every_kind_of_sample_comes_back_bit_by_bit(kind: str) -> None:
    samples = np.array([0, 1, 3, 100, 127], kind)
    found = in_bytes(samples, "V", step=0.1, scale=2.0, offset=1.0)
    assert np.array_equal(found.raw(), samples)
    assert found.raw().dtype.newbyteorder("=") == samples.dtype.newbyteorder("=")
    assert found.samples().tolist() == [1, 3, 7, 201, 255]
    assert found.samples().dtype == np.float64


@pytest.mark.parametrize(
    ("samples", "more", "said"),
    [
        ([], {"step": 1}, "can't be kept"),
        ([[1.0]], {"step": 1}, "can't be kept"),
        ([True], {"step": 1}, "can't be kept"),
        ([1j], {"step": 1}, "can't be kept"),
        (["a"], {"step": 1}, "can't be kept"),
        (np.array([1], np.float16), {"step": 1}, "can't be kept"),
        ([1.0, np.nan], {"step": 1}, "no numbers"),
        ([1.0, np.inf], {"step": 1}, "no numbers"),
        ([1.0], {}, "either a step"),
        ([1.0], {"step": 0}, "either a step"),
        ([1.0], {"step": 1, "times": [0]}, "either a step"),
        ([1.0, 2.0], {"times": [0]}, "as many times"),
        ([1.0, 2.0], {"times": [1, 1]}, "as many times"),
    ],
)
def test_samples_that_are_none_are_refused(samples: Any, more: dict[str, Any], said: str) -> None:
    with pytest.raises(ParameterError, match=said):
        in_bytes(samples, "V", **more)


def test_a_unit_nobody_knows_is_refused() -> None:
    with pytest.raises(UnitError):
        in_bytes([1.0], "furlong", step=1)


PROCEDURE_LINES = PROCEDURE.read_text()


MADE_UP = """from dataclasses import replace
        from remotecal.drivers.waveform import in_bytes
        trace = replace(in_bytes([1.0], "V", step=1), at=run.clock.now())"""


def changed(tiny: Tiny, old: str, new: str) -> None:
    """Let the order name a procedure that differs in one place."""
    text = PROCEDURE_LINES
    assert old in text
    path = tiny.directory / "changed.py"
    path.write_text(text.replace(old, new))
    tiny.order.write_text(tiny.order.read_text().replace(str(PROCEDURE), str(path)))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            'Annotated[Waveform, "mV"]',
            'Annotated[Waveform, "kg"]',
            "trace was read in V, and a quantity in kg",
        ),
        ("Seen(trace=trace)", "Seen(trace=trace.samples())", "trace is array.*and a waveform is due"),
        ("Seen(trace=trace)", "Seen(trace=trace, log='x')", "log is 'x', and a file of the run is due"),
        (
            "Seen(trace=trace)",
            "Seen(trace=trace, card=None, log=File('0' * 64))",
            "log is not kept with the run",
        ),
        (
            "trace = self.scope.trace.read()",
            "from remotecal.drivers.waveform import in_bytes; trace = in_bytes([1.0], 'V', step=1)",
            "trace was there before the repeat began",
        ),
        (
            "trace = self.scope.trace.read()",
            MADE_UP,
            "trace is not kept with the run: keep samples by run.waveform",
        ),
        ("log: File | None = None", 'log: Annotated[File | None, "V"] = None', "needs a unit unless"),
        ('trace: Annotated[Waveform, "mV"]', "trace: Waveform", "needs a unit unless"),
    ],
)
def test_what_is_not_as_declared_is_refused_at_the_first_repeat(
    tiny: Tiny, digitizer: World, old: str, new: str, said: str
) -> None:
    changed(tiny, old, new)
    with pytest.raises(ParameterError, match=said):
        tiny.run()
    assert len(digitizer.taken) <= 1


def test_samples_that_say_there_are_none_are_refused(tiny: Tiny, digitizer: World, monkeypatch: Any) -> None:
    monkeypatch.setattr(Scope, "trace", trace := Trace(Scope.trace.wire, "V", sample=">f2".replace("2", "4"),
        span=(0, 1), accuracy=Scope.trace.accuracy, step=1e-3))  # fmt: skip
    trace.__set_name__(Scope, "trace")
    monkeypatch.setattr(World, "codes", lambda _: np.array([1, np.nan], ">f4"))
    with pytest.raises(InstrumentError, match=r"gauge\.trace has no valid samples: .*no numbers"):
        tiny.run()


def test_a_trace_needs_a_wire_of_blocks_and_a_sample() -> None:
    with pytest.raises(TypeError, match="must state `blocks`"):
        type("Probe", (ScpiInstrument,), {"trace": Scope.trace})
    with pytest.raises(ValueError, match="'i2' is no sample"):
        Trace(Scope.trace.wire, "V", sample="i2", span=(0, 1), accuracy=Scope.trace.accuracy, step=1.0)


def test_large_replies_are_written_while_a_repeat_is_on(
    tiny: Tiny, digitizer: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "LARGE", 5000)
    changed(
        tiny, "trace = self.scope.trace.read()", "_, trace = self.scope.trace.read(), self.scope.trace.read()"
    )
    tiny.run()
    kinds = tiny.kinds()
    assert kinds[kinds.index("repeat") : kinds.index("observation")].count("file") == 2
    assert kinds[kinds.index("repeat") : kinds.index("observation")].count("replies") == 3


def test_a_file_that_is_missing_or_changed_is_refused(tiny: Tiny, digitizer: World) -> None:
    tiny.parameter("card = true")
    tiny.largest = 100_000
    evidence, found = tiny.run(), find(str(PROCEDURE))
    files = {file.name: tiny.out / file.place for file in named_files(tiny.events())}
    good = evaluate(evidence, found)
    for path in files.values():
        content = path.read_bytes()
        path.unlink()
        with pytest.raises(
            EvaluationFailed, match="which the journal names, is not there: put it back"
        ) as failed:
            evaluate(read_evidence(tiny.out), found)
        assert isinstance(failed.value.__cause__, FileMissing)
        for harm in (content[:-1] + bytes((content[-1] ^ 1,)), content[:-2], content + b"\0"):
            path.write_bytes(harm)
            with pytest.raises(EvaluationFailed, match="is not the file the journal names: it was changed"):
                evaluate(read_evidence(tiny.out), found)
        path.write_bytes(content)
    assert evaluate(read_evidence(tiny.out), found) == good
    with pytest.raises(EvaluationFailed, match="is not at hand"):
        evaluate(gather(tiny.events()), found)


def test_files_are_named_by_their_content_alone(tiny: Tiny, digitizer: World) -> None:
    """What gives other bytes under a SHA-256 is found, whatever it is."""
    tiny.run()
    evidence = gather(tiny.events(), lambda _: b"others")
    with pytest.raises(EvidenceError, match="is another file: it was changed"):
        seen(evidence)[0].trace.samples()


def test_a_run_cut_off_between_a_reply_and_its_file_goes_on(tiny: Tiny, digitizer: World) -> None:
    tiny.run()
    path = tiny.out / FILE
    lines = path.read_bytes().splitlines(keepends=True)
    second = [
        place for place, line in enumerate(lines) if b'"kind":"replies"' in line and b'{"file":' in line
    ][1]
    path.write_bytes(b"".join(lines[: second + 1]))
    found, bench = find(str(PROCEDURE)), Bench.load(tiny.bench)
    evidence = resume(tiny.out, tiny.company(None), found=found, bench=bench, clock=tiny.clock)
    assert evidence.complete
    assert [len(one.trace.samples()) for one in seen(evidence)] == [3000] * 4
    assert examine_replies(tiny.events(), DRIVERS, beside(tiny.out)).startswith("4 values read again")


def test_numpy_is_loaded_by_whoever_wants_samples_only() -> None:
    code = (
        "import sys; import remotecal.procedures, remotecal.runs.execute, remotecal.drivers.quantities;"
        "print('numpy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
