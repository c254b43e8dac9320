"""Other laboratories' certificates: tolerant where the meaning is certain, strict where it is not."""

import resource
import socket
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from sample import record

from remotecal.certificates.dcc import read, read_file, validate, write
from remotecal.certificates.dcc.xml import LARGEST_FILE
from remotecal.errors import RecordError
from remotecal.model import Column, InCmc, Interval, Limits, Location, Record, Text, Uncertainty

HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<dcc:digitalCalibrationCertificate xmlns:dcc="https://ptb.de/dcc" xmlns:si="https://ptb.de/si"
  schemaVersion="{version}">
<dcc:administrativeData>
<dcc:dccSoftware><dcc:software><dcc:name><dcc:content>GEMIMEG</dcc:content></dcc:name>
<dcc:release>1.0</dcc:release></dcc:software></dcc:dccSoftware>
<dcc:coreData><dcc:countryCodeISO3166_1>DE</dcc:countryCodeISO3166_1>
<dcc:usedLangCodeISO639_1>de</dcc:usedLangCodeISO639_1><dcc:usedLangCodeISO639_1>de</dcc:usedLangCodeISO639_1>
<dcc:mandatoryLangCodeISO639_1>de</dcc:mandatoryLangCodeISO639_1>
<dcc:uniqueIdentifier>M-1</dcc:uniqueIdentifier>
<dcc:beginPerformanceDate>2026-01-05Z</dcc:beginPerformanceDate>
<dcc:endPerformanceDate>2026-01-06</dcc:endPerformanceDate>
<dcc:performanceLocation>laboratory</dcc:performanceLocation></dcc:coreData>
<dcc:items><dcc:item id="item1"><dcc:name>
<dcc:content lang="de">Waage</dcc:content><dcc:content lang="de">600 kg</dcc:content></dcc:name>
<dcc:identifications><dcc:identification><dcc:issuer>manufacturer</dcc:issuer><dcc:value> W-0007
</dcc:value></dcc:identification></dcc:identifications></dcc:item></dcc:items>
<dcc:calibrationLaboratory><dcc:contact><dcc:name><dcc:content/></dcc:name></dcc:contact>
</dcc:calibrationLaboratory>
<dcc:respPersons><dcc:respPerson><dcc:person><dcc:name><dcc:content>A</dcc:content></dcc:name></dcc:person>
</dcc:respPerson></dcc:respPersons>
<dcc:customer><dcc:name><dcc:content>B</dcc:content></dcc:name></dcc:customer>
</dcc:administrativeData>
<dcc:measurementResults><dcc:measurementResult><dcc:name><dcc:content>R</dcc:content></dcc:name>
<dcc:results><dcc:result><dcc:name><dcc:content>R</dcc:content></dcc:name><dcc:data>
"""
TAIL = """</dcc:data></dcc:result></dcc:results></dcc:measurementResult></dcc:measurementResults>
</dcc:digitalCalibrationCertificate>"""


def declared(encoding: str, customer: str = "B") -> bytes:
    """Return a certificate in the encoding it declares."""
    text = certificate("").decode().replace("UTF-8", encoding).replace(">B<", f">{customer}<")
    return text.encode(encoding)


def certificate(data: str, version: str = "3.2.1") -> bytes:
    return (HEAD.format(version=version) + data + TAIL).encode()


def quantity(inside: str) -> str:
    return f"<dcc:quantity>{inside}</dcc:quantity>"


def column(inside: str, version: str = "3.2.1") -> Column:
    (table,) = read(certificate(quantity(inside), version)).tables
    (only,) = table.columns
    assert isinstance(only, Column)
    return only


def lost(inside: str, version: str = "3.2.1") -> str:
    """Return what is said of a quantity that is not read, in a certificate that is."""
    found = read(certificate(quantity(inside) + quantity(real("5", r"\kelvin")), version))
    assert [table.columns for table in found.tables] == [(Column(unit="K", values=("5",)),)]
    (said,) = found.left_out
    return said


def listed(values: str, unit: str = r"\kelvin", rest: str = "") -> str:
    return (
        f"<si:realListXMLList><si:valueXMLList>{values}</si:valueXMLList>"
        f"<si:unitXMLList>{unit}</si:unitXMLList>{rest}</si:realListXMLList>"
    )


def real(value: str, unit: str, rest: str = "") -> str:
    return f"<si:real><si:value>{value}</si:value><si:unit>{unit}</si:unit>{rest}</si:real>"


@pytest.mark.parametrize("version", ["2.2.0", "2.3.0", "2.4.0", "3.0.0", "3.1.2", "3.2.1", "3.3.0", "3.4.0"])
def test_every_version_since_2_2_is_read(version: str) -> None:
    found = read(certificate(quantity(real("1.50", r"\kilogram")), version))
    assert found.number == "M-1"
    assert found.tables[0].columns[0] == Column(unit="kg", values=("1.50",))


def test_dirt_that_leaves_the_meaning_certain_is_read() -> None:
    found = read(b"\xef\xbb\xbf" + certificate(quantity(listed("  1.0\n 2.0  nan ", r"\degreeCelsius"))))
    assert found.tables[0].columns[0] == Column(unit="°C", values=("1.0", "2.0", "NaN"))
    assert found.languages == ("de",)
    assert found.items[0].name == Text(de="Waage 600 kg")
    assert found.items[0].serials == ("W-0007",)
    assert found.begun.isoformat() == "2026-01-05"
    assert found.laboratory.contact.name.get("de") == ""


PLAIN = certificate("").decode()
MEANT = "<dcc:performanceLocation>laboratory</dcc:performanceLocation>"


@pytest.mark.parametrize(
    ("gone", "missing"),
    [
        (MEANT, "place is missing"),
        ("<dcc:issuer>manufacturer</dcc:issuer>", "line 16, element identification: issuer is missing"),
        ("<dcc:release>1.0</dcc:release>", "element software: release is missing"),
        ("<dcc:mandatoryLangCodeISO639_1>de</dcc:mandatoryLangCodeISO639_1>", "binding: .* at least 1 item"),
    ],
)
def test_where_the_file_is_silent_no_default_speaks_for_it(gone: str, missing: str) -> None:
    assert gone in PLAIN
    with pytest.raises(RecordError, match=missing):
        read(PLAIN.replace(gone, "").encode())


@pytest.mark.parametrize(
    ("once", "line"),
    [
        ("<dcc:uniqueIdentifier>M-1</dcc:uniqueIdentifier>", 10),
        ("<dcc:customer><dcc:name><dcc:content>B</dcc:content></dcc:name></dcc:customer>", 22),
        ("<dcc:person><dcc:name><dcc:content>A</dcc:content></dcc:name></dcc:person>", 20),
        ("<dcc:issuer>manufacturer</dcc:issuer>", 16),
        (MEANT, 13),
    ],
)
def test_of_two_where_one_is_due_neither_is_believed(once: str, line: int) -> None:
    assert once in PLAIN
    with pytest.raises(RecordError, match=rf"line {line}, element \w+: it stands twice"):
        read(PLAIN.replace(once, once + once).encode())


def test_several_truth_values_where_one_is_due_are_refused() -> None:
    signer = "</dcc:person><dcc:mainSigner>true {}</dcc:mainSigner>"
    assert read(PLAIN.replace("</dcc:person>", signer.format("")).encode()).persons[0].main_signer
    with pytest.raises(RecordError, match="element mainSigner: one truth value is due"):
        read(PLAIN.replace("</dcc:person>", signer.format("false")).encode())


def test_what_may_stand_several_times_goes_on() -> None:
    said = "<dcc:description><dcc:content>{}</dcc:content></dcc:description>"
    place = (
        "<dcc:location><dcc:street>A 1</dcc:street><dcc:street/><dcc:street>yard</dcc:street>"
        "<dcc:state/></dcc:location>"
    )
    name = "<dcc:name><dcc:content>B</dcc:content></dcc:name>"
    whole = PLAIN.replace(f"{name}</dcc:customer>", f"{name}{place}</dcc:customer>").replace(
        "</dcc:person>", "</dcc:person>" + said.format("one") + said.format(" two ") + said.format("one")
    )
    found = read(whole.encode())
    assert found.persons[0].description == Text.plain("one two")
    assert found.customer.location == Location(street="A 1, yard")


def test_very_many_comments_are_left_out_at_once() -> None:
    """Where each were looked at beside all others, this would take half an hour."""
    data = certificate("").replace(b"<dcc:items>", b"<!---->" * 150_000 + b"<dcc:items>")
    assert read(data) == read(certificate(""))


def test_a_text_of_very_many_paragraphs_is_joined_at_once() -> None:
    paragraphs = "".join(f"<dcc:content>{number}</dcc:content>" for number in range(300_000))
    start = time.process_time()
    found = read(PLAIN.replace("<dcc:content>B</dcc:content>", paragraphs).encode())
    assert found.customer.name.get("de").endswith(" 299998 299999")
    assert time.process_time() - start < 5


P95 = "<si:coverageProbability>0.95</si:coverageProbability>"
OLDER = (
    "<si:expandedUnc><si:uncertainty>{}</si:uncertainty><si:coverageFactor>2</si:coverageFactor>"
    f"{P95}</si:expandedUnc>"
)
TWO_WORDS = OLDER.format("0.1").replace(
    "</si:uncertainty>", "</si:uncertainty><si:valueExpandedMU>0.2</si:valueExpandedMU>"
)
NEWER = (
    "<si:measurementUncertaintyUnivariate><si:expandedMU><si:valueExpandedMU>0.10</si:valueExpandedMU>"
    f"<si:coverageFactor>2.1</si:coverageFactor>{P95}"
    "</si:expandedMU></si:measurementUncertaintyUnivariate>"
)
STANDARD = (
    "<si:measurementUncertaintyUnivariate><si:standardMU><si:valueStandardMU>0.10</si:valueStandardMU>"
    "</si:standardMU></si:measurementUncertaintyUnivariate>"
)
INTERVAL = (
    "<si:coverageInterval><si:standardUnc>0.10</si:standardUnc><si:intervalMin>0.8</si:intervalMin>"
    f"<si:intervalMax>1.3</si:intervalMax>{P95}</si:coverageInterval>"
)


@pytest.mark.parametrize(
    ("stated", "k", "p"),
    [
        (OLDER.format("0.10"), "2", ("0.95",)),
        (NEWER, "2.1", ("0.95",)),
        (STANDARD, "1", None),
        (INTERVAL, "1", None),
    ],
)
def test_every_way_to_state_an_uncertainty_is_read(stated: str, k: str, p: tuple[str, ...] | None) -> None:
    found = column(real("1.00", r"\one", stated)).uncertainty
    assert found is not None
    assert (found.expanded, found.k, found.p) == (("0.10",), (k,), p)
    assert (found.interval is not None) == (stated is INTERVAL)


def test_uncertainties_of_lists_may_have_one_entry_for_all() -> None:
    stated = (
        "<si:expandedUncXMLList><si:uncertaintyXMLList>0.1 0.2</si:uncertaintyXMLList>"
        "<si:coverageFactorXMLList>2</si:coverageFactorXMLList>"
        "<si:coverageProbabilityXMLList>0.95</si:coverageProbabilityXMLList></si:expandedUncXMLList>"
    )
    found = column(listed("1 2", rest=stated)).uncertainty
    assert found is not None
    assert (found.expanded, found.k) == (("0.1", "0.2"), ("2",))
    with pytest.raises(RecordError, match=r"line \d+, element si:realListXMLList: .*2 entries for 3 values"):
        column(listed("1 2 3", rest=stated))


def test_a_hybrid_gives_its_first_known_unit_and_the_others() -> None:
    pair = real("293.15", r"\kelvin") + real("20.00", r"\degreecelsius", OLDER.format("0.05"))
    found = column(f"<si:hybrid>{pair}</si:hybrid>")
    assert (found.unit, found.values) == ("K", ("293.15",))
    stated = Uncertainty(expanded=("0.05",), k=("2",), p=("0.95",))
    assert found.in_other_units == (Column(unit="°C", values=("20.00",), uncertainty=stated),)
    foreign = real("14.5", "|furlong") + real("100.0", r"\kilo\pascal")
    assert column(f"<si:hybrid>{foreign}</si:hybrid>") == Column(unit="kPa", values=("100.0",))
    (said,) = read(certificate(quantity(f"<si:hybrid>{foreign}</si:hybrid>"))).left_out
    assert "si:unit, the unit 'furlong' is unknown" in said


def test_a_unit_outside_dsi_stands_behind_the_one_it_has() -> None:
    pair = real("14.5", "|psi") + real("100.0", r"\kilo\pascal")
    psi = Column(unit="psi", values=("14.5",))
    assert column(f"<si:hybrid>{pair}</si:hybrid>") == Column(
        unit="kPa", values=("100.0",), in_other_units=(psi,)
    )
    assert column(real("14.5", "|psi")) == psi


def test_who_defines_a_unit_outside_dsi_otherwise_is_not_read_by_our_definition() -> None:
    at_20_degrees = real("1000.00", r"\pascal") + real("4.0219", "|inH2O")
    found = read(certificate(quantity(f"<si:hybrid>{at_20_degrees}</si:hybrid>")))
    assert found.tables[0].columns == (Column(unit="Pa", values=("1000.00",)),)
    assert found.left_out == ("line 26: si:real, which is not the same quantity in Pa, by our inH2O",)
    ours = real("1000.00", r"\pascal") + real("4.0146", "|inH2O")
    assert column(f"<si:hybrid>{ours}</si:hybrid>").in_other_units[0].unit == "inH2O"


@pytest.mark.parametrize(
    "inside",
    [
        real("4.0146", "|inH2O"),
        f"<si:hybrid>{real('4.0146', '|inH2O')}</si:hybrid>",
        f"<si:hybrid>{real('1', '|furlong')}{real('4.0146', '|inH2O')}</si:hybrid>",
    ],
)
def test_a_column_of_no_temperature_is_not_read_where_nothing_stands_beside_it(inside: str) -> None:
    found = read(certificate(quantity(inside)))
    assert found.tables == ()
    assert any("may be of any temperature: state it, as inH2O(4°C)" in said for said in found.left_out)


def test_what_cannot_be_compared_in_a_hybrid_is_said() -> None:
    pair = real("0.0100", r"\volt\pascal\tothe{-1}") + real("-40.0", r"\decibel")
    assert column(f"<si:hybrid>{pair}</si:hybrid>") == Column(unit="V/Pa", values=("0.0100",))
    (said,) = read(certificate(quantity(f"<si:hybrid>{pair}</si:hybrid>"))).left_out
    assert said == "line 26: si:real, which can't be compared with the same quantity in V/Pa"


def test_a_hybrid_that_contradicts_itself_is_refused() -> None:
    pair = real("293.15", r"\kelvin") + real("21.00", r"\degreecelsius")
    with pytest.raises(RecordError, match="contradicts the same quantity in K"):
        column(f"<si:hybrid>{pair}</si:hybrid>")


def test_the_list_of_older_versions_is_read() -> None:
    rows = real("1", r"\kelvin", OLDER.format("0.1")) + real("2", r"\kelvin", OLDER.format("0.2"))
    found = column(f"<si:list>{rows}</si:list>", "2.4.0")
    assert found.values == ("1", "2")
    assert found.uncertainty is not None
    assert found.uncertainty.expanded == ("0.1", "0.2")
    mixed = "<si:list>" + real("1", r"\kelvin") + real("2", r"\one") + "</si:list>"
    assert lost(mixed, "2.4.0") == "line 26: si:list, its values have different units"
    intervals = real("1", r"\kelvin", INTERVAL) + real("2", r"\kelvin", INTERVAL)
    stated = column(f"<si:list>{intervals}</si:list>", "2.4.0").uncertainty
    assert stated is not None
    assert stated.interval == Interval(low=("0.8", "0.8"), high=("1.3", "1.3"), p=("0.95", "0.95"))


LIST_UNIT = "<si:listUnit>\\kelvin</si:listUnit>"
OF_ALL = f"<si:listUnivariateUnc>{OLDER.format('0.3')}</si:listUnivariateUnc>"
BARE = "<si:real><si:value>1</si:value></si:real><si:real><si:value>2</si:value></si:real>"


def test_a_list_may_state_unit_and_uncertainty_once() -> None:
    found = column(f"<si:list>{LIST_UNIT}{OF_ALL}{BARE}</si:list>", "2.4.0")
    stated = Uncertainty(expanded=("0.3",), k=("2",), p=("0.95",))
    assert found == Column(unit="K", values=("1", "2"), uncertainty=stated)
    own = real("3", r"\kelvin", OLDER.format("0.1"))
    assert "of all its values" in lost(f"<si:list>{LIST_UNIT}{OF_ALL}{BARE}{own}</si:list>", "2.4.0")
    assert lost(f"<si:list>{BARE}</si:list>", "2.4.0") == "line 26: si:list, it states no unit"


@pytest.mark.parametrize(
    ("inside", "why"),
    [
        (real("1,5", r"\one"), "values.0"),
        (real("", r"\one"), "values"),
        (real("INF", r"\one"), "values.0"),
        (real("1", r"\one\kelvin x"), "units for 1 values|can't be read"),
        (listed("1 2 3", r"\one \percent"), "2 units for 3 values"),
        ("<si:real><si:value>1</si:value></si:real>", "a value or its unit is missing"),
        (real("1", r"\one", TWO_WORDS), "line 26, element si:valueExpandedMU: it stands twice"),
    ],
)
def test_what_would_change_a_number_is_refused_with_its_line(inside: str, why: str) -> None:
    with pytest.raises(RecordError, match=why):
        column(inside)


@pytest.mark.parametrize(
    ("inside", "why"),
    [
        (real("1", r"\foo"), r"line 26: si:unit, the D-SI unit '\\foo' has \foo where it means nothing"),
        (real("1", "|furlong"), "line 26: si:unit, the unit 'furlong' is unknown"),
        (real("1", "|kPa"), "line 26: si:unit, the unit '|kPa' is marked as one outside D-SI, and is none"),
        (real("1", "/kilogram"), "line 26: si:unit, the unit '/kilogram' is unknown"),
        (real("1", ""), "line 26: si:unit, it is blank"),
        (listed("1 2", r"\one \percent"), "the values of one column have different units: %, 1"),
        ("<dcc:noQuantity><dcc:content> </dcc:content></dcc:noQuantity>", "line 26: noQuantity, it is blank"),
        ("<dcc:charsXMLList> </dcc:charsXMLList>", "line 26: charsXMLList, it is blank"),
    ],
)
def test_what_has_no_certain_meaning_costs_the_quantity_and_is_said(inside: str, why: str) -> None:
    assert why in lost(inside)


def test_a_blank_reference_costs_the_reference() -> None:
    report = (
        "<dcc:previousReport><dcc:referral><dcc:content>x</dcc:content></dcc:referral>"
        "<dcc:referralID> </dcc:referralID><dcc:procedure>a</dcc:procedure><dcc:value>b</dcc:value>"
        "</dcc:previousReport></dcc:coreData>"
    )
    found = read(PLAIN.replace("</dcc:coreData>", report).encode())
    assert found.previous is None
    assert found.left_out == ("line 13: referralID, it is blank",)


def test_a_blank_number_costs_the_certificate() -> None:
    with pytest.raises(RecordError, match="line 10, element uniqueIdentifier: it is blank"):
        read(PLAIN.replace(">M-1<", "> <").encode())


def test_the_names_of_lists_stand_above_each_other() -> None:
    inner = (
        f"<dcc:list><dcc:name><dcc:content>sensor</dcc:content></dcc:name>{quantity(listed('7'))}</dcc:list>"
    )
    outer = '<dcc:list><dcc:name><dcc:content lang="en">hall</dcc:content></dcc:name>' + inner + "</dcc:list>"
    assert read(certificate(outer)).tables[0].name == Text(en="hall – sensor")
    condition = (
        "<dcc:influenceConditions><dcc:influenceCondition><dcc:name><dcc:content>c</dcc:content></dcc:name>"
        f"<dcc:data>{outer}</dcc:data></dcc:influenceCondition></dcc:influenceConditions><dcc:results>"
    )
    found = read(PLAIN.replace("<dcc:results>", condition).encode())
    assert found.measurements[0].conditions[0].quantities[0].name == Text(en="hall – sensor")


def test_what_is_declared_of_a_judgement_and_its_limits_is_kept() -> None:
    name = "<dcc:name><dcc:content>{}</dcc:content></dcc:name>"
    kind = '<dcc:quantity refType="basic_toleranceLimitUpper">'
    limit = f"{kind}{name.format('shifted')}{listed('0.3')}</dcc:quantity>"
    meta = (
        f'<dcc:metaData refType="basic_conformity">{name.format("judged")}'
        "<dcc:declaration><dcc:content>by the customer</dcc:content></dcc:declaration>"
        f"<dcc:conformityXMLList>pass pass</dcc:conformityXMLList><dcc:data>{limit}</dcc:data></dcc:metaData>"
        f'<dcc:metaData refType="basic_isInCMC">{name.format("scope")}<dcc:valid>true</dcc:valid>'
        "</dcc:metaData>"
    )
    found = column(listed("0.1 0.2") + f"<dcc:measurementMetaData>{meta}</dcc:measurementMetaData>")
    assert found.conformity is not None
    assert (found.conformity.name, found.conformity.declaration) == (
        Text.plain("judged"),
        Text.plain("by the customer"),
    )
    assert found.conformity.tolerance == Limits(upper=("0.3",), upper_name=Text.plain("shifted"))
    assert found.in_cmc == InCmc(valid=(True,), name=Text.plain("scope"))


def test_attributes_that_nothing_reads_are_said() -> None:
    data = '<dcc:quantity refId="item1 m9" refType="a_b">' + real("1", r"\one") + "</dcc:quantity>"
    assert read(certificate(data)).left_out == ("line 26: quantity, its refId item1 m9",)
    statement = (
        '<dcc:statements><dcc:statement refId="m9"><dcc:valid>true</dcc:valid></dcc:statement>'
        "</dcc:statements></dcc:administrativeData>"
    )
    found = read(PLAIN.replace("</dcc:administrativeData>", statement).encode())
    assert found.left_out == ("line 23: statement, its reference to m9",)


def test_a_table_whose_columns_do_not_fit_is_refused() -> None:
    columns = quantity(listed("1 2 3")) + quantity(listed("1 2"))
    with pytest.raises(RecordError, match="column 2 has 2 values in a table of 3 rows"):
        read(certificate(f'<dcc:list refType="basic_1IndexTable">{columns}</dcc:list>'))


def test_a_list_that_only_groups_gives_a_table_for_each_quantity() -> None:
    columns = quantity(listed("1 2 3")) + quantity(listed("1 2"))
    found = read(certificate(f"<dcc:list>{columns}<dcc:list>{quantity(listed('7'))}</dcc:list></dcc:list>"))
    assert [table.rows for table in found.tables] == [3, 2, 1]


def test_an_id_given_twice_is_refused() -> None:
    with pytest.raises(RecordError, match=r"line 26, element quantity: the id 'item1'"):
        read(certificate('<dcc:quantity id="item1">' + real("1", r"\one") + "</dcc:quantity>"))


def test_what_the_model_has_no_place_for_is_listed() -> None:
    complex_value = "<si:complex><si:valueReal>1</si:valueReal></si:complex>"
    found = read(
        certificate("<dcc:text><dcc:content>see annex</dcc:content></dcc:text>" + quantity(complex_value))
    )
    assert found.left_out == (
        "line 26: text",
        "line 26: si:complex, a part of its values or its unit is missing",
    )
    assert found.tables == ()


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "no well-formed XML"),
        (b"certificate", "no well-formed XML"),
        (b"<a/>", "no digital calibration certificate"),
        (certificate("", "1.0"), "version '1.0'"),
        (certificate("").replace(b'schemaVersion="3.2.1"', b""), "neither schemaVersion nor schemaLocation"),
        (declared("utf-7"), "declares the encoding b'utf-7'"),
        (declared("utf-7").replace(b" encoding", b" " * 500 + b"encoding"), "declares the encoding b'utf-7'"),
        (declared("gbk") + b"\xff", "is not GBK text at byte"),
        (certificate("").replace(b"dcc:customer", b"dcc:client"), "customer is missing"),
        (certificate("").replace(b"2026-01-06", b"06.01.2026"), "'06.01.2026' is no date"),
        (certificate("").replace(b"<dcc:uniqueIdentifier>M-1</dcc:uniqueIdentifier>", b""), "number"),
        (certificate("").decode().encode("utf-16"), "not UTF-8"),
        (certificate(quantity(real("1", "°"))).replace("°".encode(), b"\xb0"), "not UTF-8 text at byte"),
    ],
)
def test_what_is_no_certificate_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(RecordError, match=why):
        read(data)


@pytest.mark.parametrize(
    ("encoding", "city"),
    [
        ("iso-8859-1", "Köln"),
        ("Windows-1252", "Köln"),
        ("GBK", "沈阳"),
        ("gb18030", "沈阳"),
        ("utf-16", "沈阳"),
        ("UTF-8", "沈阳"),
    ],
)
def test_the_encoding_a_certificate_declares_is_heeded(encoding: str, city: str) -> None:
    found = read(declared(encoding, city))
    assert found.customer.name == Text.plain(city)
    assert validate(declared(encoding, city)) == validate(declared("utf-8", city))


def test_a_doctype_hides_in_no_encoding() -> None:
    for encoding in ("utf-16", "gb18030", "iso-8859-1"):
        with pytest.raises(RecordError, match="document type"):
            read(with_doctype(ENTITIES).decode().replace("UTF-8", encoding).encode(encoding))


def test_an_invalid_certificate_is_refused_where_a_valid_one_is_due() -> None:
    xml = write(record())
    assert read(xml, valid=True) == record()
    dirty = xml.replace(b"<dcc:conformity>pass<", b"<dcc:conformity> pass<")
    assert read(dirty) == record()
    with pytest.raises(RecordError, match=r"not valid: line \d+"):
        read(dirty, valid=True)


def test_a_file_is_named_in_the_error(tmp_path) -> None:
    path = tmp_path / "scale.xml"
    path.write_bytes(b"<a/>")
    with pytest.raises(RecordError, match=r"scale\.xml"):
        read_file(path)


ENTITIES = """<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;">]>"""
FILE_ENTITY = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'


def with_doctype(doctype: str) -> bytes:
    text = certificate("<dcc:text><dcc:content>&a;</dcc:content></dcc:text>").decode()
    return text.replace("?>\n", f"?>\n{doctype}\n", 1).encode()


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (with_doctype(ENTITIES), "document type declaration"),
        (with_doctype(FILE_ENTITY), "document type declaration"),
        (with_doctype('<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">'), "document type declaration"),
        (certificate("<dcc:list>" * 100_000 + "</dcc:list>" * 100_000), "no well-formed XML"),
        (
            certificate("<dcc:text><dcc:content>" + "x" * 11_000_000 + "</dcc:content></dcc:text>"),
            "no well-formed",
        ),
        (certificate("<!--" + "x" * LARGEST_FILE + "-->"), "are the most a certificate may have"),
        (certificate('<dcc:text a="' + "x" * 11_000_000 + '"/>'), "no well-formed XML"),
    ],
    ids=["entities", "file", "dtd", "depth", "text", "size", "attribute"],
)
def test_hostile_files_are_refused_at_once_and_in_little_memory(data: bytes, why: str) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.process_time()
    with pytest.raises(RecordError, match=why):
        read(data)
    assert time.process_time() - start < 5
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000


SAMPLE = write(record())
JUNK = [
    "",
    "NaN",
    "-1",
    "1e999",
    "∞",
    " ",
    "true",
    "x y",
    r"\metre",
    "zh",
    "2026-13-01",
    "P1Y",
    "basic_conformity",
]


@settings(max_examples=60)
@given(st.data())
def test_a_damaged_certificate_is_read_or_refused(data: st.DataObject) -> None:
    root = etree.fromstring(SAMPLE)
    elements = list(root.iter())
    for _ in range(data.draw(st.integers(1, 3))):
        element = data.draw(st.sampled_from(elements[1:]))
        deed = data.draw(st.sampled_from(["text", "attribute", "remove", "move", "rename"]))
        if deed == "text":
            element.text = data.draw(st.sampled_from(JUNK))
        elif deed == "attribute":
            name = data.draw(st.sampled_from(["refType", "refId", "id", "lang"]))
            element.set(name, data.draw(st.sampled_from(JUNK)))
        elif deed == "rename":
            element.tag = data.draw(st.sampled_from(elements)).tag
        elif (parent := element.getparent()) is not None:
            parent.remove(element)
            target = data.draw(st.sampled_from(elements))
            if deed == "move" and element not in [target, *target.iterancestors()]:
                target.append(element)
    try:
        found = read(etree.tostring(root))
    except RecordError:
        return
    assert isinstance(found, Record)


def test_an_endless_file_is_not_read_to_its_end(tmp_path) -> None:
    path = tmp_path / "zeros.xml"
    with path.open("wb") as file:
        file.truncate(100 * 2**20)
    with pytest.raises(RecordError, match="are the most"):
        read_file(path)


def test_schema_locations_are_not_fetched() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        place = f"https://ptb.de/dcc http://127.0.0.1:{server.getsockname()[1]}/dcc.xsd"
        xml = write(record()).replace(b"https://ptb.de/dcc https://ptb.de/dcc/v3.3.0/dcc.xsd", place.encode())
        assert place.encode() in xml
        assert read(xml, valid=True) == record()
        with pytest.raises(BlockingIOError):
            server.accept()
