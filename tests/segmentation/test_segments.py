"""Segments: how they are made, whether they last, what is said of them."""

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score, jaccard_score, silhouette_score
from sklearn.preprocessing import StandardScaler

from fairness.errors import InputError
from pipelines.features import rfm_scores
from pipelines.segmentation import (
    describe,
    kmeans_segments,
    own_segments,
    rfm_grid,
    stability,
)

CENTRES = np.array([[0.0, 0.0], [6.0, 0.0], [0.0, 6.0]])
SIZES = (300, 200, 100)


@pytest.fixture(scope="module")
def clouds():
    """Three clouds of customers, one column on a much larger scale."""
    rng = np.random.default_rng(0)
    truth = np.repeat([0, 1, 2], SIZES)
    rows = CENTRES[truth] + rng.normal(size=(len(truth), 2))
    order = rng.permutation(len(truth))
    rows, truth = rows[order], truth[order]
    ids = [f"c{place}" for place in range(len(truth))]
    table = {"customer_id": ids, "orders": rows[:, 0], "spend": 1000 * rows[:, 1]}
    return pa.table(table), truth


def labels_of(segmentation):
    return np.array(segmentation.table["segment"].to_pylist())


def test_k_means_is_scikit_learns(clouds):
    table, _ = clouds
    made = kmeans_segments(table, ["orders", "spend"], k=4, seed=3)
    rows = np.column_stack([table["orders"], table["spend"]])
    scaled = StandardScaler().fit_transform(rows)
    wanted = KMeans(n_clusters=4, n_init=10, random_state=3).fit_predict(scaled)
    assert adjusted_rand_score(labels_of(made), wanted) == 1
    sizes = sorted(np.bincount(wanted).tolist(), reverse=True)
    assert list(made.sizes.values()) == sizes


def test_the_number_is_that_of_the_best_silhouette(clouds):
    table, truth = clouds
    made = kmeans_segments(table, ["orders", "spend"])
    assert adjusted_rand_score(labels_of(made), truth) > 0.97
    assert list(made.sizes) == ["1", "2", "3"]
    rows = np.column_stack([table["orders"], table["spend"]])
    scaled = StandardScaler().fit_transform(rows)
    told = {
        k: silhouette_score(
            scaled, KMeans(k, n_init=10, random_state=0).fit_predict(scaled)
        )
        for k in range(2, 9)
    }
    assert max(told, key=told.get) == 3
    assert f"({told[3]:.2f})" in made.made


@pytest.mark.parametrize("seed", range(4))
def test_equal_clusters_keep_their_names_whatever_the_seed(seed):
    ids, n = list(range(30)), [0.0, 5.0, 9.0] * 10
    table = pa.table({"customer_id": ids, "n": n})
    made = kmeans_segments(table, ["n"], k=3, seed=seed)
    assert labels_of(made)[:3].tolist() == ["1", "2", "3"]


def test_a_customer_with_a_gap_is_not_placed():
    n = [0.0, 0.0, None, 9.0, 9.0, float("nan")]
    table = pa.table({"customer_id": range(6), "n": n})
    made = kmeans_segments(table, ["n"], k=2)
    assert labels_of(made).tolist() == ["1", "1", "(missing)", "2", "2", "(missing)"]


@pytest.mark.parametrize(
    ("columns", "k", "said"),
    [
        (["n", "t"], 2, "holds string, not numbers"),
        (["m"], 2, "did you mean|is not a column"),
        ([], 2, "names no column"),
        (["n"], 1, "not a whole number of 2 or more"),
        (["n"], 2.0, "not a whole number"),
        (["n"], 7, "more than the 4 different rows"),
        (["one"], None, "1 different rows"),
        (["vast"], 2, "infinite in 1 rows"),
        (["customer_id"], 2, "is the id"),
    ],
)
def test_k_means_of_what_it_cannot_take_is_refused(columns, k, said):
    table = pa.table(
        {
            "customer_id": range(4),
            "n": [1, 2, 3, 4],
            "one": [1] * 4,
            "t": ["x"] * 4,
            "vast": [float("inf"), 1, 2, 3],
        }
    )
    with pytest.raises(InputError, match=said):
        kmeans_segments(table, columns, k=k)


def test_the_rfm_grid_takes_names_and_codes():
    rng = np.random.default_rng(1)
    table = pl.DataFrame(
        {
            "customer_id": [str(i) for i in range(200)],
            "recency_days": [None, *rng.integers(1, 300, 199).tolist()],
            "frequency": [0, *rng.integers(1, 20, 199).tolist()],
            "monetary": [0.0, *rng.uniform(5, 900, 199).tolist()],
        }
    )
    scored = rfm_scores(table)
    names, codes = rfm_grid(scored), rfm_grid(scored, by="rfm_code")
    assert labels_of(names)[0] == "never bought"
    assert labels_of(codes)[0] == "(missing)"
    assert sum(names.sizes.values()) == sum(codes.sizes.values()) == 200
    assert labels_of(codes)[1:].tolist() == scored["rfm_code"].to_list()[1:]
    with pytest.raises(InputError, match="neither"):
        rfm_grid(scored, by="recency_days")


def test_own_labels_are_taken_as_they_are():
    made = own_segments(
        pl.DataFrame({"k": [3, 1, 2], "tier": ["gold", None, "tin"]}),
        id="k",
        segment="tier",
    )
    assert made.frame()["segment"].tolist() == ["gold", "(missing)", "tin"]
    assert own_segments({"a": 1, "b": 1.0}).sizes == {"1": 2}


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ({"customer_id": [1, 1], "segment": ["x", "y"]}, "twice or more: 1"),
        ({"customer_id": [1, None], "segment": ["x", "y"]}, "missing in 1 rows"),
        ({"customer_id": [], "segment": []}, "has no rows"),
        ({"customer_id": [1], "segmnt": ["x"]}, "did you mean 'segmnt'|not a column"),
        (
            {"customer_id": list(range(300)), "segment": [str(i) for i in range(300)]},
            "holds 300 segments",
        ),
    ],
)
def test_labels_that_are_no_segmentation_are_refused(labels, said):
    with pytest.raises(InputError, match=said):
        own_segments(pa.table(labels))


def test_clouds_that_are_apart_are_stable_and_halves_of_one_are_not(clouds):
    table, _ = clouds
    apart = stability(
        kmeans_segments(table, ["orders", "spend"], k=3), table, rounds=10
    )
    assert apart.rand > 0.95
    assert {one.reading for one in apart.segments} == {"stable"}
    rng = np.random.default_rng(2)
    one = pa.table(
        {f"x{i}": rng.normal(size=300) for i in range(6)} | {"customer_id": range(300)}
    )
    columns = [f"x{i}" for i in range(6)]
    halves = stability(kmeans_segments(one, columns, k=5), one, rounds=10)
    assert halves.rand < 0.5
    assert "stable" not in {part.reading for part in halves.segments}


def test_stability_is_that_of_scikit_learns_measures():
    rng = np.random.default_rng(4)
    labels, other = rng.integers(0, 3, 90), rng.integers(0, 4, 90)
    table = pa.table({"customer_id": range(90), "segment": [f"s{x}" for x in labels]})
    found = stability(own_segments(table), table, lambda *_: other, rounds=1)
    assert found.rand == pytest.approx(adjusted_rand_score(labels, other), abs=1e-12)
    for place, one in enumerate(found.segments):
        wanted = max(jaccard_score(labels == place, other == x) for x in range(4))
        assert one.jaccard == pytest.approx(wanted, abs=1e-12)


def test_labels_alone_cannot_be_made_again(clouds):
    table, truth = clouds
    own = own_segments(table.append_column("segment", pa.array(truth.astype(str))))
    with pytest.raises(InputError, match="cannot be made again"):
        stability(own, table)
    with pytest.raises(InputError, match="does not hold the customers"):
        stability(own, table.slice(1), lambda sample, whole, seed: truth)
    with pytest.raises(InputError, match="gives 3 labels for 600"):
        stability(own, table, lambda sample, whole, seed: [0, 1, 2])


def test_a_description_says_what_sets_a_segment_apart():
    ids = list(range(100))
    region = ["Coast"] * 40 + ["Hills"] * 60
    spend = [500.0 + i % 5 for i in range(50)] + [100.0 + i % 5 for i in range(50)]
    table = pa.table(
        {"customer_id": ids, "monetary": spend, "region": region, "flat": [1] * 100}
    )
    own = own_segments({i: "top" if i < 50 else "rest" for i in ids})
    rest, top = describe(own, table, ["monetary", "region", "flat"])
    assert top.text == (
        "top: 50 customers (50 %) who spend much (monetary 502 on average, all 302), "
        "often have region Coast (80 %, all 40 %) and seldom have region Hills "
        "(20 %, all 60 %)."
    )
    assert [t.column for t in rest.traits] == ["monetary", "region", "region"]
    values = np.array(spend)
    wanted = (values[:50].mean() - values.mean()) / values.std()
    assert top.traits[0].difference == pytest.approx(wanted, abs=1e-12)


def test_missing_values_are_left_out_of_a_description():
    table = pa.table({"customer_id": range(12), "n": [1.0, None] * 3 + [9.0] * 6})
    own = own_segments({i: "x" if i < 6 else "y" for i in range(12)})
    first, _ = describe(own, table, ["n"])
    assert first.traits[0].inside == 1.0
    assert first.traits[0].overall == pytest.approx((3 * 1 + 6 * 9) / 9)


def test_little_is_said_of_few_customers_and_of_average_ones():
    table = pa.table({"customer_id": range(103), "n": [9] * 3 + [1, 2] * 50})
    labels = {i: "few" if i < 3 else "ab"[i % 4 // 2] for i in range(103)}
    few = describe(own_segments(labels), table, ["n"])
    texts = {one.segment: one.text for one in few}
    assert texts["few"] == "few: fewer than 5 customers, not described."
    assert texts["a"].endswith("much like everybody.")


def test_a_description_never_names_a_protected_attribute(clouds):
    table, _ = clouds
    made = kmeans_segments(table, ["orders", "spend"], k=2)
    with pytest.raises(InputError, match="'orders' is a protected attribute"):
        describe(made, table, protected=["Orders"])
    with pytest.raises(InputError, match="does not hold the customers"):
        describe(made, table.slice(1))


def test_a_description_is_the_same_for_rows_in_any_order(clouds):
    table, _ = clouds
    made = kmeans_segments(table, ["orders", "spend"], k=2)
    turned = table.take(np.arange(600)[::-1])
    assert describe(made, turned) == describe(made, table)
