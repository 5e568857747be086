"""Words are found whole, in four languages, and however somebody spells them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.campaign.conduct.columns import of_topics, topics
from pipelines.campaign.conduct.lexicon import read_lists, tokens_of, words_of

FRIENDS = [
    "Sussex", "Essex", "Middlesex", "unisex", "unisex_range", "sextant", "age of empires",
    "AgeOfEmpires", "engagement", "page", "language", "package", "average", "mortgage",
    "account_age_days", "trace", "terrace", "embrace", "race_track", "grace", "ethnography",
    "polite", "policy", "gayle", "lesbos_trips", "wealth", "healthy_snacks", "transgenic",
    "arms race", "credit_union", "union_jack", "faithful", "believer_fm", "screen_orientation",
    "product_title", "job_title", "plus_size", "std_spend", "parent_id", "single_use",
    "default_store", "iva", "zipper", "gazipasa", "postcard", "debtor_free", "orders_12m",
    "spend_12m", "tenure_band", "household_cards", "channel_pref", "test_cell",
]  # fmt: skip
SPECIAL = {
    "race": ["ethnicity", "customerEthnicity", "RACE", "Hautfarbe", "ethnie", "raza"],
    "politics": ["political_party", "Parteizugehörigkeit", "opinion_politique"],
    "religion": ["religion", "ReligionCode", "Religionszugehoerigkeit", "confesión"],
    "union": ["trade_union", "unionMembership", "Gewerkschaft", "sindicato"],
    "genetic": ["dna_kit", "genetic_risk", "génétique"],
    "biometric": ["fingerprint", "biometric_id", "huella_dactilar"],
    "health": [
        "health_condition", "hiv_status", "diabetic", "Krankheit", "état_de_santé",
        "handicapé", "embarazada", "PregnancyScore", "birth-control", "disabled",
    ],
    "sexuality": ["sexual_orientation", "sexualOrientation", "lgbtq", "orientación sexual"],
}  # fmt: skip


@pytest.mark.parametrize("name", FRIENDS)
def test_false_friends_do_not_match(name):
    assert of_topics([name], [*words_of_topics("columns")]) == {}


def words_of_topics(name):
    return read_lists(name)["topics"]


@pytest.mark.parametrize(
    ("topic", "name"), [(t, n) for t, names in SPECIAL.items() for n in names]
)
def test_special_categories_are_known_in_four_languages(topic, name):
    ((hit, *_),) = of_topics([name], topics("special")).values()
    assert hit.topic == topic


@pytest.mark.parametrize(
    "name",
    [
        "r\u200beligion", "ＲＥＬＩＧＩＯＮ", "Re\u0301ligion", "religion\u202e", "__religion__",
        "religion2026", "cust.religion", "religion\x00", "'religion'", "religions",
    ],
)  # fmt: skip
def test_tricks_of_spelling_hide_nothing(name):
    assert of_topics([name], ["religion"])


@pytest.mark.parametrize(
    "name", ["\x1b[31mreligion\n", "<b>hiv</b>", "arrears; DROP TABLE", "=HYPERLINK(1)"]
)
def test_hostile_names_are_words_like_any_other(name):
    assert (
        words_of("columns").hits(name, ["religion", "health", "hardship"])
        or "=" in name
    )


@given(st.text(max_size=400))
def test_any_text_has_words(text):
    assert all(re.fullmatch(r"\w+", token) for token in tokens_of(text))
    words_of("names").hits(text)


def test_the_longest_phrase_wins_and_each_place_counts_once():
    hits = words_of("columns").hits("sexual orientation")
    assert [hit.word for hit in hits] == ["sexual orientation"]


def test_numbers_of_a_phrase_are_any_numbers():
    words = words_of("copy")
    assert words.hits("Only 3 left!", ["urgency"])
    assert words.hits("only 12 places left", ["urgency"])
    assert not words.hits("only the left shoe", ["urgency"])


@pytest.mark.parametrize("name", ["columns", "names", "copy"])
def test_no_word_of_a_lexicon_is_harmless_at_once(name):
    lists = read_lists(name)
    lexicon = words_of(name)
    for topic, table in lists["topics"].items():
        for word in table["words"]:
            found = lexicon.hits(word.replace("#", "7"))
            assert found, (topic, word)


def test_lists_name_topics_that_there_are():
    known = set(read_lists("columns")["topics"])
    lists = read_lists("lists")
    for name in ("special", "fine", "title", "restricted"):
        assert set(lists[name]["topics"]) <= known
    for platform in lists["platforms"].values():
        assert {*platform["topics"], *platform["in_sectors"]} <= known
    special = {
        t for t, one in read_lists("columns")["topics"].items() if "special" in one
    }
    assert special == set(lists["special"]["topics"])


def test_every_platform_of_the_file_has_a_list():
    assert set(read_lists("lists")["platforms"]) == {"google", "meta", "adcp", "other"}


def test_record_fields_are_known_where_packs_and_notices_ask_for_them():
    from fairness.policy import list_packs, load_pack

    known = read_lists("record_fields")["fields"]
    asked = {
        field
        for pack in list_packs()
        for rule in load_pack(pack).rules
        for key in ("field", "fields")
        for field in _each((rule.params or {}).get(key, ()))
    }
    assert {one for one in asked if "." not in one} <= set(known)
    assert all(one["kind"] in {"text", "day", "list"} for one in known.values())


def _each(one):
    return (one,) if isinstance(one, str) else one
