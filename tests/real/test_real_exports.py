"""Files as they are published, one command each and no preparation.

The rows and the numbers of selected are those that the publishers give; see the
SOURCE.md beside each file.
"""

import json
import os
import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipelines.cli.app import run

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("FAIRREACH_DATA", ROOT.parent / "shared" / "data"))

pytestmark = pytest.mark.skipif(
    not DATA.is_dir(), reason="the real data is not on this machine"
)

EDGES = [-np.inf, 18, 30, 45, 60, np.inf]
AGES = ["(-inf,18)", "[18,30)", "[30,45)", "[45,60)", "[60,inf)"]
BOUND = 0.8
# Of the reference, and of a group that fails: so many selections, and so many not.
SIZEABLE, MEASURABLE = 30, 5


@pytest.fixture
def file():
    def file(name):
        path = DATA / name
        if not path.exists():
            pytest.skip(f"{name} is not on this machine")
        return path

    return file


@pytest.fixture
def check(capsys):
    """Run the command; return its exit code and payload."""

    def check(*words):
        code = run(["check", *map(str, words), "--format", "json"])
        out, err = capsys.readouterr()
        assert err == ""
        return code, json.loads(out)

    return check


def assert_same_as_pandas(payload, attribute, groups, selected):
    """Every group that is shown has the n and the rate of a plain groupby."""
    table = pd.DataFrame({"group": groups.astype("str"), "selected": selected})
    plain = table.groupby("group").selected.agg(["size", "sum", "mean"])
    rows = [row for row in payload["groups"] if row["attribute"] == attribute]
    assert {row["group"] for row in rows} == set(plain.index)
    shown = [row for row in rows if row["n"] is not None]
    assert shown
    for row in shown:
        expected = plain.loc[row["group"]]
        assert (row["n"], row["selected"]) == (expected["size"], expected["sum"])
        assert row["rate"] == pytest.approx(expected["mean"])
    assert_culprits_plausible(payload, attribute, plain)


def assert_culprits_plausible(payload, attribute, plain):
    """Who fails is below the bound, and who is far below it fails."""
    p = plain["sum"].sum() / plain["size"].sum()
    expected = plain["size"] * min(p, 1 - p)
    named = plain.index != "(missing)"
    large = (expected >= SIZEABLE) & (plain["size"] >= 0.05 * plain["size"].sum())
    ratio = plain["mean"] / plain["mean"][large & named].max()
    failed = failures(payload, attribute)
    assert failed <= set(plain.index[(ratio < BOUND) & (expected >= MEASURABLE)])
    assert failed >= set(plain.index[(ratio < 0.6) & (expected >= SIZEABLE)])


def failures(payload, attribute):
    return {
        row["group"]
        for row in payload["findings"]
        if row["attribute"] == attribute and row["verdict"] == "fail"
        if row["metric"] == "adverse_impact_ratio" and row["severity"] == "block"
    }


def size(payload):
    return payload["data"]["rows"], payload["data"]["selected"]


def test_bank_marketing(file, check):
    path = file("bank_marketing/bank-full.csv")
    words = ["--selected", "y", "--by", "marital,age", "--bands", "age=18,30,45,60"]
    code, payload = check(path, *words)
    frame = pd.read_csv(path)
    selected = (frame.y == "yes").astype(int)
    assert size(payload) == (45_211, 5_289)
    assert_same_as_pandas(payload, "marital", frame.marital, selected)
    ages = pd.cut(frame.age, EDGES, right=False, labels=AGES)
    assert_same_as_pandas(payload, "age", ages, selected)
    assert (code, payload["verdict"]) == (3, "block")
    assert failures(payload, "age") == {"[30,45)", "[45,60)"}
    assert "married" in failures(payload, "marital")


def test_bank_marketing_of_a_burdensome_offer(file, check):
    words = ["--selected", "y", "--by", "age", "--bands", "age=18,30,45,60"]
    path = file("bank_marketing/bank-full.csv")
    code, payload = check(path, *words, "--offer", "burdensome")
    assert code == 3
    failed = {row["group"] for row in payload["findings"] if row["verdict"] == "fail"}
    assert failed == {"[18,30)", "[60,inf)"}


def test_customer_personality(file, check, capsys):
    path = file("customer_personality/marketing_campaign.csv")
    by = ["--selected", "Response", "--by", "Year_Birth,Marital_Status"]
    code = run(["check", str(path), *by, "--bands", "Year_Birth=18,30,45,60"])
    out, err = capsys.readouterr()
    assert (code, out) == (2, "")
    assert "the column holds years (1893 to 1996), and the edges look like ages" in err
    (suggested,) = re.findall(r"for example (Year_Birth=\S+)", err)

    code, payload = check(path, *by, "--bands", suggested, "--id", "ID")
    frame = pd.read_csv(path, sep=";", encoding="utf-8-sig", keep_default_na=False)
    assert size(payload) == (2_240, 334)
    selected = frame.Response.astype(int)
    assert_same_as_pandas(payload, "Marital_Status", frame.Marital_Status, selected)
    edges = [int(edge) for edge in suggested.partition("=")[2].split(",")]
    born = pd.cut(
        frame.Year_Birth.astype(int),
        [-np.inf, *edges, np.inf],
        right=False,
        labels=[
            f"(-inf,{edges[0]})",
            *(f"[{a},{b})" for a, b in pairwise(edges)),
            f"[{edges[-1]},inf)",
        ],
    )
    assert_same_as_pandas(payload, "Year_Birth", born, selected)
    assert code == 3
    assert failures(payload, "Marital_Status") == {"Married", "Together"}
    assert failures(payload, "Year_Birth") == set()
    absurd = [row for row in payload["groups"] if row["group"] in {"Absurd", "YOLO"}]
    assert [row["n"] for row in absurd] == [None, None]


def test_customer_personality_with_income_missing(file, check):
    path = file("customer_personality/marketing_campaign.csv")
    words = ["--selected", "Response", "--by", "Income", "--bands"]
    _, payload = check(path, *words, "Income=30000,50000,70000")
    missing = [row for row in payload["groups"] if row["group"] == "(missing)"]
    assert [row["n"] for row in missing] == [24]


def test_telco_churn(file, check):
    path = file("telco_churn/Telco-Customer-Churn.csv")
    by = ["gender", "SeniorCitizen", "Partner", "Dependents"]
    words = ["--selected", "Churn", "--by", ",".join(by), "--id", "customerID"]
    code, payload = check(path, *words)
    frame = pd.read_csv(path)
    assert size(payload) == (7_043, 1_869)
    for attribute in by:
        selected = (frame.Churn == "Yes").astype(int)
        assert_same_as_pandas(payload, attribute, frame[attribute], selected)
    assert code == 3
    failed = {attribute: failures(payload, attribute) for attribute in by}
    assert failed == {
        "gender": set(),
        "SeniorCitizen": {"0"},
        "Partner": {"Yes"},
        "Dependents": {"Yes"},
    }


def test_loanapp(file, check):
    path = file("loanapp/loanapp.csv")
    by = ["white", "black", "hispan", "male", "married"]
    code, payload = check(path, "--selected", "approve", "--by", ",".join(by))
    frame = pd.read_csv(path)
    assert payload["data"]["rows"] == 1_989
    assert payload["data"]["selected"] == frame.approve.sum()
    assert round(payload["data"]["selected"] / 1_989, 3) == 0.877
    for attribute in by:
        groups = frame[attribute].map({0: "0", 1: "1"}).fillna("(missing)")
        assert_same_as_pandas(payload, attribute, groups, frame.approve)
    assert code == 3
    assert failures(payload, "black") == {"1"}
    assert failures(payload, "white") == {"0"}
    assert failures(payload, "male") == failures(payload, "married") == set()


def test_loanapp_of_those_who_were_not_picked_by_the_other_column(file, check):
    path = file("loanapp/loanapp.csv")
    _, approved = check(path, "--selected", "approve", "--by", "black")
    _, rejected = check(path, "--selected", "reject=0", "--by", "black")
    assert approved["groups"] == rejected["groups"]


ADULT = (
    "age,workclass,fnlwgt,education,education-num,marital-status,occupation,"
    "relationship,race,sex,capital-gain,capital-loss,hours-per-week,native-country,"
    "income"
)


@pytest.fixture
def adult(file):
    return pd.read_csv(
        file("adult/adult.data"),
        header=None,
        names=ADULT.split(","),
        skipinitialspace=True,
        na_values="?",
    )


def test_adult_by_position(file, check, adult):
    words = ["--no-header", "--missing", "?", "--by", "8,9,13", "--selected", "14=>50K"]
    code, payload = check(file("adult/adult.data"), *words)
    selected = (adult.income == ">50K").astype(int)
    assert size(payload) == (32_561, 7_841)
    assert_same_as_pandas(payload, "8", adult.race, selected)
    assert_same_as_pandas(payload, "9", adult.sex, selected)
    countries = adult["native-country"].fillna("(missing)")
    assert_same_as_pandas(payload, "13", countries, selected)
    assert code == 3
    assert failures(payload, "9") == {"Female"}
    assert failures(payload, "8") == {"Amer-Indian-Eskimo", "Black", "Other"}


def test_adult_by_given_names(file, check, adult):
    words = [
        *("--no-header", "--missing", "?", "--columns", ADULT),
        *("--selected", "income=>50K", "--by", "sex,age", "--bands", "age=18,30,45,60"),
    ]
    code, payload = check(file("adult/adult.data"), *words)
    selected = (adult.income == ">50K").astype(int)
    assert size(payload) == (32_561, 7_841)
    assert_same_as_pandas(payload, "sex", adult.sex, selected)
    ages = pd.cut(adult.age, EDGES, right=False, labels=AGES)
    assert_same_as_pandas(payload, "age", ages, selected)
    assert code == 3


def test_adult_weighted_by_the_survey(file, check, adult):
    words = [
        *("--no-header", "--columns", ADULT, "--weight", "fnlwgt"),
        *("--selected", "income=>50K", "--by", "sex"),
    ]
    _, payload = check(file("adult/adult.data"), *words)
    selected = (adult.income == ">50K") * adult.fnlwgt
    weights = adult.fnlwgt.groupby(adult.sex).sum()
    expected = selected.groupby(adult.sex).sum() / weights
    found = {row["group"]: row["rate"] for row in payload["groups"]}
    assert found == pytest.approx(expected.to_dict())


def test_the_first_line_of_adult_test_is_a_comment_and_is_told(file, capsys):
    words = ["--no-header", "--by", "8", "--selected", "14=>50K."]
    code = run(["check", str(file("adult/adult.test")), *words])
    out, err = capsys.readouterr()
    assert (code, out) == (2, "")
    assert err.startswith("fairreach: ")
    assert "adult.test" in err or "column" in err


def test_charity_mail(file, check):
    path = file("charity_mail/charity.csv")
    words = ["--selected", "respond", "--by", "weekslast", "--value", "gift"]
    _, payload = check(path, *words, "--bands", "weekslast=26,52,104")
    frame = pd.read_csv(path)
    assert size(payload) == (4_268, frame.respond.sum())
    assert round(frame.respond.mean(), 3) == 0.4
    bands = pd.cut(
        frame.weekslast,
        [-np.inf, 26, 52, 104, np.inf],
        right=False,
        labels=["(-inf,26)", "[26,52)", "[52,104)", "[104,inf)"],
    )
    assert_same_as_pandas(payload, "weekslast", bands, frame.respond)


def test_a_file_of_white_space_is_refused_with_a_hint(file, capsys):
    """CDNOW is parted by runs of blanks, which is no delimiter of ours."""
    words = ["--by", "x", "--selected", "y"]
    code = run(["check", str(file("cdnow/CDNOW_master.txt")), *words])
    out, err = capsys.readouterr()
    assert (code, out) == (2, "")
    assert err.startswith("fairreach: ")
