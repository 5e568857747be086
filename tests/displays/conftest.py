"""Payloads that have something for every display, of two to sixty groups."""

import os

os.environ.setdefault("MPLBACKEND", "Agg")

import json

import numpy as np
import pandas as pd

import fairness as fa
from fairness.inference import rate_interval

KINDS = (
    "ratios",
    "rates",
    "funnel",
    "thresholds",
    "scores",
    "calibration",
    "proxies",
    "intersections",
    "segments",
)

LONG = [
    f"a group with a name that is far too long to be drawn in full, {i}"
    for i in range(8)
]
CHINESE = [
    "维吾尔族的朋友们",
    "汉族",
    "壮族",
    "满族",
    "回族",
    "苗族",
    "彝族",
    "（未知）",
]
HOSTILE = [
    "a $1 and $2",
    "<script>alert(1)</script>",
    "100 % {0} %s",
    "one\ntwo",
    "مرحبا بكم",
    "a&b",
    "\u202edesrever",
    "{{ 7*7 }}",
]


def table_of(labels, rows=12_000, seed=7):
    """Customers whose first group is picked least, by a score."""
    random = np.random.default_rng(seed)
    share = np.r_[np.full(len(labels) - 1, 1.0), max(len(labels) / 2, 1.0)]
    group = random.choice(len(labels), rows, p=share / share.sum())
    score = np.clip(random.beta(2, 4, rows) * np.where(group == 0, 0.75, 1.0), 0, 1)
    return pd.DataFrame(
        {
            "g": np.array(labels, dtype=object)[group],
            "h": random.choice(["young", "middle", "old"], rows),
            "score": score,
            "seen": (random.random(rows) < score) * 1,
            "picked": (score >= np.quantile(score, 0.8)) * 1,
            "column": np.where(
                random.random(rows) < 0.7, group == 0, random.random(rows) < 0.5
            ),
            "noise": random.choice(["a", "b", "c"], rows),
        }
    )


def audit_of(labels, rows=12_000, seed=7, offer="beneficial", name="g"):
    return fa.audit(
        table_of(labels, rows, seed).rename(columns={"g": name}),
        selected="picked",
        by=[name, "h"],
        intersections=2,
        score="score",
        outcome="seen",
        uses=["column", "noise"],
        offer=offer,
    )


def with_sections(payload, name="g"):
    """Add a funnel and segments, which come from elsewhere."""
    payload = json.loads(json.dumps(payload))
    rows = [
        row for row in payload["groups"] if row["attribute"] in payload["attributes"]
    ]
    harmed = next(
        (
            f
            for f in payload["findings"]
            if f["attribute"] == name and f["reading"] == "lower"
        ),
        None,
    )
    groups = []
    for row in rows:
        reached = [None] * 4
        if row["n"] is not None:
            middle = int(row["n"] * 0.7)
            reached = [
                row["n"],
                middle,
                max(int(middle * 0.9), row["selected"]),
                row["selected"],
            ]
        ends = [
            rate_interval(x, reached[0], 0.95) if x is not None else (None, None)
            for x in reached
        ]
        groups.append(
            {
                "attribute": row["attribute"],
                "group": row["group"],
                "reached": reached,
                "share": [None if x is None else x / reached[0] for x in reached],
                "low": [None if low is None else float(low) for low, _ in ends],
                "high": [None if high is None else float(high) for _, high in ends],
            }
        )
    stages = [
        {
            "name": name,
            "kind": "clauses",
            "clauses": [],
            "came": 1,
            "passed": 1,
            "judged": True,
        }
        for name in ("consent", "eligibility", "score")
    ]
    gaps = []
    if harmed is not None:
        gaps.append(
            {
                "attribute": name,
                "group": harmed["group"],
                "reference": harmed["reference"],
                "culprit": {
                    "stage": "score",
                    "clause": None,
                    "column": None,
                    "policy": None,
                    "share": 0.91,
                },
                "message": f"{name[:20]} {harmed['group'][:20]} against {harmed['reference'][:20]}: stage score makes 91 % of the gap",
                "stages": [],
            }
        )
    payload["funnel"] = {"stages": stages, "groups": groups, "gaps": gaps}
    lifts = []
    for place, segment in enumerate(("champions", "at risk", "lost")):
        for row in rows:
            known = row["n"] is not None
            lift = 0.6 + 0.3 * place + 0.05 * (len(row["group"]) % 3)
            lifts.append(
                {
                    "attribute": row["attribute"],
                    "segment": segment,
                    "group": row["group"],
                    "n": row["n"],
                    "share": 0.1 * lift if known else None,
                    "base": 0.1 if known else None,
                    "lift": lift if known else None,
                    "low": lift * 0.9 if known else None,
                    "high": lift * 1.1 if known else None,
                    "p_value": 0.01,
                    "p_adjusted": 0.02,
                    "reading": (
                        "under-represented" if lift < 0.8 else "no clear difference"
                    )
                    if known
                    else "hidden",
                }
            )
    payload["segments"] = {
        "name": "RFM grid",
        "made": "",
        "confidence": 0.95,
        "alpha": 0.05,
        "segments": [
            {"segment": name, "n": 100, "rate": 0.2}
            for name in ("champions", "at risk", "lost")
        ],
        "lifts": lifts,
        "attributes": [],
        "notes": [],
    }
    return payload


_MADE = {}


def payload_of(name):
    """Return a payload by the name of its case, made once."""
    labels, rows, policy, offer = {
        "two": (["f", "m"], 8_000, None, "beneficial"),
        "eight": ([f"group {x}" for x in "abcdefgh"], 12_000, None, "beneficial"),
        "judged": (
            [f"group {x}" for x in "abcdefgh"],
            12_000,
            "us-four-fifths",
            "beneficial",
        ),
        "burden": (
            [f"group {x}" for x in "abcdefgh"],
            12_000,
            "exploitative-offers",
            "burdensome",
        ),
        "sixty": (
            [f"region {i:02d}" for i in range(60)],
            40_000,
            "us-four-fifths",
            "beneficial",
        ),
        "long": (LONG, 12_000, "us-four-fifths", "beneficial"),
        "named": (LONG, 12_000, "us-four-fifths", "beneficial"),
        "chinese": (CHINESE, 12_000, "us-four-fifths", "beneficial"),
        "hostile": (HOSTILE, 12_000, "us-four-fifths", "beneficial"),
    }[name]
    if name not in _MADE:
        attribute = LONG[0] if name == "named" else "g"
        audit = audit_of(labels, rows, offer=offer, name=attribute)
        source = audit if policy is None else audit.gate(policy)
        _MADE[name] = with_sections(source.to_dict(), attribute)
    return _MADE[name]
