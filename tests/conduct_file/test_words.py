"""Words: names of people's troubles, preferences, urgency, dark patterns, price notices."""

import pytest

from pipelines.campaign.conduct.lexicon import words_of
from tests.conduct_file.files import status, tables, value

NY = "THIS PRICE WAS SET BY AN ALGORITHM USING YOUR PERSONAL DATA"
# The first three are segments that the Senate's report of 2013 quotes, the next two
# names of audiences in the FTC's cases; the others are in their manner.
SENSITIVE = [
    "Rural and Barely Making It", "Retiring on Empty: Singles",
    "Ethnic Second-City Strugglers", "HIV", "Birth Control",
    "birth-control-lookers", "Hard Times", "Payday borrowers", "in_debt_families",
    "Problem gamblers", "recently bereaved", "Diabetics 50+", "muslim-households",
    "gay men city", "trade union members", "über-schuldet? broke singles", "low-income",
    "LossChasers",
]  # fmt: skip
HARMLESS = [
    "Sussex shoppers", "Essex spring", "age of empires fans", "unisex range", "spring-card",
    "loyalty retention", "Black card", "Black Friday", "Singles Day", "Single malt lovers",
    "Health and beauty", "Credit union members", "Senior managers", "Regular customers",
    "Top spenders", "Debt free", "armchairs", "Asian food lovers", "debit card", "racers",
]  # fmt: skip


@pytest.mark.parametrize("name", SENSITIVE)
def test_a_sensitive_name_is_found(tmp_path, name):
    export = {"export": {"platform": "other", "audience_name": name}}
    number, message = value(tmp_path, "sensitive_names", **export)
    assert number == 1, message


@pytest.mark.parametrize("name", HARMLESS)
def test_a_harmless_name_is_not(tmp_path, name):
    export = {"export": {"platform": "other", "audience_name": name}}
    assert value(tmp_path, "sensitive_names", **export)[0] == 0


def test_all_names_are_looked_at_but_those_that_protect(tmp_path):
    data = tables(arrears=[0, 1] * 1_000)
    named = {"title": "For strugglers", "funnel": {"clauses": {"needy": "pick = 1"}}}
    assert value(tmp_path, "sensitive_names", of=data, **named)[0] == 2
    suppressed = {"suppression": {"bereaved": "orders = 6"}, "clauses": "pick = 1"}
    assert value(tmp_path, "sensitive_names", of=data, funnel=suppressed)[0] == 0
    spared = {"clauses": {"arrears": "arrears = 0", "picked": "pick = 1"}}
    assert value(tmp_path, "sensitive_names", of=data, funnel=spared)[0] == 0
    picked = {"clauses": {"arrears": "arrears = 1"}}
    assert value(tmp_path, "sensitive_names", of=data, funnel=picked)[0] == 1
    unnamed = {"clauses": "arrears = 1"}
    assert value(tmp_path, "sensitive_names", of=data, funnel=unnamed)[0] == 0


@pytest.mark.parametrize(
    "name", ["\x1b[31mHIV\x1b[0m", "<script>hiv</script>", "h\u200biv"]
)
def test_hostile_names_are_found_and_shown(tmp_path, name):
    export = {"export": {"platform": "other", "audience_name": name}}
    number, message = value(tmp_path, "sensitive_names", **export)
    assert number == 1
    assert "\x1b" not in message


PREFERENCES = [
    "A quiet house, no children please", "Adults only.", "Perfect for singles",
    "Women only building", "Christian home near the park", "English speakers only",
    "Not wheelchair accessible", "No Section 8", "Nur für Deutsche", "Sans enfants",
    "Mature persons preferred",
]  # fmt: skip
PLAIN = [
    "Two rooms, a garden, near the station.", "Black Friday: white goods from 99",
    "A card without a yearly fee", "Perfect for family dinners", "Our limited company",
    "Christian Dior perfume",
]  # fmt: skip


@pytest.mark.parametrize("copy", PREFERENCES)
def test_a_preference_is_found(tmp_path, copy):
    assert value(tmp_path, "preference_words", creative={"copy": copy})[0] >= 1


@pytest.mark.parametrize("copy", PLAIN)
def test_plain_copy_states_none(tmp_path, copy):
    assert value(tmp_path, "preference_words", creative={"copy": copy})[0] == 0


def test_without_copy_nothing_can_be_told(tmp_path):
    assert status(tmp_path, "preference_words")[0] == "missing"
    assert (
        status(tmp_path, "preference_words", creative={"countdown": True})[0]
        == "missing"
    )


URGENT = [
    {"countdown": True}, {"scarcity": True}, {"copy": "Only 3 left!"},
    {"copy": "Hurry, ends tonight"}, {"copy": "Nur noch 2 Plätze"},
    {"copy": "Dernière chance"}, {"copy": "¡Última oportunidad!"},
]  # fmt: skip


@pytest.mark.parametrize("creative", URGENT)
def test_urgency_needs_evidence(tmp_path, creative):
    name = "urgency_without_evidence"
    assert value(tmp_path, name, creative=creative)[0] >= 1
    shown = creative | {"evidence": "stock list of 1 November, sold out on the 3rd"}
    assert value(tmp_path, name, creative=shown)[0] == 0


def test_calm_copy_urges_nobody(tmp_path):
    name = "urgency_without_evidence"
    calm = {"copy": "Take your time: the offer stays open."}
    assert value(tmp_path, name, creative=calm)[0] == 0
    assert value(tmp_path, name)[0] == 0


DARK = [
    ({"preselected": True}, 1),
    ({"countdown": True}, 1),
    ({"countdown": True, "evidence": "ends on 9 November"}, 0),
    ({"signup_steps": 2, "cancel_steps": 6}, 1),
    ({"signup_steps": 2, "cancel_steps": 2}, 0),
    ({"signup_steps": 3, "cancel_steps": 2}, 0),
    ({"signup_steps": 2}, 0),
    ({"copy": "No thanks, I don't want to save"}, 1),
    ({"preselected": True, "signup_steps": 1, "cancel_steps": 4, "scarcity": True}, 3),
    ({"copy": "A card"}, 0),
]


@pytest.mark.parametrize(("creative", "number"), DARK)
def test_the_checklist_of_dark_patterns(tmp_path, creative, number):
    assert value(tmp_path, "dark_patterns", creative=creative)[0] == number


def test_nothing_said_of_the_creative_is_missing(tmp_path):
    assert status(tmp_path, "dark_patterns")[0] == "missing"


def test_a_personalised_price_carries_its_notice(tmp_path):
    name = "price_notice_missing"
    assert status(tmp_path, name)[0] == "not_applicable"
    priced = {"personalised_price": True}
    assert value(tmp_path, name, creative=priced)[0] == 1
    told = priced | {"price_notice": "Your price follows what you bought."}
    assert value(tmp_path, name, creative=told)[0] == 0
    assert value(tmp_path, name, {"text": NY}, creative=told)[0] == 1
    ny = priced | {"price_notice": f"Note: {NY.lower()}."}
    assert value(tmp_path, name, {"text": NY}, creative=ny)[0] == 0


def test_topics_of_copy_keep_apart():
    words = words_of("copy")
    assert not words.hits("only 3 left", ["preference"])
    assert not words.hits("adults only", ["urgency"])
