"""What is true of a simulated instrument, between the points of its certificate as well."""

import math
import statistics
from random import Random

import pytest

from remotecal.model.certified import CertifiedPoint
from remotecal.sim.calibrated import Calibrated, Stated
from remotecal.uncertainty.interpolation import CertifiedCurve


@pytest.mark.parametrize("correlation", [None, 0.5])
def test_between_its_points_the_truth_scatters_as_the_certificate_leaves_it(correlation):
    """Over many instruments, as much as `CertifiedCurve` says: what is drawn is what a budget charges."""
    stated = Stated("K", (0.0, 10.0, 20.0), (0.0, 0.3, 0.1), (0.2, 0.2, 0.2), correlation=correlation)
    matrix = None if correlation is None else [[1, 0.5, 0.5], [0.5, 1, 0.5], [0.5, 0.5, 1]]
    rows = zip(stated.points, stated.corrections, stated.expanded, strict=True)
    curve = CertifiedCurve([CertifiedPoint(*row, 2.0, math.inf) for row in rows], "K", correlation=matrix)
    drawn = [Calibrated.drawn(stated, Random(seed)) for seed in range(3000)]
    for place in (0.0, 5.0, 12.0, 20.0):
        off = [one.correction(place) - stated.correction(place) for one in drawn]
        assert abs(statistics.fmean(off)) < 0.008
        assert statistics.stdev(off) == pytest.approx(curve.u(place), rel=0.05)


def test_what_bends_it_changes_nothing_else_that_is_drawn():
    stated, rng, plain = Stated("K", (0.0, 1.0), (0.0, 1.0), (0.2, 0.2)), Random(3), Random(3)
    one = Calibrated.drawn(stated, rng)
    assert one.bends
    assert one.true == Calibrated(stated, plain.gauss(0.0, 1.0)).true
    assert rng.random() == plain.random()
    assert (one.correction(-1.0), one.correction(1.0)) == one.true, "and beyond the ends nothing bends"
