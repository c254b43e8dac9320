"""From what was found of a pair of thermometers to the tables of its certificate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from remotecal.model import Column, Condition, Note, Result, Statement, Table, Text
from remotecal.procedures.library.evaluation.conformity import Specification
from remotecal.procedures.library.evaluation.digits import same_decimals
from remotecal.procedures.library.evaluation.tables import column, error_column
from remotecal.procedures.library.heat.pair_found import SIDES, InBaths, PairFinding
from remotecal.procedures.library.heat.parameters import PairParameters
from remotecal.scales.iec60751 import COEFFICIENTS

PAIR: Final = Text(en="the pair")
"""What the item is called in its verdict."""


def error_table(findings: Sequence[PairFinding], specification: Specification, *, accredited: bool) -> Result:
    """Return the table of errors, one row a difference: where it is worst."""
    columns = (
        column("温差", "Difference", "basic_referenceValue basic_tableIndex0", "K",
               same_decimals([finding.place for finding in findings])),
        column("回水温度", "Return temperature", "remotecal_returnTemperature", "°C",
               same_decimals([finding.back for finding in findings])),
        error_column(findings, specification, accredited=accredited),
    )  # fmt: skip
    name = Text(zh="温差示值误差（最不利温度处）", en="Error of the difference, where it is worst")
    return Result(name=name, ref_types=("remotecal_errorCurve",), tables=(Table(columns=columns),))


def baths_table(pair: InBaths) -> Result:
    """Return what was measured in the baths, one row each."""
    x = pair.estimates()
    off = {side: [bath.off(side, x) for bath in pair.baths] for side in SIDES}
    ohms = {side: pair.curves[side].resistances for side in SIDES}
    apart = [f - r for f, r in zip(off["f"], off["r"], strict=True)]
    columns = (
        column("标准温度", "Reference temperature", "basic_referenceValue basic_tableIndex0", "°C",
               [f"{bath.true(x):.3f}" for bath in pair.baths]),
        column("供水电阻", "Flow, resistance", "remotecal_flowResistance", "Ω",
               [f"{one:.4f}" for one in ohms["f"]]),
        column("回水电阻", "Return, resistance", "remotecal_returnResistance", "Ω",
               [f"{one:.4f}" for one in ohms["r"]]),
        column("供水偏差", "Flow, deviation", "remotecal_flowDeviation", "K",
               [_plain(one) for one in off["f"]]),
        column("回水偏差", "Return, deviation", "remotecal_returnDeviation", "K",
               [_plain(one) for one in off["r"]]),
        column("配对差", "Flow less return", "remotecal_pairDeviation", "K", [_plain(one) for one in apart]),
    )  # fmt: skip
    name = Text(zh="恒温槽中测得值", en="Measured in the bath")
    return Result(name=name, ref_types=("remotecal_inBath",), tables=(Table(columns=columns),))


def curves_table(pair: InBaths) -> Result:
    """Return the coefficients of both thermometers' curves: the flow's in the first row."""
    found = [pair.curves[side].coefficients for side in SIDES]
    columns = (
        column("1 供水，2 回水", "1 flow, 2 return", "basic_tableIndex0", "1", ["1", "2"]),
        column("0 °C 电阻 R_0", "R_0, at 0 °C", "remotecal_cvdR0", "Ω", [f"{r0:.4f}" for r0, _, _ in found]),
        column("系数 A", "Coefficient A", "remotecal_cvdA", "1/K", [f"{a:.6e}" for _, a, _ in found]),
        column("系数 B", "Coefficient B", "remotecal_cvdB", "1/K2", [f"{b:.4e}" for _, _, b in found]),
        *_misses(pair),
    )  # fmt: skip
    name = Text(zh="传感器特性系数", en="Coefficients of the thermometers")
    return Result(name=name, ref_types=("remotecal_coefficients",), tables=(Table(columns=columns),))


def _misses(pair: InBaths) -> tuple[Column, ...]:
    """Return by how much curves through more than three baths miss them."""
    if len(pair.baths) == COEFFICIENTS:
        return ()
    ohms = [f"{pair.curves[side].s:.5f}" for side in SIDES]
    return (column("残差标准差", "Standard deviation of residuals", "remotecal_curveResidual", "Ω", ohms),)


MEDIA: Final[Mapping[str, Text]] = {"water": Text(zh="水", en="water"), "oil": Text(zh="油", en="oil")}
UNSTATED: Final = Text(zh="未给出", en="not stated")


def way_measured(wanted: PairParameters) -> Condition:
    """Return in what, how deep, by which current and by how many wires the thermometers were measured."""
    numbers = (
        (Text(zh="浸没深度", en="immersion"), wanted.immersion, " mm"),
        (Text(zh="测量电流", en="current"), wanted.current, " mA"),
        (Text(zh="引线数", en="wires"), wanted.wires, ""),
    )
    pairs = [(Text(zh="介质", en="medium"), MEDIA[wanted.medium] if wanted.medium else UNSTATED)]
    for one, value, unit in numbers:
        stated = "" if value is None else f"{value:g}{unit}"
        pairs.append((one, Text(zh=stated, en=stated) if stated else UNSTATED))
    name = Text(zh="测量方式", en="How they were measured")
    note = Note(
        name=name,
        ref_types=("remotecal_wayMeasured",),
        text=Text(
            zh="；".join(f"{one.get('zh')}：{value.get('zh')}" for one, value in pairs),
            en="; ".join(f"{one.get('en')}: {value.get('en')}" for one, value in pairs),
        ),
    )
    return Condition(name=name, ref_types=("remotecal_wayMeasured",), quantities=(note,))


def said(pair: InBaths) -> tuple[Statement, ...]:
    """Return what is to be said of how the errors came about."""
    wanted = pair.wanted
    baths = [bath.nominal for bath in pair.baths]
    texts = [
        Text(
            zh=f"误差以 {wanted.pair_norm} 标准曲线换算，"
            f"由 {min(baths):g} °C 至 {max(baths):g} °C 各槽测得的特性曲线计算。",
            en=f"Errors are those of a calculator that goes by {wanted.pair_norm}, from the thermometers' "
            f"curves through baths of {min(baths):g} °C to {max(baths):g} °C.",
        )
    ]
    return tuple(Statement(ref_types=("remotecal_remark",), declaration=text) for text in texts)


def _plain(kelvins: float) -> str:
    text = f"{kelvins:.4f}"
    return text.lstrip("-") if float(text) == 0 else text
