"""Correlations and complex values in the DCC and on paper."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from reading import words
from test_dcc_read import certificate, column, listed, quantity, real
from test_dcc_write import with_columns

from remotecal.certificates.dcc import read, validate, write
from remotecal.certificates.pdf.words import _facts
from remotecal.errors import RecordError
from remotecal.model import (
    Bivariate,
    Column,
    Complex,
    Correlation,
    InCmc,
    JointResult,
    Record,
    Region,
    Result,
    Table,
    Text,
    Uncertainty,
)

SI = "{https://ptb.de/si}"
H2 = Correlation(
    matrix=(("1", "-0.588", "-0.485"), ("-0.588", "1", "0.993"), ("-0.485", "0.993", "1")),
    region=Region(k="10.51", p="0.95", distribution="t"),
)
"""R, X and Z of GUM H.2, table H.3, with the factor of three values at 4 degrees of freedom."""


def stated(name: Text, value: str, u: str, unit: str = "Ω") -> Column:
    return Column(name=name, unit=unit, values=(value,), uncertainty=Uncertainty(expanded=(u,), k=("1",)))


R = stated(Text(zh="电阻", en="Resistance"), "127.732", "0.071")
X = stated(Text(zh="电抗", en="Reactance"), "219.847", "0.296")
Z = stated(Text(zh="阻抗模", en="Modulus"), "0.254260", "0.000236", "kΩ")
IMPEDANCE = Complex(
    name=Text(zh="阻抗", en="Impedance"),
    ref_types=("remotecal_impedance",),
    unit="Ω",
    values=(("127.732", "219.847"),),
    uncertainty=Bivariate(u=(("0.071", "0.296"),), r=("-0.588",), region=Region(k="5.89", p="0.95")),
    in_cmc=InCmc(valid=(True,)),
)
S11 = Complex(
    name=Text(zh="反射系数", en="Reflection"),
    form="polar",
    unit="1",
    phase_unit="°",
    values=(("0.101", "-10.2"), ("0.205", "20.1")),
    uncertainty=Bivariate(
        u=(("0.0010", "0.5"), ("0.0021", "0.5")),
        r=("0.1", "-0.25"),
        region=Region(shape="rectangle", k="2.24", p="0.95"),
    ),
)


def with_tables(*tables: Table) -> Record:
    """Return the sample with these tables for its only result."""
    plain = with_columns(R)
    measurement = plain.measurements[0]
    used = measurement.results[0].tables[0].equipment
    result = Result(
        name=Text(zh="结果", en="Results"),
        tables=tuple(table.model_copy(update={"equipment": used}) for table in tables),
    )
    return plain.model_copy(update={"measurements": (measurement.model_copy(update={"results": (result,)}),)})


JOINT = Table(columns=(R, X, Z), joint=(JointResult(columns=(0, 1, 2), correlation=H2),))


def test_a_joint_result_comes_back_and_is_valid() -> None:
    written = with_tables(JOINT)
    xml = write(written)
    assert [str(problem) for problem in validate(xml)] == []
    assert read(xml) == written


def test_a_machine_finds_values_and_covariances_in_the_elements_of_d_si() -> None:
    together = etree.fromstring(write(with_tables(JOINT))).find(f".//{SI}realList")
    assert together is not None
    assert [each.findtext(f"{SI}value") for each in together.iter(f"{SI}real")] == [
        "127.732",
        "219.847",
        "0.254260",
    ]
    region = together.find(f"{SI}ellipsoidalRegion")
    assert region is not None
    assert region.findtext(f"{SI}coverageFactor") == "10.51"
    columns = region.findall(f"{SI}covarianceMatrix/{SI}column")
    cells = [
        [(each.findtext(f"{SI}value"), each.findtext(f"{SI}unit")) for each in one.iter(f"{SI}covariance")]
        for one in columns
    ]
    assert cells[0][0] == ("0.005041", r"\ohm\tothe{2}")
    assert (
        cells[0][1]
        == cells[1][0]
        == (str(Decimal("0.071") * Decimal("0.296") * Decimal("-0.588")), r"\ohm\tothe{2}")
    )
    assert cells[2][1] == ("0.000069367008", r"\kilo\ohm\ohm")


def test_the_values_of_a_column_tell_what_they_have_in_common() -> None:
    together = Column(
        name=Text.plain("E"),
        unit="%",
        values=("0.10", "0.12"),
        uncertainty=Uncertainty(expanded=("0.05", "0.06"), k=("2.13",), p=("0.95",)),
        correlation=Correlation(matrix=(("1", "0.5"), ("0.5", "1"))),
    )
    written = with_columns(together)
    xml = write(written)
    assert [str(problem) for problem in validate(xml)] == []
    region = etree.fromstring(xml).find(f".//{SI}ellipsoidalRegionMUXMLList")
    assert region is not None
    assert region.findtext(f"{SI}coverageFactorXMLList") == "NaN", "no region was stated"
    assert region.findtext(f".//{SI}unitXMLList") == r"\percent\percent"
    assert read(xml) == written


@pytest.mark.parametrize("unit", ["psi", "dBm", "kgf/cm2"])
def test_correlations_survive_in_units_outside_dsi(unit: str) -> None:
    fields = {"unit": unit, "uncertainty": Uncertainty(expanded=("0.03", "0.04"), k=("2.1",), p=("0.95",))}
    matrix = (("1", "0.123456789012345"), ("0.123456789012345", "1"))
    finer = Correlation(matrix=matrix, u=("0.0142857", "0.019"))
    own = Column(name=Text.plain("a"), values=("1.5", "2.5"), correlation=finer, **fields)
    other = Column(name=Text.plain("b"), values=("3.5", "4.5"), **fields)
    last = JointResult(
        columns=(1, 0), rows=(1,), correlation=Correlation(matrix=matrix, u=("0.019047", "0.019"))
    )
    written = with_tables(Table(columns=(own, other), joint=(last,)))
    xml = write(written)
    assert [str(problem) for problem in validate(xml)] == []
    assert read(xml) == written


def test_complex_values_come_back_single_and_in_lists() -> None:
    written = with_tables(
        Table(columns=(IMPEDANCE,)), Table(columns=(S11, Column(unit="GHz", values=("1", "2"))))
    )
    item = written.items[0].model_copy(
        update={"quantities": (IMPEDANCE.model_copy(update={"in_cmc": None}),)}
    )
    written = written.model_copy(update={"items": (item,)})
    xml = write(written)
    assert [str(problem) for problem in validate(xml)] == []
    root = etree.fromstring(xml)
    assert root.findtext(f".//{SI}complex/{SI}valueImag") == "219.847"
    polar = root.find(f".//{SI}complexListXMLList[{SI}valueMagnitudeXMLList]")
    assert polar is not None
    assert polar.findtext(f"{SI}valuePhaseXMLList") == "-10.2 20.1"
    assert polar.findtext(f"{SI}unitPhaseXMLList") == r"\degree"
    cells = [each.text for each in polar.iter(f"{SI}valueXMLList")]
    assert cells == ["0.000001 0.00000441", "0.00005 -0.0002625", "0.00005 -0.0002625", "0.25 0.25"]
    assert read(xml) == written


COEFFICIENTS = st.integers(-999, 999).map(lambda number: f"{number / 1000:.3f}")
UNCERTAINTIES = st.decimals("1e-9", "1e9", allow_nan=False, allow_infinity=False).map(
    lambda number: f"{number:.3E}"
)


@settings(max_examples=60)
@given(COEFFICIENTS, st.lists(UNCERTAINTIES, min_size=2, max_size=2), st.sampled_from(["2", "1.96", "3.182"]))
def test_any_correlation_comes_back_equal(r: str, u: list[str], k: str) -> None:
    matrix = (("1", r), (r, "1"))
    column_ = Column(
        unit="m",
        values=("1", "2"),
        uncertainty=Uncertainty(expanded=tuple(u), k=(k,), p=("0.95",)),
        correlation=Correlation(matrix=matrix),
    )
    written = with_columns(column_)
    assert read(write(written)) == written


def cell(value: str, unit: str = r"\kelvin\tothe{2}") -> str:
    return f"<si:covariance><si:value>{value}</si:value><si:unit>{unit}</si:unit></si:covariance>"


def region(*columns: str, k: str = "2.45", p: str = "0.95", name: str = "ellipsoidalRegion") -> str:
    matrix = "".join(f"<si:column>{inside}</si:column>" for inside in columns)
    return (
        f"<si:{name}><si:covarianceMatrix>{matrix}</si:covarianceMatrix><si:coverageFactor>{k}</si:coverageFactor>"
        f"<si:coverageProbability>{p}</si:coverageProbability></si:{name}>"
    )


PAIR = region(cell("0.01") + cell("0.005"), cell("0.005") + cell("0.01"))
ROWS = "".join(real(value, r"\kelvin") for value in ("1", "2"))


@pytest.mark.parametrize(
    ("inside", "version"),
    [
        (f"<si:list>{ROWS}{PAIR}</si:list>", "2.4.0"),
        (f"<si:list><si:realList>{ROWS}{PAIR}</si:realList></si:list>", "3.3.0"),
        (listed("1 2", rest=PAIR.replace("ellipsoidalRegion", "ellipsoidalRegionXMLList")), "3.2.1"),
        (
            listed(
                "1 2",
                rest="<si:measurementUncertaintyMultivariateXMLList>"
                + PAIR.replace("ellipsoidalRegion", "ellipsoidalRegionMU")
                .replace(">", "XMLList>")
                .replace("XMLListXMLList", "XMLList")
                + "</si:measurementUncertaintyMultivariateXMLList>",
            ),
            "3.3.0",
        ),
    ],
)
def test_every_way_to_state_a_covariance_matrix_is_read(inside: str, version: str) -> None:
    found = column(inside, version)
    assert found.uncertainty == Uncertainty(expanded=("0.1", "0.1"), k=("1",))
    assert found.correlation == Correlation(
        matrix=(("1", "0.5"), ("0.5", "1")), region=Region(k="2.45", p="0.95")
    )


OWN = (
    "<si:measurementUncertaintyUnivariateXMLList><si:expandedMUXMLList><si:valueExpandedMUXMLList>{}"
    "</si:valueExpandedMUXMLList><si:coverageFactorXMLList>2</si:coverageFactorXMLList>"
    "<si:coverageProbabilityXMLList>0.95</si:coverageProbabilityXMLList></si:expandedMUXMLList>"
    "</si:measurementUncertaintyUnivariateXMLList>"
)
OLDER = PAIR.replace("ellipsoidalRegion", "ellipsoidalRegionXMLList")


def test_a_matrix_beside_rounded_uncertainties_keeps_its_own() -> None:
    found = column(listed("1 2", rest=OWN.format("0.2") + OLDER))
    assert found.uncertainty == Uncertainty(expanded=("0.2",), k=("2",), p=("0.95",))
    assert found.correlation is not None
    assert found.correlation.u is None
    finer = OLDER.replace("0.01<", "0.0098<")
    found = column(listed("1 2", rest=OWN.format("0.2") + finer))
    assert found.correlation is not None
    assert found.correlation.u == ("0.098994949366116653",) * 2


@pytest.mark.parametrize(
    ("matrix", "why"),
    [
        (region(cell("0.01")), "its matrix has 1 columns for 2 values"),
        (region(cell("0.01"), cell("0.01")), "a column of the matrix has 1 covariances for 2 values"),
        (region(cell("0.01") + cell("0.02"), cell("0.02") + cell("0.01")), "pattern"),
        (region(cell("0.01") + cell("0.005"), cell("0.004") + cell("0.01")), "is symmetric"),
        (region(cell("0") + cell("0"), cell("0") + cell("0.01")), "above 0"),
        (region(cell("NaN") + cell("0"), cell("0") + cell("0.01")), "'NaN' is no covariance"),
        (region(cell("0.01", r"\kelvin") * 2, cell("0.01") * 2), "different quantities"),
        (region(cell("0.01", r"\foo") * 2, cell("0.01") * 2), "means nothing known"),
        (PAIR.replace(">2.45<", ">0.5<"), "pattern"),
        (PAIR.replace(">2.45<", "><"), "one coverage factor and one probability are due"),
        (PAIR.replace("column", "row"), "its matrix has 2 columns for 2 values"),
        (PAIR.replace("covarianceMatrix", "precisionMatrix"), "it has no covariance matrix"),
    ],
)
def test_a_matrix_that_means_nothing_certain_costs_itself_and_is_said(matrix: str, why: str) -> None:
    inside = f"<si:list>{ROWS}{matrix}</si:list>"
    found = read(certificate(quantity(inside), "2.4.0"))
    assert found.tables[0].columns == (Column(unit="K", values=("1", "2")),)
    assert any(why in said for said in found.left_out), found.left_out


def test_a_matrix_that_is_not_of_the_stated_uncertainties_costs_itself() -> None:
    found = read(certificate(quantity(listed("1 2", rest=OWN.format("0.08") + OLDER))))
    (only,) = found.tables[0].columns
    assert isinstance(only, Column)
    assert only.correlation is None
    assert "line 26: si:ellipsoidalRegionXMLList, the standard uncertainty 0.1 beside" in found.left_out[0]


def test_joint_values_that_are_not_those_of_the_table_are_refused() -> None:
    xml = write(with_tables(JOINT))
    assert xml.count(b"<si:value>219.847</si:value>") == 1
    with pytest.raises(RecordError, match="the values of a joint result are not those of its table"):
        read(xml.replace(b"<si:value>219.847</si:value>", b"<si:value>219.848</si:value>"))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ((b">0 1 2<", b">0 1 9<"), "column 9 of a joint result is none of 1 numbers"),
        ((b"remotecal_tableColumns", b"remotecal_tableRows"), "it is no joint result of a table"),
        ((b">-0.012357408<", b">-0.112357408<"), "it is no joint result of its table"),
    ],
)
def test_a_joint_result_that_is_damaged_costs_itself(change: tuple[bytes, bytes], why: str) -> None:
    xml = write(with_tables(JOINT))
    assert change[0] in xml
    found = read(xml.replace(change[0], change[1], 1))
    assert found.tables[0].columns == (R, X, Z)
    assert found.tables[0].joint == ()
    assert any(why in said or "symmetric" in said or "pattern" in said for said in found.left_out)


def test_complex_values_of_others_are_read() -> None:
    square = r"\ohm\tothe{2}"
    columns = (cell("0.04", square) + cell("0", square), cell("0", square) + cell("0.09", square))
    inside = (
        "<si:complex><si:valueReal>1.0</si:valueReal><si:valueImag>-2.0</si:valueImag><si:unit>\\ohm</si:unit>"
        f"{region(*columns, name='rectangularRegion', k='2.24')}</si:complex>"
    )
    (only,) = read(certificate(quantity(inside), "3.0.0")).tables[0].columns
    expected = Bivariate(u=(("0.2", "0.3"),), r=("0",), region=Region(shape="rectangle", k="2.24", p="0.95"))
    assert only == Complex(unit="Ω", values=(("1.0", "-2.0"),), uncertainty=expected)


@pytest.mark.parametrize(
    ("inside", "why"),
    [
        (
            "<si:valueReal>1</si:valueReal><si:unit>\\ohm</si:unit>",
            "a part of its values or its unit is missing",
        ),
        (
            "<si:valueMagnitude>1</si:valueMagnitude><si:valuePhase>1</si:valuePhase><si:unit>\\ohm</si:unit>",
            "a part of its values or its unit is missing",
        ),
        ("<si:valueReal>1</si:valueReal><si:valueImag>1</si:valueImag><si:unit>\\foo</si:unit>", "\\foo"),
    ],
)
def test_complex_values_that_mean_nothing_certain_cost_themselves(inside: str, why: str) -> None:
    found = read(certificate(quantity(f"<si:complex>{inside}</si:complex>")))
    assert found.tables == ()
    assert any(why in said for said in found.left_out)


def test_parts_of_complex_values_are_as_many() -> None:
    inside = (
        "<si:complexListXMLList><si:valueRealXMLList>1 2</si:valueRealXMLList><si:valueImagXMLList>1"
        "</si:valueImagXMLList><si:unitXMLList>\\ohm</si:unitXMLList></si:complexListXMLList>"
    )
    with pytest.raises(RecordError, match="there are 2 and 1 parts of complex values"):
        read(certificate(quantity(inside)))


def test_correlations_are_printed_where_they_say_something() -> None:
    said = words(with_tables(JOINT))
    assert "相关系数Correlationcoefficients1231电阻Resistance12电抗Reactance−0.5881" in said
    assert "3阻抗模Modulus−0.4850.9931" in said
    assert "Theellipsoidcoverageregionwiththecoveragefactork=10.51coversthesevaluestogether" in said
    nothing = Correlation(matrix=(("1", "0", "0"), ("0", "1", "0"), ("0", "0", "1")))
    none = JOINT.model_copy(update={"joint": (JointResult(columns=(0, 1, 2), correlation=nothing),)})
    assert "Correlation" not in words(with_tables(none))


def points(size: int, matrix: tuple[tuple[str, ...], ...]) -> Table:
    nominal = Column(name=Text.plain("p"), unit="kPa", values=tuple(str(10 * n) for n in range(size)))
    errors = Column(
        name=Text.plain("E"),
        unit="Pa",
        values=("0",) * size,
        uncertainty=Uncertainty(expanded=("2",), p=("0.95",)),
        correlation=Correlation(matrix=matrix),
    )
    return Table(columns=(nominal, errors))


def decaying(size: int) -> tuple[tuple[str, ...], ...]:
    return tuple(
        tuple("1" if i == j else f"{0.9 ** abs(i - j):.3f}" for j in range(size)) for i in range(size)
    )


def test_points_are_called_by_what_they_are_for() -> None:
    assert "相关系数Correlationcoefficients–E123410kPa1210kPa0.9001" in words(
        with_tables(points(4, decaying(4)))
    )


def test_a_large_matrix_is_said_to_be_elsewhere_and_an_even_one_in_a_sentence() -> None:
    large = words(with_tables(points(13, decaying(13))))
    assert "Thecorrelationmatrix(13×13)isinthefilecertificate.xmlinside." in large
    even = tuple(tuple("1" if i == j else "0.5" for j in range(20)) for i in range(20))
    assert "Betweenanytwoofthesevaluesthecorrelationcoefficientis0.5." in words(with_tables(points(20, even)))


def test_complex_values_are_printed_by_their_parts() -> None:
    said = words(with_tables(Table(columns=(S11,))))
    assert (
        "反射系数模Reflectionmagnitude扩展不确定度U反射系数相位Reflectionphase/°扩展不确定度U/°相关系数r"
        in said
    )
    assert "0.1010.0023−10.21.20.10" in said
    assert "k=2.24:therectangularcoverageregioncoversbothpartstogether" in said
    item = with_tables(JOINT).items[0].model_copy(update={"quantities": (IMPEDANCE, S11)})
    said = words(with_tables(JOINT).model_copy(update={"items": (item,)}))
    assert "(127.732+j219.847)Ω" in said
    assert "0.101∠−10.2°,0.205∠20.1°" in said


def test_no_print_may_lack_a_coefficient() -> None:
    facts = set(_facts(with_tables(JOINT, Table(columns=(S11,)))))
    assert {"−0.588", "−0.485", "0.993", "0.101", "−10.2", "0.0023", "−0.25"} <= facts
