"""The certificates' intervals cover the rig's truth; `benchmarks/truth.py` is the full-sized check."""

from benchmarks.truth import calibrate

CALIBRATIONS = range(1002, 1005)
"""One of each kind of output, on each bench."""


def test_intervals_cover_the_true_errors() -> None:
    benches = ("water-rig", "master-line")
    intervals = [interval for name in benches for seed in CALIBRATIONS for interval in calibrate(name, seed)]
    assert len(intervals) == 36
    missed = [interval for interval in intervals if not interval.covers]
    # 36 intervals at 95 %: more than six missed has a probability below 0.3 %.
    assert len(missed) <= 6, missed
    # And they are not so wide that they would cover anything: true errors are within ±1 %.
    assert max(interval.expanded for interval in intervals) < 0.25
