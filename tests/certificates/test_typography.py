"""How what a certificate says is set: shares, digits, standards, symbols, minus signs, curves, reports."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from reading import poppler, words
from sample import record

from remotecal.certificates.pdf import print_certificate
from remotecal.certificates.pdf.compare import read_print
from remotecal.certificates.pdf.curve import error_curve, picture
from remotecal.certificates.pdf.numbers import told, with_exponent
from remotecal.certificates.pdf.summary import print_summary
from remotecal.certificates.pdf.words import missing_facts
from remotecal.certificates.summary import Listed, Summary
from remotecal.model import Column, Conformity, Limits, Record, Statement, Table, Text, Uncertainty, Words


def with_measurement(**changes: object) -> Record:
    plain = record()
    measurement, *others = plain.measurements
    return plain.model_copy(update={"measurements": (measurement.model_copy(update=changes), *others)})


def with_lines(*changes: dict[str, str]) -> Record:
    """Return a record with one budget, of lines that differ from the sample's first one so."""
    (measurement, *_) = record().measurements
    budget = measurement.budgets[0]
    lines = tuple(budget.lines[0].model_copy(update=change) for change in changes)
    return with_measurement(budgets=(budget.model_copy(update={"lines": lines}),))


def test_shares_of_correlated_inputs_stand_beside_their_covariance() -> None:
    said = words(with_lines({"share": "497.3"}, {"share": "345.7"}, {"share": "26.2"}))
    assert "相关输入量的协方差Covariancesofcorrelatedinputs" in said
    assert "−769.2" in said
    assert "部分输入量相关" in said
    assert "withittheshares addupto100%".replace(" ", "") in said


def test_shares_that_add_up_need_no_word_of_covariances() -> None:
    said = words(with_lines({"share": "60.1"}, {"share": "39.8"}))
    assert "ovariances" not in said
    assert "部分输入量相关" not in said


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("0.000000000050", "5.0E-11"),
        ("-0.0000190", "-1.90E-5"),
        ("0.00012", "0.00012"),
        ("0.000000", "0.000000"),
        ("2.9e-11", "2.9e-11"),
        ("1600", "1600"),
        ("NaN", "NaN"),
    ],
)
def test_a_row_of_zeros_becomes_an_exponent(number: str, shown: str) -> None:
    assert with_exponent(number) == shown


def test_small_numbers_written_out_by_an_earlier_version_are_there_and_lost_ones_are_missing() -> None:
    small = with_lines({"value": "0.000000000050", "u": "0.000022", "sensitivity": "0.000000114"})
    again = read_print(print_certificate(small, b"<a/>"))
    forms = {"5.0 × 10⁻¹¹": "0.000000000050", "2.2 × 10⁻⁵": "0.000022", "1.14 × 10⁻⁷": "0.000000114"}

    def printed_with(forms: dict[str, str]) -> list[str]:
        pages = [re.sub(r"(?<=[0⁻])\n(?=[⁻¹])", "", "\n".join(page)) for page in again.runs]
        for now, before in forms.items():
            assert any(now in page for page in pages)
            pages = [page.replace(now, before) for page in pages]
        return missing_facts(
            replace(again, runs=tuple(tuple(page.split("\n")) for page in pages)), again, small
        )

    assert printed_with({}) == []
    assert printed_with(forms) == []
    assert printed_with(forms | {"5.0 × 10⁻¹¹": "0.000000000070"}) != []
    assert printed_with({"1.14 × 10⁻⁷": "1.15 × 10⁻⁷"}) != []


@pytest.mark.parametrize("budgets", [7, 8, 9])
def test_the_end_of_a_certificate_has_no_page_of_its_own(budgets: int) -> None:
    (measurement, *_) = record().measurements
    printed = print_certificate(with_measurement(budgets=(measurement.budgets[0],) * budgets), b"<a/>")
    last = read_print(printed).words[-1]
    assert "Endofcertificate" in last
    assert "U=0.035%" in last, "the last budget stands before it"


def standards_cell(*quantities: Column) -> str:
    standard = record().measurements[0].standards[0].model_copy(update={"quantities": quantities})
    said = words(with_measurement(standards=(standard,)))
    return said.partition(standard.serials[0])[2][:60]


@pytest.mark.parametrize(
    ("unit", "ends", "shown"),
    [
        ("1", ("0.001900", "0.001900"), "U=0.0019"),
        ("kPa", ("0.0104", "0.1000"), "U=0.010~0.10kPa"),
        ("kg", ("0.01", "0.060"), "U=0.010~0.060kg"),
        ("K", ("0.1", "0.1"), "U=0.1K"),
        ("Pa", ("30", "500"), "U=30~500Pa"),
        ("m", ("0", "0.0123"), "U=0~0.012m"),
    ],
)
def test_a_standards_uncertainty_has_two_digits(unit: str, ends: tuple[str, str], shown: str) -> None:
    u = Column(ref_types=("remotecal_expandedUncertainty",), unit=unit, values=ends)
    assert shown in standards_cell(u)


@pytest.mark.parametrize(
    ("ends", "shown"),
    [(("100000", "2600000"), "100~2600kPa"), (("0", "106500"), "0~106.5kPa"), (("15", "25"), "15~25Pa")],
)
def test_a_range_in_many_pascals_is_told_in_kilopascals(ends: tuple[str, str], shown: str) -> None:
    span = Column(ref_types=("remotecal_measurementRange",), unit="Pa", values=ends)
    assert shown in standards_cell(span)


def test_what_a_standard_embodies_stands_in_the_place_of_a_range() -> None:
    solid = Column(
        ref_types=("remotecal_certifiedValue",),
        unit="kg/m3",
        values=("2703.9897",),
        uncertainty=Uncertainty(expanded=("0.0300",), p=("0.95",)),
    )
    assert standards_cell(solid).startswith("2703.990kg/m³U=0.030kg/m³")


@pytest.mark.parametrize(
    ("zh", "en"),
    [
        ("标况体积 -5 °C, 200 kPa", "Volume, -5 °C, from -3 to 2"),
        ("误差为 -0.00008 %(U = 0.00081 %),不超过", "between (-1 kg/m3) and 80 m3/h"),
        ("见 JJG 643-2024 与 SIM-0001", "JJG 643-2024, 2026-11-28, SIM-0001, room m32"),
    ],
)
def test_texts_are_set_as_in_a_book(zh: str, en: str) -> None:
    said = [text.replace("\u00a0", " ") for _, text in told(Text(zh=zh, en=en))]
    assert said in (
        ["标况体积 −5 °C，200 kPa".replace("，", ", "), "Volume, −5 °C, from −3 to 2"],
        ["误差为 −0.00008 %（U = 0.00081 %），不超过", "between (−1 kg/m³) and 80 m³/h"],
        ["见 JJG 643-2024 与 SIM-0001", "JJG 643-2024, 2026-11-28, SIM-0001, room m32"],
    )


def test_a_number_stays_in_the_line_of_its_unit() -> None:
    ((_, said),) = told(Text.plain("by -0.0111 % at 20 °C, 3 meters"))
    assert said == "by −0.0111\u00a0% at 20\u00a0°C, 3 meters"


def test_symbols_in_headings_and_statements_have_indices_and_names_do_not() -> None:
    column = Column(name=Text.plain("Density ρ_ref(t)"), unit="kg/m3", values=("1",))
    (result, *_) = record().measurements[0].results
    made = result.model_copy(update={"tables": (Table(columns=(column,)),)})
    changed = with_measurement(results=(made,), budgets=())
    said = Statement(declaration=Text.plain("Limits for Δθ_min, with n_butane and rig_x."))
    printed = read_print(print_certificate(changed.model_copy(update={"statements": (said,)}), b"<a/>"))
    pieces = [piece.strip() for page in printed.runs for piece in page]
    text = "".join(pieces)
    assert "ρ_ref" not in text
    assert "ref" in pieces, "the index is a piece of its own"
    assert "Δθ_min" not in text
    assert "n_butane and rig_x" in text


def test_a_word_is_not_wider_than_its_column(tmp_path: Path) -> None:
    column = Column(unit="kg/m3", values=("1448.817",), name=Text(zh="示值", en="Indication"))
    liquids = Words(name=Text(zh="标准液体", en="Liquid"), words=("trichloroethylene",))
    hashes = Words(name=Text.plain("SHA-256"), words=("0123456789abcdef" * 4,))
    (result, *_) = record().measurements[0].results
    tables = (Table(columns=(liquids, *(column,) * 8)), Table(columns=(column, hashes)))
    changed = with_measurement(results=(result.model_copy(update={"tables": tables}),), budgets=())
    path = tmp_path / "words.pdf"
    path.write_bytes(print_certificate(changed, b"<a/>"))
    (place,) = re.findall(
        r'xMin="([0-9.]+)"[^>]*>trichloroethylene<', poppler("pdftotext", "-bbox", str(path), "-")
    )
    assert float(place) > MARGIN
    assert "0123456789abcdef" * 4 in words(changed)


MARGIN = 19 / 25.4 * 72
"""Left margin of a page, in points."""


def errors_within(limit: str, *values: str, u: str) -> Table:
    errors = Column(
        ref_types=("basic_measurementError",),
        unit="%",
        values=values,
        uncertainty=Uncertainty(expanded=(u,), p=("0.95",)),
        conformity=Conformity(verdicts=("pass",), tolerance=Limits(lower=(f"-{limit}",), upper=(limit,))),
    )
    places = tuple(str(10 * 2**number) for number in range(len(values)))
    at = Column(ref_types=("basic_referenceValue",), unit="m3/h", values=places)
    return Table(columns=(at, errors))


@pytest.mark.parametrize(
    ("limit", "u", "drawn", "caption"),
    [("5", "0.02", 0, "lie beyond"), ("0.5", "0.2", 2, "Dashed"), ("5", "1", 2, "Dashed")],
)
def test_limits_that_would_hide_the_uncertainties_are_not_drawn(
    limit: str, u: str, drawn: int, caption: str
) -> None:
    made = picture(errors_within(limit, "0.37", "0.42", "0.45", u=u), "sans-serif")
    assert made is not None
    svg = str(made["svg"])
    assert svg.count('stroke="#b3362b"') == drawn
    assert caption in str(made["caption"])
    heights = [
        abs(float(line.split('y1="')[1].split('"')[0]) - float(line.split('y2="')[1].split('"')[0]))
        for line in svg.split("<line")
        if 'stroke="#1d4468"' in line
    ]
    assert max(heights) > 10, "bars can be told from points"


def test_limits_stay_where_leaving_them_away_would_not_show_more() -> None:
    made = picture(errors_within("5", "-4.2", "0.1", "3.9", u="0.02"), "sans-serif")
    assert made is not None
    assert str(made["svg"]).count('stroke="#b3362b"') == 2


def test_places_of_an_axis_are_never_told_as_a_computer_does() -> None:
    errors = Column(unit="%", values=("0.1", "0.2"))
    for places, shown in ((("30000", "2000000"), ">1000000<"), (("1e7", "9e8"), ">1 × 10⁸<")):
        from lxml import etree

        at = Column(unit="1", values=places)
        drawn = etree.tostring(error_curve(at, errors, "sans-serif"), encoding="unicode")
        assert "e+0" not in drawn
        assert shown in drawn


def test_a_symbol_at_an_axis_has_its_index_below_the_line() -> None:
    at = Column(name=Text(zh="标准密度 ρ_ref(t)", en="Density at t"), unit="kg/m3", values=("1", "2"))
    drawn = error_curve(at, Column(unit="%", values=("0.1", "0.2")), "sans-serif")
    (text,) = (text for text in drawn.iter("text") if len(text))
    assert "".join(text.itertext()) == "标准密度 ρref(t) Density at t / (kg/m³)"
    assert [part.text for part in text if part.get("baseline-shift") == "sub"] == ["ref"]


def test_a_report_names_devices_in_both_languages_and_has_no_wide_apostrophe() -> None:
    one = Listed(
        certificate="L-1",
        serial="A",
        owner_number="",
        name=Text(en="Cold water meter", zh="冷水水表"),
        model="DN20",
        verdict="pass",
        finished=date(2026, 3, 1),
        issued=date(2026, 3, 2),
        run="r",
        sha256="0" * 64,
    )
    lab = Text(en="Laboratory", zh="实验室")
    made = Summary(customer=lab, laboratory=lab, orders=(), demonstration=False, listed=(one,))
    said = "".join(read_print(print_summary(made)).words)
    assert "冷水水表ColdwatermeterDN20" in said
    assert "实验室Laboratory" in said, "Chinese first, as on the certificates"
    assert "certificate'sXML" in said
    assert "’" not in said
