"""What each field of a trace changes; see `test_declared_fields`."""

import pytest
from probes import PATIENT, traced

from remotecal.drivers.accuracy import EXACT, UNSTATED, absolute, percent_of_reading, percent_of_span
from remotecal.drivers.codecs import Phrase
from remotecal.drivers.links.wire import Line
from remotecal.drivers.quantities import Reading
from remotecal.errors import InstrumentError, NoReply, UnitError

STEP = Reading(Phrase("DT?"), "ms", span=(0, 1e6), accuracy=EXACT)


def trace_wire() -> None:
    assert traced(b"#12\x01\x02", ask="W?", wire=Phrase("W?")).samples().tolist() == [1, 2]


def trace_unit() -> None:
    found = traced(b"#12\x01\x02", unit="mV")
    assert (found.unit, found.to("V").samples().tolist()) == ("mV", [0.001, 0.002])


def trace_sample() -> None:
    assert [traced(b"#12\x00\x01", sample=one).samples().tolist() for one in ("<i1", "<i2", ">i2")] == [
        [0, 1],
        [256],
        [1],
    ]


def trace_span() -> None:
    found = [traced(b"#12\x01\x02", accuracy=percent_of_span(1), span=(0, top)).u for top in (10, 20)]
    assert found == [(0, pytest.approx(0.1 / 3**0.5)), (0, pytest.approx(0.2 / 3**0.5))]


def trace_accuracy() -> None:
    limits = (EXACT, UNSTATED, absolute(1), percent_of_reading(1))
    assert [traced(b"#12\x01\x02", accuracy=limit).u for limit in limits] == [
        (0, 0),
        None,
        (0, pytest.approx(3**-0.5)),
        (pytest.approx(0.01 / 3**0.5), 0),
    ]


def trace_step() -> None:
    assert traced(b"#12\x01\x02", step=0.5).times().tolist() == [0, 0.5]
    assert traced(b"#12\x01\x02", (b"DT?\n", b"250\n"), step=STEP, dt=STEP).times().tolist() == [0, 0.25]
    with pytest.raises(InstrumentError, match="they are 0 s apart"):
        traced(b"#12\x01\x02", step=0)


def trace_scale() -> None:
    assert traced(b"#12\x01\x02", scale=0.25).samples().tolist() == [0.25, 0.5]
    gain = Reading(Phrase("G?"), "mV", span=(0, 1e6), accuracy=EXACT)
    assert traced(b"#12\x01\x02", (b"G?\n", b"500\n"), scale=gain, g=gain).samples().tolist() == [0.5, 1]
    assert traced(b"#12\x01\x02", scale="chosen").samples().tolist() == [3, 6]


def trace_offset() -> None:
    assert traced(b"#12\x01\x02", offset=10).samples().tolist() == [11, 12]
    zero = Reading(Phrase("Z?"), "kg", span=(0, 1e6), accuracy=EXACT)
    with pytest.raises(UnitError):
        traced(b"#12\x01\x02", (b"Z?\n", b"500\n"), offset=zero, z=zero)


def trace_begins() -> None:
    assert traced(b"#12\x01\x02", begins=-1).times().tolist() == [-1, 0]


def trace_takes() -> None:
    with pytest.raises(NoReply, match=r"0\.03 s"):
        traced(b"", takes=0.03, line=Line(blocks=True, slowest_reply=PATIENT))
