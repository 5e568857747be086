"""Figures that others have published, one a row, to their last printed digit.

Where a source follows another convention than the library, the row says which and
turns it. Further figures stand beside their functions: Newcombe's 56/70 against 48/80
and R's 7/34 against 1/34 in `test_comparisons.py`, 81/263 and 15/148 in
`test_intervals.py`, Tukey's table in `test_studentized.py`.
"""

from dataclasses import dataclass
from decimal import Decimal
from functools import partial

import numpy as np
import pytest

from fairness.inference import (
    benjamini_hochberg,
    exact,
    holm,
    hypergeometric_tail,
    newcombe,
    score_difference,
    score_ratio,
    wilson,
)
from fairness.inference.standardized import (
    clarify_demographic_disparity,
    conditional_demographic_disparity,
    group_averaged_demographic_disparity,
)
from fairness.inference.stratified import (
    breslow_day,
    cmh_test,
    cmh_z,
    mantel_haenszel_odds_ratio,
    mantel_haenszel_risk_ratio,
)
from fairness.metrics.measures import compare_rates, measure_groups
from fairness.metrics.rates import rate_counts


@dataclass(frozen=True)
class Figure:
    """A published figure, as printed, and the function that computes it."""

    source: str
    what: str
    printed: str
    computed: object

    @property
    def tolerance(self):
        last = Decimal(self.printed).as_tuple().exponent
        return 0.5 * 10.0**last * (1 + 1e-9)


def figures(source, *rows):
    """Return one figure for each (what, printed, function) of a source."""
    return [Figure(source, *row) for row in rows]


def pick(function, place, *arguments, **options):
    """Return one value of a function's result, when asked."""
    return partial(lambda: float(np.asarray(function(*arguments, **options)[place])))


def limits(what, function, arguments, low, high, **options):
    return (
        (f"{what}, low", low, pick(function, 0, *arguments, **options)),
        (f"{what}, high", high, pick(function, 1, *arguments, **options)),
    )


def rate(form, *counts):
    return lambda: float(compare_rates(form, *counts))


# --- two rates and one rate ---------------------------------------------------

NEWCOMBE_DIFFERENCE = "Newcombe (1998), Statistics in Medicine 17:873-890, table II"
PAIRS = {
    (9, 10, 3, 10): (("0.1700", "0.8406"), ("0.1705", "0.8090")),
    (6, 7, 2, 7): (("0.0342", "0.8534"), ("0.0582", "0.8062")),
    (5, 56, 0, 29): (("-0.0326", "0.1933"), ("-0.0381", "0.1926")),
    (0, 10, 0, 20): (("-0.1658", "0.2844"), ("-0.1611", "0.2775")),
    (0, 10, 0, 10): (("-0.2879", "0.2879"), ("-0.2775", "0.2775")),
    (10, 10, 0, 20): (("0.7156", "1.0000"), ("0.6791", "1.0000")),
}
TWO_RATES = [
    figure
    for table, (score, hybrid) in PAIRS.items()
    for figure in figures(
        NEWCOMBE_DIFFERENCE,
        *limits(f"Miettinen-Nurminen {table}", score_difference, table, *score),
        *limits(f"hybrid score {table}", newcombe, table, *hybrid),
    )
] + figures(
    NEWCOMBE_DIFFERENCE,
    *limits(
        "hybrid score (10, 10, 0, 10)", newcombe, (10, 10, 0, 10), "0.6075", "1.0000"
    ),
)
ONE_RATE = figures(
    "Newcombe (1998), Statistics in Medicine 17:857-872, table I",
    *limits("score 0/20", wilson, (0, 20), "0.0000", "0.1611"),
    *limits("score 1/29", wilson, (1, 29), "0.0061", "0.1718"),
    *limits("Clopper-Pearson 0/20", exact, (0, 20), "0.0000", "0.1684"),
    *limits("Clopper-Pearson 1/29", exact, (1, 29), "0.0009", "0.1776"),
)
FAGERLAND = figures(
    "Fagerland, Lydersen & Laake (2015), Stat. Methods in Medical Research 24:224-254",
    *limits("Newcombe 7/34, 1/34", newcombe, (7, 34, 1, 34), "0.019", "0.34"),
    # Under the name of Miettinen and Nurminen, but without their factor N / (N - 1).
    *limits(
        "score interval of the difference, 7/34, 1/34",
        score_difference,
        (7, 34, 1, 34),
        "0.028",
        "0.34",
        correction=False,
    ),
    # Under the name of Koopman, but with that factor.
    *limits(
        "score interval of the ratio, 7/34, 1/34", score_ratio, (7, 34, 1, 34), "1.21",
        "43",
    ),
) + figures(
    # Its last digit is its root finder's.
    "presize, prec_riskratio(7/34, 1/34, 34, met = 'koopman')",
    *limits(
        "Koopman 7/34, 1/34", score_ratio, (7, 34, 1, 34), "1.220853", "42.5757",
        correction=False,
    ),
) + figures(
    "Koopman (1984), Biometrics 40:513-517",
    *limits(
        "36/40, 16/80", score_ratio, (36, 40, 16, 80), "2.94", "7.15",
        correction=False,
    ),
)  # fmt: skip

# --- strata ---------------------------------------------------------------------

# Admitted and rejected of departments A to F: R's UCBAdmissions.
UCB_WOMEN = np.array([89, 17, 202, 131, 94, 24]), np.array([19, 8, 391, 244, 299, 317])
UCB_MEN = (
    np.array([512, 353, 120, 138, 53, 22]),
    np.array([313, 207, 205, 279, 138, 351]),
)
UCB = (UCB_WOMEN[0], sum(UCB_WOMEN), UCB_MEN[0], sum(UCB_MEN))
UCB_BY_MEN = (*UCB[2:], *UCB[:2])
UCB_POOLED = tuple(float(column.sum()) for column in UCB)
UCB_ONE_STRATUM = tuple([column] for column in UCB_POOLED)

ADMISSIONS = figures(
    "Bickel, Hammel & O'Connell (1975), Science 187:398-404, as R's UCBAdmissions",
    ("rate of women", "0.303542", lambda: UCB_POOLED[0] / UCB_POOLED[1]),
    ("rate of men", "0.445188", lambda: UCB_POOLED[2] / UCB_POOLED[3]),
    ("difference (AIF360)", "-0.141645", rate("difference", *UCB_POOLED)),
    ("ratio (AIF360)", "0.681830", rate("ratio", *UCB_POOLED)),
    (
        "AIF360's conditional_demographic_disparity by sex: over groups, not strata",
        "-0.027202",
        lambda: float(
            group_averaged_demographic_disparity(UCB_POOLED[::2], UCB_POOLED[1::2])
        ),
    ),
    # Agresti (2002), Categorical Data Analysis, section 2.3: men to women.
    ("marginal odds ratio", "1.84", rate("odds", *UCB_POOLED[2:], *UCB_POOLED[:2])),
    ("R mantelhaen.test X-squared", "1.4269",
     pick(cmh_test, 0, *UCB, correction="continuity")),
    ("its p", "0.2323", pick(cmh_test, 1, *UCB, correction="continuity")),
    ("R common odds ratio, men", "0.9046968",
     pick(mantel_haenszel_odds_ratio, 0, *UCB_BY_MEN)),
    ("its low limit", "0.7719074", pick(mantel_haenszel_odds_ratio, 1, *UCB_BY_MEN)),
    ("its high limit", "1.0603298", pick(mantel_haenszel_odds_ratio, 2, *UCB_BY_MEN)),
    ("statsmodels CMH", "1.524607", pick(cmh_test, 0, *UCB)),
    ("its p", "0.216924", pick(cmh_test, 1, *UCB)),
    ("statsmodels odds ratio, women", "1.105343",
     pick(mantel_haenszel_odds_ratio, 0, *UCB)),
    ("its low limit", "0.943103", pick(mantel_haenszel_odds_ratio, 1, *UCB)),
    ("its high limit", "1.295492", pick(mantel_haenszel_odds_ratio, 2, *UCB)),
    ("statsmodels risk ratio", "1.058307", pick(mantel_haenszel_risk_ratio, 0, *UCB)),
    ("statsmodels Breslow-Day", "18.825514", pick(breslow_day, 0, *UCB, tarone=False)),
    ("its p", "0.002071", pick(breslow_day, 2, *UCB, tarone=False)),
)  # fmt: skip

GRADUATES = (1494, 4321, 3738, 8442)
CAMPUS = figures(
    "Bickel, Hammel & O'Connell (1975), Science 187:398-404, table 1",
    ("rate of men", "0.44", lambda: 3738 / 8442),
    ("rate of women", "0.35", lambda: 1494 / 4321),
    # Pearson's statistic has N where Mantel and Haenszel's has N - 1, and theirs is
    # corrected for continuity as ours is not to be: both are turned here.
    ("chi-squared", "110.8",
     lambda: float(cmh_test(*([c] for c in GRADUATES), correction="continuity")[0])
     * 12763 / 12762),
)  # fmt: skip

RABBITS = (
    np.array([0, 3, 6, 5, 2]),
    np.array([6, 6, 6, 6, 2]),
    np.array([0, 0, 2, 6, 5]),
    np.array([5, 6, 6, 6, 5]),
)
PENICILLIN = figures(
    "R, mantelhaen.test(Rabbits); data of Mantel (1963) in Agresti (1990), p. 231",
    ("X-squared", "3.9286", pick(cmh_test, 0, *RABBITS, correction="continuity")),
    ("p", "0.04747", pick(cmh_test, 1, *RABBITS, correction="continuity")),
    ("common odds ratio", "7", pick(mantel_haenszel_odds_ratio, 0, *RABBITS)),
    ("its low limit", "1.026713", pick(mantel_haenszel_odds_ratio, 1, *RABBITS)),
    ("its high limit", "47.725133", pick(mantel_haenszel_odds_ratio, 2, *RABBITS)),
)

# Smokers with and without lung cancer, non-smokers likewise, in eight cities.
CANCER = np.array([126, 908, 913, 235, 402, 182, 60, 104])
HEALTHY = np.array([100, 688, 747, 172, 308, 156, 99, 89])
CANCER_REF = np.array([35, 497, 336, 58, 121, 72, 11, 21])
HEALTHY_REF = np.array([61, 807, 598, 121, 215, 98, 43, 36])
CITIES = (CANCER, CANCER + HEALTHY, CANCER_REF, CANCER_REF + HEALTHY_REF)
SMOKING = figures(
    "Agresti (2002), Categorical Data Analysis, 2nd ed., section 6.3; Liu (1992)",
    ("Cochran-Mantel-Haenszel", "280.1", pick(cmh_test, 0, *CITIES)),
    ("common odds ratio", "2.17", pick(mantel_haenszel_odds_ratio, 0, *CITIES)),
    ("its low limit", "1.98", pick(mantel_haenszel_odds_ratio, 1, *CITIES)),
    ("its high limit", "2.38", pick(mantel_haenszel_odds_ratio, 2, *CITIES)),
    ("Breslow-Day", "5.2", pick(breslow_day, 0, *CITIES, tarone=False)),
)

# Alleles 94 and non-94 of mussels by place; "pass" is the second column.
MUSSELS = (
    np.array([69, 257, 65, 48]),
    np.array([56 + 69, 61 + 257, 73 + 65, 71 + 48]),
    np.array([77, 301, 79, 48]),
    np.array([40 + 77, 57 + 301, 71 + 79, 55 + 48]),
)
TEN_FOLD = tuple(10 * column for column in MUSSELS)
AUDIT_AI = figures(
    "audit-AI 0.1.1, examples/CMH_test_example.ipynb: no continuity correction",
    ("Cochran-Mantel-Haenszel", "5.320928", pick(cmh_test, 0, *MUSSELS)),
    ("its p", "0.0210708", pick(cmh_test, 1, *MUSSELS)),
    ("common odds ratio", "0.759022", pick(mantel_haenszel_odds_ratio, 0, *MUSSELS)),
    ("Breslow-Day", "0.529486", pick(breslow_day, 0, *MUSSELS)),
    ("its p", "0.912367", pick(breslow_day, 2, *MUSSELS)),
    ("all counts ten-fold", "53.359183", pick(cmh_test, 0, *TEN_FOLD)),
    # The pooled z of two rates divides by N where ours, margins fixed, has N - 1.
    ("z of 10/20 against 20/20", "-3.6514837",
     lambda: float(cmh_z([10], [20], [20], [20])) * np.sqrt(40 / 39)),
)  # fmt: skip
HANDBOOK = figures(
    "McDonald (2014), Handbook of Biological Statistics, Cochran-Mantel-Haenszel test",
    ("chi-squared", "5.05", pick(cmh_test, 0, *MUSSELS, correction="continuity")),
    ("p", "0.025", pick(cmh_test, 1, *MUSSELS, correction="continuity")),
)

# --- selection rates -------------------------------------------------------------

UGESP = figures(
    "UGESP questions and answers, 44 FR 11996 (1979), question 11",
    ("rate of whites", "0.60", lambda: 48 / 80),
    ("rate of blacks", "0.30", lambda: 12 / 40),
    ("ratio", "0.50", rate("ratio", 12, 40, 48, 80)),
)
LL144 = figures(
    "6 RCNY 5-301 (2023), examples of selection rates and impact ratios",
    ("rate of men", "0.48", lambda: 667 / 1390),
    ("rate of women", "0.47", lambda: 555 / 1181),
    ("women", "0.979", rate("ratio", 555, 1181, 667, 1390)),
    ("Hispanic or Latino", "0.97", rate("ratio", 205, 408, 412, 797)),
    ("Black", "0.84", rate("ratio", 170, 390, 412, 797)),
    ("Native Hawaiian or Pacific Islander", "0.85", rate("ratio", 52, 119, 412, 797)),
    ("Asian", "0.95", rate("ratio", 302, 616, 412, 797)),
    ("Native American", "0.85", rate("ratio", 18, 41, 412, 797)),
    ("two or more races", "0.87", rate("ratio", 96, 213, 412, 797)),
)
# The pooled z, with N for N - 1 as above.
AEDT = figures(
    "aedt-audit 0.3.0, demo",
    ("women", "0.544", rate("ratio", 510, 2441, 925, 2409)),
    ("unknown", "1.129", rate("ratio", 65, 150, 925, 2409)),
    ("z of women", "-13.354",
     lambda: float(cmh_z([510], [2441], [925], [2409])) * np.sqrt(4850 / 4849)),
    ("z of unknown", "1.204",
     lambda: float(cmh_z([65], [150], [925], [2409])) * np.sqrt(2559 / 2558)),
)  # fmt: skip
SOLAS = figures(
    "solas-ai 0.6.0, its HMDA sample (low-priced loans)",
    ("Black", "0.876506", rate("ratio", 1065, 1337, 13142, 14461)),
    ("Asian", "1.047315", rate("ratio", 1224, 1286, 13142, 14461)),
    ("Native American", "0.948187", rate("ratio", 81, 94, 13142, 14461)),
    ("Hispanic", "0.853227", rate("ratio", 1593, 2032, 13943, 15175)),
    ("female", "0.985698", rate("ratio", 3719, 4222, 5806, 6497)),
) + figures(
    "solas-ai 0.6.0, its LL144 sample",
    ("scoring rate of women", "0.492330", lambda: 2375 / 4824),
    ("scoring rate of men", "0.506264", lambda: 2465 / 4869),
    ("women", "0.972477", rate("ratio", 2375, 4824, 2465, 4869)),
    ("White", "0.698476", rate("ratio", 3474, 5003, 1018, 1024)),
    ("Black", "0.695441", rate("ratio", 1017, 1471, 1018, 1024)),
    ("Hispanic", "0.800473", rate("ratio", 717, 901, 1018, 1024)),
    ("Native Hawaiian", "0.955012", rate("ratio", 488, 514, 1018, 1024)),
    ("two or more races", "0.703748", rate("ratio", 559, 799, 1018, 1024)),
)
# Homeowners against the others; AIF360 divides by the privileged group, the others.
ADVERTISING = figures(
    "AIF360 0.6.1, tutorial on bias in advertising (2022)",
    ("ratio of true conversions", "0.8469", rate("ratio", 2042, 1268486, 332, 174654)),
    ("ratio of predicted", "0.0300", rate("ratio", 423, 1268486, 1944, 174654)),
)

# --- error rates -------------------------------------------------------------------


def by_outcome(low, high, low_again, high_again):
    """Return cells by selected (high score) and outcome (two years without, with)."""
    return [[[low, low_again, 0], [high, high_again, 0]]]


COMPAS = {
    "all": by_outcome(2681, 1282, 1216, 2035),
    "Black": by_outcome(990, 805, 532, 1369),
    "White": by_outcome(1139, 349, 461, 505),
}
PRINTED = {
    "all": ("0.3235", "0.3740", "0.61"),
    "Black": ("0.4485", "0.2799", "0.63"),
    "White": ("0.2345", "0.4772", "0.59"),
}


def one_rate(name, cells):
    def computed():
        hits, trials = rate_counts(name, cells)
        return float(hits[0] / trials[0])

    return computed


PROPUBLICA = [
    figure
    for group, printed in PRINTED.items()
    for figure in figures(
        "Larson, Mattu, Kirchner & Angwin (2016), ProPublica: COMPAS, two years",
        *(
            (f"{name} of {group}", value, one_rate(name, COMPAS[group]))
            for name, value in zip(
                ("false_positive_rate", "false_negative_rate", "precision"),
                printed,
                strict=True,
            )
        ),
    )
]


def against_white(name):
    pairs = [rate_counts(name, COMPAS[group]) for group in ("Black", "White")]
    (hits, trials), (hits_ref, trials_ref) = pairs
    return rate("ratio", hits[0], trials[0], hits_ref[0], trials_ref[0])


AEQUITAS = figures(
    "Aequitas 1.1.0 on the same data, reference Caucasian",
    ("share above the cut", "0.5882", one_rate("selection_rate", COMPAS["Black"])),
    ("of the reference", "0.3480", one_rate("selection_rate", COMPAS["White"])),
    ("predicted prevalence disparity", "1.6902", against_white("selection_rate")),
    ("FPR disparity", "1.9121", against_white("false_positive_rate")),
    ("FNR disparity", "0.5864", against_white("false_negative_rate")),
)


def cells_of(groups, chosen, outcome):
    """Return cells of groups x selected x outcome from rows, groups in order."""
    labels = sorted(set(groups))
    cells = np.zeros((len(labels), 2, 3))
    for group, selected, truth in zip(groups, chosen, outcome, strict=True):
        cells[labels.index(group), selected, truth] += 1
    return cells


GUIDE = cells_of(
    "bbabbcccaacabccbcc",
    [0, 0, 1, 0, 1, 1, 1, 0, 0, 1, 1, 1, 1, 0, 0, 1, 1, 0],
    [0, 1, 1, 1, 1, 0, 1, 0, 1, 0, 0, 0, 1, 1, 1, 1, 1, 1],
)


def rates_of(name):
    hits, trials = rate_counts(name, GUIDE)
    return hits / trials


def spread_of(name):
    return np.ptp(rates_of(name))


def lowest_to_highest(name):
    return rates_of(name).min() / rates_of(name).max()


FAIRLEARN = figures(
    "fairlearn 0.15 user guide, 18 rows: between groups, without sign",
    ("demographic parity difference", "0.25", lambda: spread_of("selection_rate")),
    ("demographic parity ratio", "0.6667", lambda: lowest_to_highest("selection_rate")),
    ("equalized odds difference", "1.0",
     lambda: max(spread_of("true_positive_rate"), spread_of("false_positive_rate"))),
    ("equalized odds ratio", "0.0",
     lambda: min(lowest_to_highest("true_positive_rate"),
                 lowest_to_highest("false_positive_rate"))),
)  # fmt: skip

CLARIFY_ROWS = cells_of(
    "MFFMFMFFMMFF",
    [1, 1, 1, 0, 0, 0, 1, 1, 0, 1, 0, 0],
    [0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 0],
)


def women(name, sign=1):
    return lambda: sign * float(measure_groups(CLARIFY_ROWS, 1)[name][0])


SEX = "MMMFFFFMMMMFMMFMFFMMFMMF"
TAKEN = [0, 1, 1, 0, 1, 0, 1, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 0, 1, 0, 0, 1, 1, 0]
STRATUM = [1, 0, 2, 2, 1, 1, 2, 1, 1, 2, 0, 1, 2, 0, 1, 1, 1, 2, 0, 1, 0, 0, 1, 1]


def by_stratum(sex):
    """Return hits and trials of one sex and of the other in each stratum."""
    rows = list(zip(SEX, TAKEN, STRATUM, strict=True))
    return [
        [sum(t >= least for s, t, k in rows if (s == sex) is own and k == stratum)
         for stratum in range(3)]
        for own in (True, False)
        for least in (1, 0)
    ]  # fmt: skip


# Clarify subtracts the facet from the rest for RD, AD and DAR, the rest from the
# facet for SD, and SD is of specificity: 1 - FPR.
CLARIFY = figures(
    "smclarify 0.5, tests of its metrics (12 rows, facet F; 24 rows for CDD)",
    ("DI", f"{10 / 7:.10f}", women("adverse_impact_ratio")),
    ("RD", f"{-2 / 3:.10f}", women("equal_opportunity_difference", -1)),
    ("AD", f"{-13 / 35:.10f}", women("accuracy_difference", -1)),
    ("DAR", f"{-1 / 2:.10f}", women("predictive_parity_difference", -1)),
    ("SD", f"{1 / 6:.10f}", women("false_positive_rate_difference", -1)),
    ("CDD of F", "0.3982142857",
     lambda: float(clarify_demographic_disparity(*by_stratum("F")))),
    ("CDD of M", "-0.3982142857",
     lambda: float(clarify_demographic_disparity(*by_stratum("M")))),
)  # fmt: skip

# --- tails and multiplicity ----------------------------------------------------------

HOCHBERG = [
    0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240,
    0.4262, 0.5719, 0.6528, 0.7590, 1.0,
]  # fmt: skip
DISCOVERIES = figures(
    "Benjamini & Hochberg (1995), JRSS B 57:289-300, section 4: 15 hypotheses, q 0.05",
    ("rejected by their procedure", "4",
     lambda: int(np.sum(benjamini_hochberg(HOCHBERG) <= 0.05))),
    # Hochberg's and Bonferroni's procedures are theirs; Holm's rejects the same.
    ("rejected with the family-wise error", "3",
     lambda: int(np.sum(holm(HOCHBERG) <= 0.05))),
)  # fmt: skip
TEA = figures(
    "Fisher (1935), The Design of Experiments, ch. 2",
    ("3 of 4 cups or better", "0.243",
     lambda: float(hypergeometric_tail(3, 4, 1, 4, side="upper"))),
    ("4 of 4 cups, 1 in 70", f"{1 / 70:.10f}",
     lambda: float(hypergeometric_tail(4, 4, 0, 4, side="upper"))),
)  # fmt: skip

ALL = [
    *TWO_RATES, *ONE_RATE, *FAGERLAND, *ADMISSIONS, *CAMPUS, *PENICILLIN, *SMOKING,
    *AUDIT_AI, *HANDBOOK, *UGESP, *LL144, *AEDT, *SOLAS, *ADVERTISING, *PROPUBLICA,
    *AEQUITAS, *FAIRLEARN, *CLARIFY, *DISCOVERIES, *TEA,
]  # fmt: skip


@pytest.mark.parametrize("figure", ALL, ids=lambda f: f"{f.source[:24]}: {f.what}")
def test_published_figure(figure):
    assert figure.computed() == pytest.approx(
        float(figure.printed), abs=figure.tolerance
    )


def test_at_least_60_figures_of_others_are_reproduced():
    assert len({(f.source, f.what, f.printed) for f in ALL}) >= 60


def test_the_factor_decides_the_rows_of_fagerland_in_both_directions():
    difference = score_difference(7, 34, 1, 34)[0]
    ratio = score_ratio(7, 34, 1, 34, correction=False)[0]
    assert round(float(difference), 3) == 0.027
    assert round(float(ratio), 2) == 1.22


def test_wachters_disparity_of_the_clarify_rows_is_the_same_where_it_is_defined():
    table = by_stratum("F")
    mixed = [0 < a + b < c + d for a, c, b, d in zip(*table, strict=True)]
    assert all(mixed)
    assert float(conditional_demographic_disparity(*table)[0]) == pytest.approx(
        float(clarify_demographic_disparity(*table))
    )
