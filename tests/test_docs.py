"""The pages of docs/: what they show runs, what they name is there."""

import re
import shutil
from pathlib import Path

import matplotlib as mpl
import pytest
from typer.main import get_command

from fairness.metrics.conduct_params import PARAMS
from fairness.policy import Policy, Rule, Waiver, list_packs, load_policy
from pipelines.campaign import Campaign
from pipelines.campaign.conduct.records import read_lists
from pipelines.cli.app import app
from pipelines.features import FEATURES
from tests.documents import Reader, blocks

mpl.use("agg")

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.glob("*.md"))


def text_of(path):
    return path.read_text(encoding="utf-8")


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """An empty directory with the samples, as a reader of a page would have it."""
    shutil.copytree(ROOT / "data", tmp_path / "data")
    monkeypatch.chdir(tmp_path)
    for name in ("FAIRREACH_KEY", "FAIRREACH_TRUST"):
        monkeypatch.delenv(name, raising=False)
    # A key of a page has no passphrase, and nobody is asked for one.
    monkeypatch.setenv("FAIRREACH_PASSPHRASE", "")
    return tmp_path


@pytest.mark.parametrize(
    "path",
    [page for page in PAGES if blocks(text_of(page), "python", "console")],
    ids=lambda path: path.stem,
)
def test_a_page_shows_what_happens(path, elsewhere):
    Reader(path.name).read(text_of(path))


def calls(text):
    """Yield the words after ``fairreach`` of each call in a block that is not run."""
    joined = re.sub(r"\s*\\\n\s*", " ", text)
    joined = re.sub(r"(^|\s)#.*$", "", joined, flags=re.MULTILINE)
    for call in re.findall(r"\bfairreach +([^|;&\n]*)", joined):
        yield [word.strip("'\"") for word in call.split()]


def unknown_words(words):
    """Return the commands and options of a call that do not exist."""
    command = get_command(app)
    words = list(words)
    while hasattr(command, "commands") and words and not words[0].startswith("-"):
        name = words.pop(0)
        if name not in command.commands:
            return [name]
        command = command.commands[name]
    known = {"--help", "--version"}
    known |= {name for param in command.params for name in param.opts}
    used = [word.partition("=")[0] for word in words if word.startswith("--")]
    return [word for word in used if word not in known]


@pytest.mark.parametrize(
    "path", [*PAGES, ROOT / "README.md"], ids=lambda path: path.stem
)
def test_commands_and_options_that_a_page_names_exist(path):
    text = text_of(path)
    shown = [block.text for block in blocks(text, "bash", "console", "yaml")]
    spoken = re.findall(r"`(fairreach [^`]+)`", re.sub(r"(?s)```.*?```", "", text))
    for words in calls("\n".join([*shown, *spoken])):
        assert unknown_words(words) == [], words


def test_an_option_that_is_not_there_would_be_found():
    assert unknown_words(["check", "a.csv", "--by", "g"]) == []
    assert unknown_words(["check", "a.csv", "--bye=g"]) == ["--bye"]
    assert unknown_words(["polices", "list"]) == ["polices"]
    assert list(calls("0 2 * * * cd /x && fairreach run a.toml \\\n  --out b")) == [
        ["run", "a.toml", "--out", "b"]
    ]


POLICIES = text_of(DOCS / "policies.md")


def section(page, heading):
    return page.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def named_first(text):
    """Return the names in the first cells of a section's table."""
    cells = re.findall(r"^\| ([^|]*) \|", text, flags=re.MULTILINE)
    return [name for cell in cells for name in re.findall(r"`([^`]+)`", cell)]


CAMPAIGNS = text_of(DOCS / "campaigns.md")


def tables_of(model, name=""):
    """Yield the heading of each table of a campaign file, with its model."""
    yield f"Keys of [{name}]" if name else "Keys of the file", model
    for key, inner in model.inner.items():
        if key in model.keys():  # noqa: SIM118 - not a mapping
            yield from tables_of(inner, f"{name}.{key}" if name else key)


@pytest.mark.parametrize(
    ("heading", "table"), list(tables_of(Campaign)), ids=lambda value: str(value)[:40]
)
def test_every_key_of_a_campaign_is_documented_once(heading, table):
    assert sorted(named_first(section(CAMPAIGNS, heading))) == sorted(table.keys())


def test_every_field_on_record_and_every_feature_is_documented():
    fields = read_lists("record_fields")["fields"]
    rows = {f"| `{name}` | {field['says']} |" for name, field in fields.items()}
    shown = section(CAMPAIGNS, "Keys of [record]").splitlines()
    assert {row for row in shown if row.startswith("| `")} == rows
    features = section(CAMPAIGNS, "Keys of [features]")
    assert set(re.findall(r"`(\w+)`", features)) == {"names", *FEATURES}


def test_the_figures_of_other_tools_are_those_of_the_last_run():
    stored = text_of(ROOT / "benchmarks" / "comparison.md")
    page = text_of(DOCS / "comparison.md")
    shown = page.partition("<!-- figures -->\n")[2].partition("<!-- /figures -->")[0]
    assert len(shown) > 500
    assert stored.endswith(shown)


@pytest.mark.parametrize(
    ("heading", "table"),
    [("Keys of a policy", Policy), ("Keys of a rule", Rule), ("Waivers", Waiver)],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_every_key_of_a_policy_is_documented_once(heading, table):
    assert sorted(named_first(section(POLICIES, heading))) == sorted(table.keys())


def test_every_parameter_of_a_metric_of_conduct_is_documented():
    rows = section(POLICIES, "Rules on conduct").splitlines()
    for metric, params in PARAMS.items():
        told = " ".join(row for row in rows if f"`{metric}`" in row.split(" | ")[0])
        for name in params:
            assert re.search(rf"`{name}[` =]", told), (metric, name)


def test_the_table_of_packs_is_theirs():
    rows = []
    for name in list_packs():
        rules = load_policy(name).rules
        weights = [
            sum(rule.severity == weight for rule in rules)
            for weight in ("block", "review", "note")
        ]
        numbers = [len(rules), *weights, sum(rule.confirmed for rule in rules)]
        cells = [f"`{name}`", load_policy(name).title, *map(str, numbers)]
        rows.append(f"| {' | '.join(cells)} |")
    shown = section(POLICIES, "The packs")
    assert re.findall(r"^\| `.*$", shown, flags=re.MULTILINE) == rows


def heading_anchor(heading):
    kept = re.sub(r"[^\w\- ]", "", heading.replace("`", "").lower())
    return kept.strip().replace(" ", "-")


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_links_of_a_page_lead_somewhere(path):
    for target in re.findall(r"\]\(([^)\s]+)\)", text_of(path)):
        if target.startswith(("http://", "https://", "mailto:")):
            continue
        name, _, anchor = target.partition("#")
        file = (path.parent / name).resolve() if name else path
        assert file.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.+)$", text_of(file), flags=re.MULTILINE)
            assert anchor in map(heading_anchor, headings), target


def test_the_index_names_every_page():
    index = text_of(DOCS / "README.md")
    for page in PAGES:
        if page.name != "README.md":
            assert f"]({page.name})" in index, page.name
