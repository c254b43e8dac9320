import pytest

from remotecal.errors import ParameterError
from remotecal.statistics.agreement import en_number, zeta_score
from remotecal.uncertainty.anova import between_groups


def test_scores_of_a_comparison():
    assert en_number(10.05, 0.04, 10.0, 0.03) == pytest.approx(1.0)
    assert en_number(9.95, 0.04, 10.0, 0.03) == pytest.approx(-1.0)
    assert zeta_score(10.05, 0.02, 10.0, 0.015) == pytest.approx(2.0)


def test_results_without_uncertainty_cannot_be_compared():
    with pytest.raises(ParameterError):
        en_number(1.0, 0.0, 1.0, 0.0)


def test_groups_that_do_not_differ_have_no_scatter_between_them():
    scatter = between_groups([1.0, 1.0, 1.0], [0.1, 0.2, 0.1], 4)
    assert (scatter.between, scatter.f, scatter.u) == (0.0, 0.0, 0.0)
    assert not scatter.significant()


@pytest.mark.parametrize(
    ("means", "deviations", "size"),
    [([1.0], [0.1], 5), ([1.0, 2.0], [0.1], 5), ([1.0, 2.0], [0.1, 0.1], 1), ([1.0, 2.0], [0.0, 0.0], 5)],
)
def test_what_gives_no_analysis_of_variance_is_refused(means, deviations, size):
    with pytest.raises(ParameterError):
        between_groups(means, deviations, size)
