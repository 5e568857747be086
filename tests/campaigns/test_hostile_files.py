"""Campaign files that are attacks or accidents: one clear message, in under a second.

Seconds of this process, so that a busy machine fails nothing.
"""

import builtins
import os
import subprocess
import time
from contextlib import suppress

import pytest

from fairness.errors import InputError
from pipelines.campaign import load_campaign, make_plan, run_campaign
from pipelines.cli.app import run as run_command
from pipelines.release import carry_out
from tests.campaigns.crm import write_crm

GOOD = """schema = "fairreach/campaign/1"
name = "spring"
owner = "olga"
as_of = 2026-11-01

[offer]
name = "A voucher"

[tables]
customers = "customers.csv"
protected = "protected.csv"

[protected]
by = ["group"]

[funnel]
clauses = "orders >= 4"
"""


def put(old, new):
    assert old in GOOD
    return GOOD.replace(old, new, 1)


def rule(text):
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    return put('"orders >= 4"', f'"{quoted}"')


def more(text):
    return f"{GOOD}\n{text}\n"


def top(text):
    return put("[offer]", f"{text}\n[offer]")


def tables(name, value):
    return put('protected = "protected.csv"', f"{name} = {value!r}".replace('"', "'"))


# What is written, where it is told to be wrong, and what is told.
FILES = {
    # Rules
    "import": (rule("__import__('os').system('true')"), "funnel.clauses", "function"),
    "eval": (rule("eval('1') = 1"), "funnel.clauses", "function call"),
    "subquery": (rule("area IN (SELECT area FROM t)"), "funnel.clauses", "subquery"),
    "statement": (rule("orders = 1; DROP TABLE t"), "funnel.clauses", "statement"),
    "comment": (rule("orders = 1 -- AND x"), "funnel.clauses", "comment"),
    "template": (rule("orders = {{ 7 * 7 }}"), "funnel.clauses", "template"),
    "deep_rule": (
        rule("(" * 10_000 + "orders = 1" + ")" * 10_000),
        "funnel.clauses",
        "nested 10000 deep",
    ),
    "long_rule": (
        rule(" AND ".join(["orders = 1"] * 2_000)),
        "funnel.clauses",
        "has 2000 clauses",
    ),
    "many_clauses": (
        put(
            '[funnel]\nclauses = "orders >= 4"\n',
            "[funnel.clauses]\n"
            + "".join(f'c{i} = "orders = 1"\n' for i in range(2_000)),
        ),
        "funnel.clauses",
        "2000 clauses",
    ),
    "rule_of_a_number": (put('"orders >= 4"', "4"), "funnel.clauses", "4 is not a"),
    "rule_in_a_list": (put('"orders >= 4"', '["a"]'), "funnel.clauses", "not a rule"),
    "rule_in_tables": (
        put('"orders >= 4"', '{a = {b = "orders >= 4"}}'),
        "funnel.clauses.a",
        "a table is not a rule",
    ),
    "no_rules": (put('"orders >= 4"', "{}"), "funnel.clauses", "names no rule"),
    "empty_rule": (put('"orders >= 4"', '" "'), "funnel.clauses", "is not a rule"),
    "no_stage": (put('clauses = "orders >= 4"', ""), "funnel", "has no stage"),
    "bad_name_of_a_clause": (
        put('"orders >= 4"', '{"\\u001b[31m" = "eval(1) = 1"}'),
        "funnel.clauses",
        "function call",
    ),
    # Keys
    "unknown_key": (more('[exec]\ncommand = "true"'), "exec", "is not a campaign key"),
    "unknown_inner_key": (more('python = "x"'), "funnel.python", "not a funnel key"),
    "misspelt_key": (put("owner =", "ownr ="), "ownr", "did you mean 'owner'?"),
    "several": (put("owner =", "ownr ="), "owner", "is missing"),
    "duplicate_key": (top('name = "other"'), "line", "is not TOML"),
    "duplicate_table": (more('[offer]\nname = "b"'), "line", "is not TOML"),
    "table_over_a_value": (top('name.x = "b"'), "line", "is not TOML"),
    "value_over_a_table": (more("tables = 1"), "funnel.tables", "is not a funnel key"),
    "dotted_into_a_table": (top('offer.name = "b"'), "line", "is not TOML"),
    "quoted_schema": (
        put('"fairreach/campaign/1"', '"fairreach/campaign/2"'),
        "schema",
        "is not 'fairreach/campaign/1'",
    ),
    "no_schema": (put('schema = "fairreach/campaign/1"\n', ""), "schema", "is missing"),
    "dunder_key": (top('__class__ = "x"'), "__class__", "is not a campaign key"),
    "private_key": (top('schema_id = "x"'), "schema_id", "is not a campaign key"),
    "empty_key": (top('"" = 1'), "''", "is not a campaign key"),
    "escapes_in_a_key": (
        top('"\\u001b[2J\\u202e" = 1'),
        r"\x1b[2J\u202e",
        "is not a campaign key",
    ),
    # Names and outputs
    "name_with_a_slash": (put('"spring"', '"../spring"'), "name", "kebab-case"),
    "absolute_name": (put('"spring"', '"/etc/passwd"'), "name", "kebab-case"),
    "dotted_name": (put('"spring"', '".."'), "name", "kebab-case"),
    "name_with_nul": (put('"spring"', '"a\\u0000b"'), "name", "kebab-case"),
    "name_of_an_option": (put('"spring"', '"-rf"'), "name", "kebab-case"),
    "name_with_a_line": (put('"spring"', '"spring\\n"'), "name", "kebab-case"),
    "output_above": (
        more('[output]\naudience = "../out.csv"'),
        "output.audience",
        "is not a plain file name",
    ),
    "absolute_output": (
        more('[output]\naudience = "/tmp/out.csv"'),
        "output.audience",
        "is not a plain file name",
    ),
    "hidden_output": (
        more('[output]\naudience = ".bashrc.csv"'),
        "output.audience",
        "is not a plain file name",
    ),
    "output_over_the_report": (
        more('[output]\naudience = "report.html"'),
        "output.audience",
        "is not a plain file name",
    ),
    "output_with_a_line": (
        more('[output]\naudience = "out.csv\\n"'),
        "output.audience",
        "is not a plain file name",
    ),
    "output_on_windows": (
        more("[output]\naudience = 'C:\\out.csv'"),
        "output.audience",
        "is not a plain file name",
    ),
    "too_long_a_certificate": (
        more("[output]\nvalid_days = 91"),
        "output.valid_days",
        "91 is not a whole number of days, 1 to 90",
    ),
    # Types and sizes
    "number_for_text": (put('"olga"', "7"), "owner", 'write it in quotes, "7"'),
    "text_for_a_table": (more('policy = "x"'), "funnel.policy", "not a funnel key"),
    "list_for_a_table": (
        put("[offer]\n", "[[offer]]\n"),
        "offer",
        "is not an [offer] table",
    ),
    "text_for_a_list": (put('["group"]', '"group"'), "protected.by", "not a list"),
    "no_attribute": (put('["group"]', "[]"), "protected.by", "names nothing"),
    "twice_an_attribute": (
        put('["group"]', '["group", "group"]'),
        "protected.by",
        "stands twice",
    ),
    "nested_attribute": (put('["group"]', '[["group"]]'), "protected.by", "not a name"),
    "huge_cap": (more("cap = 9" + "9" * 5_000), "", "too many digits"),
    "cap_of_a_float": (more("cap = 1.5"), "funnel.cap", "1.5 is not a whole number"),
    "cap_of_a_boolean": (more("cap = true"), "funnel.cap", "true is not a whole"),
    "negative_cap": (more("cap = -1"), "funnel.cap", "-1 is not a whole number"),
    "infinite_share": (
        more('[funnel.score]\ncolumn = "orders"\ntop_share = inf'),
        "funnel.score.top_share",
        "not a finite number",
    ),
    "nan_cut": (
        more('[funnel.score]\ncolumn = "orders"\nat_least = nan'),
        "funnel.score.at_least",
        "not a finite number",
    ),
    "nan_edge": (
        put('by = ["group"]', 'by = ["group"]\nbands.group = [nan, 1]'),
        "protected.bands.group",
        "is not a list of numbers",
    ),
    "huge_edge": (
        put('by = ["group"]', f'by = ["group"]\nbands.group = [1, 1{"0" * 400}]'),
        "protected.bands.group",
        "is not a list of numbers",
    ),
    "equal_edges": (
        put('by = ["group"]', 'by = ["group"]\nbands.group = [18, 18.0]'),
        "protected.bands.group",
        "does not rise",
    ),
    "edges_that_fall": (
        put('by = ["group"]', 'by = ["group"]\nbands.group = [60, 18]'),
        "protected.bands.group",
        "does not rise",
    ),
    "whole_holdout": (more("holdout = 1"), "funnel.holdout", "outside (0, 1)"),
    "percent": (more('holdout = "10%"'), "funnel.holdout", "write it as a fraction"),
    "no_such_day": (put("2026-11-01", "2026-02-30"), "line 4", "invalid date"),
    "a_moment": (put("2026-11-01", "2026-11-01T10:00:00Z"), "as_of", "is not a date"),
    "a_day_in_words": (put("2026-11-01", '"tomorrow"'), "as_of", "is not a date"),
    "two_cuts": (
        more('[funnel.score]\ncolumn = "orders"\ntop = 1\ntop_share = 0.1'),
        "funnel.score.top",
        "one of top, top_share and at_least",
    ),
    "pickled_model": (
        more('[funnel.score]\nmodel = "model.pkl"\ncolumns = ["orders"]\ntop = 1'),
        "funnel.score.model",
        "is not 'logistic', 'boosting' or 'uplift'",
    ),
    "unknown_base": (
        more('base = "clausse"\nbase_reason = "x"'),
        "funnel.base",
        "did you mean 'clauses'?",
    ),
    "base_without_reason": (more('base = "clauses"'), "funnel.base_reason", "missing"),
    "no_reason_for_use": (
        more('[protected.use]\ngroup = " "'),
        "protected.use.group",
        "is not a reason",
    ),
    # Bytes
    "nul": (GOOD.encode() + b"\x00", "line", "is not TOML"),
    "latin": (put("olga", "j\xfcrgen").encode("latin-1"), "line 3", "is not UTF-8"),
    "wide": (GOOD.encode("utf-16"), "line 1", "is not UTF-8"),
    "overlong": (GOOD.encode() + b"#\xc0\xaf", "line", "is not UTF-8"),
    "surrogate": (put("olga", "\\ud800"), "line 3", "is not TOML"),
    "delete": (put("olga", "ol\x7fga"), "line 3", "is not TOML"),
    "carriage_return": (put("olga", "ol\rga"), "line 3", "is not TOML"),
    "deep_lists": (top("x = " + "[" * 100_000 + "]" * 100_000), "", "nested too"),
    "deep_tables": (top("x = " + "{a = " * 50_000 + "1"), "", "nested too deeply"),
    "deep_keys": (
        top(".".join(["a"] * 50_000) + " = 1"),
        "line 6",
        "more than 50 parts",
    ),
    "deep_table_names": (
        top("[" + ".".join(["a"] * 50_000) + "]"),
        "line 6",
        "more than 50 parts",
    ),
    "deep_quoted_keys": (
        top(" . ".join(['"a.b"', "'c'"] * 20_000) + " = 1"),
        "line 6",
        "more than 50 parts",
    ),
    "many_names": (
        put('["group"]', "[" + ", ".join(f'"a{i}"' for i in range(100_000)) + "]"),
        "",
        "at most 5,000 are allowed",
    ),
    "unclosed": (top('x = "' + "a" * 500_000), "line 6", "is not TOML"),
    "unclosed_lines": (top('x = """' + "a\n" * 100_000), "line", "is not TOML"),
    "many_keys": (
        top("".join(f"x{i} = {i}\n" for i in range(40_000))),
        "",
        "at most 5,000 are allowed",
    ),
    "larger_than_a_megabyte": (GOOD + "#" * 2**20, "", "is larger than 1024 KiB"),
    "empty": ("", "schema", "is missing"),
    "json": ('{"schema": "fairreach/campaign/1"}', "line 1", "is not TOML"),
    "yaml": ("schema: fairreach/campaign/1\n", "line 1", "is not TOML"),
}
# Right as files, and wrong once the tables are looked at.
DATA = {
    "unknown_column": (rule("ordres >= 4"), "funnel.clauses", "did you mean 'orders'?"),
    "text_as_a_number": (rule("area >= 4"), "funnel.clauses", "area"),
    "column_with_escapes": (
        rule('"<script>" = 1'),
        "funnel.clauses",
        "'<script>' is not a column",
    ),
    "unknown_attribute": (
        put('["group"]', '["grupo"]'),
        "protected.by",
        "is a column of neither",
    ),
    "hidden_attribute": (
        put('["group"]', '["\\u001b[31mgroup"]'),
        "protected.by",
        r"'\x1b[31mgroup' is a column of neither",
    ),
    "unknown_score": (
        more('[funnel.score]\ncolumn = "scroe"\ntop = 1'),
        "funnel.score.column",
        "is not a column",
    ),
    "score_of_text": (
        more('[funnel.score]\ncolumn = "area"\ntop = 1'),
        "funnel.score.column",
        "holds no numbers",
    ),
    "unknown_value": (
        put('name = "A voucher"', 'name = "A voucher"\nvalue = "worth"'),
        "offer.value",
        "is not a column",
    ),
    "unknown_stratum": (
        put('by = ["group"]', 'by = ["group"]\nstrata = ["tier"]'),
        "protected.strata",
        "is not a column",
    ),
    "absent_table": (
        put("customers.csv", "custmers.csv"),
        "custmers.csv",
        "did you mean",
    ),
    "table_of_secrets": (put("customers.csv", "/etc/passwd"), "/etc/passwd", ""),
    "table_of_a_device": (put("customers.csv", "/dev/zero"), "/dev/zero", ""),
    "table_of_a_directory": (put("customers.csv", "."), "", "is a directory"),
    "table_with_nul": (put("customers.csv", "a\\u0000.csv"), "", "is not a path"),
    "table_on_the_web": (
        put("customers.csv", "https://example.org/c.csv"),
        "https://example.org/c.csv",
        "",
    ),
    "table_in_the_cloud": (put("customers.csv", "s3://bucket/c.csv"), "s3://", ""),
    "table_of_a_function": (
        put("customers.csv", "glob('*')"),
        "glob",
        "matches no file",
    ),
    "password": (
        put("customers.csv", "postgresql://ann:s3cr3t@127.0.0.1:1/crm#customers"),
        "",
        "",
    ),
    "password_twice": (
        put("customers.csv", "mysql://ann:s3cr3t@h/crm?password=s3cr3t"),
        "mysql://ann:***@h/crm?password=***",
        "",
    ),
    "unknown_layout": (
        put("[protected]", 'layout = "salesfroce"\n[protected]'),
        "layout",
        "did you mean 'salesforce'?",
    ),
    "layout_above": (
        put("[protected]", 'layout = "../../etc/passwd"\n[protected]'),
        "passwd",
        "is not a TOML file",
    ),
    "unknown_policy": (
        more('[policy]\nuse = ["us-four-fifth"]'),
        "policy",
        "did you mean 'us-four-fifths'?",
    ),
    "policy_that_is_none": (more('[policy]\nuse = ["spring.toml"]'), "spring.toml", ""),
    "id_that_is_none": (
        put("[protected]", 'id = "cusomer_id"\n[protected]'),
        "cusomer_id",
        "",
    ),
    "id_that_is_not_one": (put("[protected]", 'id = "area"\n[protected]'), "area", ""),
    "consent_without_table": (
        more('[funnel.consent]\nchannel = "email"'),
        "tables.consents",
        "is missing",
    ),
    "features_without_table": (
        more('[features]\nnames = ["orders_12m"]'),
        "tables.transactions",
        "is missing",
    ),
    "model_without_answers": (
        more('[funnel.score]\nmodel = "logistic"\ncolumns = ["orders"]\ntop = 1'),
        "tables.responses",
        "is missing",
    ),
}


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    """Load all that carries a campaign out."""
    folder = tmp_path_factory.mktemp("loaded")
    path = write(write_crm(folder / "crm", customers=200), GOOD)
    carry_out(path, folder / "out")


@pytest.fixture
def refused(crm, tmp_path, monkeypatch, capsys, loaded):
    """Have a file refused by the command; return the message."""

    def forbidden(*_, **__):
        raise AssertionError("something was run")

    monkeypatch.setattr(os, "system", forbidden)
    monkeypatch.setattr(subprocess, "Popen", forbidden)

    def refused(content):
        path = write(crm, content)
        before = {one.name for one in tmp_path.rglob("*")}
        start = time.process_time()
        code = run_command(["run", str(path), "--out", str(tmp_path / "out")])
        assert time.process_time() - start < 1
        # Only now: what reads the command's own options evaluates their types.
        monkeypatch.setattr(builtins, "eval", forbidden)
        out, err = capsys.readouterr()
        assert (code, out) == (2, "")
        assert err.startswith("fairreach: ")
        assert err.count("fairreach: ") == 1
        assert len(err) < 3_000
        assert err.replace("\n", "").isprintable()
        left = {one.name for one in tmp_path.rglob("*")} - before
        # A file that could be read leaves the ledger's line of its refusal.
        kept = {"out", "spring", ".lock", "ledger.jsonl", "ledger.jsonl.head"}
        assert left <= kept, "something was written"
        return err

    return refused


def write(crm, content):
    path = crm / "spring.toml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize("case", FILES)
def test_a_hostile_file_is_refused_by_file_and_key(case, refused, crm):
    content, where, what = FILES[case]
    err = refused(content)
    assert where in err
    assert what in err
    if not where.startswith("funnel"):
        assert "spring.toml" in err
    with pytest.raises(InputError) as caught:
        make_plan(load_campaign(crm / "spring.toml"))
    assert any(
        where in problem.where and what in f"{problem.what} {problem.hint}"
        for problem in caught.value.problems
    )


@pytest.mark.parametrize("case", DATA)
def test_a_file_that_its_tables_do_not_bear_out_is_refused(case, refused, crm):
    content, where, what = DATA[case]
    err = refused(content)
    assert where in err
    assert what in err
    assert "s3cr3t" not in err
    with pytest.raises(InputError) as caught:
        run_campaign(load_campaign(crm / "spring.toml"), directory=crm)
    assert "s3cr3t" not in str(caught.value)


def test_the_file_that_all_others_spoil_is_right(crm):
    campaign = load_campaign(write(crm, GOOD))
    run_campaign(campaign, directory=crm)


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + GOOD.encode(),
        GOOD.replace("\n", "\r\n").encode(),
        GOOD.encode() + b"# " + "\N{GRINNING FACE}\u00e9".encode(),
        (GOOD + "#" * (2**20 - len(GOOD))).encode(),
    ],
    ids=["byte_order_mark", "windows_lines", "comment", "just_a_megabyte"],
)
def test_what_only_looks_strange_is_read(content, crm):
    campaign = load_campaign(write(crm, content))
    assert campaign.digest == load_campaign(write(crm, GOOD)).digest


@pytest.mark.parametrize(
    "line", ["a" * 2**20, "a." * 40 + "\n", "'" * 2**19, ". " * 2**18]
)
def test_what_looks_for_long_keys_takes_no_time_of_its_own(line, crm):
    path = write(crm, (GOOD + "# " + line * 30)[: 2**20])
    start = time.process_time()
    with suppress(InputError):
        load_campaign(path)
    assert time.process_time() - start < 1


def test_a_pipe_is_no_campaign_and_is_not_waited_for(crm):
    os.mkfifo(crm / "pipe.toml")
    with pytest.raises(InputError, match="is not a file"):
        load_campaign(crm / "pipe.toml")


def test_an_output_directory_that_is_a_link_out_of_it_is_refused(crm, tmp_path, capsys):
    path = write(crm, GOOD)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    out = tmp_path / "out"
    out.mkdir()
    (out / "spring").symlink_to(elsewhere)
    assert run_command(["run", str(path), "--out", str(out)]) == 2
    assert "is a link, and nothing is written through it" in capsys.readouterr().err
    assert not list(elsewhere.iterdir())
