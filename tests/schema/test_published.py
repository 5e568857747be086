"""The published schema is that of the models, describes each key, and holds."""

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from fairness.reports.schema import payload_problems, schema_document, schema_text
from tests.schema.conftest import CAMPAIGNS, ROOT, SETTINGS

FILE = ROOT / "docs" / "schema" / "fairreach-audit-1.schema.json"
REMAKE = "fairreach schema > docs/schema/fairreach-audit-1.schema.json"
# Kept for later.
NOT_WRITTEN = {"Payload.proxies"}
POLICIES = [
    *("us-four-fifths", "exploitative-offers", "eu-gdpr-marketing", "nyc-ll144"),
    *("uk-consumer-duty", "equal-opportunity"),
]


@pytest.fixture(scope="module")
def published():
    """What somebody who has the file alone says of a payload."""
    document = json.loads(FILE.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(document)
    validator = jsonschema.Draft202012Validator(document)
    return lambda payload: [error.message for error in validator.iter_errors(payload)]


def assert_holds(payload, published):
    stored = json.loads(json.dumps(payload))
    assert payload_problems(stored, unknown="forbid") == []
    assert published(stored) == []


def test_the_published_file_is_that_of_the_models():
    assert FILE.read_text(encoding="utf-8") == schema_text(), f"stale; run: {REMAKE}"


def test_every_key_has_a_sentence():
    document = schema_document()
    parts = {"Payload": document} | document["$defs"]
    for name, part in parts.items():
        assert part["description"].endswith("."), name
        for key, held in part["properties"].items():
            told = held.get("description", "")
            assert told.endswith("."), f"{name}.{key}"


@pytest.mark.parametrize("name", CAMPAIGNS)
def test_the_payload_of_every_sample_campaign_holds(name, campaign, published):
    assert_holds(campaign(name), published)


@pytest.mark.parametrize("judged", [True, False])
@pytest.mark.parametrize("name", SETTINGS)
def test_the_payload_of_a_check_holds_in_every_setting(
    name, judged, checked, published
):
    assert_holds(checked(name, judged=judged), published)


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("name", ["plain", "scores", "burdensome"])
def test_the_payload_holds_whatever_policy_judges(policy, name, checked, published):
    assert_holds(checked(name, policy), published)


def test_sections_that_others_add_hold(checked, segments, published):
    payload = checked("plain") | {"segments": segments, "release": None}
    assert_holds(payload, published)
    released = payload | {"release": {"file": "audience.csv", "rows": 12}}
    assert_holds(released, published)


def test_hidden_groups_are_in_the_payloads_that_hold(checked):
    payload = checked("plain")
    assert [row["n"] for row in payload["groups"] if row["group"] == "isle"] == [None]


def written(payload, part, document, found):
    """Collect the keys of a part of the schema that a payload has."""
    for key, held in part["properties"].items():
        if key not in payload:
            continue
        found.add(f"{part.get('title_', 'Payload')}.{key}")
        value = payload[key]
        kinds = [held, *held.get("anyOf", ()), held.get("items", {})]
        names = [kind["$ref"].rpartition("/")[2] for kind in kinds if "$ref" in kind]
        for name in names:
            inner = document["$defs"][name] | {"title_": name}
            for one in value if isinstance(value, list) else [value]:
                if isinstance(one, dict):
                    written(one, inner, document, found)


def test_no_key_is_described_that_nobody_writes(checked, campaign, segments):
    document, found = schema_document(), set()
    payloads = [campaign(name) for name in CAMPAIGNS]
    payloads += [checked(name) for name in SETTINGS]
    payloads.append(checked("plain") | {"segments": segments})
    payloads.append(checked("plain") | {"release": {"file": "a.csv", "rows": 9}})
    payloads.append(_of_a_bias_audit(checked))
    for payload in payloads:
        written(payload, document, document, found)
    described = {f"Payload.{key}" for key in document["properties"]}
    for name, part in document["$defs"].items():
        described |= {f"{name}.{key}" for key in part["properties"]}
    assert described - found == NOT_WRITTEN


def _of_a_bias_audit(checked):
    campaign = {
        "name": "a",
        "title": None,
        "owner": "b",
        "purpose": "c",
        "offer": {"name": "d", "sector": None},
        "as_of": "2026-11-01",
        "digest": "sha256:" + "0" * 64,
        "record": {"auditor": "Audit & Sons"},
    }
    return checked("plain", "nyc-ll144") | {"campaign": campaign}


WRONG = {
    "a key that is missing": (("findings", 0, "n"),),
    "a section that is missing": (("data",),),
    "a number as text": (("findings", 0, "estimate"), "0.8"),
    "a truth for a count": (("data", "rows"), True),
    "a count below 0": (("groups", 0, "n"), -1),
    "half a customer": (("groups", 0, "n"), 1.5),
    "a rate above 1": (("groups", 0, "rate"), 1.01),
    "a p-value above 1": (("findings", 0, "p_value"), 2),
    "a verdict that is none": (("verdict",), "maybe"),
    "a reading that is none": (("findings", 0, "reading"), "fine"),
    "an offer that is none": (("offer",), "good"),
    "a digest that is none": (("data", "fingerprint"), "sha256:1"),
    "a level that is none": (("confidence",), 95),
    "null for a section": (("funnel",), None),
    "a list for a table": (("data",), []),
    "a table for a list": (("findings",), {}),
    "another schema": (("schema",), "fairreach/audit/2"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_found_by_the_models_and_by_the_file(what, changed, published):
    payload = changed(*WRONG[what])
    assert len(payload_problems(payload)) == 1
    assert published(payload)


def test_a_key_that_is_not_known_is_let_through_but_in_these_tests(changed, published):
    for path in (("later",), ("findings", 0, "later"), ("data", "later")):
        payload = changed(path, {"any": 1})
        assert published(payload) == payload_problems(payload) == []
        (problem,) = payload_problems(payload, unknown="forbid")
        assert problem.where.endswith("later")


def test_an_older_payload_without_added_keys_still_holds(changed, checked, published):
    payload = changed(("policy", 0, "rules"))
    assert payload_problems(payload) == published(payload) == []


def test_a_check_does_not_load_the_models():
    code = (
        "import fairness as fa, sys, pandas as pd\n"
        "table = pd.DataFrame({'g': ['a', 'b'] * 50, 's': [1, 0, 0, 1] * 25})\n"
        "payload = fa.audit(table, selected='s', by='g').gate().to_dict()\n"
        "from fairness.reports import render\n"
        "[render(payload, one) for one in ('text', 'json', 'csv')]\n"
        "print([m for m in sys.modules if m.startswith('fairness.reports.schema')])"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=Path(ROOT),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == "[]", done.stderr
