"""What a forger might make of a run on the simulated nozzle bench, and an evaluation does not take."""

from dataclasses import replace

import pytest
from short_runs import ShortRuns, of_before, record, record_anew

from remotecal.errors import EvidenceError
from remotecal.sim.gas.assemblies import NozzleBench
from remotecal.verify.journal import recomputed
from remotecal.verify.report import Unable

RUNS = ShortRuns(flows=[26.0, 6.5], repeats=2, duration=30.0, fewest_pulses=1000)


@pytest.fixture(scope="module")
def evidence(tmp_path_factory):
    with NozzleBench.up(tmp_path_factory.mktemp("nozzles") / "bench", seed=7) as bench:
        return RUNS.calibrate(bench)


def test_nozzles_in_each_others_places_are_no_evidence(evidence):
    """A journal whose roles were exchanged: the error would be that of other nozzles, U a seventh."""
    assert recomputed(evidence, None, "") == record(evidence)
    known = evidence.certificates
    exchanged = known | {"nozzles[2]": known["nozzles[7]"], "nozzles[7]": known["nozzles[2]"]}
    with pytest.raises(EvidenceError, match=r"run run could not have begun so: nozzle 2 .*mend nozzle_flows"):
        recomputed(replace(evidence, certificates=exchanged), None, "")
    older = replace(evidence, certificates=exchanged, software={"remotecal": "0.0.1"})
    with pytest.raises(Unable, match=r"it was run by remotecal 0\.0\.1"):
        recomputed(older, None, "")


@pytest.mark.parametrize(
    ("untold", "change"),
    [
        ("pack_pressure", {}),
        ("own_word", {"own_word": False}),
        ("wording", {"wording": 0}),
        ("format", {"format": 1}),
    ],
)
def test_a_run_by_this_text_has_not_the_form_of_those_before(evidence, untold, change):
    """What counts since, or is said, would not; who has a station's key writes journals in any form."""
    told = {name: one for name, one in evidence.parameters.items() if name != untold}
    forged = replace(evidence, parameters=told, **change)
    with pytest.raises(EvidenceError, match=f"run run does not tell {untold}, as runs did before"):
        record(forged)
    assert record_anew(of_before(forged))
