"""Parameters: numbers with units, limits and defaults."""

from __future__ import annotations

from typing import Annotated

import pytest

from remotecal.errors import ParameterError
from remotecal.procedures import In, Parameters
from remotecal.procedures.parameters import read_parameters


class Flow(Parameters):
    flows: Annotated[tuple[float, ...], In("m3/h", above=0, at_most=100)]
    """Flows to calibrate at."""
    temperature: Annotated[float | None, In("°C", at_least=5, below=40)] = None
    """Temperature to keep."""
    repeats: Annotated[int, In("1", at_least=1)] = 3
    """Repeats at each flow."""
    method: str = "flying"
    """Start and finish."""


def read(**written):
    return read_parameters(Flow, written, "order.toml")


def test_numbers_are_in_the_declared_unit_and_texts_in_their_own():
    flow = read(flows=[1, "50 L/min", "0.5 L/s", "5e0m3/h"], temperature="293.15 K")
    assert flow.flows == pytest.approx((1.0, 3.0, 1.8, 5.0))
    assert flow.temperature == pytest.approx(20)
    assert (flow.repeats, flow.method) == (3, "flying")


def test_what_was_read_reads_the_same_again():
    flow = read(flows=["50 L/min"])
    assert read_parameters(Flow, flow.model_dump(mode="json"), "journal") == flow


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ({}, "flows is missing"),
        ({"flows": [0]}, "flows must be above 0 m3/h; it is 0"),
        ({"flows": ["2000 L/min"]}, "flows must be at most 100 m3/h; it is 2000 L/min"),
        ({"flows": [1], "temperature": 40}, "temperature must be below 40 °C; it is 40"),
        ({"flows": [1], "temperature": 4.9}, "temperature must be at least 5 °C; it is 4.9"),
        ({"flows": ["5 kg"]}, "'5 kg': kg can't be converted to m3/h"),
        ({"flows": ["5 furlong"]}, "the unit 'furlong' is unknown"),
        ({"flows": ["50"]}, "'50' is neither a number in m3/h nor a text with a unit"),
        ({"flows": ["1e1"]}, "'1e1' is neither a number in m3/h"),
        ({"flows": [True]}, "True is neither a number"),
        ({"flows": 5}, "flows: input should be a valid array"),
        ({"flows": [1], "repeats": 2.5}, "repeats: input should be a valid integer"),
        ({"flows": [1], "method": 3}, "method: input should be a valid string"),
        ({"flows": [1], "repeat": 2}, r"repeat is unknown, did you mean repeats\?"),
        ({"flows": [float("nan")]}, "flows"),
        ({"flows": [float("inf")]}, "flows must be at most 100 m3/h; it is inf"),
    ],
)
def test_wrong_values_are_refused_with_key_and_reason(written, message):
    with pytest.raises(ParameterError, match=message) as refusal:
        read(**written)
    assert str(refusal.value).startswith("order.toml: ")


def test_several_faults_are_told_at_once():
    with pytest.raises(ParameterError, match=r"flows must be above.*repeats must be at least 1; it is 0$"):
        read(flows=[0], repeats=0)


def test_parameters_do_not_change():
    with pytest.raises(Exception, match="frozen"):
        read(flows=[1]).repeats = 4


def test_several_numbers_or_none_can_be_given():
    class Told(Parameters):
        limit: Annotated[tuple[float, float] | None, In("%", at_least=0)] = None
        """Two numbers, or the usual ones."""

    assert read_parameters(Told, {}, "here").limit is None
    assert read_parameters(Told, {"limit": [1.5, "0.1 %"]}, "here").limit == (1.5, 0.1)
    with pytest.raises(ParameterError, match="at least 0"):
        read_parameters(Told, {"limit": [1.5, -0.1]}, "here")
