"""A gas loop's controller by a table of its registers is safe once relieved, and says how."""

from pathlib import Path

import pytest

from remotecal.drivers.mapped.register_map import RegisterMap
from remotecal.errors import BenchError

TABLE = (Path(__file__).parents[2] / "docs" / "tables" / "rig-gas-loop-s7.toml").read_text(encoding="utf-8")
RELIEVED = TABLE[TABLE.index("\n[relieved]") : TABLE.index("\n[expects]")]
UNSAFE = [
    (RELIEVED, "", "relieved is missing: a GasLoop is safe once its pressure has come down"),
    ('reading = "pressure"', 'reading = "standing"', "relieved is missing: a GasLoop is safe once its"),
    (
        'opened = 0\nmode = "VENT"',
        "cooling = 20",
        r"safe\.opened is missing: .* a GasLoop .* opened and mode",
    ),
]


@pytest.mark.parametrize(("said", "instead", "why"), UNSAFE)
def test_a_table_that_seals_the_gas_in_is_refused(said: str, instead: str, why: str) -> None:
    assert TABLE.count(said) == 1
    with pytest.raises(BenchError, match=why):
        RegisterMap.as_stated({"table": TABLE.replace(said, instead)})
