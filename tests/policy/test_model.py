"""Rules and policies: equal by meaning, in force by date, exact in their numbers."""

import pickle
import subprocess
import sys
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairness.errors import PolicyError
from fairness.policy import Citation, Policy, Rule, load_policy


def test_bounds_keep_the_digits_as_written(head, rule, write, metrics):
    written = {"0.80": "0.80", '"0.8"': "0.8", "1": "1", "0.1": "0.1"}
    for text, digits in written.items():
        policy = load_policy(write(head + rule.replace("0.80", text)), metrics=metrics)
        assert str(policy.rules[0].at_least) == digits


def test_bound_from_python_is_the_decimal_that_was_typed(rule_table):
    assert Rule(**rule_table | {"at_least": 0.1}).at_least == Decimal("0.1")


def test_file_and_python_give_equal_policies(head, rule, write, metrics, policy_table):
    policy_table["rules"][0]["severity"] = "block"
    loaded = load_policy(write(head + rule), metrics=metrics)
    assert loaded == Policy(**policy_table)
    assert hash(loaded) == hash(Policy(**policy_table))
    assert loaded != "house"


def test_digest_ignores_how_the_file_is_written(head, rule, write, metrics):
    plain = load_policy(write(head + rule), metrics=metrics)
    lines = rule.strip().splitlines()
    turned = "\n".join([lines[0], *reversed(lines[1:])])
    other = "\ufeff# a comment\r\n" + "\r\n".join(reversed(head.splitlines()))
    other += "\r\nalpha = 0.0500  # the default\r\n"
    turned = turned.replace(
        '"A screen in wide use."', '''"""\nA screen\n in wide use.\n"""'''
    )
    other += turned.replace("0.80", '"0.8"').replace("\n", "\r\n\r\n")
    again = load_policy(write(other.encode()), metrics=metrics)
    assert plain.digest == again.digest
    assert plain == again


@given(digits=st.integers(0, 999), zeros=st.integers(0, 6))
def test_digest_ignores_trailing_zeros_and_nothing_else(digits, zeros):
    def policy(bound):
        return Policy(
            name="a", version="1", title="A", jurisdiction="x", disclaimer="x",
            as_of="2026-11-23",
            rules=[
                {
                    "id": "a", "title": "A", "metric": "m", "at_least": bound,
                    "severity": "note", "status": "practice", "why": "x",
                    "citation": {"source": "x", "as_of": "2026-11-23"},
                }
            ],
        )  # fmt: skip

    bound = f"0.{digits:03d}"
    assert policy(bound).digest == policy(bound + "0" * zeros).digest
    assert policy(bound).digest != policy(f"0.{digits:03d}1").digest


def test_sets_are_equal_in_any_order(policy_table):
    rule = policy_table["rules"][0]
    rule |= {
        "attributes": ["b", "a"],
        "order": [2, 1],
        "offers": ["neutral", "burdensome"],
    }
    one = Policy(**policy_table, required=["x", "y"], sectors=["c", "d"])
    rule |= {
        "attributes": ["a", "b"],
        "order": [1, 2],
        "offers": ["burdensome", "neutral"],
    }
    two = Policy(**policy_table, required=["y", "x"], sectors=["d", "c"])
    assert one == two


RULE_CHANGES = {
    "id": "second",
    "title": "Another",
    "metric": "burden_ratio",
    "at_least": "0.81",
    "attributes": ["gender"],
    "order": 2,
    "offers": ["neutral"],
    "reference": "overall",
    "evidence": "point",
    "severity": "note",
    "min_share": "0.02",
    "shortfall_at_least": 1,
    "shortfall_share_at_least": "0.01",
    "ratio_below": "0.9",
    "why": "Another reason.",
    "citation": {"source": "29 CFR 1607", "as_of": "2026-11-23"},
    "status": "voluntary",
    "effective_from": "2026-01-01",
    "effective_to": "2027-01-01",
    "unwaivable": True,
    "confirmed": False,
    "basis": "voluntary",
    "params": {"within_days": 180},
    "sectors": ["credit"],
    "on_missing": "block",
    "remedy": "Leave the column out.",
}

POLICY_CHANGES = {
    "name": "other",
    "version": "2",
    "title": "Others",
    "jurisdiction": "EU",
    "sectors": ["credit"],
    "disclaimer": "Other.",
    "as_of": "2026-11-24",
    "alpha": "0.04",
    "alpha_review": "0.2",
    "min_expected": 10,
    "max_unmeasured": "0.2",
    "required": [],
    "allowed_strata": {"tenure": "Long-standing customers get another product."},
}


@pytest.mark.parametrize("key", RULE_CHANGES)
def test_digest_changes_with_every_key_of_a_rule(key, policy_table):
    before = Policy(**policy_table)
    policy_table["rules"][0][key] = RULE_CHANGES[key]
    assert Policy(**policy_table).digest != before.digest


@pytest.mark.parametrize("key", POLICY_CHANGES)
def test_digest_changes_with_every_key_of_a_policy(key, policy_table):
    changed = Policy(**policy_table | {key: POLICY_CHANGES[key]})
    assert changed.digest != Policy(**policy_table).digest
    assert changed != Policy(**policy_table)


def test_digest_changes_with_the_kind_of_bound(policy_table):
    digests = set()
    for bound in ({"at_least": "0.8"}, {"at_most": "0.8"}, {"within": ["0.8", "0.9"]}):
        del policy_table["rules"][0]
        table = {
            "id": "a", "title": "A", "metric": "m", "severity": "note",
            "status": "practice", "why": "x",
            "citation": {"source": "x", "as_of": "2026-11-23"},
        }  # fmt: skip
        policy_table["rules"].append(table | bound)
        digests.add(Policy(**policy_table).digest)
    assert len(digests) == 3


def test_every_key_is_tried_for_the_digest():
    bounds = {"at_most", "within"}
    assert set(RULE_CHANGES) == set(Rule.model_fields) - bounds
    assert set(POLICY_CHANGES) == set(Policy.model_fields) - {"schema_id", "rules"}


def test_pickled_policy_is_the_same(policy_table):
    policy = Policy(**policy_table)
    assert pickle.loads(pickle.dumps(policy)) == policy


def test_models_are_frozen(policy_table):
    policy = Policy(**policy_table)
    with pytest.raises(ValueError, match="frozen"):
        policy.alpha = Decimal("0.5")
    with pytest.raises(ValueError, match="frozen"):
        policy.rules[0].severity = "note"


def test_python_construction_raises_the_same_error(policy_table, rule_table):
    with pytest.raises(PolicyError, match=r"^at_least: 'x' is not a number$"):
        Rule(**rule_table | {"at_least": "x"})
    policy_table["rules"][0]["citation"] = {"source": "x"}
    with pytest.raises(PolicyError, match=r"^rules\[0\]\.citation\.as_of: is missing"):
        Policy(**policy_table)
    with pytest.raises(PolicyError, match=r"^rules\[0\]\.citation\.as_of: is missing"):
        Policy.model_validate(policy_table)
    with pytest.raises(PolicyError, match="as_of"):
        Citation(source="x", as_of="tomorrow")


def test_error_of_one_table_does_not_change_how_the_next_is_told(rule_table):
    for _ in range(2):
        with pytest.raises(PolicyError):
            Rule(**rule_table | {"citation": {}})


def test_loaded_policy_is_checked_against_the_metrics(policy_table, metrics):
    policy = Policy(**policy_table)
    assert load_policy(policy, metrics=metrics) is policy
    with pytest.raises(PolicyError, match=r"policy house, rules\[0\]\.metric"):
        load_policy(policy, metrics={})


@pytest.mark.parametrize(
    ("keys", "day", "applies", "reason"),
    [
        ({"status": "in_force"}, "2026-01-01", True, "in force"),
        ({"status": "practice"}, "2026-01-01", True, "practice"),
        ({"status": "proposed"}, "2026-01-01", False, "proposed, and not kept by choice"),
        ({"status": "withdrawn"}, "2026-01-01", False, "withdrawn, and not kept by choice"),
        (
            {"status": "withdrawn", "basis": "voluntary"},
            "2026-01-01", True, "withdrawn, applied by choice",
        ),
        ({"effective_from": "2026-07-21"}, "2026-07-20", False, "not before 2026-07-21"),
        ({"effective_from": "2026-07-21"}, "2026-07-21", True, "practice since 2026-07-21"),
        ({"effective_to": "2026-07-20"}, "2026-07-20", True, "practice"),
        ({"effective_to": "2026-07-20"}, "2026-07-21", False, "not after 2026-07-20"),
    ],
)  # fmt: skip
def test_rule_is_in_force_by_status_and_dates(keys, day, applies, reason, rule_table):
    rule = Rule(**rule_table | keys)
    assert rule.in_force(date.fromisoformat(day)) == (applies, reason)


def test_withdrawn_rule_may_block_by_choice(rule_table):
    keys = {"status": "withdrawn", "severity": "block", "basis": "voluntary"}
    assert Rule(**rule_table | keys).severity == "block"


@pytest.mark.parametrize(
    ("bound", "limits", "words"),
    [
        ({"at_least": "0.80"}, ("0.80", None), "at least 0.80"),
        ({"at_least": 0}, ("0", None), "at least 0"),
        ({"at_most": "1.25"}, (None, "1.25"), "at most 1.25"),
        ({"within": ["0.80", 1.25]}, ("0.80", "1.25"), "between 0.80 and 1.25"),
    ],
)
def test_limits_and_words_of_a_bound(bound, limits, words, rule_table):
    del rule_table["at_least"]
    rule = Rule(**rule_table | bound)
    assert rule.limits == tuple(x and Decimal(x) for x in limits)
    assert rule.bound == words


def test_rule_is_found_by_id(policy_table):
    policy = Policy(**policy_table)
    assert policy.rule("first") is policy.rules[0]
    with pytest.raises(PolicyError, match="did you mean 'first'"):
        policy.rule("frist")


@given(text=st.text(min_size=1).filter(str.strip))
def test_repr_is_one_printable_line(text):
    rule = Rule(
        id="a", title=text, metric=text, at_least="0.8", severity="note", why=text,
        status="practice", citation=Citation(source=text, as_of="2026-11-23"),
    )  # fmt: skip
    policy = Policy(
        name="a", version=text, title=text, jurisdiction=text, disclaimer=text,
        as_of="2026-11-23", rules=[rule],
    )  # fmt: skip
    assert all(c.isprintable() for c in f"{rule!r}{policy!r}{rule}{policy}")


def test_importing_the_package_loads_nothing_heavy():
    code = (
        "import sys, fairness.policy;"
        "assert 'pydantic' not in sys.modules;"
        "fairness.policy.Policy, fairness.policy.load_waivers;"
        "heavy = {'pandas', 'numpy', 'scipy', 'sklearn', 'matplotlib', 'narwhals'};"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_package_names_are_all_there_and_no_others():
    import fairness.policy as package

    assert [getattr(package, name).__name__ for name in dir(package)] == dir(package)
    with pytest.raises(AttributeError, match="no attribute 'polcy'"):
        package.polcy  # noqa: B018
