"""Worked examples of the GUM (JCGM 100:2008, annex H), to the digits printed there."""

import math
import statistics
from dataclasses import replace

import pytest

from remotecal.uncertainty import Budget, Input
from remotecal.uncertainty.anova import between_groups
from remotecal.uncertainty.regression import fit


def end_gauge():
    """H.1: an end gauge of 50 mm, lengths in nm."""

    def length(l_s, mean, random, systematic, d_alpha, theta, alpha_s, d_theta):
        return l_s + mean + random + systematic - l_s * (d_alpha * theta + alpha_s * d_theta)

    return Budget(
        length,
        [
            Input.student_t("l_s", 50_000_623, "nm", 25, 18),
            Input.student_t("mean", 215, "nm", 5.8, 24),
            Input.student_t("random", 0, "nm", 3.9, 5),
            Input.student_t("systematic", 0, "nm", 6.7, 8),
            Input.from_limits("d_alpha", 0, "1/°C", 1e-6, dof=50),
            Input.normal("theta", -0.1, "°C", 0.41),
            Input.from_limits("alpha_s", 11.5e-6, "1/°C", 2e-6),
            Input.from_limits("d_theta", 0, "°C", 0.05, dof=2),
        ],
        unit="nm",
    )


def test_h1_end_gauge():
    result = end_gauge().evaluate(coverage=0.99)
    contribution = {line.symbol: abs(line.contribution) for line in result.lines}
    assert f"{result.value:.0f}" == "50000838"
    assert f"{contribution['l_s']:.0f}" == "25"
    assert f"{math.hypot(*(contribution[each] for each in ('mean', 'random', 'systematic'))):.1f}" == "9.7"
    assert (f"{contribution['d_alpha']:.1f}", f"{contribution['d_theta']:.1f}") == ("2.9", "16.6")
    assert contribution["theta"] == contribution["alpha_s"] == 0
    assert f"{result.u:.0f}" == "32"
    assert f"{result.dof:.2f}" == "16.75"  # printed as 16.7, which its next digit is cut off from
    assert f"{result.k:.2f}" == "2.92"
    # The 93 nm printed are 2.92 times the rounded 32 nm.
    assert f"{float(f'{result.k:.2f}') * float(f'{result.u:.0f}'):.0f}" == "93"


def test_h2_inputs(impedance):
    assert [f"{r:.2f}" for r in impedance.correlations.values()] == ["-0.36", "0.86", "-0.65"]
    v, i, phi = impedance.inputs
    assert (f"{v.value:.4f}", f"{i.value * 1e3:.4f}", f"{phi.value:.5f}") == ("4.9990", "19.6610", "1.04446")
    assert (f"{v.u:.4f}", f"{i.u * 1e3:.4f}", f"{phi.u:.5f}") == ("0.0032", "0.0095", "0.00075")


def test_h2_resistance_and_reactance(impedance):
    joint = impedance.evaluate_jointly(("Ohm", "Ohm", "Ohm"))
    # Table H.3 prints 0.295 for the reactance, of 0.2956.
    printed = [("127.732", "0.071"), ("219.847", "0.296"), ("254.260", "0.236")]
    assert [(f"{each.value:.3f}", f"{each.u:.3f}") for each in joint.results] == printed
    correlations = [joint.correlation(0, 1), joint.correlation(0, 2), joint.correlation(1, 2)]
    assert [f"{r:.3f}" for r in correlations] == ["-0.588", "-0.485", "0.993"]
    assert [each.dof for each in joint.results] == pytest.approx([4, 4, 4])


@pytest.mark.parametrize(
    ("variance", "printed"),
    [
        (1.0, ["0.058", "0.241", "0.193"]),
        # 5.3.2: a t-distribution of 6 - 3 = 3 degrees of freedom, with the readings' covariance
        # divided by 3 and not 5, has 5/3 · 3/(3 - 2) times the variance.
        (5.0, ["0.130", "0.540", "0.431"]),
    ],
)
def test_jcgm_102_resistance_and_reactance(impedance_of_six, variance, printed):
    inputs = [
        Input.normal(each.symbol, each.value, each.unit, each.u * math.sqrt(variance))
        for each in impedance_of_six.inputs
    ]
    joint = replace(impedance_of_six, inputs=inputs).evaluate_jointly(("Ohm", "Ohm", "Ohm"))
    # Printed as 127.732: that of the five readings.
    assert [f"{each.value:.3f}" for each in joint.results] == ["127.731", "219.847", "254.260"]
    assert [f"{each.u:.3f}" for each in joint.results] == printed
    assert [f"{joint.correlation(*pair):.3f}" for pair in [(0, 1), (0, 2)]] == ["-0.588", "-0.485"]
    assert f"{1 - joint.correlation(1, 2):.5f}" == "0.00749"


READING = [21.521, 22.012, 22.512, 23.003, 23.507, 23.999, 24.513, 25.002, 25.503, 26.010, 26.511]
CORRECTION = [-0.171, -0.169, -0.166, -0.159, -0.164, -0.165, -0.156, -0.157, -0.159, -0.161, -0.160]


def test_h3_thermometer():
    curve = fit([t - 20 for t in READING], CORRECTION)
    (y1, y2), covariance = curve.powers()
    s1, s2 = math.sqrt(covariance[0][0]), math.sqrt(covariance[1][1])
    assert (f"{y1:.4f}", f"{s1:.4f}") == ("-0.1712", "0.0029")
    assert (f"{y2:.5f}", f"{s2:.5f}") == ("0.00218", "0.00067")
    assert f"{covariance[0][1] / (s1 * s2):.3f}" == "-0.930"
    assert f"{curve.residual:.4f}" == "0.0035"
    at_30 = curve.predict(10.0, extrapolate=True)
    assert (f"{at_30.value:.4f}", f"{at_30.u:.4f}", at_30.dof) == ("-0.1494", "0.0041", 9)


# Table H.7: time in minutes and counts of standard, blank and sample, counted for 60 min each.
STANDARD = [(243.74, 15380), (984.53, 14978), (1723.87, 14394), (2463.17, 13254), (3217.56, 12516),
            (3956.83, 11058)]  # fmt: skip
BLANK = [4054, 3922, 4200, 3830, 3956, 3980]
SAMPLE = [(367.37, 41432), (1107.66, 38706), (1846.99, 35860), (2586.28, 32238), (3340.68, 29640),
          (4079.94, 26356)]  # fmt: skip
DECAY = 1.25894e-4


def rates(source):
    """Return counts per minute above the blank, each at the reference time."""
    return [(n - n_0) / 60 * math.exp(DECAY * t) for (t, n), n_0 in zip(source, BLANK, strict=True)]


def test_h4_activity():
    r_s, r_x = rates(STANDARD), rates(SAMPLE)
    r = statistics.correlation(r_x, r_s)
    assert f"{r:.3f}" == "0.646"
    known = [
        Input.normal("a_s", 0.1368, "Bq/g", 0.0018),
        Input.normal("m_s", 5.0192, "g", 0.0050),
        Input.normal("m_x", 5.0571, "g", 0.0010),
    ]
    observed = [Input.from_readings("r_x", r_x, "1/min"), Input.from_readings("r_s", r_s, "1/min")]
    assert [f"{each.value:.2f} {each.u:.2f}" for each in observed] == ["652.60 6.42", "206.09 3.79"]
    rate = Budget(
        lambda a_s, m_s, m_x, r_x, r_s: a_s * m_s / m_x * r_x / r_s,
        [*known, *observed],
        "Bq/g",
        {("r_x", "r_s"): r},
    ).evaluate()
    # Printed as 0.4300 Bq/g and 0.0083 Bq/g.
    assert (f"{rate.value:.4f}", f"{rate.u:.4f}") == ("0.4299", "0.0083")
    ratios = Input.from_readings("ratio", [x / s for x, s in zip(r_x, r_s, strict=True)], "1")
    assert (f"{ratios.value:.3f}", f"{ratios.u:.3f}") == ("3.170", "0.046")
    ratio = Budget(lambda a_s, m_s, m_x, ratio: a_s * m_s / m_x * ratio, [*known, ratios], "Bq/g").evaluate()
    assert (f"{ratio.value:.4f}", f"{ratio.u:.4f}") == ("0.4304", "0.0084")


DAY_MEANS = [
    10.000172, 10.000116, 10.000013, 10.000144, 10.000106,
    10.000031, 10.000060, 10.000125, 10.000163, 10.000041,
]  # fmt: skip
DAY_DEVIATIONS = [60e-6, 77e-6, 111e-6, 101e-6, 67e-6, 93e-6, 80e-6, 73e-6, 88e-6, 86e-6]


def test_h5_analysis_of_variance():
    scatter = between_groups(DAY_MEANS, DAY_DEVIATIONS, 5)
    assert f"{scatter.mean:.6f}" == "10.000097"
    assert (f"{scatter.of_means * 1e6:.0f}", f"{scatter.within * 1e6:.0f}") == ("57", "85")
    # The F printed is that of the rounded deviations.
    assert f"{5 * 57**2 / 85**2:.2f}" == "2.25"
    assert scatter.f == pytest.approx(2.25, abs=0.02)
    assert scatter.dof == (9, 40)
    assert scatter.significant(0.05)
    assert not scatter.significant(0.025)
    assert f"{scatter.u * 1e6:.0f}" == "18"
    assert f"{scatter.between * 1e6:.0f}" == "43"
