"""An attacker with a linear programme finds no small group."""

import itertools

import numpy as np
import pytest
from scipy.optimize import linprog

from fairness.counts import (
    Axis,
    GroupCounts,
    load_counts,
    save_counts,
    suppress,
)
from fairness.counts.table import CountTable
from fairness.errors import InputError


def joint(sizes, seed, mean=6.0):
    """Random joint counts of some attributes, skewed as customers are."""
    draw = np.random.default_rng(seed)
    weights = [draw.dirichlet(np.ones(size)) for size in sizes]
    share = weights[0]
    for weight in weights[1:]:
        share = np.multiply.outer(share, weight)
    n = draw.poisson(share * mean * share.size)
    levels = np.argwhere(n > 0)
    picked = draw.integers(0, 2, len(levels))
    axes = tuple(
        Axis(f"a{i}", "attribute", tuple(f"g{j:02d}" for j in range(size)))
        for i, size in enumerate(sizes)
    )
    return GroupCounts(
        (*axes, Axis("selected", "selected", ("0", "1"))),
        np.column_stack([levels, picked]),
        n[n > 0],
        {},
    )


def exposed(counts, tables, hidden, k):
    """Return small hidden groups that what is shown pins to one size.

    The attacker knows every total and which groups exist, and takes the joint
    cells as the unknowns, which the algorithm never looks at.
    """
    joint_table = counts.table(counts.attributes)
    places = {name: i for i, name in enumerate(counts.attributes)}
    rows, rights, secret = [np.ones(len(joint_table.n))], [counts.rows], []
    at_least, bounds = [], []
    for table in tables:
        for parts, group, n in zip(table.labels, table.groups, table.n, strict=True):
            row = np.array(
                [
                    all(
                        whole[places[a]] == part
                        for a, part in zip(table.attributes, parts, strict=True)
                    )
                    for whole in joint_table.labels
                ],
                float,
            )
            if group in hidden[table.attribute]:
                at_least.append(-row)
                bounds.append(-1.0)
                if n < k:
                    secret.append((table.attribute, group, row, n))
            else:
                rows.append(row)
                rights.append(n)
    found = []
    for attribute, group, row, n in secret:
        ends = [
            linprog(
                sign * row,
                A_eq=np.array(rows),
                b_eq=np.array(rights),
                A_ub=np.array(at_least),
                b_ub=np.array(bounds),
                bounds=(0, None),
            ).fun
            * sign
            for sign in (1, -1)
        ]
        assert ends[0] - 1e-6 <= n <= ends[1] + 1e-6
        if ends[1] - ends[0] < 1 - 1e-6:
            found.append((attribute, group, ends))
    return found


@pytest.mark.parametrize("seed", range(35))
def test_no_small_group_of_two_attributes_and_their_intersection_is_determined(seed):
    counts = joint((4, 6), seed, mean=9 + seed % 3 * 12)
    tables = [counts.table(names) for names in counts.groupings(2)]
    assert exposed(counts, tables, suppress(tables), 5) == []


@pytest.mark.parametrize("seed", range(15))
def test_no_small_group_of_three_attributes_and_all_pairs_is_determined(seed):
    counts = joint((3, 3, 4), seed, mean=30)
    for order in (2, 3):
        tables = [counts.table(names) for names in counts.groupings(order)]
        assert exposed(counts, tables, suppress(tables), 5) == []


@pytest.mark.parametrize("seed", range(10))
def test_small_groups_of_pairs_published_without_their_marginals_are_safe(seed):
    counts = joint((3, 4, 3), seed, mean=20)
    tables = [
        counts.table(names) for names in itertools.combinations(counts.attributes, 2)
    ]
    assert exposed(counts, tables, suppress(tables), 5) == []


@pytest.mark.parametrize("seed", range(20))
def test_small_table_has_another_solution_in_whole_numbers(seed):
    counts = joint((2, 3), seed, mean=4)
    tables = [counts.table(names) for names in counts.groupings(2)]
    hidden = suppress(tables)
    whole = tables[-1]
    free = [
        i for i, group in enumerate(whole.groups) if group in hidden[whole.attribute]
    ]
    total = int(whole.n[free].sum())
    if not free or len(free) == len(whole.n) or total ** len(free) > 100_000:
        return
    limits = [range(1, total + 1)] * len(free)
    seen = [set() for _ in free]
    for guess in itertools.product(*limits):
        n = whole.n.copy()
        n[free] = guess
        fits = n.sum() == whole.n.sum()
        for table in tables[:-1]:
            place = counts.attributes.index(table.attributes[0])
            for (label,), group, known in zip(
                table.labels, table.groups, table.n, strict=True
            ):
                inside = [
                    i for i, parts in enumerate(whole.labels) if parts[place] == label
                ]
                shown = group not in hidden[table.attribute]
                fits = fits and (not shown or n[inside].sum() == known)
        if fits:
            for values, value in zip(seen, guess, strict=True):
                values.add(value)
    for i, values in zip(free, seen, strict=True):
        assert whole.n[i] >= 5 or len(values) > 1


def test_attack_finds_small_groups_where_only_they_are_hidden():
    found = 0
    for seed in range(10):
        counts = joint((4, 6), seed, mean=20)
        tables = [counts.table(names) for names in counts.groupings(2)]
        hidden = {
            table.attribute: {
                group for group, n in zip(table.groups, table.n, strict=True) if n < 5
            }
            for table in tables
        }
        found += len(exposed(counts, tables, hidden, 5))
    assert found > 0


def test_hidden_single_group_does_not_follow_from_an_intersection():
    cells = {
        ("a", "x"): 3,
        ("b", "x"): 8,
        ("b", "y"): 9,
        ("c", "x"): 50,
        ("c", "y"): 60,
    }
    axes = (
        Axis("g", "attribute", ("a", "b", "c")),
        Axis("h", "attribute", ("x", "y")),
        Axis("selected", "selected", ("0", "1")),
    )
    levels = np.array([["abc".index(g), "xy".index(h), 0] for g, h in cells])
    counts = GroupCounts(axes, levels, np.array(list(cells.values())), {})
    tables = [counts.table(names) for names in counts.groupings(2)]
    hidden = suppress(tables)
    assert "a" in hidden["g"]
    assert len(hidden["g"]) > 1
    other = min(hidden["g"] - {"a"})
    assert any(group.startswith(f"{other}&") for group in hidden["g&h"])
    assert exposed(counts, tables, hidden, 5) == []


def test_kept_groups_are_never_hidden_for_another():
    cells = np.zeros((3, 2, 3), np.int64)
    cells[:, 0, 2] = [3, 8, 90]
    table = CountTable(("g",), (("a",), ("b",), ("c",)), cells)
    assert suppress([table], keep=[("g", "b")]) == {"g": {"a", "c"}}
    assert suppress([table], k=3) == {"g": set()}


def test_large_groups_are_all_shown():
    counts = joint((3, 3), 1, mean=4000)
    tables = [counts.table(names) for names in counts.groupings(2)]
    assert all(not hidden for hidden in suppress(tables).values())


def test_many_postcodes_are_suppressed_in_seconds():
    draw = np.random.default_rng(5)
    n = draw.poisson(6, 4_000) + 1
    cells = np.zeros((len(n), 2, 3), np.int64)
    cells[:, 0, 2] = n
    table = CountTable(("p",), tuple((f"{i}",) for i in range(len(n))), cells)
    hidden = suppress([table])["p"]
    assert hidden == {f"{i}" for i in np.flatnonzero(n < 5)}


def with_sums(seed):
    counts = joint((3, 4), seed, mean=12)
    w = counts.n * 1.5
    sums = {
        "weight": w,
        "weight_sq": w * 1.5,
        "score_n": counts.n * 1.0,
        "score": counts.n * 0.5,
        "score_sq": counts.n * 0.25,
    }
    return GroupCounts(counts.axes, counts.levels, counts.n, sums)


def test_saved_tables_are_read_back_without_the_hidden_groups(tmp_path):
    counts = with_sums(3)
    saved = load_counts(save_counts(counts, tmp_path / "c.json", intersections=2))
    assert (saved.rows, saved.selected) == (counts.rows, counts.selected)
    assert saved.fingerprint == counts.fingerprint
    hidden = suppress([counts.table(names) for names in counts.groupings(2)])
    for names in counts.groupings(2):
        mine, whole = saved.table(names), counts.table(names)
        keep = [
            i for i, g in enumerate(whole.groups) if g not in hidden[whole.attribute]
        ]
        assert mine.groups == [whole.groups[i] for i in keep]
        np.testing.assert_array_equal(mine.cells, whole.cells[keep])
        np.testing.assert_allclose(mine.weights, whole.weights[keep])
        np.testing.assert_allclose(mine.moments["score"], whole.moments["score"][keep])
        assert set(saved.hidden[whole.attribute]) == hidden[whole.attribute]


def test_file_of_counts_holds_no_joint_cell_and_no_small_group(tmp_path):
    counts = joint((3, 4, 3), 2, mean=8)
    path = save_counts(counts, tmp_path / "c.json")
    saved = load_counts(path)
    assert set(saved.tables) == set(counts.attributes)
    assert all((table.n >= 5).all() for table in saved.tables.values())


def test_added_tables_add_and_hide_what_either_hides(tmp_path):
    parts = [with_sums(seed) for seed in (4, 9)]
    saved = [
        load_counts(save_counts(part, tmp_path / f"{i}.json", intersections=2))
        for i, part in enumerate(parts)
    ]
    whole = saved[0] + saved[1]
    assert whole.rows == parts[0].rows + parts[1].rows
    joined = (parts[0] + parts[1]).table(["a0"])
    mine = whole.table(["a0"])
    assert not set(mine.groups) & {*saved[0].hidden["a0"], *saved[1].hidden["a0"]}
    for group in mine.groups:
        np.testing.assert_array_equal(
            mine.cells[mine.groups.index(group)],
            joined.cells[joined.groups.index(group)],
        )
    other = saved[1] + saved[0]
    np.testing.assert_array_equal(
        other.table(["a0", "a1"]).cells, whole.table(["a0", "a1"]).cells
    )


def test_file_that_holds_no_counts_is_refused(tmp_path):
    for text in (
        "",
        "[1]",
        '{"schema": "other/1"}',
        '{"schema": "fairreach/counts/1"}',
    ):
        (tmp_path / "c.json").write_text(text)
        with pytest.raises(InputError, match="counts are written by save_counts"):
            load_counts(tmp_path / "c.json")
    with pytest.raises(InputError, match="FileNotFoundError"):
        load_counts(tmp_path / "none.json")
    with pytest.raises(InputError, match="hold no table of"):
        load_counts(save_counts(with_sums(1), tmp_path / "d.json")).table(["a0", "a1"])


def test_tables_of_different_audits_do_not_add(tmp_path):
    one = load_counts(save_counts(with_sums(1), tmp_path / "1.json"))
    two = load_counts(save_counts(with_sums(1), tmp_path / "2.json", intersections=2))
    with pytest.raises(InputError, match="different tables"):
        one + two
    assert one.__add__(1) is NotImplemented
