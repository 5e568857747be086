"""What artefacts say, leave blank and keep hidden; labels do nothing in them."""

import copy
import os
import re
import unicodedata
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import fairness as fa
from fairness import __version__
from fairness.errors import InputError
from fairness.findings.messages import label
from fairness.reports import ARTEFACTS, render
from fairness.reports.answers import answers
from fairness.reports.artefacts import sources
from fairness.reports.ll144 import ll144_rows, ll144_tables
from tests.artefacts.conftest import CAMPAIGNS, plain, section_of, tables_of

SNAPSHOTS = Path(__file__).parent / "snapshots"
REWRITE = os.environ.get("FAIRREACH_SNAPSHOTS") == "write"
BLANK = re.compile(r"____ \*\(to be filled in by [a-z :]+\)\*")
INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
INERT_TAGS = {
    *("h1", "h2", "h3", "p", "ul", "li", "strong", "em", "code"),
    *("table", "thead", "tbody", "tr", "th", "td"),
}


def policy_for(kind):
    return "nyc-ll144" if kind == "ll144" else "us-four-fifths"


def rendered(markdown):
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": True})
    return parser.enable(["table", "strikethrough"]).render(markdown)


def settled(text, payload):
    """Leave out what changes with a release or an edited policy."""
    for policy in payload["policy"]:
        text = text.replace(
            f"{policy['name']} {policy['version']}", f"{policy['name']} N"
        )
    text = re.sub(r"sha256:[0-9a-f]{64}", "sha256:…", text)
    return text.replace(f"fairreach {__version__}", "fairreach VERSION")


@pytest.mark.parametrize("kind", ["adverse-impact", "dpia", "model-card"])
@pytest.mark.parametrize("name", ["spring-card", "app-cashback"])
def test_the_artefact_of_a_sample_is_as_before(name, kind, campaign):
    payload = campaign(name)
    made = settled(render(payload, kind), payload)
    path = SNAPSHOTS / f"{name}.{kind}.md"
    if REWRITE:
        path.parent.mkdir(exist_ok=True)
        path.write_text(made, encoding="utf-8")
    told = (
        "after a change that is meant: FAIRREACH_SNAPSHOTS=write pytest tests/artefacts"
    )
    assert made == path.read_text(encoding="utf-8"), told


@pytest.mark.parametrize("kind", ["adverse-impact", "dpia", "model-card"])
@pytest.mark.parametrize("name", CAMPAIGNS)
def test_the_verdict_comes_first_with_its_reason(name, kind, campaign):
    payload = campaign(name)
    title, empty, verdict, *_ = render(payload, kind).split("\n")
    assert title.startswith("# ")
    assert plain(title).endswith(f": {name}")
    assert empty == ""
    mark = {"block": "■ Blocked: ", "clear": "● Clear: "}[payload["verdict"]]
    sentence = answers(payload).sentence
    assert len(sentence) > 20
    assert plain(verdict).startswith(f"**{mark}")
    assert f"{sentence}.** " in plain(verdict)


@pytest.mark.parametrize("kind", ARTEFACTS)
def test_no_artefact_says_that_a_law_is_met(kind, small):
    text = render(small(policy="nyc-ll144"), kind).lower()
    assert "no legal advice" in text
    assert not re.search(
        r"complian|complies|\blawful\b|is fair\b|unbiased|certif", text
    )


@pytest.mark.parametrize("kind", ["adverse-impact", "dpia", "model-card", "ll144"])
def test_blanks_name_who_is_to_fill_them_in(kind, small):
    payload = small(policy="nyc-ll144", score="score")
    text = render(payload, kind)
    blanks = BLANK.findall(text)
    assert blanks
    assert text.count("to be filled in by") == len(blanks)
    told = section_of(text, "Signatures")
    assert "| date | signature |" in told


def test_every_gap_that_only_the_controller_knows_is_blank(campaign):
    text = render(campaign("spring-card"), "dpia")
    facts = {
        row[""]: row["what is known"]
        for table in tables_of(text)
        if table.head == ["", "what is known"]
        for row in table.rows
    }
    assert facts["purpose"] == "marketing"
    for name in (
        *("controller", "legal basis", "legitimate aim", "retention"),
        *("recipients and processors", "transfers to third countries"),
        *("residual risk, and who accepts it", "day of the next review"),
        "views of those concerned, or why not asked",
    ):
        assert facts[name] == "____ *(to be filled in by the controller)*"
    officer = facts["advice of the data protection officer"]
    assert officer == "____ *(to be filled in by the data protection officer)*"


def test_an_assessment_has_the_four_parts_of_the_article(campaign):
    text = render(campaign("autumn-mailing"), "dpia")
    parts = re.findall(r"^## \d\. .*\(Art 35\(7\)\(([a-d])\)\)$", text, re.MULTILINE)
    assert parts == ["a", "b", "c", "d"]


def test_an_assessment_tells_what_each_rule_on_conduct_found_and_its_remedy(campaign):
    payload = campaign("autumn-mailing")
    text = plain(render(payload, "dpia"))
    unmet = [
        row
        for row in payload["ethics"]
        if row["verdict"] in {"fail", "inconclusive", "not_measurable"}
    ]
    assert len(unmet) > 3
    risks = section_of(text, "3. Risks to rights and freedoms (Art 35(7)(c))")
    measures = section_of(text, "4. Measures (Art 35(7)(d))")
    for row in unmet:
        assert row["message"] in risks
        if row["remedy"]:
            assert f"{row['rule']}: {row['remedy']}" in measures
    assert "No rule on consent or records" not in text


def test_a_rule_on_conduct_stands_with_the_status_of_its_source(campaign):
    payload = campaign("autumn-mailing")
    cited = {row["rule"]: row["citation"] for row in payload["ethics"]}
    rows = [
        row
        for table in tables_of(render(payload, "dpia"))
        if {"source", "what was found"} <= set(table.head)
        for row in table.rows
    ]
    assert len(rows) > 10
    for row in rows:
        doubt = " (not confirmed)" if row["status"] == "not confirmed" else ""
        assert f"{row['source']}{doubt}" == cited[row["rule"]]
    assert {row["status"] for row in rows} == {"confirmed", "not confirmed"}


def test_an_assessment_without_rules_on_conduct_says_so(campaign):
    for name in ("spring-card", "payday-loan"):
        assert "No rule on consent or records" in render(campaign(name), "dpia")


def test_what_few_people_s_consent_says_is_not_told(campaign):
    payload = copy.deepcopy(campaign("spring-card"))
    payload["consent"]["undated"] = None
    rows = {
        row["consent"]: row["customers"]
        for table in tables_of(render(payload, "dpia"))
        if "consent" in table.head
        for row in table.rows
    }
    assert rows["undated"] == "few"
    assert rows["opted out"] == f"{payload['consent']['opted_out']:,}"


def test_a_campaign_without_a_score_has_a_card_that_says_so(campaign):
    text = render(campaign("spring-card"), "model-card")
    assert "This campaign has no score" in text
    assert "## Intended use" not in text
    assert "postcode NOT IN" in text


def test_a_card_has_the_headings_of_the_paper(campaign):
    text = render(campaign("app-cashback"), "model-card")
    headings = re.findall(r"^## (.*)$", text, re.MULTILINE)
    wanted = [
        *("Model details", "Intended use", "Factors", "Metrics", "Evaluation data"),
        *("Training data", "Quantitative analyses", "Ethical considerations"),
        "Caveats and recommendations",
    ]
    assert [one for one in headings if one in wanted] == wanted
    assert "trained on 2,760 customers" in text


def test_a_check_with_a_score_has_a_card_too(checked):
    text = render(checked("scores"), "model-card")
    assert "Difference of the score's AUC" in text
    assert "No score was measured" in render(checked("plain"), "model-card")


@pytest.mark.parametrize("offer", ["beneficial", "burdensome", "neutral"])
def test_what_the_four_fifths_rule_says_fits_the_offer(offer, small):
    text = render(small(offer), "adverse-impact")
    told = section_of(text, "What the four-fifths rule says, and what it does not")
    assert ("blames the wrong group" in told) == (offer == "burdensome")
    assert ("Burden ratio to everybody else" in text) == (offer != "beneficial")
    assert ("Ratio to the reference" in text) == (offer != "burdensome")


def test_a_rate_above_the_reference_s_is_told(campaign):
    payload = campaign("spring-card")
    text = plain(render(payload, "adverse-impact"))
    (row,) = (
        one
        for one in payload["groups"]
        if (one["attribute"], one["group"]) == ("birth_date", "(missing)")
    )
    rate = f"{row['rate']:.3f}"
    assert f"A higher rate than the reference's 0.229: (missing) ({rate}, n 98)" in text


def test_a_sector_brings_its_sources(campaign):
    credit = render(campaign("spring-card"), "adverse-impact")
    retail = render(campaign("app-cashback"), "adverse-impact")
    assert "Regulation B" in credit
    assert "Regulation B" not in retail


def test_a_source_is_confirmed_only_where_the_text_was_looked_up(campaign):
    rows = {
        row["source"]: row["status"]
        for table in tables_of(render(campaign("spring-card"), "adverse-impact"))
        if "what it says" in table.head
        for row in table.rows
    }
    known = {one.name: one.confirmed for one in sources.ADVERSE_IMPACT}
    assert len(rows) > 5
    for name, status in rows.items():
        assert (status == f"confirmed, {sources.AS_OF}") == known[name]
        assert (status == "not confirmed") != known[name]
    # Texts that nobody has read for this.
    assert not known[next(name for name in known if "1607.4(D)" in name)]


def test_every_rule_stands_with_its_outcome_and_the_status_of_its_source(campaign):
    payload = campaign("spring-card")
    (table,) = (
        one
        for one in tables_of(render(payload, "adverse-impact"))
        if "outcome" in one.head
    )
    told = {row["rule"]: row for row in table.rows}
    assert list(told) == list(dict.fromkeys(r["rule"] for r in payload["findings"]))
    for name, row in told.items():
        verdicts = [r["verdict"] for r in payload["findings"] if r["rule"] == name]
        fails = verdicts.count("fail")
        assert (f"{fails} fail" in row["outcome"]) == (fails > 0)
    for rule in payload["policy"][0]["rules"]:
        status = told[rule["id"]]["status"]
        assert status.endswith("not confirmed") != rule["confirmed"]


def test_digests_can_be_copied(campaign):
    payload = campaign("spring-card")
    for kind in ("adverse-impact", "dpia", "model-card"):
        told = section_of(render(payload, kind), "Evidence")
        for digest in (
            payload["policy"][0]["digest"],
            payload["data"]["fingerprint"],
            payload["campaign"]["digest"],
            payload["evidence"]["run"],
        ):
            assert f"`{digest}`" in told


@pytest.mark.parametrize("offer", ["beneficial", "burdensome", "neutral"])
@pytest.mark.parametrize("kind", ["adverse-impact", "dpia", "model-card"])
def test_no_number_of_a_hidden_group_is_told(kind, offer, small):
    payload = small(offer, score="score")
    hidden = {row["group"] for row in payload["groups"] if row["n"] is None}
    assert "tiny" in hidden
    seen = 0
    for table in tables_of(render(payload, kind)):
        for row in table.rows:
            if row.get("group") in hidden:
                seen += 1
                words = {"group", "attribute", "metric"}
                cells = {k: v for k, v in row.items() if k not in words}
                assert not re.search(r"\d", " ".join(cells.values())), row
    if kind != "dpia":
        assert seen


def test_a_ratio_that_is_not_defined_is_a_dash_with_its_reason():
    table = pd.DataFrame(
        {"g": np.repeat(["a", "b"], 500), "s": np.zeros(1000, dtype=int)}
    )
    payload = fa.audit(table, selected="s", by="g", offer="beneficial").gate().to_dict()
    text = render(payload, "adverse-impact")
    rates = next(one for one in tables_of(text) if "ratio" in one.head)
    undefined = [row for row in payload["findings"] if row["rule"] == "ff-air"]
    assert {row["estimate"] for row in undefined} == {None}
    for told, row in zip(rates.rows, undefined, strict=True):
        assert told["ratio"] == told["95 % interval"] == "–"
        assert told["rate"] == "0.000"
        assert f"- {row['message']}" in plain(text)


def test_the_summary_has_the_tables_of_the_layout(small):
    payload = small(policy="nyc-ll144")
    tables = ll144_tables(payload)
    assert tables
    made = [
        one for one in tables_of(render(payload, "ll144")) if "impact ratio" in one.head
    ]
    for table, told in zip(tables, made, strict=True):
        head, *rows = ll144_rows(table)
        assert told.head == head
        assert [list(row.values()) for row in told.rows] == rows


def test_the_summary_tells_what_is_on_record_and_asks_for_the_rest(small):
    payload = small(policy="nyc-ll144")
    payload["campaign"] = {"offer": {"name": "a", "sector": None}, "name": "a"}
    payload["campaign"]["digest"] = payload["data"]["fingerprint"]
    payload["campaign"]["record"] = {"audit_date": "2026-05-01"}
    (table,) = (
        one
        for one in tables_of(render(payload, "ll144"))
        if "what is known" in one.head
    )
    facts = {row[""]: row["what is known"] for row in table.rows}
    assert facts["date of the bias audit"] == "2026-05-01"
    assert facts["in use since"].endswith(
        "(to be filled in by the employer or agency)*"
    )
    assert facts["people assessed"] == f"{payload['data']['rows']:,}"


def test_the_summary_of_another_policy_is_refused(campaign, checked):
    with pytest.raises(
        InputError, match="does not rest on the pack 'nyc-ll144'"
    ) as one:
        render(campaign("spring-card"), "ll144")
    assert "judged by 'us-four-fifths'" in str(one.value)
    with pytest.raises(InputError, match="it was not judged"):
        render(checked("plain", judged=False), "ll144")


@pytest.mark.parametrize("kind", ARTEFACTS)
def test_no_label_does_anything(kind, hostile_payload, harmless_payload, page):
    text = render(hostile_payload(policy_for(kind)), kind)
    usual = render(harmless_payload(policy_for(kind)), kind)
    made, other = page(rendered(text)), page(rendered(usual))
    assert {tag for tag, _ in made.tags} <= INERT_TAGS
    assert [tag for tag, _ in made.tags] == [tag for tag, _ in other.tags]
    assert made.kinds == other.kinds
    assert not made.comments
    seen = {unicodedata.category(char) for char in text if char != "\n"}
    assert not seen & INVISIBLE
    bare = re.sub(r"`sha256:[0-9a-f]{64}`|&#\d+;", "", text)
    assert not re.search(r"https?://|www\.|[@#]\w|:\w+:|\$", bare)


@pytest.mark.parametrize("kind", ["adverse-impact", "model-card"])
def test_every_label_stands_as_it_is(kind, hostile_payload, page):
    payload = hostile_payload()
    text = page(rendered(render(payload, kind))).text.replace("\u200b", "")
    groups = [r["group"] for r in payload["groups"] if "&" not in r["attribute"]]
    assert len(groups) > 20
    for group in groups:
        assert label(group, 40).rstrip("…") in text


def test_a_long_label_is_cut(hostile_payload):
    for kind in ("adverse-impact", "dpia", "model-card"):
        assert "x" * 300 not in render(hostile_payload(), kind)
