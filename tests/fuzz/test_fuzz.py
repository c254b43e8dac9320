"""What reads strangers' bytes reads them or refuses them: damage, and every attack found so far.

The longer search, led by coverage, is `benchmarks/fuzz.py`.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import seeds
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from remotecal import units
from remotecal.bench import Bench
from remotecal.certificates.dcc import read
from remotecal.clock import VirtualClock
from remotecal.errors import ConfigurationError, JournalBroken, RecordError, UnitError
from remotecal.journal.events import read_journal
from remotecal.journal.gathering import read_evidence
from remotecal.journal.writing import Journal
from remotecal.order import Order

repeatable = settings(
    derandomize=True,
    database=None,
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
SMALL = seeds.small()
HEAD, TAIL = SMALL.split(b"<dcc:quantity", 1)[0], SMALL.split(b"</dcc:quantity>", 1)[1]
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-9, 9)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=4)
)
DATA = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)


@st.composite
def damaged(draw: st.DrawFn, whole: bytes) -> bytes:
    """Bytes overwritten, taken out, doubled or brought in at up to four places."""
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(whole) - 1))
        end = draw(st.integers(start, min(len(whole), start + 80)))
        put = draw(st.sampled_from([b"", whole[start:end] * 2]) | st.binary(max_size=8))
        whole = (whole[:start] + put + whole[end:]) or b" "
    return whole


def certificate(quantity: str) -> bytes:
    return HEAD + f"<dcc:quantity>{quantity}</dcc:quantity>".encode() + TAIL


def real(value: str, unit: str) -> str:
    return f"<si:real><si:value>{value}</si:value><si:unit>{unit}</si:unit></si:real>"


@repeatable
@given(damaged(SMALL))
def test_a_certificate_damaged_byte_by_byte_is_read_or_refused(data: bytes) -> None:
    try:
        read(data)
    except RecordError:
        return


def test_what_the_attacks_are_made_of_is_read() -> None:
    assert read(certificate(real("1", r"\metre"))).tables[0].columns[0].unit == "m"


@pytest.mark.parametrize(
    ("attack", "why"),
    [
        (b'<?xml version="1.0" encoding="UTF-7"?>+ADwAIQ-DOCTYPE a>', "declares the encoding"),
        (certificate(real("1e999", r"\metre")), "line"),
        (certificate(real("9" * 400, r"\metre")), "line"),
        (
            certificate(f"<si:hybrid>{real('1e99999999999999999999', 'm')}{real('5', 'm')}</si:hybrid>"),
            "line",
        ),
        (certificate(real("1</si:value><si:value>2", r"\metre")), "stands twice"),
        (certificate(real("1", r"\metre") + real("2", r"\metre")), "has a value already"),
        (certificate(f'<a xmlns:b="{"n" * 1_000_000}">{"<b:c/>" * 5_000}</a>'), "namespace"),
        (certificate("<a/>" * 1_000_001), "tags"),
        (SMALL.replace(b">true</dcc:mainSigner>", b">yes</dcc:mainSigner>"), "neither true nor false"),
    ],
)
def test_an_attack_is_refused_at_once(attack: bytes, why: str) -> None:
    with pytest.raises(RecordError, match=why):
        read(attack)


@pytest.mark.parametrize(
    ("unit", "why"),
    [
        (r"\metre" * 100_000, "600000 characters"),
        ("x" * 1_000_000, "1000000 characters"),
        (r"\metre\tothe{999999999}", "which no unit has"),
        (r"\metre\tothe{1e999999999}", "which no unit has"),
    ],
)
def test_an_attack_by_a_unit_costs_the_quantity_at_once(unit: str, why: str) -> None:
    found = read(certificate(real("1", unit)))
    assert found.tables == ()
    assert any(why in said and len(said) < 300 for said in found.left_out)


def test_what_measurements_share_is_not_multiplied_without_bound() -> None:
    head, _ = SMALL.split(b"<dcc:measurementResult ", 1)
    shared = (
        b"<dcc:measuringEquipments>" + b"<dcc:measuringEquipment/>" * 1000 + b"</dcc:measuringEquipments>"
    )
    one = b"<dcc:measurementResult><dcc:results><dcc:result/></dcc:results></dcc:measurementResult>"
    ends = b"</dcc:measurementResults></dcc:digitalCalibrationCertificate>"
    with pytest.raises(RecordError, match="share more"):
        read(head + shared + one * 101 + ends)
    assert len(read(head + shared + one * 2 + ends).standards) == 2000


@pytest.mark.parametrize("factors", [1, 40])
def test_a_factor_beyond_all_numbers_is_refused(factors: int) -> None:
    large, small = ("*".join([f"{prefix}m24"] * factors) for prefix in "Gn")
    with pytest.raises(UnitError, match="beyond all numbers"):
        units.convert(1.0, large, small)


def test_every_single_changed_byte_of_a_journal_is_found(tmp_path: Path) -> None:
    path = seeds.journal(tmp_path / "run", seeds.events())
    written = path.read_bytes()
    for place, byte in enumerate(written):
        path.write_bytes(written[:place] + bytes([byte ^ (1 << place % 8)]) + written[place + 1 :])
        with pytest.raises(JournalBroken):
            read_journal(path)


@repeatable
@given(st.data())
def test_a_damaged_journal_is_refused(tmp_path: Path, data: st.DataObject) -> None:
    path = tmp_path / "run" / "journal.jsonl"
    if not path.exists():
        seeds.journal(path.parent, seeds.events())
        (tmp_path / "written").write_bytes(path.read_bytes())
    written = (tmp_path / "written").read_bytes()
    changed = data.draw(damaged(written))
    path.write_bytes(changed)
    if written.startswith(changed) and changed.endswith(b"\n"):
        return
    with pytest.raises(JournalBroken):
        read_journal(path)


@repeatable
@given(st.data())
def test_rightly_sealed_events_that_no_run_writes_are_evidence_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    told = seeds.events()
    number = data.draw(st.integers(0, len(told) - 1))
    kind, said = told[number]
    names = st.sampled_from(sorted(said) or ["x"])
    told[number] = (kind, {name: value for name, value in said.items() if name != data.draw(names)})
    if data.draw(st.booleans()):
        told[number] = (kind, said | {data.draw(names): data.draw(DATA)})
    folder = tmp_path_factory.mktemp("told") / "run"
    path = seeds.journal(folder, told)
    for use in (lambda: read_evidence(path), lambda: Journal.open(folder, VirtualClock(0)).close()):
        try:
            use()
        except JournalBroken:
            continue


@pytest.fixture(scope="module")
def trusted(tmp_path_factory: pytest.TempPathFactory) -> seeds.Trusted:
    return seeds.Trusted(tmp_path_factory.mktemp("trusted"))


def test_what_a_trusted_station_signed_is_examined_to_the_end(trusted: seeds.Trusted) -> None:
    outcomes = trusted.examine(trusted.write(trusted.told))
    assert outcomes["journal's signature"] == "passed"
    assert outcomes["results"] == "failed", "the procedure ran, and made nothing of it"


@repeatable
@given(data=st.data())
def test_whatever_a_trusted_station_signs_verification_comes_to_its_end(
    trusted: seeds.Trusted, data: st.DataObject
) -> None:
    told = list(trusted.told)
    number = data.draw(st.integers(0, len(told) - 1))
    kind, said = told[number]
    names = st.sampled_from(sorted(said) or ["x"])
    told[number] = (kind, {name: value for name, value in said.items() if name != data.draw(names)})
    if data.draw(st.booleans()):
        told[number] = (kind, said | {data.draw(names): data.draw(DATA)})
    try:
        place = trusted.write(told)
    except JournalBroken:  # nothing that could be sealed
        return
    assert "journal" in trusted.examine(place)


@pytest.mark.parametrize(
    "line", [b"[" * 100_000, b'{"at":' * 50_000, b"9" * 5_000, b'{"seq":1e400}', b'"\\ud800"', b"\xff\xfe[\0"]
)
def test_a_line_that_is_no_event_is_refused(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_bytes(line + b"\n")
    with pytest.raises(JournalBroken, match="line 1"):
        read_journal(path)


def test_a_time_without_its_zone_is_no_time(tmp_path: Path) -> None:
    told = [
        (kind, said | {"began": "2026-01-01T00:00:00"} if kind == "observation" else said)
        for kind, said in seeds.events()
    ]
    with pytest.raises(JournalBroken, match="a time is due"):
        read_evidence(seeds.journal(tmp_path / "run", told))


@pytest.mark.parametrize("load", [Bench.load, Order.load])
@repeatable
@given(data=st.data())
def test_a_damaged_file_is_loaded_or_refused(tmp_path: Path, load: object, data: st.DataObject) -> None:
    path = tmp_path / "file.toml"
    whole = (seeds.BENCH if load == Bench.load else seeds.ORDER).encode()
    path.write_bytes(data.draw(damaged(whole)))
    try:
        load(path)
    except ConfigurationError:
        return


@pytest.mark.parametrize("load", [Bench.load, Order.load])
@pytest.mark.parametrize(
    "text", ["a=" + "[" * 100_000, "a=" + "{b=" * 50_000, "a=" + "9" * 5_000, 'a="\\ud800"', "\0"]
)
def test_a_hostile_file_is_refused(tmp_path: Path, load: object, text: str) -> None:
    path = tmp_path / "file.toml"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=r"file\.toml"):
        load(path)


@pytest.mark.parametrize("driver", [":Promass83", "..x:Y", "json:loads", "no.such:Thing", "\\u0000:X"])
def test_a_driver_that_is_none_is_refused(tmp_path: Path, driver: str) -> None:
    path = tmp_path / "bench.toml"
    path.write_text(seeds.BENCH.replace('"Promass83"', json.dumps(driver).replace("\\\\", "\\")))
    with pytest.raises(ConfigurationError, match="driver"):
        Bench.load(path)
