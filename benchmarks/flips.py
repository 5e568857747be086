"""How often the verdict flips when the same campaign is drawn, or looked at, again.

Run ``python -m benchmarks.flips`` for the full table (200 halvings a row), or with
``--share 0.1`` for the tenth that ``.ci/run`` repeats. The last full table is
``benchmarks/flips.md``.

A campaign of 20,000 customers is split in two at random, and each half is judged. A
pair of clear and block means that chance decided. Beside it stands the gate that most
tools offer: below 0.8 it fails, above it passes, whatever the numbers say.

Two halves of a fair campaign flip in about 2 a (1 - a) of all cases, a being the rate of
false alarms, of which alpha is the most: at alpha 0.05 fewer than 1 % cannot be promised.
At 0.002 it can, at the price that the share of decisive verdicts shows.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import numpy as np

from benchmarks.verdicts import Campaign, Draw, fair, harmed, judged, top
from fairness.metrics.measures import ratio
from fairness.policy import load_policy

CUSTOMERS = 20_000
HALVINGS = 200
ALPHAS = ("0.05", "0.002")
_HEADS = ("clear/block", "decisive", "≤ 1 % and ≥ 70 %")
_MOST_FLIPS, _LEAST_DECISIVE = 0.01, 0.70


@dataclass(frozen=True)
class Row:
    """A kind of campaign."""

    name: str
    draw: Draw


def few(rate: float, harmed_rate: float | None = None) -> Draw:
    """Two attributes, of 2 and 4 even groups; one of the four may be harmed."""

    def draw(rng: np.random.Generator) -> Campaign:
        codes = np.column_stack(
            [rng.integers(0, 2, CUSTOMERS), rng.integers(0, 4, CUSTOMERS)]
        )
        own = rate if harmed_rate is None else harmed_rate
        rates = np.where(codes[:, 1] == 0, own, rate)
        labels = (("g0", "g1"), ("g0", "g1", "g2", "g3"))
        return Campaign(codes, rng.random(CUSTOMERS) < rates, labels)

    return draw


ROWS = (
    Row("6 groups, fair, 10 %", few(0.10)),
    Row("6 groups, fair, 30 %", few(0.30)),
    Row("6 groups, AIR 0.6, 10 %", few(0.10, 0.06)),
    Row("6 groups, AIR 0.6, 30 %", few(0.30, 0.18)),
    Row("29 groups, fair, 10 %", fair(CUSTOMERS, 0.10)),
    Row("29 groups, fair, 30 %", fair(CUSTOMERS, 0.30)),
    Row("29 groups, fair, exact top 2,000", top(CUSTOMERS, 2_000)),
    Row("29 groups, AIR 0.6 for 4,000 in one of 6", harmed(CUSTOMERS, 4_000, 0.6, 6)),
    Row("29 groups, AIR 0.5 for 4,000 in one of 10", harmed(CUSTOMERS, 4_000, 0.5, 10)),
    Row("29 groups, AIR 0.4 for 2,000 in one of 6", harmed(CUSTOMERS, 2_000, 0.4, 6)),
)


@dataclass(frozen=True)
class Found:
    """What a row gave, by alpha."""

    row: Row
    pairs: int
    flips: Mapping[str, int]
    decisive: Mapping[str, int]
    point_flips: int

    def holds(self, alpha: str) -> bool:
        """Whether few pairs flip and most verdicts are decisive."""
        few = self.flips[alpha] <= max(_MOST_FLIPS * self.pairs, 1)
        return few and self.decisive[alpha] >= _LEAST_DECISIVE * 2 * self.pairs

    @property
    def cells(self) -> list[str]:
        """The row as it is printed."""
        made = [self.row.name, str(self.pairs)]
        for alpha in ALPHAS:
            made += [
                f"{self.flips[alpha] / self.pairs:.1%}",
                f"{self.decisive[alpha] / (2 * self.pairs):.1%}",
                "yes" if self.holds(alpha) else "NO",
            ]
        return [*made, f"{self.point_flips / self.pairs:.1%}"]


def point_verdict(campaign: Campaign) -> str:
    """Judge by the smallest over the largest rate of each attribute, as it stands."""
    for codes in campaign.codes.T:
        n = np.bincount(codes)
        rates = ratio(np.bincount(codes, campaign.selected), n)[n > 0]
        if rates.max() and rates.min() / rates.max() < 0.8:
            return "block"
    return "clear"


def halves(campaign: Campaign, rng: np.random.Generator) -> Iterator[Campaign]:
    """Split a campaign in two at random."""
    order = rng.permutation(len(campaign.selected))
    for half in np.array_split(order, 2):
        yield Campaign(campaign.codes[half], campaign.selected[half], campaign.labels)


def run(row: Row, pairs: int, seed: np.random.SeedSequence) -> Found:
    """Draw, halve and judge campaigns."""
    pack = load_policy("us-four-fifths")
    policies = {
        alpha: pack.model_copy(update={"alpha": Decimal(alpha)}) for alpha in ALPHAS
    }
    rng = np.random.default_rng(seed)
    flips: Counter[str] = Counter()
    decisive: Counter[str] = Counter()
    point = 0
    for _ in range(pairs):
        parts = list(halves(row.draw(rng), rng))
        for alpha, policy in policies.items():
            verdicts = [judged(part, policy).verdict for part in parts]
            flips[alpha] += set(verdicts) == {"clear", "block"}
            decisive[alpha] += sum(verdict != "review" for verdict in verdicts)
        point += len({point_verdict(part) for part in parts}) > 1
    return Found(row, pairs, flips, decisive, point)


def table(share: float, seed: int = 20_261_123) -> Iterator[tuple[str, bool]]:
    """Yield the lines of the table and whether each row holds."""
    heads = [f"{head}, alpha {alpha}" for alpha in ALPHAS for head in _HEADS]
    yield f"| campaign | halvings | {' | '.join(heads)} | point gate flips |", True
    yield f"| --- | ---: |{' ---: | ---: | --- |' * len(ALPHAS)} ---: |", True
    for row in ROWS:
        key = np.random.SeedSequence([seed, *row.name.encode()])
        found = run(row, max(int(HALVINGS * share), 20), key)
        yield f"| {' | '.join(found.cells)} |", found.holds("0.002")


def main() -> int:
    """Print the table; with ``--write`` store it beside this file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--share", type=float, default=1.0)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    lines, fine = [], True
    for line, ok in table(options.share):
        print(line, flush=True)
        lines.append(line)
        fine &= ok
    if options.write:
        Path(__file__).with_suffix(".md").write_text(
            "# Verdicts on the two halves of a campaign\n\n"
            "Made by `python -m benchmarks.flips --write`; seeded, so a second run gives "
            "the same.\n\n" + "\n".join(lines) + "\n",
            encoding="utf-8",
        )
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
