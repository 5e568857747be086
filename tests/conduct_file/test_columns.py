"""Columns: which are used, and which may not be."""

import numpy as np
import pytest

from pipelines.campaign.conduct.columns import of_topics
from tests.conduct_file.files import SIZE, responses, status, tables, value, yes_no

HALF = np.arange(SIZE) % 2 == 0


def with_columns(*names):
    return tables(**{name: yes_no(HALF) for name in names})


def rule(*names):
    return {
        "funnel": {"clauses": " AND ".join(["pick = 1", *(f"{n} = 1" for n in names)])}
    }


@pytest.mark.parametrize("stage", ["universe", "eligibility", "clauses", "suppression"])
def test_a_special_category_is_found_in_every_stage(tmp_path, stage):
    funnel = {"clauses": "pick = 1"}
    funnel[stage] = "religion = 0" if stage == "suppression" else "religion = 1"
    number, message = value(
        tmp_path, "special_category_columns", of=with_columns("religion"), funnel=funnel
    )
    assert number == 1
    assert message == "1 columns used are of a special category: 'religion' (religion)"


def test_a_column_that_nothing_reads_is_not_used(tmp_path):
    data = with_columns("religion")
    assert value(tmp_path, "special_category_columns", of=data)[0] == 0


def test_a_condition_of_article_9_lets_a_column_pass_but_not_to_a_platform(tmp_path):
    data, changes = with_columns("hiv_status"), rule("hiv_status")
    stated = {"data": {"conditions": {"hiv_status": "Art 9(2)(a), asked in the app"}}}
    vague = {"data": {"conditions": {"hiv_status": "we need it"}}}
    name = "special_category_columns"
    assert value(tmp_path, name, of=data, **changes)[0] == 1
    assert value(tmp_path, name, of=data, **changes, **stated)[0] == 0
    number, message = value(tmp_path, name, of=data, **changes, **vague)
    assert number == 1
    assert "names no letter of Art 9(2)" in message
    no = {"conditions": False}
    assert value(tmp_path, name, no, of=data, **changes, **stated)[0] == 1


def test_each_column_used_needs_a_need(tmp_path):
    number, message = value(tmp_path, "columns_without_need")
    assert (number, message) == (1, "1 of 1 columns have no stated need: 'pick'")
    need = {"data": {"need": {"pick": "who was picked by hand", "orders": "old"}}}
    number, message = value(tmp_path, "columns_without_need", **need)
    assert number == 0
    assert message.endswith("a need is stated for 'orders', which nothing reads")


@pytest.mark.parametrize(
    ("need", "number"),
    [
        ("to personalise the salutation", 1),
        ("the form of address in the letter", 1),
        ("clothes are cut differently for men and women", 0),
    ],
)
@pytest.mark.parametrize("name", ["salutation", "Anrede", "gender_code"])
def test_to_address_somebody_is_no_need_for_a_title(tmp_path, name, need, number):
    data = with_columns(name)
    stated = {"data": {"need": {"pick": "picked by hand", name: need}}}
    found = value(tmp_path, "columns_without_need", of=data, **rule(name), **stated)
    assert found[0] == number


def test_columns_that_the_file_names_beside_the_rules_need_a_need(tmp_path):
    data = tables(ad=np.where(HALF, "a", "b"), email=np.where(HALF, "x@y", ""))
    changes = {"creative": {"column": "ad"}, "contact": {"address": "email"}}
    number, message = value(tmp_path, "columns_without_need", of=data, **changes)
    assert number == 3
    assert "'pick', 'ad', 'email'" in message


def test_purposes_of_the_columns_hold_the_campaigns(tmp_path):
    name = "purpose_conflicts"
    assert status(tmp_path, name)[0] == "missing"
    for purposes, number in ((["billing"], 1), (["billing", "Marketing"], 0)):
        stated = {"data": {"purposes": {"pick": purposes}}}
        assert value(tmp_path, name, **stated)[0] == number


PLATFORMS = [
    ("google", "retail", "arrears", 1),
    ("google", "retail", "gender", 0),
    ("google", "credit", "gender", 1),
    ("google", "housing", "zip_code", 1),
    ("meta", "retail", "arrears", 0),
    ("meta", "retail", "religion", 1),
    ("meta", "employment", "age_band", 1),
    ("adcp", "retail", "union_member", 1),
    ("other", "retail", "health_status", 1),
    ("other", "credit", "gender", 0),
]


@pytest.mark.parametrize(("platform", "sector", "column", "number"), PLATFORMS)
@pytest.mark.parametrize("stage", ["clauses", "suppression"])
def test_each_platform_has_its_list_and_exclusions_count(
    tmp_path, platform, sector, column, number, stage
):
    funnel = {"clauses": "pick = 1"}
    funnel[stage] = f"{column} = 1" if stage == "clauses" else f"{column} = 0"
    found = value(
        tmp_path,
        "platform_restricted_columns",
        of=with_columns(column),
        funnel=funnel,
        offer={"sector": sector},
        export={"platform": platform},
    )
    assert found[0] == number


def test_without_a_platform_its_list_does_not_apply(tmp_path):
    found = status(tmp_path, "platform_restricted_columns")
    assert found == ("not_applicable", "the audience goes to no platform")


@pytest.mark.parametrize(
    "column",
    ["age", "gender", "postcode", "marital_status", "children_count", "ethnicity",
     "religion", "disability", "national_origin", "Geburtsdatum", "salutation"],
)  # fmt: skip
@pytest.mark.parametrize("sector", ["housing", "Employment", "credit"])
def test_restricted_columns_of_housing_work_and_credit(tmp_path, column, sector):
    name, data = "restricted_sector_columns", with_columns(column)
    offer = {"offer": {"sector": sector}}
    assert value(tmp_path, name, of=data, **rule(column), **offer)[0] == 1
    assert value(tmp_path, name, of=data, **offer)[0] == 0
    other = {"offer": {"sector": "retail"}}
    assert (
        status(tmp_path, name, of=data, **rule(column), **other)[0] == "not_applicable"
    )


GEOGRAPHY = [
    ({"geography": "region"}, 0),
    ({"geography": "city"}, 0),
    ({"geography": "postcode"}, 1),
    ({"geography": "radius", "radius_miles": 15}, 0),
    ({"geography": "radius", "radius_miles": "14.9"}, 1),
]


@pytest.mark.parametrize(("export", "number"), GEOGRAPHY)
def test_geography_of_the_export(tmp_path, export, number):
    export = {"platform": "meta"} | export
    assert value(tmp_path, "fine_geography", export=export)[0] == number


def test_geography_of_the_columns(tmp_path):
    name = "fine_geography"
    assert status(tmp_path, name)[0] == "not_applicable"
    data = with_columns("postcode", "region")
    assert value(tmp_path, name, of=data, **rule("postcode"))[0] == 1
    assert status(tmp_path, name, of=data, **rule("region"))[0] == "not_applicable"
    export = {"platform": "meta", "geography": "radius"}
    assert status(tmp_path, name, export=export)[0] == "missing"


def test_an_expansion_of_a_seed_is_told(tmp_path):
    assert value(tmp_path, "lookalike")[0] == 0
    export = {"platform": "google", "lookalike": True}
    assert value(tmp_path, "lookalike", export=export)[0] == 1


def test_columns_of_a_model_are_used(tmp_path):
    score = {"model": "logistic", "columns": ["orders", "religion"], "top": 300}
    rng = np.random.default_rng(2)
    data = tables(religion=yes_no(rng.random(SIZE) < 0.5))
    data["responses"] = responses(rng.random(SIZE) < 0.5)
    name, funnel = "special_category_columns", {"score": score}
    number, message = value(tmp_path, name, of=data, funnel=funnel)
    assert number == 1, message


def test_a_name_of_no_topic_is_of_none():
    assert of_topics(["orders_12m"], ["race"]) == {}
