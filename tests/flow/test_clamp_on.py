"""A clamp-on meter as a transfer standard: on site, and its journey closed by two certificates."""

import math
import shutil
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

sys.path.insert(0, str(Path(__file__).parent.parent / "verify"))

from forged import BEGAN, RealRun, doubted
from short_runs import ShortRuns, evaluated, record, rewrite, told

from benchmarks.truth import calibrate as calibrate_any
from remotecal.certificates.dcc import write
from remotecal.certificates.library import CertificateLibrary
from remotecal.certificates.signing.seal import SealKey
from remotecal.clock import SharedClock
from remotecal.errors import CertificateRefused, EvaluationFailed, OrderError, RunError
from remotecal.journal.events import FILE, read_journal
from remotecal.procedures.library.evaluation.repeats import REPEATABILITY
from remotecal.procedures.library.flow.clamp_on_parameters import ClampOnParameters
from remotecal.runs.prompts import Beside
from remotecal.sim.assembly import CLOCK
from remotecal.sim.certificates import ISSUER, certificate
from remotecal.sim.clamp_on.assemblies import ClampOnHome, ClampOnSite
from remotecal.sim.clamp_on.paper import CLAMP_ON, LABORATORY, clamp_on
from remotecal.sim.clamp_on.site import COMMON, WHOLE

SITE = ShortRuns(flows=[200.0], repeats=2, duration=60.0)
HOME = ShortRuns()


@pytest.fixture
def site(tmp_path):
    with ClampOnSite.up(tmp_path / "bench", seed=7, drift=0.0) as made:
        yield made


def column(made, ref_type, table=0):
    return made.tables[table].column(ref_type)


def errors(made):
    found = column(made, "basic_measurementError")
    return found.floats(), [float(u) for u in found.uncertainty.expanded]


def test_on_site_errors_are_within_their_uncertainty_and_judge_nothing(site):
    made = record(SITE.calibrate(site))
    (error,), (expanded,) = errors(made)
    (at,) = column(made, "basic_referenceValue").floats()
    assert 1.0 < expanded < 3.0
    assert error == pytest.approx(site.true_error(at), abs=1.5 * expanded)
    assert not [one for one in made.statements if one.conformity]
    assert column(made, "basic_measurementError").conformity is None
    (said,) = [one for one in made.statements if "remotecal_journeyOpen" in one.ref_types]
    assert "provisional" in said.declaration.get("en")


def test_the_certificate_says_on_site_and_nothing_that_means_nothing(site):
    made = record(SITE.calibrate(site))
    assert made.place == "customer"
    stated = [each for standard in made.standards for each in standard.quantities]
    assert stated
    assert not [each.values for each in stated if set(each.values) == {"0"}], "what is shared is no value"
    (velocity,) = column(made, "remotecal_pipeVelocity").values
    assert len(velocity.partition(".")[2]) == 3, f"{velocity} m/s is known to 1.6 %"


def test_each_mounting_is_asked_for_once_and_each_flow_is_made(site):
    SITE.calibrate(site, flows=[250.0, 100.0], mountings=3)
    asked = [event["question"]["en"] for event in told(site, "prompt")]
    assert [one.split(":")[0] for one in asked if "Mounting" in one] == [
        f"Mounting {n} of 3" for n in (1, 2, 3)
    ]
    assert sum("Make a flow of" in one for one in asked) == 6


def test_what_mounting_does_is_in_the_uncertainty(tmp_path):
    found = {}
    for spread in (0.0, 2.0):
        with ClampOnSite.up(tmp_path / f"{spread}" / "bench", seed=7, drift=0.0, mounting=spread) as site:
            _, (found[spread],) = errors(record(SITE.calibrate(site)))
    assert found[2.0] > 1.2 * found[0.0]


def test_scale_that_nobody_measured_is_an_error_no_uncertainty_holds(tmp_path):
    """2 mm of scale in 201 mm are 2 % of the diameter, and three times as much of the flow."""
    with ClampOnSite.up(tmp_path / "bench", seed=7, drift=0.0, grown=2.0) as site:
        made = record(SITE.calibrate(site))
        (error,), (expanded,) = errors(made)
        (at,) = column(made, "basic_referenceValue").floats()
        assert error - site.true_error(at) < -2.0 * expanded


def test_a_hundredth_of_the_diameter_is_three_hundredths_of_the_flow(site):
    evidence = SITE.calibrate(site)
    before, _ = errors(record(evidence))
    inner = 219.1 - 2 * 9.0
    found = evaluated(evidence, told_inner_diameter=inner / 1.01)
    after = found.results[0].tables[0].column("basic_measurementError").floats()
    assert (1 + before[0] / 100) / (1 + after[0] / 100) == pytest.approx(1.01**3, abs=2e-3)


def test_the_curve_is_read_at_the_velocity_that_was(site):
    made = record(SITE.calibrate(site))
    (velocity,) = column(made, "remotecal_pipeVelocity").floats()
    (flow,) = column(made, "basic_referenceValue").floats()
    asked = ClampOnParameters(**{**GIVEN, "wall": 9.0}).velocity(200.0)
    inner = (219.1 - 2 * 9.0) / 1000.0
    assert velocity == pytest.approx(flow / 3600.0 / (3.141592653589793 / 4 * inner**2), rel=0.02)
    assert abs(velocity / asked - 1) > 1e-3


def test_the_clamp_on_meter_s_own_step_counts_in_both_readings(site):
    evidence = SITE.calibrate(site)
    (budget,) = record(evidence).measurements[0].budgets
    assert "V_r" in {line.symbol for line in budget.lines}
    made = evaluated(evidence, reference_resolution=0.1)
    (line, scatter) = (
        next(line for line in made.budgets[0].lines if line.symbol == symbol)
        for symbol in ("V_r", REPEATABILITY)
    )
    passed = 200.0 / 60.0
    assert float(line.sensitivity) == pytest.approx(-100.0 / passed, rel=0.1)
    steps = 0.1 / (6 * len(evidence.observations)) ** 0.5 * 100.0 / passed
    both = math.hypot(float(line.contribution), float(scatter.contribution))
    assert both == pytest.approx(steps, rel=0.1)  # they are more than what the repeats scatter by


GIVEN = {
    "flows": (200.0,),
    "outer_diameter": 219.1,
    "outer_diameter_expanded": 0.3,
    "wall": 6.0,
    "wall_expanded": 0.1,
    "upstream": 15.0,
    "downstream": 8.0,
}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"upstream": 5.0}, "straight run of 5 diameters ahead"),
        ({"downstream": 2.0}, "and 2 behind is less"),
        ({"wall": 120.0}, "leave no pipe"),
        ({"flows": (200.0, 200.0)}, "each once"),
        ({"mountings": 2}, "must be at least 3"),
    ],
)
def test_a_site_that_will_not_do_is_refused(changed, said):
    ClampOnParameters(**GIVEN)
    with pytest.raises(ValueError, match=said):
        ClampOnParameters(**{**GIVEN, **changed})


def test_a_velocity_the_certificate_does_not_reach_is_refused(site):
    with pytest.raises(CertificateRefused, match="by the velocities in this pipe it is to tell"):
        SITE.planned(site, flows=[10.0])


def test_a_certificate_holds_for_all_that_the_plant_may_make(site):
    """It goes from 0.3 to 4 m/s: 450 m3/h are 3.94 m/s here, and 10 % more are not certified."""
    with pytest.raises(CertificateRefused, match=r"0\.3 to 4 m/s.*better than to 10 % by flow_tolerance"):
        SITE.planned(site, flows=[450.0, 200.0])
    with pytest.raises(CertificateRefused, match=r"it is to tell 0\.2597\d* to "):
        SITE.planned(site, flows=[200.0, 33.0])
    SITE.planned(site, flows=[450.0, 35.0], flow_tolerance=1.0)


def test_a_flow_is_what_passed_between_the_readings_of_the_total(site):
    """However long it took to read the rest beside it."""
    evidence = SITE.calibrate(site)
    at_once = column(record(evidence), "basic_referenceValue").floats()[0]
    at_length = column(record(read_later(evidence, "reference_after", "total_after")), "basic_referenceValue")
    assert at_length.floats()[0] == pytest.approx(at_once * 60.0 / 66.0, abs=0.06)
    with pytest.raises(EvaluationFailed, match="by one total it lasted 6 s longer than by another"):
        record(read_later(evidence, "reference_after"))


def read_later(evidence, *parts):
    """Return a run that read some totals 6 s later."""
    later = []
    for one in evidence.observations:
        moved = {part: one.values[part]._replace(at=one.values[part].at + 6.0) for part in parts}
        later.append(replace(one, values={**one.values, **moved}))
    return replace(evidence, observations=tuple(later))


def test_a_certificate_by_flow_needs_the_bore_it_was_calibrated_in(site):
    path = site.directory / "reference.xml"
    # The laboratory's pipe had 3600 s/h · 100 m/h: v in m/s is told as 100·v in m³/h.
    text = path.read_text("utf-8")
    assert r"\metre\second\tothe{-1}" in text
    path.write_text(text.replace(r"\metre\second\tothe{-1}", r"\metre\tothe{3}\hour\tothe{-1}"), "utf-8")
    with pytest.raises(CertificateRefused, match="give calibrated_bore"):
        SITE.planned(site)
    # 1 m/s is 1 m³/h in a pipe of 18.8 mm.
    SITE.planned(site, calibrated_bore=18.8063)


def test_a_plant_that_makes_another_flow_stops_the_run(site):
    def closed(asked, options):
        return options[0]  # it says so, and turns nothing

    with pytest.raises(RunError, match="what passed the clamp-on meter is 0"):
        SITE.calibrate(site, person=Beside(closed))


class Journey:
    """A real one: the customer's meter certified on site, and the laboratory afterwards."""

    def __init__(self, folder, drift=0.1, seed=7, age=timedelta(0)):
        self.folder = folder
        with ClampOnSite.up(folder / "site" / "bench", seed=seed, drift=drift) as bench:
            made = record(SITE.calibrate(bench))
            self.travelling = bench.travelling
            self.true = bench.true_error(column(made, "basic_referenceValue").floats()[0])
            self.provisional = made
            clock = bench.clock.now()
        self.later = SharedClock.begin(folder / "home" / "bench" / CLOCK, clock + 40 * 86400)
        self.age = age

    def home(self):
        """Put the laboratory up, with these three certificates in the place of its own."""
        return ClampOnHome.up(self.folder / "home" / "bench", seed=1, clock=self.later)

    def bring(self, bench, after=None):
        shutil.copy(self.folder / "site" / "bench" / "reference.xml", bench.directory / "before.xml")
        (bench.directory / "site.xml").write_bytes(write(self.provisional))
        today = datetime.fromtimestamp(bench.clock.now(), UTC).date()
        again = clamp_on(after or self.travelling.after, timedelta(days=5) + self.age)
        made = type("Made", (), {"maker": "TUF", "model": "TUF-2000M"})()
        issued = certificate(again, made, CLAMP_ON, LABORATORY, "SIM-AFTER-1", today)
        (bench.directory / "after.xml").write_bytes(write(issued))


def test_a_journey_that_closed_gives_the_certificate_that_counts(tmp_path):
    journey = Journey(tmp_path)
    with journey.home() as bench:
        journey.bring(bench)
        evidence = HOME.calibrate(bench)
    made = record(evidence)
    (provisional,), (before,) = errors(journey.provisional)
    (error,), (expanded,) = errors(made)
    drift = 100 * journey.travelling.drift
    stated = (
        column(made, "remotecal_errorAfter", 1).floats()[0]
        - column(made, "remotecal_errorBefore", 1).floats()[0]
    )
    assert abs(stated - drift) < 0.5
    assert error == pytest.approx(provisional + stated / 2, abs=0.11)
    assert expanded >= before
    assert abs(error - journey.true) < 1.5 * expanded
    assert [one for one in made.statements if one.conformity]
    # Both certificates of the clamp-on meter, and the provisional one, are kept by their hashes.
    hashes = {one.certificate.value for one in made.standards if one.certificate}
    for name in ("before", "after", "site"):
        assert evidence.certificates[name].sha256 in hashes
    assert evidence.certificates["before"].sha256 in {
        one.certificate.value for one in journey.provisional.standards if one.certificate
    }


def test_the_difference_before_and_after_is_in_the_budget_as_the_sheet_says(tmp_path):
    with ClampOnHome.up(tmp_path / "bench", seed=3, drift=0.5) as bench:
        made = record(HOME.calibrate(bench))
    ends = [column(made, f"remotecal_error{one}", 1).floats()[0] for one in ("Before", "After")]
    drift = (ends[1] - ends[0]) / 100
    assert drift
    for budget in made.measurements[0].budgets:
        (line,) = [line for line in budget.lines if line.symbol == "δ_d"]
        assert float(line.u) == pytest.approx(abs(drift) / (2 * 3**0.5), rel=0.02)


@pytest.mark.parametrize(
    ("laboratory", "common", "own"),
    [(ISSUER.get("en"), 0.25, (0.4**2 - 0.25**2) ** 0.5), ("Another Institute", None, 0.4)],
)
def test_the_mean_of_both_calibrations_is_as_sure_as_both_make_it(tmp_path, laboratory, common, own):
    """What both share is in their mean whole, what is each one's own by half; the site is without either."""
    with ClampOnHome.up(tmp_path / "bench", seed=3, drift=0.05) as bench:
        rewrite(bench.directory / "after.xml", (ISSUER.get("en"), laboratory))
        made = record(HOME.calibrate(bench))
    for budget in made.measurements[0].budgets:
        lines = {line.symbol: 2 * float(line.contribution) for line in budget.lines}
        assert lines["E_s"] == pytest.approx((1.5**2 - 0.4**2) ** 0.5, rel=0.01)
        assert lines.get("e_c") == (common and pytest.approx(common, abs=0.011))
        assert lines["e_b"] == lines["e_a"] == pytest.approx(own / 2, rel=0.03)


def test_certificates_that_do_not_tell_what_they_share_share_all_of_it(tmp_path):
    with ClampOnHome.up(tmp_path / "bench", seed=3, drift=0.05) as bench:
        for name in ("before.xml", "after.xml"):
            rewrite(bench.directory / name, ("remotecal_commonDeviation", "remotecal_otherDeviation"))
        made = record(HOME.calibrate(bench, common_untold=0.5))
    for budget in made.measurements[0].budgets:
        lines = {line.symbol: line for line in budget.lines}
        assert 2 * float(lines["e_c"].contribution) == pytest.approx(0.4, rel=0.03)
        assert "e_b" not in lines


def test_a_provisional_certificate_surer_than_its_standard_is_refused(tmp_path):
    tag = "<si:valueExpandedMUXMLList>"
    with ClampOnHome.up(tmp_path / "bench", seed=3) as bench:
        rewrite(bench.directory / "site.xml", (f"{tag}1.5<", f"{tag}0.3<"))
        with pytest.raises(
            CertificateRefused, match=r"U = 0\.3 % at 300 m³/h, less than .* 0\.4\d* % .* have it"
        ):
            HOME.planned(bench)


def test_a_journey_that_did_not_close_is_refused(tmp_path):
    with (
        ClampOnHome.up(tmp_path / "bench", seed=3, closes=False) as bench,
        pytest.raises(CertificateRefused, match=r"did not come back as it went: .* E_n"),
    ):
        HOME.planned(bench)


def test_certificates_of_two_laboratories_have_nothing_in_common(tmp_path):
    """Each one's whole uncertainty counts then, and |E_n| is smaller by just that much."""
    with ClampOnHome.up(tmp_path / "bench", seed=3, drift=0.5) as bench:
        of_one = column(record(HOME.calibrate(bench)), "remotecal_en", 1).floats()
    with ClampOnHome.up(tmp_path / "again" / "bench", seed=3, drift=0.5) as bench:
        rewrite(bench.directory / "after.xml", (ISSUER.get("en"), "Another institute"))
        of_two = column(record(HOME.calibrate(bench)), "remotecal_en", 1).floats()
    smaller = math.sqrt(1.0 - (COMMON / WHOLE) ** 2)
    assert of_two == pytest.approx([en * smaller for en in of_one], abs=0.006)
    assert any(abs(en) > 0.1 for en in of_one)


def unstated(bench, *names):
    for name in names:
        rewrite(bench.directory / name, ("remotecal_commonDeviation", "remotecal_otherDeviation"))


def test_a_part_in_common_that_nobody_tells_does_not_make_e_n_smaller(tmp_path):
    """As one of them states it, where the other does not; as the order tells it, where neither does."""
    found = []
    for n, names in enumerate([(), ("before.xml",), ("after.xml",), ("before.xml", "after.xml")]):
        with ClampOnHome.up(tmp_path / str(n) / "bench", seed=3, drift=0.5) as bench:
            unstated(bench, *names)
            made = record(HOME.calibrate(bench, **({"common_untold": 0.8} if len(names) > 1 else {})))
        said = " ".join(one.declaration.get("en") for one in made.statements if one.declaration)
        assert ("was left out of E_n" in said) is bool(names)
        found.append(column(made, "remotecal_en", 1).floats())
    stated, before, after, neither = found
    assert before == after == stated
    larger = math.sqrt((1.0 - (COMMON / WHOLE) ** 2) / (1.0 - 0.8**2))
    assert neither == pytest.approx([en * larger for en in stated], abs=0.02)


def test_certificates_of_one_laboratory_of_which_neither_tells_it_are_refused_before_anything(tmp_path):
    with ClampOnHome.up(tmp_path / "bench", seed=3) as bench:
        unstated(bench, "before.xml", "after.xml")
        with pytest.raises(CertificateRefused, match=r"neither .* nor .* states .* tell by common_untold"):
            HOME.planned(bench)


def test_a_meter_that_came_home_harmed_closes_nothing(tmp_path):
    with (
        ClampOnHome.up(tmp_path / "bench", seed=3, harmed=True) as bench,
        pytest.raises(RunError, match="calibrate the customer's meter anew"),
    ):
        HOME.calibrate(bench)


def test_another_meter_s_certificate_closes_nothing(tmp_path):
    with ClampOnHome.up(tmp_path / "bench", seed=3) as bench:
        rewrite(bench.directory / "after.xml", (CLAMP_ON, "TUF-9999"))
        text = bench.bench.read_text("utf-8")
        head, _, rest = text.partition("[artefacts.after]")
        bench.bench.write_text(f"{head}[artefacts.after]{rest.replace(CLAMP_ON, 'TUF-9999', 1)}", "utf-8")
        with pytest.raises(CertificateRefused, match="both must be of the clamp-on meter that was on site"):
            HOME.planned(bench)


def test_a_drift_beside_what_the_journey_tells_is_refused(tmp_path):
    certificate = 'certificate = "before.xml"\n'
    drift = 'drift = [{ half_width = 0.1, unit = "%", source = "S" }]\n'
    with ClampOnHome.up(tmp_path / "bench", seed=3) as bench:
        rewrite(bench.bench, (certificate, certificate + drift))
        with pytest.raises(CertificateRefused, match="take `drift` of before, after and site out"):
            HOME.planned(bench)


def test_a_file_that_was_not_on_site_closes_nothing(tmp_path):
    journey = Journey(tmp_path, drift=0.0)
    with journey.home() as bench:
        journey.bring(bench)
        path = bench.directory / "before.xml"
        path.write_bytes(path.read_bytes() + b"<!-- another file -->\n")
        with pytest.raises(CertificateRefused, match="give `before` the file that was on site"):
            HOME.planned(bench)


def test_a_calibration_from_before_the_site_is_none_from_after_it(tmp_path):
    journey = Journey(tmp_path, drift=0.0, age=timedelta(days=60))
    with journey.home() as bench:
        journey.bring(bench)
        with pytest.raises(CertificateRefused, match="the journey must lie between"):
            HOME.planned(bench)


def test_an_order_for_another_meter_than_the_provisional_certificate_s_is_refused_before_anything(tmp_path):
    with ClampOnHome.up(tmp_path / "bench", seed=3) as bench:
        rewrite(bench.order, ('serial = "SIM-0001"', 'serial = "SIM-0002"'))
        with pytest.raises(OrderError, match="site is SN SIM-0001, and the order is for SN SIM-0002"):
            HOME.planned(bench)


def test_an_order_by_a_number_that_the_certificate_does_not_name_is_refused(
    tmp_path,
):
    with ClampOnHome.up(tmp_path / "bench", seed=3) as bench:
        rewrite(bench.order, ('serial = "SIM-0001"', 'owner_number = "E-17"'))
        with pytest.raises(
            OrderError, match=r"is for manufacturer SIM-0001, and the order for owner E-17: give the device"
        ):
            HOME.planned(bench)


def test_an_order_may_name_the_meter_by_its_owners_number_alone(tmp_path):
    """The order for the site gave both numbers, and so the provisional certificate names both."""
    with ClampOnHome.up(tmp_path / "bench", seed=3) as bench:
        site = bench.directory / "site.xml"
        text = site.read_text("utf-8")
        begin, end = text.index("<dcc:items>"), text.index("</dcc:items>")
        items = text[begin:end]
        first = items.index("<dcc:identification>")
        last = items.index("</dcc:identification>") + len("</dcc:identification>")
        owners = items[first:last].replace("manufacturer", "owner").replace("SIM-0001", "E-17")
        site.write_text(f"{text[:begin]}{items[:last]}{owners}{items[last:]}{text[end:]}", "utf-8")
        rewrite(bench.order, ('serial = "SIM-0001"', 'owner_number = "E-17"'))
        made = record(HOME.calibrate(bench))
    assert [one.value for one in made.items[0].identifications] == ["E-17"]
    assert made.measurements


def test_a_certificate_that_tells_no_velocity_is_not_of_a_site(tmp_path):
    with ClampOnHome.up(tmp_path / "bench", seed=3) as bench:
        rewrite(bench.directory / "site.xml", ("remotecal_pipeVelocity", "remotecal_otherVelocity"))
        with pytest.raises(CertificateRefused, match="tells no velocity in a pipe"):
            HOME.planned(bench)


@pytest.mark.parametrize(("kind", "runs"), [(ClampOnSite, SITE), (ClampOnHome, HOME)])
def test_a_run_holds_when_it_is_verified(tmp_path, kind, runs):
    clock = SharedClock.begin(tmp_path / "bench" / CLOCK, BEGAN.timestamp())
    with kind.up(tmp_path / "bench", seed=5, clock=clock) as bench:
        evidence = runs.calibrate(bench)
        events = read_journal(tmp_path / "run" / FILE)
        key = SealKey(Ed25519PrivateKey.generate())
        library = CertificateLibrary([tmp_path / "bench"])
        run = RealRun(tmp_path / "run", events, record(evidence), key, library)
        assert doubted(run.forged(lambda events: events, tmp_path / "sealed")) == {}


@pytest.mark.parametrize(
    ("name", "seeds", "missed", "measured"),
    [("clamp-on-site", range(1, 7), 0, 0.330), ("clamp-on-home", range(1001, 1021), 5, 0.521)],
)
def test_intervals_cover_the_true_errors(name, seeds, missed, measured):
    """`benchmarks/truth.py` is the full-sized check; of these seeds it is known what they give."""
    intervals = [one for seed in seeds for one in calibrate_any(name, seed)]
    # Those of one calibration miss together: they share the pipe, or the clamp-on meter.
    assert sum(not one.covers for one in intervals) <= missed
    ratio = sum(abs(one.error - one.true) / one.expanded for one in intervals) / len(intervals)
    assert ratio == pytest.approx(measured, abs=0.03)
