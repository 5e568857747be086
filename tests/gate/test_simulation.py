"""The promises on fair and unfair campaigns, on a fixed tenth of the simulation."""

import math

import pytest

from benchmarks.verdicts import Row, rows, run_row

PROMISED = [row for row in rows() if "no promise" not in row.promise]


@pytest.mark.slow
@pytest.mark.parametrize("row", PROMISED, ids=lambda row: row.name)
def test_a_tenth_of_the_simulation_keeps_the_promise(row: Row):
    found, n = run_row(row, 0.1)
    # Three standard errors of the promised share, at this many campaigns.
    slack = {
        share: 3 * math.sqrt(share * (1 - share) / n) for share in (0.064, 0.85, 0.95)
    }
    if row.promise.startswith("≥"):
        least = (0.95 - slack[0.95]) * n
        assert found["block"] >= least
        assert row.culprit is None or found["blamed"] >= least
    elif row.promise.startswith("0 clear"):
        assert found["clear"] == 0
    else:
        assert found["block"] <= (0.064 + slack[0.064]) * n
        if "clear" in row.promise:
            floor = 0.80 if "80 %" in row.promise else 0.85
            assert found["clear"] >= (floor - slack[0.85]) * n
