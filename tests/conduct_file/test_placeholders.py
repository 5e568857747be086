"""Texts that hold a place and say nothing, and how CRMs call their columns."""

import pytest

from fairness.errors import InputError
from pipelines.campaign.conduct.lexicon import says_nothing, words_of
from tests.conduct_file.files import value

EMPTY = ["tbd", "TBD.", " to do ", "-", "...", "n/a", "None"]
DYNAMICS_AND_OTHERS = {
    "familystatuscode": "marital", "haschildrencode": "parental",
    "numberofchildren": "parental", "gendercode": "sex", "annualincome": "means",
    "spousesname": "marital", "msdyn_isminor": "age", "birthdate": "age",
    "MailingPostalCode": "postcode", "ConvictionsCount": "legal",
    "ChildrenCount": "parental", "IndividualsAge": "age", "marital_status": "marital",
    "address1_postalcode": "postcode",
}  # fmt: skip


@pytest.mark.parametrize("text", EMPTY)
def test_a_text_that_holds_a_place_is_no_evidence_need_or_notice(tmp_path, text):
    assert says_nothing(text)
    creative = {"creative": {"countdown": True, "evidence": text}}
    for metric in ("urgency_without_evidence", "dark_patterns"):
        assert value(tmp_path, metric, **creative)[0] == 1
    need = {"data": {"need": {"pick": text}}}
    assert value(tmp_path, "columns_without_need", **need)[0] == 1
    priced = {"creative": {"personalised_price": True, "price_notice": text}}
    assert value(tmp_path, "price_notice_missing", **priced)[0] == 1


def test_none_is_an_answer_on_record_and_a_text_to_come_is_not(tmp_path):
    asked = {"fields": ["recipients"]}
    for text, number in (("none", 0), ("tbd", 1), ("a bank", 0)):
        record = {"record": {"recipients": text}}
        assert value(tmp_path, "missing_records", asked, **record)[0] == number


@pytest.mark.parametrize(("name", "topic"), DYNAMICS_AND_OTHERS.items())
def test_columns_of_common_crms_are_known(name, topic):
    assert topic in [hit.topic for hit in words_of("columns").hits(name)]


@pytest.mark.parametrize("text", ["Only three left!", "Nur noch fünf", "Plus que deux"])
def test_numbers_in_words_are_numbers(text):
    assert words_of("copy").hits(text, ["urgency"])


@pytest.mark.parametrize(
    ("text", "number"), [("Rates under 5 %", 0), ("For under 35s", 1)]
)
def test_a_price_is_no_preference_and_an_age_is(tmp_path, text, number):
    assert value(tmp_path, "preference_words", creative={"copy": text})[0] == number


def test_a_rule_that_says_no_number_is_refused(tmp_path):
    record = {"record": {"audit_date": "2026-01-01"}}
    with pytest.raises(InputError, match="no number of days"):
        value(
            tmp_path,
            "overdue_records",
            {"field": "audit_date", "max_days": "soon"},
            **record,
        )
