"""Uncertainties are neither too small nor too large: of few draws of each bench, which tell when one changes.

`benchmarks/truth.py --drawn` is the full-sized check. Here the seeds are such that the deviations are about
as large as the uncertainties have them expected, so that an uncertainty that changes by a seventh is seen.
What all simulated standards are off by costs no run, and is drawn often enough to be held against the band.
"""

import math
from collections import defaultdict
from random import Random
from statistics import fmean

import pytest

from benchmarks.luck import Luck, anew, slope_of
from benchmarks.truth import DRAWN, VARIETY, calibrate_whole, draw, variety
from remotecal.clock import VirtualClock
from remotecal.sim.calibrated import Calibrated
from remotecal.sim.catalogue import bench, benches
from remotecal.sim.world import World

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
    known = [[(one.error - one.true, one.expanded, one.luck) for one in each if one.luck] for each in drawn]
    if all(known):
        slope, apart = slope_of(known)
        assert abs(slope - 1.0) < 0.1 + 3.0 * apart, "standards do to errors what budgets say of them"


def test_rows_of_one_calibration_are_one_draw_of_what_is_left():
    """Six rows that are off together say no more of the slope than one, as of six that one ammeter reads."""
    rng = Random(1)
    rows = [(rng.gauss(0.0, 1.0), 2.0, Luck(rng.gauss(0.0, 0.8), 0.8)) for _ in range(30)]
    alone, six = (anew([[row] * n for row in rows]).partition("slope")[2] for n in (1, 6))
    assert alone == six


OFTEN = 60
"""Benches of each kind, of seeds that are nobody's choice: each has standards of its own."""


def certificates(name, seed):
    """Yield what each certificate of a bench states with what is true, by what it is called."""
    kind = bench(name)
    there = kind(World(VirtualClock(), seed), kind.choose({"seed": seed, **variety(name, seed)}))
    for instrument, wired in there.wired.items():
        for number, (_, given) in enumerate(wired.certified.tables if wired.certified else ()):
            if isinstance(given, Calibrated):
                yield (name, instrument, number), given


def off_by(name, seed):
    """Yield what each certificate of a bench is off by at its points, in its standard uncertainties."""
    for certificate, given in certificates(name, seed):
        stated = zip(given.true, given.stated.corrections, given.stated.expanded, strict=True)
        yield certificate, [(true - told - given.drifted) * given.stated.k / u for true, told, u in stated]


def test_standards_are_off_by_as_much_as_their_certificates_state():
    found = defaultdict(list)
    for place, name in enumerate(name for name in VARIETY if name in benches()):
        for seed in range(1000 * place, 1000 * place + OFTEN):
            for certificate, off in off_by(name, seed):
                found[certificate].append(off)
    # The standard deviation of a certificate's n draws scatters by 1/√(2n): of a hundred one is 4 of it off
    # by a chance of one in a hundred and fifty.
    apart = {
        certificate: (math.sqrt(fmean(z * z for off in draws for z in off)) - 1.0) * math.sqrt(2 * len(draws))
        for certificate, draws in found.items()
    }
    assert {certificate: by for certificate, by in apart.items() if abs(by) > 4.0} == {}
    held, ratio = (
        fmean(fmean(each(z) for z in off) for draws in found.values() for off in draws)
        for each in (lambda z: abs(z) <= 2.0, lambda z: abs(z) / 2.0)
    )
    assert sum(map(len, found.values())) > 20 * OFTEN, "so many that the band is wider than chance"
    assert 0.935 < held < 0.97
    assert 0.36 < ratio < 0.45


def test_standards_are_off_the_line_between_their_points():
    """What a certificate's line may miss is in every budget, so every simulated standard is off it."""
    given = [each for name in VARIETY if name in benches() for each in certificates(name, 3)]
    straight = [at for at, one in given if len(one.stated.points) > 1 and not any(one.bends)]
    assert straight == []


@pytest.mark.parametrize("name", THERE[:1])
def test_without_wires_a_calibration_is_what_it_is_with_them(name):
    assert draw(name, 3, every=1) == calibrate_whole(name, 3)
