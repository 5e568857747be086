"""How often fair and unfair campaigns come out clear, review and block.

Run ``python -m benchmarks.verdicts`` for the full table (1,000 campaigns a row), or
with ``--share 0.1`` for the tenth that ``.ci/run`` repeats. The last full table is
``benchmarks/verdicts.md``.

A campaign has five independent attributes of 3, 4, 6, 6 and 10 groups (29 groups,
10 intersections) unless its row says otherwise, and is judged by ``us-four-fifths``.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from fairness.auditing import Audit, Decision
from fairness.counts.kernel import Column, joint_cells
from fairness.counts.table import Axis, GroupCounts
from fairness.groups import MISSING
from fairness.policy import Policy, load_policy

IntArray = NDArray[np.int64]

SHARES = (
    (0.49, 0.49, 0.02),
    (0.25, 0.25, 0.25, 0.25),
    (0.08, 0.17, 0.22, 0.21, 0.18, 0.14),
    (0.60, 0.14, 0.10, 0.08, 0.05, 0.03),
    (0.20, 0.16, 0.13, 0.11, 0.10, 0.08, 0.07, 0.06, 0.05, 0.04),
)
NAMES = ("sex", "season", "age_band", "ethnicity", "region")


@dataclass(frozen=True)
class Campaign:
    """One drawn campaign: a code for each attribute, and who is selected."""

    codes: IntArray
    selected: NDArray[np.bool_]
    labels: tuple[tuple[str, ...], ...] = field(
        default=tuple(tuple(f"g{i}" for i in range(len(s))) for s in SHARES)
    )


Draw = Callable[[np.random.Generator], Campaign]


@dataclass(frozen=True)
class Row:
    """A row of the table: what is drawn, by what it is judged, what must hold."""

    name: str
    draw: Draw
    campaigns: int
    promise: str
    holds: Callable[[Counter[str], int], bool]
    policy: str = "us-four-fifths"
    culprit: tuple[str, str] | None = None


def population(
    rng: np.random.Generator, customers: int, *, correlated: bool = False
) -> IntArray:
    """Draw the groups of each customer."""
    codes = np.empty((customers, len(SHARES)), np.int64)
    common = rng.standard_normal(customers)
    for place, shares in enumerate(SHARES):
        if correlated:
            own = rng.standard_normal(customers)
            rank = np.argsort(np.argsort(0.8 * common + 0.6 * own)) / customers
            codes[:, place] = np.searchsorted(
                np.cumsum(shares)[:-1], rank, side="right"
            )
        else:
            codes[:, place] = rng.choice(len(shares), customers, p=shares)
    return codes


def fair(customers: int, rate: float, **options: bool) -> Draw:
    """Everybody is selected at one rate."""

    def draw(rng: np.random.Generator) -> Campaign:
        codes = population(rng, customers, **options)
        return Campaign(codes, rng.random(customers) < rate)

    return draw


def top(customers: int, chosen: int) -> Draw:
    """Exactly the best of a score that knows no group."""

    def draw(rng: np.random.Generator) -> Campaign:
        codes = population(rng, customers)
        selected = np.zeros(customers, dtype=bool)
        selected[rng.permutation(customers)[:chosen]] = True
        return Campaign(codes, selected)

    return draw


def harmed(
    customers: int, size: int, ratio: float, groups: int, *, equal: bool = False
) -> Draw:
    """One group of a given size, among 6 or 10, is selected at a ratio of the rate.

    The others have their usual shares of the rest, or equal ones: then no single
    reference is large, which is the hardest case.
    """
    attribute = 2 if groups == 6 else 4
    others = np.ones(groups - 1) if equal else np.array(SHARES[attribute][1:])

    def draw(rng: np.random.Generator) -> Campaign:
        codes = population(rng, customers)
        codes[:size, attribute] = 0
        codes[size:, attribute] = 1 + rng.choice(
            groups - 1, customers - size, p=others / others.sum()
        )
        rate = np.where(codes[:, attribute] == 0, 0.1 * ratio, 0.1)
        return Campaign(codes, rng.random(customers) < rate)

    return draw


def favoured(customers: int) -> Draw:
    """Five in a hundred are selected at twice the rate of the rest."""

    def draw(rng: np.random.Generator) -> Campaign:
        codes = population(rng, customers)
        ours = rng.permutation(customers)[: customers // 20]
        codes[:, 1] = rng.integers(0, 3, customers)
        codes[ours, 1] = 3
        rate = np.where(codes[:, 1] == 3, 0.2, 0.1)
        return Campaign(codes, rng.random(customers) < rate)

    return draw


def hidden_in_missing(customers: int, share: float) -> Draw:
    """Those whose group is not known are selected at half the rate."""

    def draw(rng: np.random.Generator) -> Campaign:
        codes = population(rng, customers)
        unknown = rng.random(customers) < share
        codes[unknown, 0] = 3
        rate = np.where(unknown, 0.05, 0.1)
        plain = Campaign(codes, rng.random(customers) < rate)
        labels = (("g0", "g1", "g2", MISSING), *plain.labels[1:])
        return replace(plain, labels=labels)

    return draw


def nobody_of_25(customers: int) -> Draw:
    """Half of everybody is selected, and nobody of 25 customers."""

    def draw(rng: np.random.Generator) -> Campaign:
        codes = population(rng, customers)
        codes[:, 0] = rng.integers(0, 2, customers)
        codes[:25, 0] = 2
        selected = rng.random(customers) < 0.5
        selected[:25] = False
        return Campaign(codes, selected)

    return draw


def counted(campaign: Campaign) -> GroupCounts:
    """Return the joint counts of a drawn campaign."""
    columns = [
        Column(campaign.codes[:, i], 0, len(labels))
        for i, labels in enumerate(campaign.labels)
    ]
    columns.append(Column(campaign.selected.view(np.uint8), 0, 2))
    cells = joint_cells(columns, len(campaign.selected))
    axes = [
        Axis(name, "attribute", labels)
        for name, labels in zip(NAMES, campaign.labels, strict=False)
    ]
    axes.append(Axis("selected", "selected", ("0", "1")))
    return GroupCounts(tuple(axes), cells.levels, cells.n, {})


def judged(campaign: Campaign, policy: Policy) -> Decision:
    """Return the decision on a drawn campaign."""
    made = Audit.of_counts(counted(campaign), intersections=2, offer="beneficial")
    return made.gate(policy)


def policies() -> dict[str, Policy]:
    """Return the policies of the rows."""
    plain = load_policy("us-four-fifths")
    # A second block rule on the same groups must not double the false alarms.
    rule = plain.rule("ff-air")
    second = rule.model_copy(
        update={
            "id": "ff-difference",
            "metric": "statistical_parity_difference",
            "at_least": Decimal("-0.01"),
        }
    )
    both = plain.model_copy(update={"rules": (*plain.rules, second)})
    return {"us-four-fifths": plain, "two block rules": both}


def blamed(decision: Decision, culprit: tuple[str, str]) -> bool:
    """Return whether the harmed group is named, and at most one other with it.

    The group fails, has the smallest adjusted p of its attribute, and at most one
    other single-attribute group fails.
    """
    single = [
        f
        for f in decision.findings
        if f.rule == "ff-air" and "&" not in f.attribute and f.p_adjusted is not None
    ]
    own = [f for f in single if f.attribute == culprit[0]]
    least = min(own, key=lambda f: f.p_adjusted if f.p_adjusted is not None else 1.0)
    failed = [(f.attribute, f.group) for f in single if f.verdict == "fail"]
    return culprit in failed and least.group == culprit[1] and len(failed) <= 2


def _few_false_alarms(clear: float) -> Callable[[Counter[str], int], bool]:
    def holds(found: Counter[str], campaigns: int) -> bool:
        return (
            found["block"] <= 0.064 * campaigns
            and (clear < 0.85 or found["review"] <= 0.15 * campaigns)
            and found["clear"] >= clear * campaigns
        )

    return holds


def _few_blocked(found: Counter[str], campaigns: int) -> bool:
    return found["block"] <= 0.064 * campaigns


def _found(found: Counter[str], campaigns: int) -> bool:
    return found["block"] >= 0.95 * campaigns and found["blamed"] >= 0.95 * campaigns


def _blocked(found: Counter[str], campaigns: int) -> bool:
    return found["block"] >= 0.95 * campaigns


def _too_few(found: Counter[str], campaigns: int) -> bool:
    return found["clear"] == 0 and found["block"] <= 0.064 * campaigns


def rows() -> list[Row]:
    """Return the rows of the table."""
    usual = "≤ 6.4 % block, ≤ 15 % review, ≥ 85 % clear"
    plain = _few_false_alarms(0.85)
    made = [
        Row(f"fair, 10 %, {n:,}", fair(n, 0.1), 1000, usual, plain)
        for n in (5_000, 20_000, 50_000)
    ]
    made += [
        Row("fair, 2 %, 20,000", fair(20_000, 0.02), 1000, usual, plain),
        Row("fair, 30 %, 5,000", fair(5_000, 0.3), 1000, usual, plain),
        Row(
            "fair, exact top 2,000 of 20,000",
            top(20_000, 2_000),
            1000,
            "≤ 6.4 % block, ≥ 80 % clear",
            _few_false_alarms(0.80),
        ),
        Row(
            "fair, correlated attributes, 20,000",
            fair(20_000, 0.1, correlated=True),
            1000,
            usual,
            plain,
        ),
        Row(
            "fair, two block rules, 20,000",
            fair(20_000, 0.1),
            1000,
            "≤ 6.4 % block",
            _few_blocked,
            policy="two block rules",
        ),
    ]
    made += [
        Row(f"fair, 10 %, {n:,}", fair(n, 0.1), 200, "0 clear: too few", _too_few)
        for n in (500, 2_000)
    ]
    made += [
        Row(
            f"AIR 0.6 for 2,000 of {n:,}, {groups} groups",
            harmed(n, 2_000, 0.6, groups),
            200,
            "≥ 95 % block, culprit named",
            _found,
            culprit=(NAMES[2 if groups == 6 else 4], "g0"),
        )
        for n in (10_000, 20_000)
        for groups in (6, 10)
    ]
    made += [
        Row(
            f"AIR 0.6 for 2,000 of 10,000, the {groups - 1} others equal",
            harmed(10_000, 2_000, 0.6, groups, equal=True),
            200,
            "the hardest case: printed, no promise",
            lambda _found, _campaigns: True,
            culprit=(NAMES[2 if groups == 6 else 4], "g0"),
        )
        for groups in (6, 10)
    ]
    made += [
        Row(
            "AIR 0.6 for 400 of 5,000, 6 groups",
            harmed(5_000, 400, 0.6, 6, equal=True),
            200,
            "the price: printed, no promise",
            lambda _found, _campaigns: True,
        ),
        Row("a favoured 5 %, 20,000", favoured(20_000), 200, "≥ 95 % block", _blocked),
        Row(
            "harm in (missing), 8 % of 20,000",
            hidden_in_missing(20_000, 0.08),
            200,
            "≥ 95 % block",
            _blocked,
        ),
        Row(
            "harm in (missing), 20 % of 20,000",
            hidden_in_missing(20_000, 0.2),
            200,
            "≥ 95 % block",
            _blocked,
        ),
        Row(
            "25 with nobody, others 50 %, 5,000",
            nobody_of_25(5_000),
            200,
            "≥ 95 % block",
            _blocked,
        ),
    ]
    return made


def run_row(row: Row, share: float, seed: int = 20_261_123) -> tuple[Counter[str], int]:
    """Draw and judge a share of a row's campaigns."""
    policy = policies()[row.policy]
    campaigns = max(int(row.campaigns * share), 20)
    found: Counter[str] = Counter()
    sequence = np.random.SeedSequence([seed, *row.name.encode()])
    for child in sequence.spawn(campaigns):
        decision = judged(row.draw(np.random.default_rng(child)), policy)
        found[decision.verdict] += 1
        if row.culprit is not None and blamed(decision, row.culprit):
            found["blamed"] += 1
    return found, campaigns


def table(share: float) -> Iterator[tuple[str, bool]]:
    """Yield the lines of the table and whether each row holds."""
    yield "| campaign | n | block | review | clear | named | promise | holds |", True
    yield "| --- | ---: | ---: | ---: | ---: | ---: | --- | --- |", True
    for row in rows():
        found, n = run_row(row, share)
        ok = row.holds(found, n)
        named = f"{found['blamed'] / n:.1%}" if row.culprit else ""
        cells = [f"{found[v] / n:.1%}" for v in ("block", "review", "clear")]
        held = "" if "no promise" in row.promise else "yes" if ok else "NO"
        cells = [row.name, str(n), *cells, named, row.promise, held]
        yield f"| {' | '.join(cells)} |", ok


def main() -> int:
    """Print the table; with ``--write`` store it beside this file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--share", type=float, default=1.0)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    start, lines, fine = perf_counter(), [], True
    for line, ok in table(options.share):
        print(line, flush=True)
        lines.append(line)
        fine &= ok
    print(f"{perf_counter() - start:.0f} s", file=sys.stderr)
    if options.write:
        Path(__file__).with_suffix(".md").write_text(
            "# Verdicts on simulated campaigns\n\n"
            "Made by `python -m benchmarks.verdicts --write`; seeded, so a second run "
            "gives the same.\n\n" + "\n".join(lines) + "\n",
            encoding="utf-8",
        )
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
