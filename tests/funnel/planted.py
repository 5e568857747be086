"""Campaigns in which one step, known beforehand, keeps a group out."""

import narwhals as nw
import numpy as np
import pyarrow as pa

from pipelines.funnel import Conditions, Draw, Roles, ScoreCut, Stage

CUSTOMERS = 20_000
ROLES = Roles(by=("g",), id="id")
CULPRITS = {
    "stage": ("consent", None, None),
    "clause": ("clauses", "post", None),
    "or": ("clauses", "post", None),
    "column": ("score", None, "proxy"),
}


class Sum:
    """A score of two columns that say nothing of the groups, and of one that may."""

    name = "sum"
    columns = ("x", "y", "proxy")

    def score(self, table):
        assert table.column_names == list(self.columns)
        x, y, proxy = (table[name].to_numpy() for name in self.columns)
        return x + y + 0.5 * proxy


def customers(seed, kind, size=CUSTOMERS):
    rng = np.random.default_rng([seed, *kind.encode()])
    group = rng.choice(["a", "b", "c"], size, p=[0.5, 0.3, 0.2])
    hit = group == "c"
    near = kind in {"clause", "or"}
    columns = {name: rng.random(size) for name in "uvwxy"}
    return pa.table(
        {
            "id": [f"C{place:06d}" for place in range(size)],
            "g": group,
            **columns,
            "consent": rng.random(size) < np.where(hit & (kind == "stage"), 0.5, 0.8),
            "post": np.where(
                hit & near, rng.integers(0, 6, size), rng.integers(4, 20, size)
            ),
            "proxy": rng.normal(np.where(hit & (kind == "column"), -1.0, 0.0), 1.0),
        }
    )


def funnel(kind):
    u, v, w, post = (nw.col(name) for name in ("u", "v", "w", "post"))
    near = (post > 3) | (w < 0.1) if kind == "or" else post > 3
    clauses = {"u": u > 0.1, "v": v > 0.2, "post": near, "w": w < 0.9}
    conditions = [
        Conditions(Stage("consent", "consent", ("email",)), (nw.col("consent"),)),
        Conditions(
            Stage("clauses", "clauses", tuple(clauses)), tuple(clauses.values())
        ),
    ]
    cuts = [
        ScoreCut(Stage("score", "score", ("top",)), scorer=Sum(), top=2_000),
        Draw(Stage("holdout", "holdout", ("a tenth out",)), share="0.1"),
    ]
    return conditions, cuts
