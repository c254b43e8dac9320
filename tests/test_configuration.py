"""TOML as it is written for people: whatever is said comes back as it was said."""

import tomllib
from contextlib import suppress
from datetime import date
from typing import Annotated, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AfterValidator, BaseModel

from remotecal import configuration
from remotecal.bench_file import BenchFile, Interlock
from remotecal.certificates.sheet import Sheet
from remotecal.configuration import as_toml, checked, faults_of, read_toml
from remotecal.errors import BenchError, ConfigurationError
from remotecal.model import Text

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | TEXTS | st.dates(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(TEXTS, VALUES, max_size=5))
def test_whatever_is_written_is_read_as_it_was(content):
    assert tomllib.loads(as_toml(content)) == content


@pytest.mark.parametrize("text", ["\x7f", "\U0001f4a7", 'a "quoted" \\ word', "两行\n", "\u2028"])
def test_texts_that_json_would_write_otherwise(text):
    assert tomllib.loads(as_toml({"text": text})) == {"text": text}


def test_models_say_what_they_were_told_and_nothing_else():
    lock = Interlock(watch="rig.level", above=95.0, unit="%")
    content = {"lock": lock, "name": Text(zh="秤", en="balance"), "day": date(2026, 3, 1), "nothing": None}
    assert tomllib.loads(as_toml(content)) == {
        "lock": {"watch": "rig.level", "above": 95.0, "unit": "%"},
        "name": {"zh": "秤", "en": "balance"},
        "day": date(2026, 3, 1),
    }


def test_a_bench_file_is_read_as_it_was_made():
    said = {
        "bench": {"name": "泵站", "clock": "virtual"},
        "instruments": {"meter": {"driver": "Promag53", "address": "modbus+tcp://10.0.0.1:502"}},
        "interlocks": [{"watch": "meter.flow", "above": 1e-5, "unit": "m3/h"}],
    }
    file = checked(BenchFile, said, "made", BenchError)
    assert tomllib.loads(as_toml(file)) == said


def test_lists_of_tables_are_written_below_as_the_documents_write_them():
    persons = [{"name": {"zh": "李伟", "en": "Li Wei"}, "duty": "performed"}, {"name": "N", "limits": [1, 2]}]
    said = as_toml({"persons": persons, "order": {"number": "O-1"}})
    assert said.startswith('[order]\nnumber = "O-1"\n\n[[persons]]\nname = { zh = "李伟", en = "Li Wei" }\n')
    assert said.count("[[persons]]") == 2
    assert tomllib.loads(said)["persons"] == persons


def test_what_has_no_form_in_toml_is_refused():
    with pytest.raises(TypeError):
        as_toml({"anything": object()})


def test_a_list_is_not_called_empty_for_what_is_wrong_in_it():
    said = {"results": [{"name": "x", "columns": []}]}
    with pytest.raises(ConfigurationError) as found:
        checked(Sheet, said, "sheet", ConfigurationError)
    assert "results.0.columns: tuple should have at least 1 item" in str(found.value)
    assert "results: tuple" not in str(found.value)


def test_what_may_be_written_in_several_ways_is_refused_once_and_by_its_key_alone():
    class Head(BaseModel):
        number: Annotated[str, AfterValidator(str.strip)] | Literal[""] = ""

    with pytest.raises(BenchError) as refused:
        checked(Head, {"number": 5}, "order.toml", BenchError)
    assert str(refused.value) == "order.toml: number: input should be a valid string, not 5"
    assert faults_of(Head, {"number": 5}) == {"number": "input should be a valid string, not 5"}


def test_a_key_without_a_name_is_told():
    with pytest.raises(ConfigurationError, match="at the top: a key has no name") as found:
        checked(Sheet, {"": 1, "item": {" ": 2}}, "sheet", ConfigurationError)
    assert "item: a key has no name" in str(found.value)


LONG = [
    "a" + ".a" * 60_000 + " = 1",
    "[a" + " . a" * 60_000 + "]",
    'x = { "a b"' + '."\\"."' * 60_000 + " = 1 }",
    "'.'" + ".'.'" * 60_000 + " = 1",
]


@pytest.mark.parametrize("text", LONG, ids=["key", "table", "inline", "literal"])
def test_a_key_of_thousands_of_parts_is_not_read(tmp_path, text):
    (tmp_path / "long.toml").write_text(text)
    with pytest.raises(ConfigurationError, match="has a key of more than 32 parts"):
        read_toml(tmp_path / "long.toml", ConfigurationError)


@pytest.mark.parametrize("text", ['x = "' + '\\"' * 100_000, "x." * 20 + "y = 'a.b'", "# " + "'\"" * 50_000])
def test_looking_for_long_keys_takes_no_time(tmp_path, text):
    (tmp_path / "odd.toml").write_text(text)
    with suppress(ConfigurationError):
        assert read_toml(tmp_path / "odd.toml", ConfigurationError) is not None


def test_many_keys_of_many_parts_are_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(configuration, "MOST_PARTS", 60)
    text = "".join(f"[{'.'.join([f'k{number}'] * 31)}]\n" for number in range(3))
    (tmp_path / "many.toml").write_text(text)
    with pytest.raises(ConfigurationError, match="more than 60 parts in all"):
        read_toml(tmp_path / "many.toml", ConfigurationError)
    (tmp_path / "numbers.toml").write_text(f"x = {[0.5] * 100}\n")
    assert read_toml(tmp_path / "numbers.toml", ConfigurationError) == {"x": [0.5] * 100}


def test_a_file_that_nobody_writes_is_not_read_to_its_end(tmp_path):
    with (tmp_path / "huge.toml").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(ConfigurationError, match=r"huge\.toml is larger than 8 MiB"):
        read_toml(tmp_path / "huge.toml", ConfigurationError)


def test_of_faults_without_number_the_first_are_told():
    with pytest.raises(ConfigurationError) as refused:
        checked(Sheet, {f"k{number}": 1 for number in range(1000)}, "sheet.toml", ConfigurationError)
    assert str(refused.value).count("; ") == 100
    assert str(refused.value).endswith("; …")
