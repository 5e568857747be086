"""Payloads of every kind: campaigns, checks in many settings, segments."""

import copy
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import fairness as fa

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "data" / "samples"
CAMPAIGNS = sorted(path.stem for path in (SAMPLES / "campaigns").glob("*.toml"))


def people(rows=3000):
    """Customers with all that an audit can look at; a group of three is in it."""
    draw = np.random.default_rng(4)
    gender = draw.choice(["f", "m"], rows)
    region = draw.choice(["north", "south", "east"], rows)
    region[:3] = "isle"
    age = draw.integers(18, 80, rows)
    score = draw.random(rows) + (gender == "m") * 0.2
    return pd.DataFrame(
        {
            "gender": gender,
            "region": region,
            "age": age,
            "tier": draw.choice(["gold", "tin"], rows),
            "score": score,
            "picked": (score > 0.8).astype(int),
            "bought": (draw.random(rows) < score / 2).astype(int),
            "value": draw.integers(0, 40, rows) / 2,
            "weight": draw.choice([0.5, 1.0, 2.5], rows),
        }
    )


SETTINGS = {
    "plain": {},
    "three attributes": {
        "by": ["gender", "region", "age"],
        "bands": {"age": [18, 40, 60]},
        "intersections": 3,
    },
    "pairs": {"intersections": 2},
    "burdensome": {"offer": "burdensome"},
    "neutral": {"offer": "neutral", "intersections": 2},
    "assumed": {"offer": None},
    "weights": {"weight": "weight"},
    "scores": {"score": "score", "outcome": "bought"},
    "score alone": {"score": "score"},
    "outcome": {"outcome": "bought"},
    "values": {"value": "value", "value_cap": 15},
    "strata": {"strata": ["tier"]},
    "strata and values": {"strata": ["tier"], "value": "value"},
    "columns": {"uses": ["tier", "age"]},
    "slices": {"slices": True, "strata": ["tier"]},
    "named reference": {"reference": "gender=m"},
    "rest": {"reference": "rest"},
    "nobody": {"selected": "nobody"},
    "everybody": {"selected": "everybody"},
}


@pytest.fixture(scope="session")
def checked():
    """The payload of a check in one of the settings."""
    table = people().assign(nobody=0, everybody=1)
    made = {}

    def build(name, policy=None, *, judged=True):
        if name not in made:
            told = {"selected": "picked", "by": ["gender", "region"]} | SETTINGS[name]
            made[name] = fa.audit(table, **{"offer": "beneficial"} | told)
        return (made[name].gate(policy) if judged else made[name]).to_dict()

    return build


@pytest.fixture(scope="session")
def campaign(tmp_path_factory):
    """The report.json of a sample campaign, as `fairreach run` writes it."""
    from pipelines.release import carry_out

    out = tmp_path_factory.mktemp("out")

    def build(name):
        path = out / name / "report.json"
        if not path.exists():
            carry_out(SAMPLES / "campaigns" / f"{name}.toml", out)
        return json.loads(path.read_text())

    build.directory = out
    return build


@pytest.fixture(scope="session")
def segments():
    """The section of a segmentation of customers."""
    import pyarrow as pa

    from pipelines.segmentation.audit import segment_audit
    from pipelines.segmentation.segments import own_segments

    ids = [str(i) for i in range(403)]
    own = own_segments({i: "gold" if int(i) < 100 else "tin" for i in ids})
    gender = ["f"] * 10 + ["m"] * 90 + ["f", "m"] * 150 + ["x"] * 3
    gender[-3:] = ["m", "f", "m"]
    region = ["north", "south"] * 200 + ["isle"] * 3
    protected = pa.table({"customer_id": ids, "gender": gender, "region": region})
    audit = segment_audit(
        own, by=["gender", "region"], protected=protected, audience=ids[:50]
    )
    return json.loads(json.dumps(audit.section()))


@pytest.fixture
def changed(checked):
    """A payload with one value replaced, or taken out where no value is given."""

    def build(path, *value, of=None):
        payload = copy.deepcopy(checked("plain") if of is None else of)
        *steps, last = path
        place = payload
        for step in steps:
            place = place[step]
        if value:
            place[last] = value[0]
        else:
            del place[last]
        return payload

    return build
