"""Bad arguments raise once with what is wrong; nothing heavy is imported."""

import subprocess
import sys

import numpy as np
import pytest

import fairness.inference as package
from fairness.errors import InputError
from fairness.inference import (
    adjusted_tail,
    benjamini_hochberg,
    bootstrap_cells,
    customers_needed,
    detectable_ratio,
    deviance_z,
    difference_interval,
    exact,
    holm,
    hypergeometric_tail,
    newcombe,
    normal_quantile,
    odds_ratio_interval,
    pair_tail,
    pair_z,
    percentile_interval,
    rate_interval,
    ratio_interval,
    score_difference,
    score_odds_ratio,
    score_ratio,
    standardized_mean_difference,
    studentized_range_isf,
    studentized_range_sf,
    two_sided,
    wilson,
)

RATES = [wilson, exact, rate_interval]
PAIRS = [
    newcombe,
    score_difference,
    score_ratio,
    score_odds_ratio,
    difference_interval,
    ratio_interval,
    odds_ratio_interval,
]
TAILS = [hypergeometric_tail, deviance_z, pair_tail, pair_z]


@pytest.mark.parametrize("function", RATES)
@pytest.mark.parametrize(
    ("x", "n", "where"),
    [
        (-1, 5, "selected"),
        (6, 5, "selected"),
        (np.nan, 5, "selected"),
        (1, np.inf, "n"),
        (1, -5, "n"),
        ("many", 5, "selected"),
    ],
)
def test_impossible_counts_of_a_rate_are_refused(function, x, n, where):
    with pytest.raises(InputError) as caught:
        function(x, n)
    assert where in {problem.where for problem in caught.value.problems}


@pytest.mark.parametrize("function", PAIRS + TAILS)
def test_impossible_counts_of_the_reference_are_named_as_such(function):
    with pytest.raises(
        InputError, match=r"selected_ref: holds 9.0, 8.0; .* at most n_ref"
    ):
        function(1, 5, [9, 8, 1], 5)


@pytest.mark.parametrize("function", RATES + PAIRS)
@pytest.mark.parametrize("confidence", [0, 1, 95, -0.5, np.nan])
def test_confidence_outside_0_1_is_refused(function, confidence):
    counts = (1, 5) if function in RATES else (1, 5, 2, 6)
    with pytest.raises(InputError, match="confidence"):
        function(*counts, confidence)


def test_all_problems_of_a_pair_of_counts_are_told_at_once():
    with pytest.raises(InputError) as caught:
        wilson([-1, 2], [4, np.nan])
    assert [problem.where for problem in caught.value.problems] == ["selected", "n"]


def test_selected_a_rounding_above_n_counts_as_all():
    low, high = wilson(5 * (1 + 1e-12), 5)
    assert (float(low), float(high)) == tuple(float(v) for v in wilson(5, 5))


@pytest.mark.parametrize("function", [hypergeometric_tail, pair_tail, pair_z])
def test_unknown_side_is_refused(function):
    with pytest.raises(InputError, match="'two-sided' is none of 'lower', 'upper'"):
        function(1, 5, 2, 6, side="two-sided")


@pytest.mark.parametrize(
    ("call", "where"),
    [
        (lambda: normal_quantile(1.5), "confidence"),
        (lambda: two_sided(-0.1, 0.5), "p_lower"),
        (lambda: pair_tail(1, 5, 2, 6, exact_below=0), "exact_below"),
        (lambda: holm([0.5, 1.5]), "p"),
        (lambda: benjamini_hochberg([-0.1]), "p"),
        (lambda: studentized_range_sf(1.0, 2.5), "k"),
        (lambda: studentized_range_isf(1.1, 2), "p"),
        (lambda: adjusted_tail(1.0, -1), "k"),
        (lambda: detectable_ratio(-1, 5, 0.1, 2), "n"),
        (lambda: detectable_ratio(5, 5, 1.1, 2), "rate_ref"),
        (lambda: detectable_ratio(5, 5, 0.1, 2, power=1), "power"),
        (lambda: detectable_ratio(5, 5, 0.1, 2, side="both"), "side"),
        (lambda: customers_needed(-0.5, 0.1, 2), "ratio"),
        (lambda: customers_needed(0.5, 0.1, 2, share=1), "share"),
        (lambda: bootstrap_cells([1.5], seed=1), "n"),
        (lambda: bootstrap_cells([-1], seed=1), "n"),
        (lambda: bootstrap_cells([1], 0, seed=1), "replicates"),
        (lambda: bootstrap_cells([1], seed=-1), "seed"),
        (lambda: percentile_interval([]), "replicated"),
        (lambda: percentile_interval([1.0], 95), "confidence"),
        (lambda: standardized_mean_difference(-1, 0, 0, 5, 5, 9), "n"),
        (lambda: standardized_mean_difference(5, 5, 9, 5, 5, -9), "total_sq_ref"),
    ],
)
def test_other_impossible_arguments_are_refused(call, where):
    with pytest.raises(InputError) as caught:
        call()
    assert where in {problem.where for problem in caught.value.problems}


def test_only_numpy_and_scipy_special_are_loaded():
    code = (
        "import fairness.inference, sys; "
        "print([name for name in ('scipy.stats', 'scipy.optimize', 'scipy.integrate', "
        "'statsmodels', 'pandas', 'sklearn') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_every_public_name_is_there_and_sorted():
    assert sorted(package.__all__) == package.__all__
    assert all(hasattr(package, name) for name in package.__all__)
