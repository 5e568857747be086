"""A waiver has two people, a reason, an end, and never reaches beyond its rule."""

from datetime import date

import pytest

from fairness.errors import PolicyError
from fairness.policy import Policy, Waiver, load_waivers

TABLE = {
    "rule": "first",
    "attribute": "age",
    "group": "61+",
    "reason": "An account for students.",
    "owner": "a.lee",
    "approver": "b.cho",
    "issued": date(2026, 11, 1),
    "expires": date(2026, 12, 1),
}

FILE = """
[[waivers]]
rule = "first"
attribute = "age"
group = "61+"
reason = "An account for students."
owner = "a.lee"
approver = "b.cho"
issued = 2026-11-01
expires = 2026-12-01
"""


def test_waiver_of_ninety_days_holds_and_of_ninety_one_does_not():
    assert Waiver(**TABLE | {"expires": date(2027, 1, 30)}).expires.year == 2027
    with pytest.raises(PolicyError, match="91 days after issued; at most 90") as caught:
        Waiver(**TABLE | {"expires": date(2027, 1, 31)})
    assert caught.value.problems[0].hint == "write 2027-01-30 or an earlier day"


@pytest.mark.parametrize(
    ("keys", "where", "what"),
    [
        ({"approver": "a.lee"}, "approver", "is also the owner"),
        ({"approver": " A.LEE "}, "approver", "is also the owner"),
        ({"expires": date(2026, 11, 1)}, "expires", "is not after issued"),
        ({"expires": date(2026, 10, 1)}, "expires", "is not after issued"),
        ({"reason": " "}, "reason", "is empty"),
        ({"owner": ""}, "owner", "is empty"),
        ({"attribute": None}, "group", "is a group of no attribute"),
        ({"policy_digest": "sha256:12"}, "policy_digest", "64 hexadecimal digits"),
        ({"issued": "soon"}, "issued", "is not a date"),
        ({"expiry": date(2026, 12, 1)}, "expiry", "is not a waiver key"),
    ],
)
def test_waiver_outside_its_limits_is_refused(keys, where, what):
    with pytest.raises(PolicyError) as caught:
        Waiver(**TABLE | keys)
    [problem] = caught.value.problems
    assert problem.where == where
    assert what in problem.what


@pytest.mark.parametrize(
    ("rule", "attribute", "group", "day", "covered"),
    [
        ("first", "age", "61+", date(2026, 11, 1), True),
        ("first", "age", "61+", date(2026, 12, 1), True),
        ("first", "age", "61+", date(2026, 10, 31), False),
        ("first", "age", "61+", date(2026, 12, 2), False),
        ("first", "age", "18-25", date(2026, 11, 15), False),
        ("first", "gender", "61+", date(2026, 11, 15), False),
        ("second", "age", "61+", date(2026, 11, 15), False),
        ("first", None, None, date(2026, 11, 15), False),
    ],
)
def test_waiver_covers_its_rule_group_and_days_only(
    rule, attribute, group, day, covered
):
    assert Waiver(**TABLE).covers(rule, attribute, group, day) is covered


def test_waiver_without_group_or_attribute_covers_them_all():
    day = date(2026, 11, 15)
    of_attribute = Waiver(**TABLE | {"group": None})
    assert of_attribute.covers("first", "age", "18-25", day)
    assert not of_attribute.covers("first", "gender", "f", day)
    of_rule = Waiver(**TABLE | {"group": None, "attribute": None})
    assert of_rule.covers("first", "gender", "f", day)


def test_waiver_has_no_problem_with_the_policy_it_was_approved_for(policy_table):
    policy = Policy(**policy_table)
    assert Waiver(**TABLE).problems(policy) == ()
    assert Waiver(**TABLE, policy_digest=policy.digest).problems(policy) == ()


def test_waiver_never_holds_for_another_policy_an_unknown_or_an_unwaivable_rule(
    policy_table,
):
    policy_table["rules"][0] |= {"unwaivable": True, "attributes": ["gender", "race"]}
    policy = Policy(**policy_table)
    other = Waiver(**TABLE, policy_digest="sha256:" + "0" * 64)
    assert [p.where for p in other.problems(policy)] == [
        "policy_digest",
        "rule",
        "attribute",
    ]
    pair = Waiver(**TABLE | {"attribute": "gender&race", "group": "f&x"})
    assert [p.where for p in pair.problems(policy)] == ["rule"]
    unknown = Waiver(**TABLE | {"rule": "frist"}, policy_digest="sha256:" + "0" * 64)
    assert [p.where for p in unknown.problems(policy)] == ["policy_digest", "rule"]
    assert unknown.problems(policy)[1].hint == "did you mean 'first'?"


def test_waivers_are_read_from_a_file(write):
    assert load_waivers(write(FILE * 2)) == (Waiver(**TABLE), Waiver(**TABLE))
    assert load_waivers(str(write(FILE))) == (Waiver(**TABLE),)


def test_mistakes_in_a_waiver_file_are_told_at_once(write):
    bad = FILE.replace("b.cho", "a.lee").replace("2026-12-01", "2027-12-01")
    path = write("waiver = 1\n" + FILE + bad + FILE.replace("reason", "reasn"))
    with pytest.raises(PolicyError) as caught:
        load_waivers(path)
    assert sorted(p.where for p in caught.value.problems) == [
        f"{path}, waiver",
        f"{path}, waivers[1].approver",
        f"{path}, waivers[1].expires",
        f"{path}, waivers[2].reasn",
        f"{path}, waivers[2].reason",
    ]
    assert "did you mean 'reason'?" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "is missing"),
        ("waivers = 1", "1 is not"),
        ("[waivers]", "is not"),
        ("[[waivers]", "is not TOML"),
    ],
)
def test_file_without_waivers_is_refused(text, what, write):
    with pytest.raises(PolicyError) as caught:
        load_waivers(write(text, "waivers.toml"))
    assert what in str(caught.value)
    assert "waivers.toml" in str(caught.value)
