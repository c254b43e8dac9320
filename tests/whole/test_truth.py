"""The certificates' intervals cover the rig's truth; `benchmarks/truth.py` is the full-sized check."""

from benchmarks.truth import calibrate

CALIBRATIONS = range(1001, 1006)
"""One of each kind of rig and output."""


def test_intervals_cover_the_true_errors() -> None:
    intervals = [interval for seed in CALIBRATIONS for interval in calibrate(seed)]
    assert len(intervals) == 6 * len(CALIBRATIONS)
    missed = [interval for interval in intervals if not interval.covers]
    # Thirty intervals at 95 %: more than five missed has a probability below 0.4 %.
    assert len(missed) <= 5, missed
    # And they are not so wide that they would cover anything: true errors are within ±1 %.
    assert max(interval.expanded for interval in intervals) < 0.25
