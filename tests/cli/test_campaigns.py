"""The commands that carry campaigns out, and how they end."""

import io
import json
import sys
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fairness.evidence import Ledger, add_person, load_public, new_key
from pipelines.campaign import load_campaign, run_campaign
from tests.campaigns.crm import write_campaign, write_crm

DATA = Path(__file__).parents[3] / "shared" / "data"
CODES = {"clear": 0, "block": 3, "review": 4}


@pytest.fixture(scope="session")
def keys(tmp_path_factory):
    folder = tmp_path_factory.mktemp("keys")
    today = datetime.now(tz=UTC).date()
    for name in ("ann", "bob", "olga"):
        new_key(name, folder)
        add_person(
            folder / "trust.toml", load_public(folder / f"{name}.pub"), added=today
        )
    return folder


@pytest.fixture
def as_(keys):
    """The words that name a person's key and the trust file."""
    return lambda name: [
        *("--key", keys / f"{name}.key"),
        *("--trust", keys / "trust.toml"),
    ]


@pytest.fixture
def crm(folder):
    return write_crm(folder.path / "crm")


def controls(text):
    return {char for char in text if not char.isprintable() and char != "\n"}


@pytest.mark.parametrize("kind", CODES)
def test_a_run_tells_the_verdict_and_ends_with_its_code(kind, crm, run, as_, folder):
    code, out, err = run("run", write_campaign(crm, kind), "--out", "out", *as_("ann"))
    assert code == CODES[kind]
    assert kind.upper() in out.splitlines()[0]
    assert f"report: out/{kind}/report.html" in err
    there = (folder.path / "out" / kind / "audience.csv").exists()
    assert there is (kind == "clear")
    if kind == "clear":
        assert "audience: out/clear/audience.csv (2,000 customers)" in err
        assert "certificate: out/clear/audience.csv.certificate.json" in err
    else:
        assert "no audience was written:" in err
    if kind == "block":
        assert "stage clauses, clause area," in err


def test_without_a_key_a_clear_run_says_why_there_is_no_audience(crm, run, folder):
    code, _, err = run("run", write_campaign(crm, "clear"))
    assert code == 0
    assert "no audience was written:\n  key: is missing" in err
    assert "fairreach keys new" in err
    assert not list((folder.path / "fairreach-out").rglob("audience*"))


def test_a_review_is_no_failure_for_who_fails_on_block(crm, run, as_, folder):
    words = ["run", write_campaign(crm, "review"), *as_("ann"), "--fail-on", "block"]
    code, _, err = run(*words)
    assert code == 0
    assert "no audience was written:" in err
    assert not list(folder.path.rglob("audience*"))
    assert run("run", write_campaign(crm, "block"), "--fail-on", "block")[0] == 3


def test_a_run_as_json_is_the_payload_alone(crm, run, as_):
    words = ["run", write_campaign(crm, "block"), *as_("ann"), "--format", "json"]
    code, out, _ = run(*words)
    payload = json.loads(out)
    assert (code, payload["verdict"], payload["release"]) == (3, "block", None)
    assert payload["campaign"]["name"] == "block"
    assert payload["funnel"]
    words = ["run", write_campaign(crm, "clear"), *as_("ann"), "--format", "json"]
    released = json.loads(run(*words)[1])["release"]
    assert released == {"file": "audience.csv", "rows": 2_000}


def test_a_run_as_markdown_has_tables(crm, run):
    words = ["run", write_campaign(crm, "block"), "--format", "markdown"]
    code, out, _ = run(*words)
    assert code == 3
    assert out.startswith("#")
    assert "\n| stage | came | passed |" in out


def test_a_run_of_nothing_is_a_usage_error(crm, run, folder):
    for words, told in (
        (["run"], "CAMPAIGN.toml: is missing"),
        (["run", "none.toml"], "there is no such file"),
        (["run", crm / "customers.csv"], "is not a TOML file"),
        (["run", write_campaign(crm, "clear"), "--format", "html"], "--format"),
        (["run", write_campaign(crm, "clear"), "--key", "none.key"], "none.key"),
        (["run", write_campaign(crm, "clear"), "--encrypt-to", "bob"], "--trust"),
    ):
        code, out, err = run(*words)
        assert (code, out) == (2, ""), words
        assert told in err
        assert err.startswith("fairreach: ")
    assert "fairreach-out" not in folder.names()


def test_a_key_and_a_trust_file_that_are_wrong_are_told_together(crm, run):
    words = [
        "run",
        write_campaign(crm, "clear"),
        "--key",
        "no.key",
        "--trust",
        "no.toml",
    ]
    code, _, err = run(*words)
    assert code == 2
    assert "2 problems" in err
    assert "no.key" in err
    assert "no.toml" in err


def test_one_changed_byte_is_refused(crm, run, as_, folder, keys):
    run("run", write_campaign(crm, "clear"), "--out", "out", *as_("ann"))
    path = folder.path / "out" / "clear" / "audience.csv"
    trust = ["--trust", keys / "trust.toml"]
    words = ["verify", path, *trust, "--ledger", "out/ledger.jsonl"]
    code, out, err = run(*words)
    assert (code, err) == (0, "")
    assert "2,000 customers, clear (clear), released by ann" in out
    raw = bytearray(path.read_bytes())
    for place in (0, len(raw) // 2, len(raw) - 1):
        raw[place] ^= 1
        path.write_bytes(raw)
        code, out, err = run(*words)
        assert (code, out) == (3, "")
        assert err.startswith("fairreach: refused: ")
        raw[place] ^= 1
    path.write_bytes(raw)
    assert run(*words)[0] == 0
    book = folder.path / "out" / "ledger.jsonl"
    book.write_bytes(book.read_bytes().replace(b'"check"', b'"chock"', 1))
    assert run(*words)[0] == 3
    assert run("ledger", "verify", book)[0] == 3
    path.unlink()
    assert run(*words)[0] == 2
    assert run("verify", "out/clear/report.html", *trust)[0] == 3
    assert run("verify", path)[0] == 2


def test_a_review_goes_out_when_a_second_person_approves(crm, run, as_, folder, keys):
    file = write_campaign(crm, "review")
    words = ["run", file, "--out", "out", *as_("ann")]
    assert run(*words)[0] == 4
    for name, told in (("olga", "author"), ("bob", None)):
        approve = ["approve", "out/review", *as_(name), "--reason", "A small pilot."]
        code, _, err = run(*approve)
        assert code == (0 if told is None else 2)
        assert told is None or told in err
    assert run("approve", "out/review", *as_("bob"))[0] == 2
    assert run("approve", "out", *as_("bob"), "--reason", "x")[0] == 2
    code, _, err = run(*words)
    assert code == 0
    assert "audience: out/review/audience.csv (20 customers)" in err
    trust = ["--trust", keys / "trust.toml"]
    code, out, _ = run("verify", "out/review/audience.csv", *trust)
    assert code == 0
    assert "review (approved)" in out
    kinds = [one.kind for one in Ledger(folder.path / "out/ledger.jsonl").entries()]
    assert kinds == ["check", "refusal", "approval", "check", "release"]


def test_a_block_goes_out_when_two_people_waive_it(crm, run, as_, keys):
    file = write_campaign(crm, "block")
    words = ["run", file, "--out", "out", *as_("ann"), "--format", "json"]
    code, out, _ = run(*words)
    assert code == 3
    findings = json.loads(out)["findings"]
    rules = {
        one["rule"]
        for one in findings
        if one["verdict"] == "fail" and one["severity"] != "note"
    }
    assert rules
    for rule in rules:
        waive = ["waive", rule, file, "--out", "out"]
        before = run(*words)[0]
        assert before in (3, 4)
        assert run(*waive, *as_("bob"))[0] == 2, "nobody signed first"
        said = ["--reason", "A youth account.", "--approver", "bob"]
        code, out, _ = run(*waive, *as_("olga"), *said)
        assert code == 0
        assert "bob signs next" in out
        assert run(*words)[0] == before, "one signature is none"
        assert run(*waive, *as_("olga"))[0] in (2, 3), "the owner is no second person"
        code, out, _ = run(*waive, *as_("bob"))
        assert code == 0
        assert out.startswith("waived: ")
    code, _, err = run(*words)
    assert code == 0, err
    trust = ["--trust", keys / "trust.toml"]
    code, out, _ = run("verify", "out/block/audience.csv", *trust)
    assert (code, "block (waived)" in out) == (0, True)


@pytest.mark.parametrize(
    "more",
    [
        ["--days", "91"],
        ["--days", "0"],
        ["--reason", "x"],
        ["--approver", "bob"],
        ["--reason", "x", "--approver", "nobody"],
        ["--reason", "x", "--approver", "olga"],
        ["--reason", " ", "--approver", "bob"],
    ],
    ids=" ".join,
)
def test_a_waiver_that_makes_no_sense_is_refused(more, crm, run, as_, folder):
    file = write_campaign(crm, "block")
    code, out, err = run("waive", "ff-air", file, "--out", "out", *as_("olga"), *more)
    assert (code, out) == (2, "")
    assert err.startswith("fairreach: ")
    assert not list(folder.path.rglob("*.waiver*"))
    code, _, err = run("waive", "ff-aire", file, *as_("olga"), *more)
    assert code == 2


def test_an_encrypted_audience_is_for_its_recipient(crm, run, as_, folder):
    words = ["run", write_campaign(crm, "clear"), "--out", "out", *as_("ann")]
    code, _, err = run(*words, "--encrypt-to", "bob")
    assert code == 0
    assert "audience: out/clear/audience.csv.sealed" in err
    for path in (folder.path / "out").rglob("*"):
        assert path.is_dir() or b"C00004" not in path.read_bytes()
    code, _, err = run(*words, "--encrypt-to", "bub")
    assert code == 2
    assert "did you mean 'bob'?" in err


@pytest.mark.parametrize(
    ("kinds", "code"),
    [
        (["clear"], 0),
        (["clear", "review"], 4),
        (["review", "block", "clear"], 3),
        (["block", "broken", "review"], 2),
        (["broken", "crash", "block"], 1),
    ],
)
def test_the_worst_campaign_gives_the_code_of_the_batch(
    kinds, code, crm, run, monkeypatch
):
    from pipelines.batch import running

    carry_out = running.carry_out

    def crashing(file, *args, **more):
        if file.stem == "crash":
            raise ZeroDivisionError("a bug")
        return carry_out(file, *args, **more)

    monkeypatch.setattr(running, "carry_out", crashing)
    (crm / "broken.toml").write_text("name = ")
    files = [
        crm / "broken.toml"
        if kind == "broken"
        else write_campaign(crm, "clear" if kind == "crash" else kind, name=kind)
        for kind in kinds
    ]
    found, out, err = run("batch", *files, "--out", "out")
    assert (found, err) == (code, "")
    assert f"{len(kinds)} campaign" in out.splitlines()[-1]
    found, out, _ = run("batch", *files, "--out", "out", "--format", "json")
    rows = json.loads(out)["campaigns"]
    assert [row["file"] for row in rows] == list(map(str, files))
    found, out, _ = run("batch", *files, "--out", "out", "--format", "markdown")
    assert (found, len(out.splitlines())) == (code, 2 + len(files))


def test_a_batch_fails_on_block_alone_if_asked_to(crm, run):
    words = ["batch", write_campaign(crm, "review"), "--out", "out"]
    assert run(*words)[0] == 4
    assert run(*words, "--fail-on", "block")[0] == 0


def test_a_batch_of_nothing_or_of_twins_is_a_usage_error(crm, run, folder):
    file = write_campaign(crm, "clear")
    assert run("batch", "--out", "out")[0] == 2
    code, out, err = run("batch", file, file, "--out", "out")
    assert (code, out) == (2, "")
    assert "is given twice" in err
    folder.write("out", "in the way")
    code, _, err = run("batch", file, "--out", "out")
    assert code == 2
    assert "cannot be written to" in err


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize("name", ["[bold]x", "[red", "\x1b[2J", "\x9b2J"])
def test_progress_shows_a_nasty_file_name_as_it_is(name, crm, run, monkeypatch, folder):
    path = crm / f"{name}.toml"
    path.write_text(write_campaign(crm, "clear").read_text())
    monkeypatch.setenv("TERM", "xterm")
    with monkeypatch.context() as patched:
        patched.setattr("sys.stderr", Terminal())
        code, _, _ = run("batch", path, "--out", "out")
        shown = sys.stderr.getvalue()
    assert code == 0
    assert "\x1b[2J" not in shown
    assert "\x9b" not in shown
    if name.startswith("["):
        assert name in shown


def test_keys_are_made_trusted_used_and_revoked(crm, run, folder):
    assert run("keys", "new", "ann")[0] == 0
    code, out, err = run("keys", "trust", "keys/ann.pub")
    assert code == 0, err
    words = [
        "run",
        write_campaign(crm, "clear"),
        "--out",
        "out",
        "--key",
        "keys/ann.key",
    ]
    assert run(*words)[0] == 0
    assert run("verify", "out/clear/audience.csv")[0] == 0
    code, out, _ = run("keys", "list")
    assert code == 0
    assert "ann" in out
    code, out, _ = run("ledger", "show", "out/ledger.jsonl")
    assert code == 0
    assert "release" in out
    assert run("ledger", "verify", "out/ledger.jsonl")[0] == 0
    assert (folder.path / "keys" / "ann.key").stat().st_mode & 0o077 == 0


def drafted(run, table, *words):
    code, out, err = run("init", table, *words)
    assert (code, err) == (0, "")
    return out


def test_a_draft_is_printed_or_written_and_can_be_run(crm, run, folder):
    table = crm / "customers.csv"
    text = table.read_text().replace("\nC", "\nC").splitlines()
    table.write_text("\n".join([f"{text[0]},gender", *(f"{x},f" for x in text[1:])]))
    printed = drafted(run, "crm/customers.csv")
    assert tomllib.loads(printed)["tables"]["customers"] == "crm/customers.csv"
    folder.write("drafted.toml", printed)
    assert run("run", "drafted.toml", "--out", "out")[0] in CODES.values()
    said = drafted(run, "crm/customers.csv", "--out", "crm/spring.toml")
    assert said.startswith("drafted: crm/spring.toml\n")
    content = (crm / "spring.toml").read_text()
    assert tomllib.loads(content)["tables"]["customers"] == "customers.csv"
    assert run("run", crm / "spring.toml", "--out", "out2")[0] in CODES.values()
    code, out, err = run("init", "crm/customers.csv", "--out", "crm/spring.toml")
    assert (code, out) == (2, "")
    assert "never overwritten" in err
    assert (crm / "spring.toml").read_text() == content


@pytest.mark.parametrize(
    ("table", "more", "told"),
    [
        ("none.csv", [], "no such file"),
        ("groups.csv", [], "no column that differs in every row"),
        ("ids.csv", [], "looks like a protected attribute"),
        ("good.csv", ["--out", "spring.yaml"], "does not end in .toml"),
        ("good.csv", ["--out", "none/spring.toml"], "cannot be written"),
        ("postgresql://ann:s3cr3t@h/crm#c", [], "holds a password"),
        ("a\x1b[31m.csv", [], "no campaign file can hold"),
    ],
)
def test_what_cannot_be_drafted_is_told(table, more, told, run, folder):
    folder.two_groups(1, 1, of=(5, 5))
    folder.write("ids.csv", "id,orders\na,1\nb,2\n")
    folder.write("good.csv", "id,gender\na,f\nb,m\n")
    before = folder.names()
    code, out, err = run("init", table, *more)
    assert (code, out) == (2, "")
    assert told in err
    assert "s3cr3t" not in err
    assert controls(err) == set()
    assert folder.names() == before


NASTY = [
    "<script>alert(1)</script> age",
    "\x1b[31m age\x1b[0m",
    "age\u202e\u2028",
    "\x9b31m age",
    'age"; DROP TABLE x; --',
    "age\\",
    "age]]\n[tables]\nx",
    "'''age",
    '"""age',
    "=cmd()|age",
    "[bold]age[/nothing]",
    "age.age",
    "{{ age }}",
    "|age|b|",
    "# age",
    "age\x7f",
    "\N{GRINNING FACE} age",
    "a" * 5_000 + " age",
]


@pytest.mark.parametrize("nasty", NASTY, ids=ascii)
@pytest.mark.parametrize("role", ["attribute", "rule", "id"])
def test_nasty_columns_are_drafted_run_and_told_harmlessly(role, nasty, run, folder):
    import pyarrow as pa
    import pyarrow.parquet as pq

    name = nasty.replace(
        "age", {"attribute": "age", "rule": "orders", "id": "id"}[role]
    )
    rows = 400
    columns = {
        name if role == "id" else "id": [f"C{place}" for place in range(rows)],
        name if role == "attribute" else "gender": ["f", "m"] * (rows // 2),
        name if role == "rule" else "orders": [place % 7 - 3 for place in range(rows)],
    }
    pq.write_table(pa.table(columns), folder.path / "c.parquet")
    code, out, err = run("init", "c.parquet", "--out", "spring.toml")
    assert controls(out + err) == set()
    if code == 2:
        assert role == "id"
        assert "which no rule can name" in err
        return
    text = (folder.path / "spring.toml").read_text()
    assert controls(text) == set()
    campaign = load_campaign(folder.path / "spring.toml")
    if role == "attribute":
        assert campaign.protected.by == (name,)
    code, out, err = run("run", "spring.toml", "--out", "out")
    if role == "id" and name.startswith("="):
        assert code == 2
        assert "a spreadsheet would run the key's name as a formula" in err
        assert not list((folder.path / "out").rglob("audience.csv"))
        return
    assert code in CODES.values(), err
    page = (folder.path / "out" / "c" / "report.html").read_text()
    assert "<script>alert" not in page
    words = ["run", "spring.toml", "--out", "out", "--format", "markdown"]
    markdown = run(*words)[1]
    assert "<script>alert" not in markdown
    for told in (page, markdown, out, err):
        assert controls(told) == set()


@pytest.mark.parametrize(
    ("name", "by"),
    [
        ("telco_churn/Telco-Customer-Churn.csv", "gender"),
        ("customer_personality/marketing_campaign.csv", "Year_Birth"),
        ("bank_marketing/bank-full.csv", "age"),
        ("adult/adult.data", "sex"),
    ],
)
def test_a_draft_of_real_data_can_be_run(name, by, folder):
    if not (DATA / name).is_file():
        pytest.skip("the data is not here")
    from pipelines.campaign import draft_campaign

    table = DATA / name
    if name.startswith(("bank", "adult")):
        table = with_ids(table, folder.path / "customers.csv")
    path = folder.path / "spring.toml"
    path.write_text(draft_campaign(table, directory=folder.path))
    campaign = load_campaign(path)
    assert by in campaign.protected.by
    found = run_campaign(campaign, directory=folder.path)
    assert found.verdict in CODES
    assert found.audit.counts.rows > 2_000


ADULT = (
    "age,workclass,fnlwgt,education,education_num,marital_status,occupation,"
    "relationship,race,sex,capital_gain,capital_loss,hours,native_country,income"
)


def with_ids(table, path):
    """Write a table with ids in front, which these files do not have."""
    lines = [line for line in table.read_text().splitlines() if line.strip()]
    if table.name == "adult.data":
        lines = [ADULT, *(line.replace(", ", ",") for line in lines)]
    rows = [f"id,{lines[0]}"]
    rows += [f"C{place:06d},{line}" for place, line in enumerate(lines[1:])]
    path.write_text("\n".join(rows) + "\n")
    return path
