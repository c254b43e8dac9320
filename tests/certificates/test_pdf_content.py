"""What the printed certificate says: everything it must, as it was typed, and no seal but a real one."""

import json
import re
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from kept_keys import certified_keys
from reading import poppler, words
from sample import record

from remotecal.certificates.dcc.write import write
from remotecal.certificates.pdf import print_certificate
from remotecal.certificates.pdf.compare import read_print
from remotecal.certificates.pdf.content import content
from remotecal.certificates.pdf.curve import error_curve, picture
from remotecal.certificates.pdf.face import design_of
from remotecal.certificates.pdf.fonts import CHINESE_FONTS
from remotecal.certificates.pdf.formula import equations
from remotecal.certificates.pdf.label import labels
from remotecal.certificates.pdf.numbers import aligned, full_width, printed
from remotecal.certificates.pdf.numbers import said as in_each_language
from remotecal.certificates.pdf.results import annexes, results
from remotecal.model import Column, Condition, Conformity, Limits, Table, Text, Uncertainty
from remotecal.runs.catalogue import find, names


@pytest.mark.parametrize(
    ("u", "contribution", "share", "shown"),
    [
        ("0.010", "0.0071", "47.1", ["0.0071", "47.1"]),
        ("0.0084", "0.0071", "70.8", ["0.0071", "70.8"]),
        ("0.010", "0.00021", "0.0", ["0.0002", "< 0.1"]),
        ("0.0083", "0.0071", "73.2", ["0.0071", "73.2"]),
        ("0.0083", "0.00021", "0.1", ["0.00021", "0.1"]),
        ("0.010", "4.9e-8", "0.0", ["< 0.0001", "< 0.1"]),
        ("0.010", "0", "0.0", ["0.0000", "0.0"]),
        ("2.1e-12", "1.5e-12", "51.0", ["1.5 × 10⁻¹²", "51.0"]),
        ("NaN", "0.00021", "NaN", ["0.00021", "NaN"]),
        ("1.0", "1e999999", "100", ["1 × 10⁹⁹⁹⁹⁹⁹", "100.0"]),
    ],
)
def test_contributions_end_where_the_sum_does(
    u: str, contribution: str, share: str, shown: list[str]
) -> None:
    (measurement, *_) = record().measurements
    budget = measurement.budgets[0]
    line = budget.lines[0].model_copy(update={"contribution": contribution, "share": share})
    changed = budget.model_copy(update={"u": u, "lines": (line,)})
    measured = measurement.model_copy(update={"budgets": (changed,)})
    (annex,) = annexes(record().model_copy(update={"measurements": (measured,)}))
    (printed_budget,) = annex["budgets"]
    cells = [column["cells"][0] for column in printed_budget["columns"]]
    assert ["".join(cell["aligned"]) for cell in cells[-2:]] == shown


@pytest.mark.parametrize(
    ("p", "shown"),
    [(["0.95"], "about 95 %."), (["0.9489", "0.9313", "0.9542"], "about 93.13 % ~ 95.42 %.")],
)
def test_a_coverage_probability_is_that_of_every_row(p: list[str], shown: str) -> None:
    (measurement, *_) = record().measurements
    result, *others = measurement.results
    (table,) = result.tables
    columns = list(table.columns)
    (place,) = (i for i, each in enumerate(columns) if isinstance(each, Column) and each.uncertainty)
    judged = columns[place]
    assert isinstance(judged, Column)
    assert judged.uncertainty
    stated = p * (len(judged.values) if len(p) == 1 else 1)
    stated += stated[-1:] * (len(judged.values) - len(stated))
    uncertainty = judged.uncertainty.model_copy(update={"p": tuple(stated)})
    columns[place] = judged.model_copy(update={"uncertainty": uncertainty})
    changed = result.model_copy(update={"tables": (table.model_copy(update={"columns": tuple(columns)}),)})
    made = measurement.model_copy(update={"results": (changed, *others)})
    shown_results = results(record(), made, design_of(record()), "any")
    assert shown in str(shown_results[0])


def test_all_reported_numbers_are_printed_to_the_last_digit(text: str) -> None:
    for column in record().tables[0].columns:
        assert isinstance(column, Column)
        for number in column.values:
            assert printed(number) in text
        for number in column.uncertainty.expanded if column.uncertainty else ():
            assert number in text


@pytest.mark.parametrize(
    "words",
    [
        "校准证书",
        "FLOW-2026-000123",
        "电磁流量计",
        "Electromagnetic flow meter",
        "SN-4711",
        "MASS-2026-00045",
        "2027-03-01",
        "JJG 1033-2007",
        "ILAC-G8:09/2019",
        "The results relate only to the item calibrated",
        "may be reproduced only in full",
        "traceable to the International System of Units",
        "校准员",
        "核验员",
        "批准人",
        "Wang Fang",
        "19.8 °C ~ 20.6 °C",
        "演示文件，不是有效证书",
        "k = 2.00",
    ],
)
def test_what_the_standard_asks_for_is_printed(text: str, words: str) -> None:
    assert words in text


def test_every_page_has_its_number_and_the_certificates(pdf: Path) -> None:
    pages = poppler("pdftotext", str(pdf), "-").split("\f")[:-1]
    for number, said in enumerate(pages, 1):
        assert f"Page {number} of {len(pages)}" in said
        assert "FLOW-2026-000123" in said
        assert "无" in said, "the slanting 演示 · 无效 is missing"
    assert ["End of certificate" in said for said in pages] == [False] * (len(pages) - 1) + [True]


def test_only_a_demonstration_is_marked_as_one() -> None:
    assert "DEMONSTRATION" in words(record())
    assert "DEMONSTRATION" not in words(record(demonstration=False))


@pytest.mark.parametrize(
    "typed",
    [
        '#panic("no")',
        "$x^2$ $ alpha $",
        "*b* _i_ `raw` ```typ #x```",
        "@ref <label> = head",
        r"\\ \u{41} \#",
        "#let d = 1; #{ } [] // no comment /* none */",
        "\"quoted\" -- --- ... ~ 'single'",
        "<script>&amp; Söhne</script>",
        '#read("/etc/passwd") #include "certificate.typ"',
    ],
)
def test_nothing_a_person_typed_is_markup(typed: str) -> None:
    text = Text(zh=typed, en=typed)
    plain = record()
    measurement = plain.measurements[0]
    (result,) = measurement.results
    column = result.tables[0].columns[0].model_copy(update={"name": text})
    table = result.tables[0].model_copy(update={"columns": (column, *result.tables[0].columns[1:])})
    method = measurement.methods[1].model_copy(update={"description": Text.plain(typed)})
    changes = {
        "results": (result.model_copy(update={"name": text, "tables": (table,)}),),
        "methods": (measurement.methods[0], method),
        "budgets": (measurement.budgets[0].model_copy(update={"title": text}),),
    }
    typed_everywhere = plain.model_copy(
        update={
            "number": typed,
            "customer": plain.customer.model_copy(update={"name": text}),
            "measurements": (measurement.model_copy(update=changes),),
        }
    )
    bare = "".join(typed.split())
    assert words(typed_everywhere).count(bare) >= 9


def test_a_seal_is_shown_where_there_is_one_and_only_there() -> None:
    from remotecal.certificates.signing.keys import fingerprint
    from remotecal.certificates.signing.xml import sign_xml

    at = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
    keys = certified_keys({"performed": "Zhang Wei", "issued": "The Laboratory"}, at).signers
    draft = write(record())
    performed = sign_xml(draft, keys["performed"], "performed", at)
    issued = sign_xml(performed, keys["issued"], "issued", at)
    shown = fingerprint(keys["issued"].chain[0])
    for xml, mark in ((draft, "未签名草稿"), (performed, "尚未签发")):
        said = words(record(), xml)
        assert mark in said
        assert "电子签章" not in said
        assert shown[:32] not in said
    assert ("电子签名Signed2026-11-2309:30UTC" in words(record(), performed)) is True
    said = words(record(), issued)
    assert "电子签章Electronicseal" in said
    assert "TheLaboratory" in said
    assert shown in said
    assert "草稿" not in said
    assert "尚未签发" not in said


def test_a_signature_that_does_not_hold_prints_no_seal() -> None:
    from remotecal.certificates.signing.xml import sign_xml
    from remotecal.errors import CertificateRefused

    at = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
    key = certified_keys({"issued": "The Laboratory"}, at).signers["issued"]
    forged = sign_xml(write(record()), key, "issued", at).replace(b"FLOW-2026-000123", b"FLOW-2026-000124")
    with pytest.raises(CertificateRefused):
        print_certificate(record(), forged)


def test_who_calibrates_and_who_verifies_are_called_what_they_are() -> None:
    from remotecal.model import Statement

    calibrated = words(record())
    assert "校准证书Calibrationcertificate" in calibrated
    assert "校准员Calibratedby" in calibrated
    assert "检定" not in calibrated
    kind = Statement(ref_types=("remotecal_verification",), conformity="pass", norms=("JJG 1033-2007",))
    verified = words(record().model_copy(update={"statements": (*record().statements, kind)}))
    assert "检定证书Verificationcertificate" in verified
    assert "检定员Verifiedby" in verified
    assert "检定日期" in verified
    assert "检定依据RegulationJJG1033-2007" in verified
    assert "检定结论Conclusion合格pass" in verified
    assert "有效期至Validuntil2028-11-22" not in verified
    until = Statement(ref_types=("remotecal_validUntil",), day=date(2028, 11, 22))
    assert "有效期至Validuntil2028-11-22" in words(
        record().model_copy(update={"statements": (*record().statements, kind, until)})
    )
    assert "校准员" not in verified
    assert "证书编号Certificatenumber" in verified
    failed = kind.model_copy(update={"conformity": "fail"})
    noticed = record().model_copy(update={"statements": (*record().statements, failed)})
    said = words(noticed)
    for shown in (
        "检定结果通知书",
        "检定结论Conclusion不合格fail",
        "通知书编号Notificationnumber",
        "通知书结束",
        "同一通知书的机器可读",
    ):
        assert shown in said
    for not_shown in ("证书编号Certificatenumber", "证书结束", "校准日期", "校准员", "Calibratedby"):
        assert not_shown not in said
    (sticker,) = labels(noticed, date(2027, 11, 19))[:1]
    told = " ".join(heading for heading, _ in sticker.lines)
    assert "检定日期 Verified" in told
    assert "检定结果通知书（未通过）" in told
    assert "校准" not in told
    assert "下次" not in told


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("水(密度公式:Tanaka)", "水（密度公式：Tanaka）"),
        ("脉冲计数(±1)", "脉冲计数（±1）"),
        (
            "最大允许误差 ±0.5 %,重复性不超过 0.17 %:合格。",
            "最大允许误差 ±0.5 %，重复性不超过 0.17 %：合格。",
        ),
        ("甲, 乙; 丙", "甲，乙；丙"),
        ("SI(SI), 1:2", "SI(SI), 1:2"),
        ("比例 1:2, a:b", "比例 1:2, a:b"),
        ("10:30 至 11:30", "10:30 至 11:30"),
    ],
)
def test_punctuation_beside_chinese_is_as_wide_as_chinese(typed: str, shown: str) -> None:
    assert full_width(typed) == shown


def test_a_name_that_is_the_same_in_both_languages_is_printed_once() -> None:
    assert (
        in_each_language(Text(zh="My Lab", en="My Lab"))
        == in_each_language(Text.plain("My Lab"))
        == [["", "My Lab"]]
    )
    assert in_each_language(Text(zh="实验室", en="Lab")) == [["zh", "实验室"], ["en", "Lab"]]
    assert in_each_language(Text(zh="实验室")) == [["zh", "实验室"]]


@pytest.mark.parametrize(
    "text",
    [
        "E = V_i/V - 1, V = (m + V_c·(ρ_end - ρ_start))/ρ · t/(t + Δt)",
        "E = V_i/V·(1 + δt/t) - 1, V = (M_r/(1 + e_r) - V_c·(ρ_end - ρ_start))/ρ",
        "y = -a^2 + √(b^-3)·|x| × exp(-1.5)",
        "E_i = V_i/V - 1, V = (m + V_c·Δρ_e + (n - i)·V_s/2)/ρ(t_i, p_i)",
        "V = [Σ V_j/(1 + E_j(Re_j))·(p_j/p_d) - q_l·τ]·(1 + Δt/τ)",
        "V = Σ A·C_d·(1 + 2α·(t_0 - 20 °C))·C*·√(R·T_0/M) + q_l·τ",
        "E = (θ'(R_f(θ_f)) - θ'(R_r(θ_r)))/(θ_f - θ_r) - 1, W' = W_a'/R'",
        "E = (D_s/D)²·Σ w_i·(G_s,i/G_i) - 1, A = A_0/(τ_w² - τ_a²), G = L/(2·cos φ)",
        "C = (p/p_b)(T_b/T), p = (p_std [+ p_a])(1 - M·g), T = t + 273.15 K; e = p_i/p",
        "q = {V_t·[(1 + 3α_t·t)·ρ - ρ_i] + V_i}/(τ - Δt), V = Δ(ρ·(1 + κ·p))",
    ],
)
def test_an_equation_is_read_as_a_formula(text: str) -> None:
    found = equations(text)
    assert found is not None
    names_in = set(re.findall(r"[^\W\d_]+", text.replace("²", ""))) - {"Σ"}
    assert names_in <= set(re.findall(r"[^\W\d_]+", str(found)))


def test_every_shipped_model_is_set_as_formulas() -> None:
    found = {
        name: model
        for name in names()
        if isinstance(model := getattr(find(name).procedure, "model_equation", ""), str) and model
    }
    assert len(found) > 10
    assert [name for name, model in found.items() if equations(model) is None] == []


def test_formulas_of_every_kind_are_set_within_the_page(tmp_path: Path) -> None:
    plain = record()
    measurement, *others = plain.measurements
    models = [
        *(model for name in names() if (model := getattr(find(name).procedure, "model_equation", ""))),
        "y = -a^2 + √(b^-3)·|x| × exp(-1.5)·{A·[B - (C + D)]}/2",
        "long = " + " + ".join(f"A_{number}·B_{number}" for number in range(14)),
    ]
    methods = tuple(
        measurement.methods[0].model_copy(update={"description": Text.plain(model)}) for model in models
    )
    changed = measurement.model_copy(update={"methods": methods})
    path = tmp_path / "formulas.pdf"
    made = print_certificate(plain.model_copy(update={"measurements": (changed, *others)}), b"<a/>")
    path.write_bytes(made)
    said = poppler("pdftotext", "-bbox", str(path), "-")
    assert max(float(end) for end in re.findall(r'xMax="([0-9.]+)"', said)) < 595 - 40
    assert not re.search(r"[A-Za-z]_[a-z]", "".join(read_print(made).words))


def test_a_division_takes_the_factor_before_it() -> None:
    (found,) = equations("y = a/b·c/(d + 1)")
    assert found[2] == [
        "row",
        [
            "row",
            ["frac", ["name", "a", ""], ["name", "b", ""]],
            ["operator", "·"],
            [
                "frac",
                ["name", "c", ""],
                ["row", ["row", ["name", "d", ""]], ["operator", "+"], ["row", ["number", "1", ""]]],
            ],
        ],
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "E",
        "E = ",
        "E = (1",
        "E = 1)",
        "a = b c",
        "a = #panic()",
        "see clause 4, page 2",
        "(" * 9999,
        "x = $y$",
    ],
)
def test_what_is_no_equation_stays_a_text(text: str) -> None:
    assert equations(text) is None


def test_the_formula_is_set_and_told_to_those_who_can_not_see_it(pdf: Path) -> None:
    assert "\N{MATHEMATICAL ITALIC SMALL M}" in poppler("pdftotext", str(pdf), "-")
    told = str(content(record(), (), CHINESE_FONTS[0]))
    assert "['E = (N/K)/(m/ρ + ΔV) − 1', 'm = W·(1 − ρ_a/8000)/(1 − ρ_a/ρ)']" in told


def test_a_standard_is_shown_with_its_range_and_uncertainty_or_class() -> None:
    from remotecal.model import EquipmentClass
    from remotecal.model.certificate import OF_RANGE

    plain = record()
    measurement = plain.measurements[0]
    scale, counter, thermometer = measurement.standards
    span = Column(ref_types=("remotecal_measurementRange",), unit="kg", values=("20", "600"))
    u = Column(ref_types=("remotecal_expandedUncertainty",), unit="kg", values=("0.01", "0.060"))
    re_ = span.model_copy(
        update={"name": Text(zh="雷诺数 Re", en="Reynolds number Re"), "unit": "1", "values": ("2016", "9e5")}
    )
    unnamed = re_.model_copy(update={"name": OF_RANGE, "values": ("7", "8")})
    shown = (
        scale.model_copy(update={"quantities": (span, u)}),
        counter.model_copy(update={"quantities": (re_, unnamed)}),
        thermometer.model_copy(
            update={"classes": (EquipmentClass(reference="JJG 229-2010", class_id="AA"),)}
        ),
    )
    said = words(
        plain.model_copy(update={"measurements": (measurement.model_copy(update={"standards": shown}),)})
    )
    assert "20~600kg" in said
    assert "U=0.010~0.060kg" in said
    assert said.count("雷诺数Re") == said.count("ReynoldsnumberRe") == 1, "said by what the record has alone"
    assert "AA(JJG229-2010)" in said


@pytest.mark.parametrize(
    ("stated", "shown"),
    [
        (("0.0000002",), "U=0.2mg"),
        (("0.00000025", "0.0000011"), "U=0.25~1.1mg"),
        (("0.00050",), "U=0.50g"),
    ],
)
def test_a_small_mass_is_told_in_a_unit_that_reads(stated: tuple[str, ...], shown: str) -> None:
    plain = record()
    measurement = plain.measurements[0]
    scale, *others = measurement.standards
    u = Column(ref_types=("remotecal_expandedUncertainty",), unit="kg", values=stated)
    standards = (scale.model_copy(update={"quantities": (u,)}), *others)
    changed = measurement.model_copy(update={"standards": standards})
    assert shown in words(plain.model_copy(update={"measurements": (changed,)}))


def test_nothing_stands_beyond_the_edge_of_the_paper(tmp_path: Path) -> None:
    long = "SN" + "0123456789" * 20
    plain = record()
    item = plain.items[0].model_copy(update={"model": long, "name": Text(zh="很长的名称" * 60, en="W" * 150)})
    measurement = plain.measurements[0]
    standard = measurement.standards[0].model_copy(update={"model": long})
    column = Column(name=Text.plain(long), unit="m3/h", values=("0." + "1" * 90, "-5e-88"))
    table = measurement.results[0].tables[0].model_copy(update={"columns": (column,) * 9})
    result = measurement.results[0].model_copy(update={"tables": (table,)})
    changes = {"standards": (standard,), "results": (result,), "budgets": ()}
    wide = plain.model_copy(
        update={"items": (item,), "measurements": (measurement.model_copy(update=changes),)}
    )
    path = tmp_path / "wide.pdf"
    path.write_bytes(print_certificate(wide, b"<a/>"))
    ends = [
        float(end) for end in re.findall(r'xMax="([0-9.]+)"', poppler("pdftotext", "-bbox", str(path), "-"))
    ]
    assert max(ends) < 595 - 40
    assert long in words(wide)


def test_a_long_table_repeats_its_head_on_every_page() -> None:
    plain = record()
    measurement = plain.measurements[0]
    rows = tuple(str(number) for number in range(200))
    table = (
        measurement.results[0]
        .tables[0]
        .model_copy(
            update={"columns": (Column(name=Text(zh="流量点", en="Flow point"), unit="m3/h", values=rows),)}
        )
    )
    result = measurement.results[0].model_copy(update={"tables": (table,)})
    long = plain.model_copy(
        update={"measurements": (measurement.model_copy(update={"results": (result,), "budgets": ()}),)}
    )
    pages = read_print(print_certificate(long, b"<a/>")).runs
    with_rows = [page for page in pages if sum(piece.isdecimal() for piece in page) > 20]
    assert len(with_rows) >= 4
    assert all("流量点" in page for page in with_rows)


def test_decimal_points_stand_in_line() -> None:
    cells = ["".join(cell["aligned"]) for cell in aligned(("-0.243", "12", "3.1"))]
    assert [cell.index(".") for cell in cells] == [2, 2, 2]
    assert len({len(cell) for cell in cells}) == 1


@pytest.mark.parametrize(
    ("number", "shown"), [("-0.10", "−0.10"), ("+3", "3"), ("1.5E-6", "1.5 × 10⁻⁶"), ("2e3", "2 × 10³")]
)
def test_numbers_are_printed_as_in_a_book(number: str, shown: str) -> None:
    assert printed(number) == shown


def curve_of(flows: tuple[str, ...]) -> str:
    from lxml import etree

    errors = Column(
        unit="%",
        values=("0.1",) * len(flows),
        uncertainty=Uncertainty(expanded=("0.05",), p=("0.95",)),
        conformity=Conformity(verdicts=("pass",), tolerance=Limits(lower=("-0.5",), upper=("0.5",))),
    )
    return etree.tostring(
        error_curve(Column(unit="m3/h", values=flows), errors, "sans-serif"), encoding="unicode"
    )


@pytest.mark.parametrize(("high", "shown"), [("59", "59%"), ("61", "59%~61%")])
def test_what_stayed_the_same_is_printed_once(high: str, shown: str) -> None:
    plain = record()
    measurement, *others = plain.measurements
    humidity = Condition.between("basic_humidityRelative", Text(zh="湿度", en="Humid"), "59", high, "%")
    said = words(
        plain.model_copy(
            update={"measurements": (measurement.model_copy(update={"conditions": (humidity,)}), *others)}
        )
    )
    assert said.partition("Humid")[2].startswith(shown)


def test_limits_that_change_are_drawn_as_levels_and_not_as_slopes() -> None:
    limits = ("0.25", "0.25", "0.4", "0.4")
    errors = Column(
        unit="%",
        ref_types=("basic_measurementError",),
        values=("0", "0.1", "0.1", "0"),
        conformity=Conformity(
            verdicts=("pass",), tolerance=Limits(lower=tuple(f"-{limit}" for limit in limits), upper=limits)
        ),
    )
    at = Column(unit="bar", values=("0", "8", "14", "16"))
    drawn = error_curve(at, errors, "sans-serif").findall("path[@stroke-dasharray]")
    assert len(drawn) == 4, "two levels above and two below"
    for line in drawn:
        heights = {step.split()[1] for step in line.get("d").removeprefix("M ").split(" L ")}
        assert len(heights) == 1, "level"


def test_the_curve_has_a_point_with_its_bar_for_each_flow_and_both_limits() -> None:
    svg = curve_of(("1", "2", "3"))
    assert svg.count("<circle") == 3
    assert svg.count("stroke-dasharray") == 2


def test_a_wide_range_of_flow_gets_a_logarithmic_axis() -> None:
    places = [float(part.split('"')[0]) for part in curve_of(("1", "10", "100")).split('cx="')[1:]]
    assert places[1] - places[0] == pytest.approx(places[2] - places[1], abs=0.02)
    places = [float(part.split('"')[0]) for part in curve_of(("2", "4", "6")).split('cx="')[1:]]
    assert places[1] - places[0] == pytest.approx(places[2] - places[1], abs=0.02)


def gauge_table(*extra: Column) -> Table:
    """Return the results of a gauge that indicates in bar what is stated in kPa, up and down."""

    def column(ref_type: str, unit: str, *values: str) -> Column:
        return Column(ref_types=(ref_type,), unit=unit, values=values)

    errors = column("basic_measurementError", "kPa", "0.10", "0.25", "0.30")
    return Table(
        columns=(
            *extra,
            column("basic_referenceValue", "kPa", "0.0", "500.0", "1000.0"),
            column("remotecal_rising", "bar", "0.0010", "5.0015", "10.0030"),
            column("remotecal_falling", "bar", "0.0010", "5.0035", "10.0030"),
            errors.model_copy(update={"uncertainty": Uncertainty(expanded=("0.05",), p=("0.95",))}),
        )
    )


def test_directions_are_drawn_beside_the_mean_and_told_in_words() -> None:
    drawn = picture(gauge_table(), "sans-serif")
    assert drawn is not None
    svg = str(drawn["svg"])
    assert (svg.count("<polygon"), svg.count("<circle")) == (6, 3)
    assert "rising and falling differ by up to 0.20\u00a0kPa, at 500.0\u00a0kPa" in str(drawn["alt"])
    assert [text for said in drawn["caption"] for _, text in said][1::2] == [  # type: ignore[attr-defined]
        "Bars: expanded uncertainty U.",
        "Solid line: rising.",
        "Dotted line: falling.",
    ]
    rises, falls = (
        [float(row) for _, row in _corners(part)]
        for part in (svg.split("<polygon")[2], svg.split("<polygon")[5])
    )
    assert rises[0] == min(rises), "its triangle points up"
    assert falls[0] == max(falls), "its triangle points down"
    assert max(falls) < min(rises), "above the rising one"


def level_table(*levels: str) -> Table:
    """Return the errors of a meter at four Reynolds numbers, at levels in MPa if they are told."""
    values = ("-0.10", "0.05", "0.12", "0.20")
    errors = Column(ref_types=("basic_measurementError",), unit="%", values=values)
    at = Column(ref_types=("basic_referenceValue",), unit="1", values=("100000", "900000", "40000", "360000"))
    return Table(
        columns=(
            at,
            *([Column(ref_types=("remotecal_curveLevel",), unit="MPa", values=levels)] if levels else []),
            errors.model_copy(update={"uncertainty": Uncertainty(expanded=("0.05",), p=("0.95",))}),
        )
    )


def test_levels_are_told_apart_without_colour_and_named() -> None:
    drawn = picture(level_table("1", "1", "0.4", "0.4"), "sans-serif")
    assert drawn is not None
    svg = str(drawn["svg"])
    assert (svg.count("<circle"), svg.count("<rect"), svg.count("<polygon")) == (3, 1, 3), "and their keys"
    lines = [part.partition("/>")[0] for part in svg.split("<path")[1:]]
    assert [part.split('stroke-dasharray="')[1].partition('"')[0] for part in lines] == ["none", "1.5 2.5"]
    assert all(each in svg for each in (">1\u00a0MPa<", ">0.4\u00a0MPa<"))
    assert str(drawn["alt"]).endswith("; 1\u00a0MPa; 0.4\u00a0MPa")


@pytest.mark.parametrize("levels", [(), ("1",) * 4])
def test_what_was_printed_before_there_were_levels_is_printed_as_it_was(levels: tuple[str, ...]) -> None:
    drawn = picture(level_table(*levels), "sans-serif")
    assert drawn is not None
    digest = "676d00eb74a041811178891b446c8c0283a87ba5c0af02ab8af64898f76cbc3f"
    assert sha256(json.dumps(drawn, ensure_ascii=False, sort_keys=True).encode()).hexdigest() == digest


@pytest.mark.parametrize(("limit", "drawn", "said"), [("1.0", 2, "Dashed"), ("3.0", 0, "lie beyond")])
def test_limits_far_away_are_not_drawn_where_they_would_hide_the_directions(
    limit: str, drawn: int, said: str
) -> None:
    table = gauge_table()
    judged = Conformity(verdicts=("pass",), tolerance=Limits(lower=(f"-{limit}",), upper=(limit,)))
    errors = table.columns[-1].model_copy(update={"conformity": judged})
    made = picture(table.model_copy(update={"columns": (*table.columns[:-1], errors)}), "sans-serif")
    assert made is not None
    assert str(made["svg"]).count('stroke="#b3362b"') == drawn
    assert any(said in text for words in made["caption"] for _, text in words)  # type: ignore[attr-defined]


def _corners(polygon: str) -> list[list[str]]:
    return [corner.split(",") for corner in polygon.split('points="')[1].partition('"')[0].split()]


def test_what_a_device_should_indicate_may_be_another_quantity_than_the_reference() -> None:
    ideal = Column(ref_types=("remotecal_idealIndication",), unit="kPa", values=("0.0", "500.1", "1000.0"))
    drawn = picture(gauge_table(ideal), "sans-serif")
    assert drawn is not None
    assert "<polygon" in str(drawn["svg"])
    amperes = ideal.model_copy(update={"unit": "mA"})
    drawn = picture(gauge_table(amperes), "sans-serif")
    assert drawn is not None
    assert "<polygon" not in str(drawn["svg"])


def test_what_is_stated_in_units_outside_dsi_is_printed_so_with_what_they_are() -> None:
    plain = record()
    measurement = plain.measurements[0]
    columns = (
        Column(
            name=Text.plain("p"),
            unit="inH2O(4°C)",
            values=("401.5",),
            in_other_units=(Column(unit="kPa", values=("100.01",)),),
        ),
        Column(
            name=Text.plain("L"),
            unit="dB(20µPa)",
            values=("94.00",),
            uncertainty=Uncertainty(expanded=("0.15",), p=("0.95",)),
        ),
    )
    table = measurement.results[0].tables[0].model_copy(update={"columns": columns})
    result = measurement.results[0].model_copy(update={"tables": (table,)})
    said = words(
        plain.model_copy(
            update={"measurements": (measurement.model_copy(update={"results": (result,), "budgets": ()}),)}
        )
    )
    assert "p/inH₂O(4°C)p/kPaL/dB(20µPa)扩展不确定度U/dB401.5100.0194.000.15" in said
    assert "1inH₂O(4°C)=249.0819Pa" in said
    assert "dB(20µPa)：以20µPa为基准的级dB(20µPa):levelwiththereference20µPa" in said
    assert "单位说明" not in words(plain)
