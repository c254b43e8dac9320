"""Uncertainties are neither too small nor too large: of few draws of each bench, which tell when one changes.

`benchmarks/truth.py --drawn` is the full-sized check. Here the seeds are such that the deviations are about
as large as the uncertainties have them expected, so that an uncertainty that changes by a seventh is seen.
"""

from statistics import fmean

import pytest

from benchmarks.truth import DRAWN, calibrate_whole, draw
from remotecal.sim.catalogue import benches

BAND = (0.36 / 0.407, 0.45 / 0.407)
"""What |error|/U may be of what is expected: of normal deviations, and k = 1.96, that is 0.36 to 0.45."""

THERE = [name for name in DRAWN if name in benches()]


@pytest.mark.parametrize("name", THERE)
def test_deviations_are_as_large_as_uncertainties_say(name):
    drawn = [[one for one in draw(name, seed) if not one.of] for seed in DRAWN[name]]
    found = [one for each in drawn for one in each]
    ratio = fmean(abs(one.error - one.true) / one.expanded for one in found)
    assert BAND[0] < ratio / fmean(one.expected for one in found) < BAND[1], ratio
    # Of a dozen calibrations that miss one time in twenty more than two do by a chance of one in fifty.
    assert fmean(fmean(not one.covers for one in each) for each in drawn) * len(drawn) <= 2


@pytest.mark.parametrize("name", THERE[:1])
def test_without_wires_a_calibration_is_what_it_is_with_them(name):
    assert draw(name, 3, every=1) == calibrate_whole(name, 3)
