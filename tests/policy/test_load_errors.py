"""Every mistake in a policy file is told with file, key, value and a way out."""

import pytest

from fairness.errors import InputError, PolicyError
from fairness.policy import load_policy


def told(write, metrics, text):
    path = write(text)
    with pytest.raises(PolicyError) as caught:
        load_policy(path, metrics=metrics)
    assert isinstance(caught.value, InputError)
    assert all(p.where.startswith(str(path)) for p in caught.value.problems)
    return [
        (p.where.removeprefix(f"{path}, "), p.what, p.hint)
        for p in caught.value.problems
    ]


# (what to replace in the file, by what, key path, words of the message, of the hint)
RULE_MISTAKES = {
    "unknown key": (
        "at_least = 0.80", "at_leats = 0.80", "rules[0].at_leats",
        "'at_leats' is not a rule key", "did you mean 'at_least'?",
    ),
    "percent as integer": (
        "0.80", "80", "rules[0].at_least",
        "80 is outside [0, 1] of adverse_impact_ratio",
        "write the ratio as a fraction, 0.80",
    ),
    "percent sign": (
        "0.80", '"80 %"', "rules[0].at_least", "'80 %' is not a number",
        "write it as a fraction, 0.80",
    ),
    "decimal comma": (
        "0.80", '"0,80"', "rules[0].at_least", "'0,80' is not a number",
        "write a decimal point, 0.80",
    ),
    "not finite": ("0.80", "nan", "rules[0].at_least", "not a finite number", ""),
    "infinite": ("0.80", "-inf", "rules[0].at_least", "not a finite number", ""),
    "boolean bound": ("0.80", "true", "rules[0].at_least", "true is not a number", ""),
    "exponent": ("0.80", "1e-999999", "rules[0].at_least", "too many digits", ""),
    "negative ratio": ("0.80", "-0.1", "rules[0].at_least", "outside [0, 1]", ""),
    "no bound": (
        "at_least = 0.80\n", "", "rules[0]",
        "has no bound; write exactly one of at_least, at_most, within", "at_least =",
    ),
    "two bounds": (
        "at_least = 0.80", "at_least = 0.80\nat_most = 1.25", "rules[0]",
        "has the bounds at_least and at_most", "within = [low, high]",
    ),
    "within of one": (
        "at_least = 0.80", "within = [0.8]", "rules[0].within",
        "[0.8] is not two numbers", "at_least or at_most",
    ),
    "within reversed": (
        "at_least = 0.80", "within = [0.9, 0.8]", "rules[0].within", "low must be", "",
    ),
    "within outside": (
        "at_least = 0.80", "within = [0.8, 1.25]", "rules[0].within",
        "1.25 is outside [0, 1]", "",
    ),
    "unknown metric": (
        "adverse_impact_ratio", "adverse_impact_rate", "rules[0].metric",
        "'adverse_impact_rate' is not a metric", "did you mean 'adverse_impact_ratio'?",
    ),
    "metric without a test": (
        "adverse_impact_ratio", "detectable_ratio", "rules[0].evidence",
        "'significant' needs a test, and detectable_ratio has none",
        'evidence = "point"',
    ),
    "severity": (
        '"block"', '"blocks"', "rules[0].severity",
        "'blocks' is not one of 'block', 'review', 'note'", "did you mean 'block'?",
    ),
    "status": ('"practice"', '"practise"', "rules[0].status", "is not one of", "'practice'"),
    "withdrawn block": (
        '"practice"', '"withdrawn"', "rules[0].severity", "'withdrawn'",
        'basis = "voluntary"',
    ),
    "misspelt basis": (
        '"practice"', '"withdrawn"\nbasis = "voluntery"', "rules[0].basis",
        "keeps no withdrawn rule in use", '"voluntary"',
    ),
    "empty why": (
        '"A screen in wide use."', '"  "', "rules[0].why", "must be text", "",
    ),
    "missing why": (
        'why = "A screen in wide use."\n', "", "rules[0].why",
        "is missing; it must be text that is not empty", "",
    ),
    "missing citation": (
        "citation = {", "notes = {", "rules[0].citation", "is missing", "",
    ),
    "key of the citation": (
        "locator", "locater", "rules[0].citation.locater",
        "is not a citation key", "did you mean 'locator'?",
    ),
    "date with a time": (
        "2026-11-23 }", "2026-11-23T10:00:00Z }", "rules[0].citation.as_of",
        "is not a date", "write a day as 2026-11-23",
    ),
    "dates reversed": (
        "status =", "effective_from = 2026-02-01\neffective_to = 2026-01-01\nstatus =",
        "rules[0].effective_to", "2026-01-01 is before effective_from, 2026-02-01", "",
    ),
    "id": ('"first"', '"First Rule"', "rules[0].id", "kebab-case", "'first-rule'"),
    "title of a number": ('"Four fifths"', "45", "rules[0].title", "45 is not text", '"45"'),
    "attributes of a text": (
        "status =", 'attributes = "gender"\nstatus =', "rules[0].attributes",
        "'gender' is not a list of names", "['gender']",
    ),
    "no attributes": (
        "status =", "attributes = []\nstatus =", "rules[0].attributes", "names nothing",
        "leave the key out to mean all",
    ),
    "attribute twice": (
        "status =", 'attributes = ["a", "a"]\nstatus =', "rules[0].attributes",
        "'a' stands twice", "",
    ),
    "offer": (
        "status =", 'offers = ["benefical"]\nstatus =', "rules[0].offers",
        "'benefical' is not a kind of offer", "did you mean 'beneficial'?",
    ),
    "order": ("status =", "order = 0\nstatus =", "rules[0].order", "0 is not", "2 for pairs"),
    "no order": ("status =", "order = []\nstatus =", "rules[0].order", "names no order", ""),
    "name of a number": (
        "status =", "attributes = [1]\nstatus =", "rules[0].attributes",
        "1 in [1] is not a name", "",
    ),
    "order of a boolean": (
        "status =", "order = [true]\nstatus =", "rules[0].order", "true is not", "",
    ),
    "reference": (
        "status =", 'reference = "higest"\nstatus =', "rules[0].reference",
        "'higest' is not a reference", "did you mean 'highest'?",
    ),
    "reference of another attribute": (
        "status =", 'reference = "age=old"\nattributes = ["gender"]\nstatus =',
        "rules[0].reference", "'age=old' names no attribute of the rule", "'gender'",
    ),
    "share": (
        "status =", "min_share = 5\nstatus =", "rules[0].min_share",
        "5 is outside [0, 1]", "write it as a fraction, 0.05",
    ),
    "ratio_below": (
        "status =", "ratio_below = 0\nstatus =", "rules[0].ratio_below",
        "0 is outside (0, 1]", "",
    ),
    "shortfall": (
        "status =", "shortfall_at_least = -1\nstatus =", "rules[0].shortfall_at_least",
        "-1 is not a whole number of people, 0 or more", "",
    ),
    "unwaivable of a text": (
        "status =", 'unwaivable = "yes"\nstatus =', "rules[0].unwaivable",
        "'yes' is not true or false", "",
    ),
    "key of the policy": (
        "status =", "alpha = 0.05\nstatus =", "rules[0].alpha", "is not a rule key",
        "alpha is a policy key: write it above the first [[rules]]",
    ),
}  # fmt: skip

HEAD_MISTAKES = {
    "schema": (
        "fairreach/policy/1", "fairreach/policy/2", "schema",
        "'fairreach/policy/2' is not 'fairreach/policy/1'", "",
    ),
    "no schema": (
        'schema = "fairreach/policy/1"\n', "", "schema", "is missing",
        'schema = "fairreach/policy/1"',
    ),
    "name": ('"house"', '"house rules"', "name", "kebab-case", "'house-rules'"),
    "version of a number": ('version = "1"', "version = 1.0", "version", "1.0 is not text", '"1.0"'),
    "alpha": (
        "version", "alpha = 5\nversion", "alpha", "5 is outside (0, 1)",
        "write it as a fraction, 0.05",
    ),
    "alpha of zero": ("version", "alpha = 0\nversion", "alpha", "0 is outside (0, 1)", ""),
    "alpha above its review": (
        "version", "alpha = 0.2\nversion", "alpha_review", "0.15 is below alpha, 0.2", "beyond",
    ),
    "min_expected": (
        "version", "min_expected = 0\nversion", "min_expected",
        "0 is not a whole number of people, 1 or more", "",
    ),
    "max_unmeasured": (
        "version", "max_unmeasured = 10\nversion", "max_unmeasured", "10 is outside [0, 1]",
        "0.10",
    ),
    "required": (
        "version", 'required = "gender"\nversion', "required", "not a list", "['gender']",
    ),
    "stratum without a reason": (
        "version", 'allowed_strata = { "tenure band" = "" }\nversion',
        "allowed_strata.'tenure band'", "'' is not a reason", "say in a sentence",
    ),
    "strata as a list": (
        "version", 'allowed_strata = ["tenure"]\nversion', "allowed_strata",
        "is not a table of names and reasons", "the reason",
    ),
    "unknown key": ("version", "alfa = 0.05\nversion", "alfa", "is not a policy key", "'alpha'"),
}  # fmt: skip


@pytest.mark.parametrize("name", RULE_MISTAKES)
def test_mistake_in_a_rule_is_told_with_key_value_and_hint(
    name, head, rule, write, metrics
):
    old, new, where, what, hint = RULE_MISTAKES[name]
    assert old in rule
    problems = told(write, metrics, head + rule.replace(old, new, 1))
    found = [p for p in problems if p[0].split(" (rule")[0] == where]
    assert found, problems
    assert what in found[0][1]
    assert hint in found[0][2]
    assert "Decimal(" not in str(problems)


@pytest.mark.parametrize("name", HEAD_MISTAKES)
def test_mistake_in_the_head_is_told_with_key_value_and_hint(
    name, head, rule, write, metrics
):
    old, new, where, what, hint = HEAD_MISTAKES[name]
    assert old in head
    problems = told(write, metrics, head.replace(old, new, 1) + rule)
    assert [p[0] for p in problems] == [where]
    assert what in problems[0][1]
    assert hint in problems[0][2]


@pytest.mark.parametrize(
    ("content", "where", "what"),
    [
        ("alpha = 5%\n", "line 1, column 10", "is not TOML: expected newline"),
        ('a = 1\nb = "open\n', "line 2, column 10", "is not TOML: illegal character"),
        ("a = 1\na = 2\n", "line 2, column 6", "cannot overwrite a value"),
        ("[[rules]\n", "line 1, column 8", "is not TOML"),
        ("a = [1,\n\n", "line 1, column 8", "is not TOML"),
        ("a = 2026-13-45\n", "line 1", "is not TOML"),
        (b'a = 1\nb = "\xff"\n', "line 2", "byte 0xff is not UTF-8"),
        ("a = " + "[" * 100_000, "nested too deeply", "nested too deeply"),
        ("a = " + "9" * 5000, "too many digits", "too many digits"),
        ("a = 1e" + "9" * 30, "too many digits", "too many digits"),
    ],
    ids=range(10),
)  # fmt: skip
def test_what_is_not_toml_is_told_with_line_and_column(
    content, where, what, write, metrics
):
    path = write(content)
    with pytest.raises(PolicyError) as caught:
        load_policy(path, metrics=metrics)
    assert str(path) in str(caught.value)
    assert where in str(caught.value)
    assert what in str(caught.value)


def test_syntax_error_shows_the_line_without_its_control_characters(write, metrics):
    path = write("a = 1\nb = \x1b[31m5%\n")
    with pytest.raises(PolicyError) as caught:
        load_policy(path, metrics=metrics)
    assert "\x1b" not in str(caught.value)
    assert "line 2" in caught.value.problems[0].where


def test_all_mistakes_are_told_at_once(head, rule, write, metrics):
    text = (
        head.replace('"house"', '"House"')
        + rule.replace("0.80", "80")
        + rule.replace("block", "blocks")
        + rule.replace("at_least", "at_leats").replace('"first"', '"third"')
        + rule.replace("adverse_impact_ratio", "air").replace('"first"', '"fourth"')
    )
    places = [where for where, _, _ in told(write, metrics, text)]
    assert places == [
        "name",
        "rules[1].severity (rule 'first')",
        "rules[2].at_leats (rule 'third')",
        "rules[1].id (rule 'first')",
        "rules[0].at_least (rule 'first')",
        "rules[3].metric (rule 'fourth')",
    ]


def test_repeated_id_is_told_once_and_names_the_first(head, rule, write, metrics):
    problems = told(write, metrics, head + rule + rule)
    assert problems == [
        (
            "rules[1].id (rule 'first')",
            "'first' is also the id of rules[0]",
            "give each rule an id of its own",
        )
    ]


@pytest.mark.parametrize(
    ("rules", "what"),
    [
        ("", "is missing"),
        ("rules = []", "[] is not one or more [[rules]] tables"),
        ("rules = 3", "3 is not one or more [[rules]] tables"),
        ("[rules]\nid = 'a'", "a table is not one or more [[rules]] tables"),
    ],
)
def test_policy_without_rules_is_refused(rules, what, head, write, metrics):
    [(where, found, _)] = told(write, metrics, head + rules)
    assert where == "rules"
    assert what in found


def test_rule_that_is_no_table_is_told(head, write, metrics):
    [(where, what, _)] = told(write, metrics, head + "rules = [1]\n")
    assert where == "rules[0]"
    assert "1 is not a table" in what


def test_floor_above_parity_is_refused_wherever_the_range_ends(
    head, rule, write, metrics
):
    text = head + rule.replace("adverse_impact_ratio", "burden_ratio")
    [(_, what, hint)] = told(write, metrics, text.replace("0.80", "80"))
    assert what == "80 is outside [0, 1] of burden_ratio"
    assert hint == "write the ratio as a fraction, 0.80"


def test_bound_of_zero_is_a_bound(head, rule, write, metrics):
    path = write(head + rule.replace("0.80", "0"))
    assert load_policy(path, metrics=metrics).rules[0].at_least == 0


def test_file_that_is_not_there_is_told_with_the_packs(tmp_path, metrics):
    with pytest.raises(PolicyError, match="there is no such file") as caught:
        load_policy(str(tmp_path / "us-four-fifths.toml"), metrics=metrics)
    assert "'eu-gdpr-marketing'" in caught.value.problems[0].hint


def test_folder_and_other_endings_are_told(tmp_path, metrics):
    (tmp_path / "folder.toml").mkdir()
    with pytest.raises(PolicyError, match="cannot be read"):
        load_policy(tmp_path / "folder.toml", metrics=metrics)
    with pytest.raises(PolicyError, match="is not a TOML file"):
        load_policy(tmp_path / "spring.yaml", metrics=metrics)


def test_unknown_pack_lists_the_packs_and_the_nearest(metrics):
    with pytest.raises(PolicyError) as caught:
        load_policy("four-fifths", metrics=metrics)
    [problem] = caught.value.problems
    assert "'eu-gdpr-marketing'" in problem.what
    assert problem.hint == "did you mean 'us-four-fifths'?"


@pytest.mark.parametrize("source", [3, None, {"name": "x"}, "", "\x00.toml"])
def test_what_is_no_source_is_refused(source, metrics):
    with pytest.raises(PolicyError):
        load_policy(source, metrics=metrics)


@pytest.mark.parametrize("depth", [2, 300, 330, 400, 1000])
def test_nested_lists_end_in_a_message_at_any_depth(depth, head, rule, write, metrics):
    path = write(head + f"alpha = {'[' * depth}{']' * depth}\n" + rule)
    with pytest.raises(PolicyError, match=r"is not a number|nested too deeply"):
        load_policy(path, metrics=metrics)


def test_hostile_keys_and_values_are_inert_in_messages(head, rule, write, metrics):
    key = '"\\u001b[31mred" = 1\n'
    text = key + head.replace('"1"', "1") + rule.replace('"block"', '"\\u202eblock"')
    path = write(text)
    with pytest.raises(PolicyError) as caught:
        load_policy(path, metrics=metrics)
    assert all(c.isprintable() or c == "\n" for c in str(caught.value))
