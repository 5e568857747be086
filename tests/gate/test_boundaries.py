"""A ratio that equals its bound does not break it, whatever counted it."""

from decimal import Decimal

import duckdb
import pandas as pd
import polars as pl
import pytest

import fairness as fa
from fairness.policy import Policy, load_policy

# selected, n of the group; selected, n of the reference; bound; does it break it?
TABLES = [
    (4, 100, 5, 100, "0.8", False),
    (8, 100, 10, 100, "0.80", False),
    (12, 30, 15, 30, "0.8", False),
    (28, 49, 35, 49, "0.8", False),
    (9, 70, 10, 70, "0.9", False),
    (27, 90, 30, 90, "0.9", False),
    (7, 30, 10, 30, "0.7", False),
    (3, 10, 10, 10, "0.3", False),
    (1, 3, 1, 1, "0.333333333333", False),
    (33, 97, 66, 97, "0.5", False),
    (399, 1000, 500, 1000, "0.8", True),
    (1, 3, 1, 1, "0.333333333334", True),
]


def policy_with(bound: str) -> Policy:
    rule = load_policy("us-four-fifths").rule("ff-air")
    alone = rule.model_copy(update={"at_least": Decimal(bound), "evidence": "point"})
    return load_policy("us-four-fifths").model_copy(
        update={"rules": (alone,), "min_expected": 1, "max_unmeasured": Decimal(1)}
    )


def table(selected: int, n: int, selected_ref: int, n_ref: int) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "g": ["group"] * n + ["ref"] * n_ref,
            "picked": [1] * selected
            + [0] * (n - selected)
            + [1] * selected_ref
            + [0] * (n_ref - selected_ref),
        }
    )


@pytest.fixture(
    params=["pandas", "polars", "lazy", "arrow", "duckdb", "csv", "parquet"]
)
def route(request, tmp_path):
    def make(frame: pd.DataFrame):
        match request.param:
            case "pandas":
                return frame
            case "polars":
                return pl.from_pandas(frame)
            case "lazy":
                return pl.from_pandas(frame).lazy()
            case "arrow":
                return pl.from_pandas(frame).to_arrow()
            case "duckdb":
                return duckdb.from_df(frame)
            case "csv":
                frame.to_csv(tmp_path / "t.csv", index=False)
                return tmp_path / "t.csv"
            case _:
                pl.from_pandas(frame).write_parquet(tmp_path / "t.parquet")
                return tmp_path / "t.parquet"

    return make


@pytest.mark.parametrize("case", TABLES, ids=lambda c: f"{c[0]}/{c[1]} {c[2]}/{c[3]}")
def test_equal_to_the_bound_is_not_below_it(route, case):
    *counts, bound, broken = case
    audit = fa.audit(
        route(table(*counts)),
        selected="picked",
        by="g",
        offer="beneficial",
        reference="g=ref",
        min_expected=1,
    )
    found = {f.group: f.verdict for f in audit.gate(policy_with(bound)).findings}
    assert found["group"] == ("fail" if broken else "pass")
