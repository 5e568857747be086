"""Walking, counting and decomposing, against what brute force says."""

import itertools
import math

import narwhals as nw
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairness.errors import InputError
from pipelines.funnel import (
    Conditions,
    Draw,
    Paths,
    Roles,
    ScoreCut,
    Stage,
    count_walked,
    decompose,
    score_columns,
    walk,
)
from pipelines.funnel.counted import FunnelTable
from pipelines.funnel.decomposition import clause_shares
from pipelines.funnel.section import culprit_of, shown_numbers
from tests.funnel.planted import CULPRITS, ROLES, Sum, customers, funnel

SEEDS = range(8)


def walked(kind, seed, table=None):
    conditions, cuts = funnel(kind)
    frame = nw.from_native(customers(seed, kind) if table is None else table)
    return walk(
        frame, id="id", conditions=conditions, cuts=cuts, carried=["g"], draw=f"{seed}"
    )


def named(kind, seed):
    found = walked(kind, seed)
    _, counts = count_walked(found, ROLES)
    gap = decompose(counts.table(("g",)), "c", "a")
    columns = ()
    if gap.culprit.stage.kind == "score":
        gaps = [(("g",), "c", "a")]
        (columns,) = score_columns(found.sample, Sum(), found.mark, ROLES, gaps)
    culprit = culprit_of(gap, columns)
    return (culprit.stage, culprit.clause, culprit.column), gap


@pytest.mark.parametrize("kind", CULPRITS)
@pytest.mark.parametrize("seed", SEEDS)
def test_the_planted_culprit_is_named(kind, seed):
    found, gap = named(kind, seed)
    assert found == CULPRITS[kind]
    total = math.fsum(stage.log_ratio for stage in gap.stages)
    assert total == pytest.approx(gap.log_ratio, abs=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("kind", CULPRITS)
def test_the_planted_culprit_is_named_in_300_of_300_seeds(kind):
    found = [named(kind, seed)[0] for seed in range(300)]
    assert found == [CULPRITS[kind]] * 300


def test_where_customers_leave_is_what_each_condition_says():
    table = customers(1, "clause").slice(0, 3_000)
    found = walked("clause", 1, table)
    frame = table.to_pandas()
    clauses = [frame.u > 0.1, frame.v > 0.2, frame.post > 3, frame.w < 0.9]
    mask = sum((~clause).astype(int) * 2**bit for bit, clause in enumerate(clauses))
    score = frame.x + frame.y + 0.5 * frame.proxy
    expected = np.where(~frame.consent, 1, np.where(mask > 0, 1 + mask, 0))
    in_score = np.flatnonzero(expected == 0)
    assert len(in_score) < 2_000  # all of them are taken
    assert set(found.path[expected != 0]) == set(expected[expected != 0])
    assert (found.path[expected != 0] == expected[expected != 0]).all()
    held = found.path[in_score]
    assert set(held) == {0, found.paths.first[3]}
    assert (held != 0).sum() == len(in_score) // 10
    assert np.isnan(found.scores[expected != 0]).all()
    assert found.scores[in_score] == pytest.approx(score[in_score], rel=1e-11)


def test_the_best_are_taken_and_the_order_of_rows_means_nothing():
    table = customers(3, "column")
    once = walked("column", 3, table)
    order = np.random.default_rng(0).permutation(table.num_rows)
    again = walked("column", 3, table.take(order))
    assert (again.path == once.path[order]).all()
    assert once.mark == again.mark
    came = np.isin(once.path, [0, once.paths.first[3], once.paths.first[2]])
    taken = np.isin(once.path, [0, once.paths.first[3]])
    assert taken.sum() == 2_000
    assert once.scores[taken].min() == once.mark >= once.scores[came & ~taken].max()
    assert set(once.sample["id"].to_pylist()) == set(again.sample["id"].to_pylist())


def test_the_sample_is_the_same_whatever_the_order_of_rows():
    table = pa.table({"id": range(90_000), "s": np.arange(90_000) % 7.0})

    class Same:
        name, columns = "same", ("s",)

        def score(self, rows):
            return rows["s"].to_numpy()

    cut = ScoreCut(Stage("score", "score", ("top",)), scorer=Same(), top=10)
    drawn = []
    for rows in (table, table.take(np.random.default_rng(0).permutation(90_000))):
        found = walk(nw.from_native(rows), id="id", conditions=[], cuts=[cut])
        drawn.append(sorted(found.sample["id"].to_pylist()))
    assert drawn[0] == drawn[1]
    assert len(drawn[0]) == 20_000
    # A tenth of the ids is expected below 9,000: 2,000 with a standard deviation of 40.
    assert abs(np.searchsorted(drawn[0], 9_000) - 2_000) < 200


def test_ties_are_broken_by_lot_and_not_by_place():
    ids = [f"C{place:05d}" for place in range(10_000)]
    frame = nw.from_native(pa.table({"id": ids, "s": np.zeros(10_000)}))
    cut = ScoreCut(Stage("score", "score", ("top",)), column="s", top=5_000)
    picked = walk(frame, id="id", conditions=[], cuts=[cut], draw="a").selected
    other = walk(frame, id="id", conditions=[], cuts=[cut], draw="b").selected
    assert picked.sum() == other.sum() == 5_000
    # Halves of 2,500 with a standard deviation of 25.
    assert abs(picked[:5_000].sum() - 2_500) < 125
    assert abs((picked & other).sum() - 2_500) < 125


def test_a_null_score_and_a_null_condition_take_nobody():
    frame = nw.from_native(
        pa.table({"id": ["a", "b", "c"], "s": [0.5, None, math.nan], "ok": [True] * 3})
    )
    rule = Conditions(Stage("r", "clauses", ("ok",)), (nw.col("ok"),))
    cut = ScoreCut(Stage("score", "score", ("top",)), column="s", top=3)
    assert walk(frame, id="id", conditions=[rule], cuts=[cut]).path.tolist() == [
        0,
        2,
        2,
    ]


def test_no_rows_are_refused():
    empty = nw.from_native(pa.table({"id": pa.array([], pa.string())}))
    with pytest.raises(InputError, match="has no rows"):
        walk(empty, id="id", conditions=[])


@st.composite
def stages_and_ways(draw):
    sizes = draw(st.lists(st.integers(1, 4), min_size=1, max_size=4))
    stages = tuple(
        Stage(f"s{i}", "clauses", tuple(f"c{j}" for j in range(size)))
        for i, size in enumerate(sizes)
    )
    paths = Paths(stages)
    counts = st.lists(st.integers(0, 30), min_size=paths.size, max_size=paths.size)
    return paths, np.array([draw(counts), draw(counts)], np.int64)


@given(stages_and_ways())
def test_stage_shares_add_up(case):
    paths, ways = case
    table = FunnelTable(("g",), ("a", "b"), ways, paths)
    gap = decompose(table, "a", "b")
    whole = ways[0, 0] > 0 and ways[1, 0] > 0
    assert (gap.log_ratio is not None) == whole
    if whole:
        rates = ways[:, 0] / ways.sum(axis=1)
        assert gap.log_ratio == pytest.approx(math.log(rates[0] / rates[1]), abs=1e-12)
        total = math.fsum(stage.log_ratio for stage in gap.stages)
        assert total == pytest.approx(gap.log_ratio, abs=1e-12)
    else:
        assert all(stage.share is None for stage in gap.stages)
    for stage in gap.stages:
        inside = [clause.log_ratio for clause in stage.clauses]
        if None not in inside:
            assert math.fsum(inside) == pytest.approx(stage.log_ratio, abs=1e-12)


def brute_force(met, met_ref):
    """Shapley values over all orders, from rows of conditions met."""
    size = met.shape[1]

    def value(kept):
        kept = list(kept)
        return math.log(met[:, kept].all(axis=1).mean()) - math.log(
            met_ref[:, kept].all(axis=1).mean()
        )

    shares = np.zeros(size)
    for order in itertools.permutations(range(size)):
        for place, player in enumerate(order):
            shares[player] += value(order[: place + 1]) - value(order[:place])
    return shares / math.factorial(size)


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 6])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_shapley_shares_equal_recomputation_over_all_clause_subsets(size, seed):
    rng = np.random.default_rng([size, seed])
    rates = rng.uniform(0.5, 0.95, (2, size))
    sides = [rng.random((800, size)) < rates[side] for side in range(2)]
    stage = Stage("s", "clauses", tuple(f"c{i}" for i in range(size)))
    bits = 2 ** np.arange(size)
    ways = [np.bincount((~side) @ bits, minlength=2**size) for side in sides]
    shares = clause_shares(stage, ways[0][1:], ways[1][1:], ways[0][0], ways[1][0])
    expected = brute_force(*sides)
    assert [share.log_ratio for share in shares] == pytest.approx(expected, abs=1e-12)


def test_twelve_clauses_are_exact_and_thirteen_leave_one_out():
    rng = np.random.default_rng(5)
    for size, method in ((12, "shapley"), (13, "leave-one-out")):
        met = rng.random((4_000, size)) < 0.97
        group = np.where(np.arange(4_000) % 2, "a", "b")
        met[group == "a", 4] &= rng.random(2_000) < 0.6
        names = [f"m{i}" for i in range(size)]
        table = pa.table(
            {"id": range(4_000), "g": group, **dict(zip(names, met.T, strict=True))}
        )
        stage = Stage("s", "clauses", tuple(names))
        rule = Conditions(stage, tuple(nw.col(name) for name in names))
        found = walk(nw.from_native(table), id="id", conditions=[rule], carried=["g"])
        gap = decompose(count_walked(found, ROLES)[1].table(("g",)), "a", "b")
        assert {clause.method for clause in gap.stages[0].clauses} == {method}
        assert gap.culprit_clause.clause == "m4"
        if method == "leave-one-out":
            side = {g: met[group == g] for g in "ab"}
            for place, clause in enumerate(gap.stages[0].clauses):
                others = [i for i in range(size) if i != place]
                full, less = (
                    math.log(side["a"][:, kept].all(axis=1).mean())
                    - math.log(side["b"][:, kept].all(axis=1).mean())
                    for kept in (list(range(size)), others)
                )
                assert clause.log_ratio == pytest.approx(full - less, abs=1e-12)
        else:
            total = math.fsum(clause.log_ratio for clause in gap.stages[0].clauses)
            assert total == pytest.approx(gap.stages[0].log_ratio, abs=1e-12)


def test_a_stage_that_empties_a_group_closes_it():
    paths = Paths((Stage("one", "clauses", ("x",)), Stage("two", "clauses", ("y",))))
    ways = np.array([[0, 10, 30], [50, 10, 10]])
    gap = decompose(FunnelTable(("g",), ("a", "b"), ways, paths), "a", "b")
    assert gap.log_ratio is None
    assert gap.culprit.stage.name == "two"
    assert gap.stages[1].is_closed
    assert gap.stages[1].ratio == 0
    assert {stage.share for stage in gap.stages} == {None}
    over = decompose(
        FunnelTable(("g",), ("a", "b"), ways, paths), "b", "(rest)", is_over=True
    )
    assert over.culprit.stage.name == "two"


def test_the_base_leaves_out_what_comes_before_it():
    found = walked("stage", 1)
    counted, counts = count_walked(found, ROLES, base=1)
    consented = int(
        customers(1, "stage")["consent"].to_numpy(zero_copy_only=False).sum()
    )
    assert counted.counts.rows == consented
    assert counts.counts.rows == counts.totals[0] == 20_000
    assert counts.totals[1] == consented
    gap = decompose(counts.table(("g",)), "c", "a", base=1)
    assert [stage.stage.name for stage in gap.stages] == ["clauses", "score", "holdout"]
    table = counted.counts.table(["g"])
    rates = dict(zip(table.groups, table.selected / table.n, strict=True))
    assert gap.log_ratio == pytest.approx(math.log(rates["c"] / rates["a"]), abs=1e-12)


def test_numbers_that_give_a_few_away_are_left_out():
    paths = Paths((Stage("one", "clauses", ("x",)), Stage("two", "clauses", ("y",))))
    ways = np.array([[40, 3, 57], [40, 30, 30], [50, 20, 30]])
    table = FunnelTable(("g",), ("a", "b", "c"), ways, paths)
    # Three of a leave at the first stage: with the total, b's number would tell.
    assert shown_numbers(table, ()) == [[100, None, 40], [100, None, 40], [100, 80, 50]]
    assert shown_numbers(table, {"c"})[2] == [None, None, None]


@pytest.mark.parametrize("number", [0, 1, 7])
def test_a_cap_and_a_holdout_take_exactly_so_many(number):
    frame = nw.from_native(pa.table({"id": range(70)}))
    cap = Draw(Stage("cap", "cap", ("cap",)), number=number)
    assert walk(frame, id="id", conditions=[], cuts=[cap]).selected.sum() == number
    out = Draw(Stage("holdout", "holdout", ("out",)), share="0.1")
    assert walk(frame, id="id", conditions=[], cuts=[out]).selected.sum() == 63


@pytest.fixture(scope="module")
def crowded():
    """3,000 customers who leave two stages of twelve clauses in 1,900 ways."""
    rng = np.random.default_rng(11)
    size, names = 3_000, [f"m{place}" for place in range(24)]
    group = np.where(np.arange(size) % 2, "a", "b")
    met = rng.random((size, 24)) < 0.5
    met[rng.random(size) < 0.5, :12] = True
    met[rng.random(size) < 0.4, 12:] = True
    met[group == "a", 17] &= rng.random(size // 2) < 0.4
    table = pa.table(
        {
            "id": range(size),
            "g": group,
            "of_ten": [f"{place % 10}" for place in range(size)],
            "value": [f"{place % 30}" for place in range(size)],
            **dict(zip(names, met.T, strict=True)),
        }
    )
    conditions = [
        Conditions(Stage(stage, "clauses", part), tuple(map(nw.col, part)))
        for stage, part in (("first", tuple(names[:12])), ("then", tuple(names[12:])))
    ]
    return table, met, conditions


def test_ways_that_outnumber_half_the_customers_are_counted(crowded):
    table, met, conditions = crowded
    found = walk(
        nw.from_native(table), id="id", conditions=conditions, carried=["g", "of_ten"]
    )
    assert len(set(found.path.tolist())) > table.num_rows / 2
    roles = Roles(by=("g",), id="id", strata=("of_ten",))
    counted, counts = count_walked(found, roles)
    assert counted.counts.rows == counts.counts.rows == table.num_rows
    gap = decompose(counts.table(("g",)), "a", "b")
    assert (gap.culprit.stage.name, gap.culprit_clause.clause) == ("then", "m17")
    total = math.fsum(stage.log_ratio for stage in gap.stages)
    assert total == pytest.approx(gap.log_ratio, abs=1e-12)
    picked = met.all(axis=1)
    in_a = table["g"].to_numpy() == "a"
    whole = math.log(picked[in_a].mean() / picked[~in_a].mean())
    assert gap.log_ratio == pytest.approx(whole, abs=1e-12)
    for stage in gap.stages:
        inside = math.fsum(clause.log_ratio for clause in stage.clauses)
        assert inside == pytest.approx(stage.log_ratio, abs=1e-12)
        assert {clause.method for clause in stage.clauses} == {"shapley"}


def test_a_column_of_the_users_own_still_has_to_make_groups(crowded):
    table, _, conditions = crowded
    found = walk(
        nw.from_native(table.slice(0, 50)),
        id="id",
        conditions=conditions,
        carried=["g", "value"],
    )
    with pytest.raises(InputError, match="strata: 'value' has 30 values for 50"):
        count_walked(found, Roles(by=("g",), id="id", strata=("value",)))


def test_the_few_who_are_not_judged_may_be_of_many_groups(crowded):
    table, _, conditions = crowded
    keep = np.arange(table.num_rows) >= 25
    table = table.append_column("kept", pa.array(keep))
    kept = Conditions(Stage("universe", "universe", ("kept",)), (nw.col("kept"),))
    found = walk(
        nw.from_native(table),
        id="id",
        conditions=[kept, *conditions],
        carried=["g", "value"],
    )
    roles = Roles(by=("value",), id="id")
    counted, counts = count_walked(found, roles, base=1)
    assert counted.counts.rows == counts.totals[1] == table.num_rows - 25
    assert counts.counts.rows == table.num_rows


def test_columns_of_a_score_are_told_of_a_few_customers():
    table = customers(2, "column", 40)
    wide = [table["x"].to_numpy() + place for place in range(20)]
    for place, values in enumerate(wide):
        table = table.append_column(f"x{place}", pa.array(values))

    class Many:
        name, columns = "many", tuple(f"x{place}" for place in range(20))

        def score(self, rows):
            return sum(rows[name].to_numpy() for name in self.columns)

    cut = ScoreCut(Stage("score", "score", ("top",)), scorer=Many(), top=20)
    found = walk(
        nw.from_native(table), id="id", conditions=[], cuts=[cut], carried=["g"]
    )
    (shares,) = score_columns(
        found.sample, Many(), found.mark, ROLES, [(("g",), "c", "a")]
    )
    assert {share.column for share in shares} == set(Many.columns)
