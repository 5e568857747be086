"""Metrics of the columns that a profile uses: FA6xx."""

from __future__ import annotations

from fairness.metrics.metric import Metric

_INF = float("inf")
_ALONE = "Association alone is not harm: FA604 tells what it does to the selection."

PROXIES = (
    Metric(
        code="FA601",
        name="proxy_auc",
        title="How well a column tells a group from the rest",
        formula="AUC of the column's bins, ordered by the group's share in them",
        kind="share",
        form="check",
        rate="",
        range=(0.5, 1.0),
        ideal=0.5,
        needs="columns",
        testable=False,
        undefined="the group is everybody, or nobody",
        misleads=f"{_ALONE} Ordered by what it is to tell, a column of many bins looks "
        "better than chance: the floor says by how much.",
        source="Hanley & McNeil (1982), Radiology 143:29",
        family="proxies",
    ),
    Metric(
        code="FA602",
        name="proxy_information",
        title="Share of the attribute's information that a column holds",
        formula="I(column; attribute) / H(attribute)",
        kind="share",
        form="check",
        rate="",
        range=(0.0, 1.0),
        ideal=0.0,
        needs="columns",
        testable=False,
        undefined="everybody is of one group",
        misleads=f"{_ALONE} By chance it is (bins - 1)(groups - 1) / 2n nats, not 0.",
        source="Cover & Thomas (2006), Elements of Information Theory, ch. 2",
        family="proxies",
    ),
    Metric(
        code="FA603",
        name="proxy_association",
        title="Association of a column with an attribute (Cramér's V)",
        formula="sqrt(phi2~ / min(rows~ - 1, columns~ - 1)), bias-corrected",
        kind="share",
        form="check",
        rate="",
        range=(0.0, 1.0),
        ideal=0.0,
        needs="columns",
        testable=False,
        undefined="one bin or one group only",
        misleads=_ALONE,
        source="Bergsma (2013), J. Korean Stat. Soc. 42:323",
        family="proxies",
    ),
    Metric(
        code="FA604",
        name="proxy_ratio",
        title="The ratio that a column alone would make",
        formula="1 + (gap - gap at equal column) / rate_ref, least squares on group "
        "and column bins",
        kind="ratio",
        form="check",
        rate="selection_rate",
        range=(0.0, _INF),
        ideal=1.0,
        needs="columns",
        testable=True,
        undefined="the column tells the group from its reference without error",
        misleads="Columns that go together each carry the gap; their effects do not "
        "add up.",
        source="Oaxaca (1973), Int. Econ. Rev. 14:693; Jann (2008), Stata J. 8:453",
        family="proxies",
        interval=True,
    ),
    Metric(
        code="FA605",
        name="joint_proxy_auc",
        title="How well all columns together tell a group from the rest",
        formula="AUC of a cross-fitted classifier of the group from the columns used",
        kind="share",
        form="check",
        rate="",
        range=(0.0, 1.0),
        ideal=0.5,
        needs="columns",
        testable=False,
        undefined="a group of fewer than two customers in a fold",
        misleads=f"{_ALONE} What this classifier misses another may find. Its interval "
        "is widened by the root of 2, since folds are trained on each other.",
        source="Chernozhukov et al. (2018), Econometrics J. 21:C1 (cross-fitting)",
        family="joint",
    ),
)
