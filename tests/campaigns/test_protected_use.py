"""Protected attributes select nobody, unless the campaign says that they do and why."""

import json

import pytest

from fairness.errors import InputError
from pipelines.campaign import load_campaign, run_campaign
from pipelines.cli.app import run as run_command
from tests.campaigns.crm import write_campaign

RULES = [
    "group = 'a'",
    "\"group\" = 'a'",
    "orders >= 4 AND NOT \"group\" = 'b'",
    "orders >= 4 OR COALESCE(\"group\", 'x') = 'a'",
    "\"group\" IN ('a')",
    '"group" IS NOT NULL',
    "\"group\" LIKE 'a%'",
]
SCORES = {
    "column": 'column = "risk"\ntop = 20',
    "logistic": 'model = "logistic"\ncolumns = ["orders", "group"]\ntop = 20',
    "boosting": 'model = "boosting"\ncolumns = ["group"]\ntop = 20',
    "uplift": 'model = "uplift"\ncolumns = ["orders", "group"]\ntop = 20',
}
STAGES = ("universe", "suppression", "eligibility", "clauses")


def own_columns(crm):
    """Put the attribute, and a number that is one, into the customers' table."""
    groups = (crm / "protected.csv").read_text().splitlines()[1:]
    lines = (crm / "customers.csv").read_text().splitlines()
    rows = [f"{lines[0]},group,risk"]
    for line, group in zip(lines[1:], groups, strict=True):
        label = group.split(",")[1]
        rows.append(f"{line},{label},{int(label == 'a')}")
    (crm / "customers.csv").write_text("\n".join(rows) + "\n")


def aside(crm):
    """Put the number beside the attribute."""
    lines = (crm / "protected.csv").read_text().splitlines()
    rows = [f"{lines[0]},risk"]
    rows += [f"{line},{int(line.endswith('a'))}" for line in lines[1:]]
    (crm / "protected.csv").write_text("\n".join(rows) + "\n")


def with_answers(crm):
    ids = [line.split(",")[0] for line in (crm / "customers.csv").read_text().split()]
    rows = ["customer_id,contacted,responded"]
    rows += [f"{one},{i % 2},{i % 3 % 2}" for i, one in enumerate(ids[1:])]
    (crm / "responses.csv").write_text("\n".join(rows) + "\n")


@pytest.fixture(params=["of their own", "of the customers"])
def table(request, crm):
    """The table that holds the attribute."""
    aside(crm) if request.param == "of their own" else own_columns(crm)
    return request.param


def campaign(crm, stage, rule, more="", by='["group"]'):
    with_answers(crm)
    path = write_campaign(crm, "clear", name="spring")
    text = path.read_text().replace(
        '[funnel.clauses]\norders = "orders >= 4"',
        f"[funnel.{stage}]\nrule = {json.dumps(rule)}\n{more}",
    )
    text = text.replace('by = ["group"]', f"by = {by}")
    if "group" in (crm / "customers.csv").read_text().splitlines()[0].split(","):
        text = text.replace('protected = "protected.csv"\n', "")
    path.write_text(text.replace("[tables]", '[tables]\nresponses = "responses.csv"'))
    return path


def told(path):
    with pytest.raises(InputError) as caught:
        run_campaign(load_campaign(path), directory=path.parent)
    return str(caught.value)


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("rule", RULES)
def test_no_rule_reads_a_protected_attribute(rule, stage, table, crm):
    if table == "of their own":
        # Nothing but counting sees that table: there it is no column at all.
        assert "'group' is not a column" in told(campaign(crm, stage, rule))
        return
    message = told(campaign(crm, stage, rule))
    assert f"funnel.{stage}: 'group' is a protected attribute" in message
    assert "[protected.use]" in message


@pytest.mark.parametrize("score", SCORES)
def test_no_score_reads_a_protected_attribute(score, table, crm):
    by = '["group", "risk"]'
    path = campaign(
        crm, "clauses", "orders >= 0", f"[funnel.score]\n{SCORES[score]}", by
    )
    message = told(path)
    name = "risk" if score == "column" else "group"
    if table == "of their own":
        assert f"'{name}' is not a column" in message
    else:
        assert f"'{name}' is a protected attribute" in message


@pytest.mark.parametrize("name", ["GROUP", "Group", '"GROUP"', '" group"', '"group "'])
def test_another_spelling_of_an_attribute_is_no_way_in(name, table, crm):
    message = told(campaign(crm, "clauses", f"{name} = 'a'"))
    assert "is not a column" in message or "is a protected attribute" in message


@pytest.mark.parametrize("spelling", ["Group", "GROUP"])
def test_a_twin_in_another_spelling_among_the_customers_is_refused(spelling, crm):
    own_columns(crm)
    text = (crm / "customers.csv").read_text()
    (crm / "customers.csv").write_text(text.replace(",group,", f",{spelling},", 1))
    rule = f"\"{spelling}\" = 'a'"
    message = told(campaign(crm, "clauses", rule))
    assert "is a column of both customers and protected" in message


def test_a_column_of_the_protected_table_that_is_not_looked_at_is_protected_too(crm):
    aside(crm)
    assert "'risk' is a protected attribute" in told(
        campaign(crm, "clauses", "risk = 1")
    )


@pytest.mark.parametrize("stage", STAGES)
def test_with_a_reason_it_may_be_read_and_the_gap_is_found(stage, table, crm):
    use = '[protected.use]\ngroup = "The offer is for a health check of this group."\n'
    rule = "\"group\" = 'a'"
    path = campaign(crm, stage, rule, use)
    found = run_campaign(load_campaign(path), directory=crm)
    rows = (crm / "protected.csv").read_text().splitlines()[1:]
    chosen = {row.split(",")[0] for row in rows if row.split(",")[1] == "a"}
    everybody = {row.split(",")[0] for row in rows}
    expected = everybody - chosen if stage == "suppression" else chosen
    assert set(found.audience) == expected


def test_a_reason_for_what_is_not_used_is_refused(table, crm):
    use = '[protected.use]\ngroup = "Just in case."\n'
    message = told(campaign(crm, "clauses", "orders >= 4", use))
    assert "protected.use.group: 'group' is used by no rule and no score" in message


def test_a_reason_for_a_column_that_is_nowhere_is_refused(crm):
    use = '[protected.use]\ngrupo = "Why not."\n'
    assert "grupo" in told(campaign(crm, "clauses", "orders >= 4", use))


def test_the_command_says_so_and_writes_nothing(crm, tmp_path, capsys):
    own_columns(crm)
    path = campaign(crm, "clauses", "\"group\" = 'a'")
    out = tmp_path / "out"
    assert run_command(["run", str(path), "--out", str(out)]) == 2
    assert "say why under [protected.use]: group" in capsys.readouterr().err
    written = {one.name for one in out.rglob("*")}
    assert written == {"spring", ".lock", "ledger.jsonl", "ledger.jsonl.head"}
