"""A driver named as `module:Class`: its journal says so, and whoever checks it must vouch for the module."""

import sys

import pytest
from examining import examine_instruments, examine_replies
from tiny_bench import Tiny

from remotecal.cli import main
from remotecal.verify.report import Unable

OWN = ("tiny:TinySource", "tiny:TinyMeter")


def test_the_journal_names_it_as_the_bench_file_does(tiny: Tiny) -> None:
    tiny.run()
    assert tuple(event.data["driver"] for event in tiny.events("instrument")) == OWN


def test_it_is_used_where_somebody_vouches_for_it(tiny: Tiny) -> None:
    tiny.run()
    events = tiny.events()
    assert "source: " in examine_instruments(events, OWN)
    assert examine_replies(events, OWN).startswith("12 values read again")


def test_nothing_is_imported_because_a_journal_names_it(tiny: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny.run()
    monkeypatch.delitem(sys.modules, "tiny")
    with pytest.raises(Unable, match=r"name it yourself, by --driver tiny:TinySource"):
        examine_instruments(tiny.events())
    with pytest.raises(Unable, match="not at hand"):
        examine_replies(tiny.events(), OWN[:1])


def test_whoever_names_it_is_shown_what_it_says_of_itself(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["drivers", "show", "tiny:TinyMeter"]) == 0
    assert "TinyMeter" in capsys.readouterr().out
    assert main(["drivers", "show", "no_such_module:Meter"]) != 0
    said = " ".join(capsys.readouterr().err.split())
    assert "no_such_module:Meter can't be loaded" in said
    assert "or name its folder in PYTHONPATH" in said
