import math
import subprocess
import sys
from collections import Counter
from datetime import date

import pytest

from fairness.errors import InputError
from pipelines.crm.__main__ import main
from pipelines.crm.chunks import SEED
from pipelines.crm.draws import Draws
from pipelines.crm.population import CHUNK
from pipelines.crm.sample import draw_chunk, write_sample

COLUMNS = {
    "customers": (
        "customer_id,postcode,city,region,language,signup_date,tenure_band,est_income,"
        "spend_12m,orders_12m,channel_pref,email_ok,household_cards,arrears,vulnerable,"
        "test_cell,score"
    ),
    "protected": "customer_id,birth_date,gender,ethnicity",
    "transactions": "customer_id,date,amount,channel,category",
    "consents": "customer_id,purpose,channel,status,captured_at,source,brand",
    "contacts": "customer_id,date,channel,campaign",
    "responses": "customer_id,campaign,contacted,responded,offered_value",
}


def shares(rows, column):
    counts = Counter(row[column] for row in rows)
    return {value: n / len(rows) for value, n in counts.items()}


def joined_pairs(tables, left, right):
    protected = {row["customer_id"]: row for row in tables["protected"]}
    return [
        (row[left], protected[row["customer_id"]][right])
        for row in tables["customers"]
        if row["customer_id"] in protected and protected[row["customer_id"]][right]
    ]


def cramers_v(pairs):
    joint, n = Counter(pairs), len(pairs)
    rows, columns = Counter(a for a, _ in pairs), Counter(b for _, b in pairs)
    chi2 = sum(
        (joint[a, b] - rows[a] * columns[b] / n) ** 2 / (rows[a] * columns[b] / n)
        for a in rows
        for b in columns
    )
    return math.sqrt(chi2 / n / (min(len(rows), len(columns)) - 1))


def mean(values):
    return sum(values) / len(values)


def age_on_the_day(birth_date):
    born = date.fromisoformat(birth_date)
    return 2026 - born.year - ((born.month, born.day) > (11, 1))


def test_committed_files_are_those_of_the_seed_byte_for_byte(samples, regenerated):
    directory, paths = regenerated
    made = {path.relative_to(directory): path.read_bytes() for path in paths}
    committed = {
        path.relative_to(samples): path.read_bytes()
        for path in samples.rglob("*")
        if path.is_file()
    }
    assert made.keys() == committed.keys()
    assert [name for name in made if made[name] != committed[name]] == []


def test_write_sample_returns_exactly_the_files_it_leaves(regenerated):
    directory, paths = regenerated
    assert len(set(paths)) == len(paths)
    assert {path for path in directory.rglob("*") if path.is_file()} == set(paths)


def test_sample_stays_under_four_megabytes(samples):
    assert sum(p.stat().st_size for p in samples.rglob("*") if p.is_file()) < 4e6


def test_files_have_unix_line_ends_and_end_with_one(samples):
    for path in samples.rglob("*.csv"):
        content = path.read_bytes()
        assert b"\r" not in content
        assert content.endswith(b"\n")
        assert not content.endswith(b"\n\n")


@pytest.mark.parametrize("name", COLUMNS)
def test_tables_have_the_documented_columns(samples, tables, name):
    header = (samples / f"{name}.csv").read_text(encoding="utf-8").split("\n", 1)[0]
    assert header == COLUMNS[name]
    readme = (samples / "README.md").read_text(encoding="utf-8")
    listed = ", ".join(COLUMNS[name].split(","))
    assert f"| {name}.csv | {len(tables[name]):,} | {listed} |" in readme


def test_customer_ids_are_unique_and_clean(tables):
    ids = [row["customer_id"] for row in tables["customers"]]
    assert ids == [f"C{number:07d}" for number in range(1, 12_001)]


def test_customers_hold_no_protected_attribute(tables):
    columns = set(tables["customers"][0])
    assert not columns & {"birth_date", "age", "gender", "sex", "ethnicity", "title"}
    labels = {value for row in tables["customers"] for value in row.values()}
    assert not labels & {"f", "m", "x", "white", "black", "hispanic", "asian"}


def test_customer_values_are_in_range(tables):
    for row in tables["customers"]:
        assert 0 <= float(row["score"]) < 1
        assert 0 <= int(row["test_cell"]) < 100
        assert float(row["spend_12m"]) >= 0
        assert date(2000, 1, 1) < date.fromisoformat(row["signup_date"])
        assert date.fromisoformat(row["signup_date"]) <= date(2026, 11, 1)
        assert row["arrears"] in {"0", "1"}
        assert row["vulnerable"] in {"yes", "no"}
        assert row["email_ok"] in {"true", "false"}
        assert (int(row["orders_12m"]) == 0) == (float(row["spend_12m"]) == 0)


def test_postcodes_are_sixty_districts_some_of_them_padded(tables):
    written = {row["postcode"] for row in tables["customers"]}
    assert len({postcode.strip() for postcode in written}) == 60
    assert all(len(postcode.rstrip(" ")) == 3 for postcode in written)
    padded = mean([row["postcode"].endswith(" ") for row in tables["customers"]])
    assert 0.004 < padded < 0.012


def test_some_incomes_are_missing_and_no_other_cell_is(tables):
    empty = Counter(
        column
        for row in tables["customers"]
        for column, value in row.items()
        if not value
    )
    assert set(empty) == {"est_income"}
    assert 0.07 < empty["est_income"] / 12_000 < 0.09


def test_tenure_band_agrees_with_the_signup_date(tables):
    edges = {
        "<1y": (0, 365),
        "1-3y": (365, 1095),
        "3-7y": (1095, 2555),
        "7y+": (2555, 9e9),
    }
    for row in tables["customers"]:
        days = (date(2026, 11, 1) - date.fromisoformat(row["signup_date"])).days
        low, high = edges[row["tenure_band"]]
        assert low <= days < high


def test_protected_table_lacks_some_rows_and_some_values(tables):
    ids = [row["customer_id"] for row in tables["protected"]]
    known = {row["customer_id"] for row in tables["customers"]}
    assert len(ids) == len(set(ids))
    assert set(ids) < known
    assert 10 <= len(known) - len(ids) <= 80
    gender, ethnicity = (
        shares(tables["protected"], "gender"),
        shares(tables["protected"], "ethnicity"),
    )
    assert 0.010 < gender[""] < 0.020
    assert 0.005 < gender["x"] < 0.011
    assert 0.025 < ethnicity[""] < 0.035
    assert set(gender) == {"f", "m", "x", ""}
    assert set(ethnicity) == {
        "white",
        "hispanic",
        "black",
        "asian",
        "mixed",
        "other",
        "",
    }
    assert 0.03 <= min(ethnicity[name] for name in ethnicity if name) <= 0.04


def test_everybody_is_of_age_on_the_day_of_the_export(tables):
    ages = [
        age_on_the_day(row["birth_date"])
        for row in tables["protected"]
        if row["birth_date"]
    ]
    assert min(ages) == 18
    assert 90 <= max(ages) <= 97
    assert 0.2 < mean([age >= 60 for age in ages]) < 0.3


def test_postcode_and_language_are_proxies_for_ethnicity(tables):
    assert cramers_v(joined_pairs(tables, "postcode", "ethnicity")) > 0.3
    assert cramers_v(joined_pairs(tables, "language", "ethnicity")) > 0.25
    assert cramers_v(joined_pairs(tables, "postcode", "gender")) < 0.1
    assert cramers_v(joined_pairs(tables, "test_cell", "ethnicity")) < 0.1


def test_income_rises_to_middle_age_and_falls_again(tables):
    by_band = {}
    for income, born in joined_pairs(tables, "est_income", "birth_date"):
        if income:
            band = sum(age_on_the_day(born) >= edge for edge in (30, 45, 60))
            by_band.setdefault(band, []).append(int(income))
    young, adult, middle, old = (mean(by_band[band]) for band in range(4))
    assert young < adult < middle
    assert old < adult


def test_spend_and_arrears_follow_income(tables):
    known = [row for row in tables["customers"] if row["est_income"]]
    known.sort(key=lambda row: int(row["est_income"]))
    third = len(known) // 3
    poor, rich = known[:third], known[-third:]
    assert mean([float(r["spend_12m"]) for r in rich]) > 1.3 * mean(
        [float(r["spend_12m"]) for r in poor]
    )
    assert mean([r["arrears"] == "1" for r in poor]) > 1.5 * mean(
        [r["arrears"] == "1" for r in rich]
    )


def test_deliverable_mail_is_rarer_among_the_old(tables):
    pairs = joined_pairs(tables, "email_ok", "birth_date")
    old = [ok == "false" for ok, born in pairs if age_on_the_day(born) >= 70]
    young = [ok == "false" for ok, born in pairs if age_on_the_day(born) < 70]
    assert mean(old) > 0.28
    assert mean(young) < 0.08


@pytest.mark.parametrize("name", ["transactions", "consents", "contacts"])
def test_activity_has_strangers_padded_ids_and_blank_dates(tables, name):
    known = {row["customer_id"] for row in tables["customers"]}
    rows = tables[name]
    strangers = [row for row in rows if row["customer_id"].strip() not in known]
    padded = [row for row in rows if row["customer_id"] != row["customer_id"].strip()]
    day = "captured_at" if name == "consents" else "date"
    blank = [row for row in rows if not row[day]]
    for dirty in (strangers, padded, blank):
        assert 0 < len(dirty) < 0.02 * len(rows)


def test_transactions_have_returns_shouted_channels_and_padded_categories(tables):
    rows = tables["transactions"]
    assert 1.3 < len(rows) / 12_000 < 1.8
    assert 0.005 < mean([float(row["amount"]) < 0 for row in rows]) < 0.02
    assert any(row["channel"].isupper() for row in rows)
    assert any(row["category"].endswith("  ") for row in rows)


def test_consents_have_every_status_some_miswritten_and_some_contradictions(tables):
    rows = tables["consents"]
    clean = {"OptIn", "OptOut", "Seen", "NotSeen"}
    written = shares(rows, "status")
    assert clean < set(written)
    assert {status.strip().casefold() for status in written} == {
        s.casefold() for s in clean
    }
    assert (
        0.01
        < sum(share for status, share in written.items() if status not in clean)
        < 0.05
    )
    seen = {}
    for row in rows:
        key = tuple(
            row[c]
            for c in ("customer_id", "purpose", "channel", "brand", "captured_at")
        )
        seen.setdefault(key, set()).add(row["status"].strip().casefold())
    assert sum(len(statuses) > 1 for statuses in seen.values()) > 100
    assert {row["brand"] for row in rows} == {"Nordia", "Calla"}


def test_no_consent_is_older_than_the_customer(tables):
    signup = {row["customer_id"]: row["signup_date"] for row in tables["customers"]}
    for row in tables["consents"]:
        if row["captured_at"] and row["customer_id"] in signup:
            assert signup[row["customer_id"]] <= row["captured_at"] <= "2026-11-01"


def test_vulnerable_customers_are_contacted_more_often(tables):
    times = Counter(row["customer_id"] for row in tables["contacts"])
    heavy = {"yes": [], "no": []}
    for row in tables["customers"]:
        heavy[row["vulnerable"]].append(times[row["customer_id"]] > 8)
    assert mean(heavy["yes"]) > 1.8 * mean(heavy["no"])


def test_responses_are_clean_and_the_old_were_offered_less(tables):
    rows = tables["responses"]
    ids = [row["customer_id"] for row in rows]
    assert len(ids) == len(set(ids))
    assert set(ids) <= {row["customer_id"] for row in tables["customers"]}
    assert {row["contacted"] for row in rows} == {"1"}
    assert 0.05 < mean([row["responded"] == "1" for row in rows]) < 0.25
    born = {row["customer_id"]: row["birth_date"] for row in tables["protected"]}
    offers = {True: [], False: []}
    for row in rows:
        if born.get(row["customer_id"]):
            old = age_on_the_day(born[row["customer_id"]]) >= 60
            offers[old].append(float(row["offered_value"]))
    assert mean(offers[True]) < mean(offers[False]) - 0.7


def test_answers_follow_the_score(tables):
    score = {row["customer_id"]: float(row["score"]) for row in tables["customers"]}
    rows = sorted(tables["responses"], key=lambda row: score[row["customer_id"]])
    half = len(rows) // 2
    low, high = rows[:half], rows[half:]
    assert mean([r["responded"] == "1" for r in high]) > 1.5 * mean(
        [r["responded"] == "1" for r in low]
    )


def test_a_chunk_does_not_depend_on_the_other_chunks(tmp_path, samples, tables):
    write_sample(tmp_path, customers=CHUNK)
    for name in tables:
        alone = (tmp_path / f"{name}.csv").read_bytes()
        assert (samples / f"{name}.csv").read_bytes().startswith(alone)


def test_chunks_differ_from_each_other():
    first, _ = draw_chunk(Draws(SEED, 0), 100)
    second, _ = draw_chunk(Draws(SEED, 1), 100)
    assert (first.score != second.score).mean() > 0.9


def test_another_seed_makes_other_customers(tmp_path, samples):
    write_sample(tmp_path, customers=50, seed=SEED + 1)
    written = (tmp_path / "customers.csv").read_bytes()
    assert not (samples / "customers.csv").read_bytes().startswith(written)


def test_progress_ends_with_all_customers(tmp_path):
    seen = []
    write_sample(tmp_path, customers=CHUNK + 10, progress=lambda *now: seen.append(now))
    assert seen == [(CHUNK, CHUNK + 10), (CHUNK + 10, CHUNK + 10)]


def test_a_sample_of_one_customer_can_be_written(tmp_path):
    write_sample(tmp_path, customers=1)
    assert (tmp_path / "customers.csv").read_text(encoding="utf-8").count("\n") == 2


def test_all_bad_sizes_are_named_at_once(tmp_path):
    with pytest.raises(InputError) as caught:
        write_sample(tmp_path, customers=0, seed=-1)
    assert [problem.where for problem in caught.value.problems] == ["customers", "seed"]
    assert list(tmp_path.iterdir()) == []


def test_importing_and_writing_the_sample_loads_no_heavy_library(tmp_path):
    code = (
        "import sys; from pathlib import Path; import pipelines.crm.sample as s; "
        "s.write_sample(Path(sys.argv[1]), customers=10); "
        "heavy = {'pandas', 'sklearn', 'matplotlib', 'scipy', 'pyarrow', 'duckdb'}; "
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_command_writes_the_sample_and_prints_its_files(tmp_path, capsys):
    assert main(["sample", str(tmp_path), "--customers", "20"]) == 0
    assert str(tmp_path / "README.md") in capsys.readouterr().out.splitlines()


def test_command_writes_the_parquet_table(tmp_path, capsys):
    assert main(["parquet", str(tmp_path), "--customers", "20"]) == 0
    assert capsys.readouterr().out.splitlines() == [str(tmp_path / "part-000.parquet")]


def test_command_names_bad_input_and_exits_with_two(tmp_path, capsys):
    assert main(["sample", str(tmp_path), "--customers", "0"]) == 2
    assert "customers: 0 is outside" in capsys.readouterr().err


def test_package_hands_out_its_names_lazily():
    from pipelines import crm

    assert crm.write_sample is write_sample
    assert dir(crm) == sorted(crm.__all__)
    for name in crm.__all__:
        assert getattr(crm, name) is not None
    with pytest.raises(AttributeError, match="nonsense"):
        _ = crm.nonsense
