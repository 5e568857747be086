"""Notices, records and assessments; languages; hostile campaign files."""

import json
import shutil
from pathlib import Path

import pytest

from fairness.errors import InputError
from pipelines.campaign import load_campaign
from pipelines.campaign.model import Campaign
from pipelines.notices import (
    art30_row,
    campaign_notice,
    dpia_section,
    list_languages,
    load_language,
    main_parameters,
)

CAMPAIGNS = Path(__file__).parents[2] / "data" / "samples" / "campaigns"
FULL = {
    "name": "spring",
    "owner": "olga",
    "offer": {"name": "A voucher"},
    "tables": {"customers": "c.csv", "protected": "p.csv", "consents": "k.csv"},
    "protected": {"by": ["gender"]},
    "funnel": {
        "suppression": {"owes": "arrears = 1"},
        "consent": {"channel": "email"},
        "clauses": {"active": "orders >= 2"},
    },
    "data": {
        "need": {"arrears": "not to lend to who owes", "orders": "who is active"},
        "retention_days": 365,
    },
    "record": {
        "controller": "Nordia plc",
        "contact": "dpo@nordia.example",
        "objection": "write STOP",
        "authority": "the data protection authority",
        "transfers": "none",
        "legitimate_aim": "to keep customers",
        "proportionality": "two columns are enough",
        "dpo_advice": "agreed",
        "subjects_views": "asked in a panel",
        "residual_risk": "low",
        "dpia_review": "2027-01-01",
    },
}


def test_a_full_file_leaves_no_gap():
    campaign = Campaign(**FULL)
    notice = campaign_notice(campaign)
    assert notice.gaps == ()
    text = notice.text()
    for said in (
        "Nordia plc", "marketing", "A voucher", "orders: who is active", "Left out",
        "arrears = 1", "consent to marketing by email", "365 days", "write STOP",
    ):  # fmt: skip
        assert said in text
    assert dpia_section(campaign).gaps == ()
    assert None not in art30_row(campaign).values()


@pytest.mark.parametrize("key", sorted(FULL["record"]))
def test_what_is_not_said_is_a_gap_and_not_made_up(key):
    record = {name: said for name, said in FULL["record"].items() if name != key}
    campaign = Campaign(**FULL | {"record": record})
    gaps = {*campaign_notice(campaign).gaps, *dpia_section(campaign).gaps}
    rows = art30_row(campaign)
    assert f"[record] {key}" in gaps or None in rows.values()
    assert FULL["record"][key] not in campaign_notice(campaign).text()


def test_a_need_that_is_not_stated_is_a_gap():
    data = {"need": {"arrears": "a reason"}, "retention_days": 365}
    assert campaign_notice(Campaign(**FULL | {"data": data})).gaps == (
        "[data.need] orders",
    )


def test_the_assessment_tells_verdict_and_reasons_of_a_run():
    payload = {
        "verdict": "block",
        "reasons": ["ethnicity black is selected 0.47 times as often"],
        "campaign": {"as_of": "2026-11-01"},
    }
    told = dpia_section(Campaign(**FULL), payload).text()
    assert "came to: block" in told
    assert "0.47 times" in told


def test_main_parameters_name_every_condition():
    said = main_parameters(load_campaign(CAMPAIGNS / "app-cashback.toml"))
    assert "a score computed from" in said
    said = main_parameters(Campaign(**FULL))
    assert "orders >= 2" in said
    assert "write STOP" in said


def test_nothing_of_the_file_is_markup():
    hostile = "<script>x</script> [a](javascript:b) |x|\n# head"
    campaign = Campaign(**FULL | {"offer": {"name": hostile}})
    told = campaign_notice(campaign).markdown()
    assert "<script" not in told
    assert "](javascript" not in told
    assert "\n# head" not in told


def test_braces_in_a_file_are_text():
    campaign = Campaign(**FULL | {"offer": {"name": "{campaign} {0} {x.__class__}"}})
    assert "{campaign} {0} {x.__class__}" in campaign_notice(campaign).text()


@pytest.fixture
def german(tmp_path):
    source = Path(__file__).parents[2] / "pipelines" / "notices" / "languages"
    path = tmp_path / "de.toml"
    shutil.copy(source / "en.toml", path)
    text = path.read_text()
    text = text.replace(
        "You were chosen for “{offer}”.", "Sie wurden für „{offer}“ ausgewählt."
    )
    path.write_text(text)
    return path


def test_a_language_is_a_file(german):
    words = load_language(str(german))
    assert words.say("person", "chosen", offer="x") == "Sie wurden für „x“ ausgewählt."


@pytest.mark.parametrize(
    ("old", "new", "match"),
    [
        ("{offer}“", "{ofer}“", "does not hold just {offer}"),
        ("{offer}“", "{offer.__class__}“", "does not hold just {offer}"),
        ("{offer}“", "{offer!r}“", "does not hold just {offer}"),
        ("{offer}“", "{offer", "does not hold just {offer}"),
        ("chosen = ", "choosen = ", "did you mean 'chosen'"),
        ('language = "English"', "", "language: is missing"),
        ('chosen = "', 'chosen = 3 # "', "is not a text"),
        ("[person]", "[person", "cannot be read"),
    ],
)
def test_a_broken_language_is_refused(german, old, new, match):
    text = german.read_text()
    assert old in text
    other = german.with_name("broken.toml")
    other.write_text(text.replace(old, new, 1))
    with pytest.raises(InputError, match=match):
        load_language(str(other))


def test_an_unknown_language_names_the_known_ones():
    with pytest.raises(InputError, match="'en'"):
        load_language("eng")
    assert list_languages() == ("en",)


def test_documents_are_json():
    made = campaign_notice(Campaign(**FULL)).to_dict()
    assert json.loads(json.dumps(made)) == made
