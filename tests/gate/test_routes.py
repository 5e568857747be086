"""The same typed table gives the same payload from every engine."""

import json

import fairness as fa

ASKED = {
    "by": ["gender", "app", "born"],
    "bands": {"born": [18, 45]},
    "as_of": "2026-11-01",
    "intersections": 2,
    "selected": "sel",
    "outcome": "out",
    "strata": "tier",
    "offer": "beneficial",
}


def payload(data) -> str:
    decision = fa.audit(data, **ASKED).gate(["us-four-fifths", "equal-opportunity"])
    return json.dumps(decision.to_dict(), allow_nan=False)


def test_every_route_gives_the_payload_of_arrow(by_route, typed_table):
    assert payload(by_route(typed_table)) == payload(typed_table.arrow())
