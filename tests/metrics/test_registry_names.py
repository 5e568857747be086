"""No two metrics share a name or a code."""

from fairness.metrics.registry import _ROWS


def test_names_and_codes_are_unique():
    assert len({metric.name for metric in _ROWS}) == len(_ROWS)
    assert len({metric.code for metric in _ROWS}) == len(_ROWS)
