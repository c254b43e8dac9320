"""A loop with a bank of nozzles and masters of several kinds: by a laboratory far away, as beside it."""

from every_bench import short_in_file
from kept_keys import demonstrate
from proof import verifying

from remotecal.cli import main
from remotecal.model import Record

CHOSEN = {"bank": "true", "kinds": '["rotary", "ultrasonic", "turbine"]', "pressures": "[400.0]"}


def demonstrated(bench, out, *more):
    settings = [part for name, value in CHOSEN.items() for part in ("--set", f"{name}={value}")]
    assert demonstrate(str(bench), *settings, "--out", str(out), *more) == 0
    return Record.from_json((out / "record.json").read_text(encoding="utf-8").strip())


def test_its_nozzles_close_from_afar_as_they_do_here(tmp_path, capsys):
    bench, here, afar = short_in_file("gas-loop", tmp_path), tmp_path / "here", tmp_path / "afar"
    near, far = demonstrated(bench, here), demonstrated(bench, afar, "--remote")
    tables = {result.ref_types[0]: result.tables for result in far.measurements[0].results}
    assert list(tables.values()) == [result.tables for result in near.measurements[0].results]
    assert tables["remotecal_nozzleClosure"][0].said("remotecal_closes").words == ("✓", "✓")
    assert tables["remotecal_loopFlow"][0].said("remotecal_masters").words == ("1+3", "2")
    assert tables["remotecal_soundCheck"][0].said("remotecal_meter").words == ("2",)
    capsys.readouterr()
    assert main(verifying(afar)) == 0
    assert "holds" in capsys.readouterr().out
