"""What is left out of a curve does not follow from what is told."""

import numpy as np
import pytest

from fairness.counts.suppress import SMALLEST
from fairness.reports.curves import _kept


def bounds(numbers, keep, size):
    """Return what each number lies between, from the told ones of its own row."""
    low, high = np.empty(len(numbers)), np.empty(len(numbers))
    for place in range(len(numbers)):
        more = [numbers[at] for at in range(place + 1) if keep[at]]
        fewer = [numbers[at] for at in range(place, len(numbers)) if keep[at]]
        high[place], low[place] = min([size, *more]), max([0, *fewer])
    return low, high


def closest(at, sizes, keep):
    """Return how many numbers each one that is left out could be, by all that is told."""
    told, columns = len(keep), at.shape[1]
    rest, rest_size = at[told:].sum(axis=0), sizes[told:].sum()
    rows = [*at[:told], rest]
    held = [*keep, np.zeros(columns, bool)]
    ends = [
        bounds(own, known, size)
        for own, known, size in zip(rows, held, [*sizes[:told], rest_size], strict=True)
    ]
    low, high = np.array([e[0] for e in ends]), np.array([e[1] for e in ends])
    total, found = np.sum(rows, axis=0), []
    for column in range(columns):
        for row in range(len(rows)):
            if held[row][column]:
                continue
            others = [other for other in range(len(rows)) if other != row]
            least = total[column] - high[others, column].sum()
            most = total[column] - low[others, column].sum()
            width = min(high[row, column], most) - max(low[row, column], least)
            # That nobody of the rest is picked tells of nobody.
            if rows[row][column] in range(1, SMALLEST):
                found.append(width)
    return found


def test_a_number_between_equal_neighbours_is_left_out_with_them():
    at = np.array([[900, 600, 300, 100], [80, 50, 50, 50], [60, 20, 12, 10]])
    keep = _kept(at, np.array([1500, 200, 100]), [0, 1])
    low, high = bounds(at[1], keep[1], 200)
    assert (high - low >= SMALLEST)[~keep[1]].all()


@pytest.mark.parametrize("seed", range(60))
def test_no_small_number_follows_from_what_is_told(seed):
    rng = np.random.default_rng(seed)
    groups, columns = int(rng.integers(3, 6)), int(rng.integers(2, 9))
    sizes = rng.integers(12, 400, groups)
    sizes[-1] = rng.integers(8, 30)
    shares = np.sort(rng.random((groups, columns)), axis=1)[:, ::-1]
    at = np.floor(sizes[:, None] * shares).astype(np.int64)
    if seed % 2:
        # Plateaus: cuts between which nobody of a group lies.
        at[:, 1::2] = at[:, 0 : at[:, 1::2].shape[1] * 2 : 2]
    keep = _kept(at, sizes, list(range(groups - 1)))
    assert all(width >= 1 for width in closest(at, sizes, keep))
