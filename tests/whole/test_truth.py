"""The certificates' intervals cover the rig's truth; `benchmarks/truth.py` is the full-sized check."""

from benchmarks.truth import calibrate

CALIBRATIONS = range(1001, 1007)
"""One of each kind of rig and output."""


def test_intervals_cover_the_true_errors() -> None:
    intervals = [interval for seed in CALIBRATIONS for interval in calibrate(seed)]
    assert len(intervals) == 6 * len(CALIBRATIONS)
    missed = [interval for interval in intervals if not interval.covers]
    # 36 intervals at 95 %: more than six missed has a probability below 0.3 %.
    assert len(missed) <= 6, missed
    # And they are not so wide that they would cover anything: true errors are within ±1 %.
    assert max(interval.expanded for interval in intervals) < 0.25
