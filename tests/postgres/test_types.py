"""Types that PostgreSQL has and files have not."""

import pytest

import fairness as fa
from fairness.errors import InputError

pytestmark = pytest.mark.postgres

COLUMNS = """
    mood mood, code CHAR(4), region VARCHAR(9), born TIMESTAMPTZ, paid NUMERIC,
    score REAL, picked BOOLEAN, tags TEXT[], at INET, notes JSONB, key UUID,
    spent MONEY, day DATE
"""
ROW = """
    SELECT (ARRAY['low', 'mid %', 'high']::mood[])[1 + i % 3], 'ab',
           CASE WHEN i % 5 > 0 THEN 'r' || i % 2 END,
           TIMESTAMPTZ '1990-01-01 23:30+01' + i * INTERVAL '5 day',
           CASE WHEN i % 7 = 0 THEN 'NaN'::numeric ELSE i % 4 + 0.5 END,
           CASE WHEN i % 7 = 0 THEN 'NaN'::real ELSE (i % 100) / 100.0 END,
           i % 3 = 0, ARRAY['x'], '::1', '{}', gen_random_uuid(), 1.5,
           CASE WHEN i = 5 THEN 'infinity' ELSE DATE '2000-01-01' END
    FROM generate_series(1, 3000) i
"""


@pytest.fixture(scope="module")
def types(server):
    server.run(
        "DROP TABLE IF EXISTS types",
        "DROP TYPE IF EXISTS mood",
        "CREATE TYPE mood AS ENUM ('low', 'mid %', 'high')",
        f"CREATE TABLE types ({COLUMNS})",
        f"INSERT INTO types {ROW}",
        "CREATE MATERIALIZED VIEW kept AS SELECT * FROM types",
        'CREATE SCHEMA "Sales dept"',
        'CREATE VIEW "Sales dept".types AS SELECT * FROM types',
    )
    return server


@pytest.mark.parametrize("table", ["types", "kept", "public.types"])
def test_labels_of_every_kind_of_text_make_groups(types, table):
    made = fa.audit(types.url(table), selected="picked", by=["mood", "region"])
    assert made.tables["mood",].groups == ["high", "low", "mid %"]
    assert made.tables["region",].groups == ["r0", "r1", "(missing)"]
    assert made.counts.selected == 1000


def test_a_schema_may_have_any_name(types):
    made = fa.audit(types.url("Sales dept.types"), selected="picked", by="code")
    assert made.tables["code",].groups == ["ab"]


def test_nan_is_missing_in_floats_and_in_numerics(types):
    found = fa.audit(
        types.url("types"),
        selected="picked",
        by=["region", "paid"],
        bands={"paid": [1, 3]},
        score="score",
        value="paid",
    )
    groups = dict(
        zip(
            found.tables["paid",].groups,
            found.tables["paid",].n.tolist(),
            strict=True,
        )
    )
    assert groups["(missing)"] == 3000 // 7
    assert sum(groups.values()) == 3000


def test_an_age_of_a_moment_with_a_zone_is_refused(types):
    with pytest.raises(InputError, match="time zone"):
        fa.audit(
            types.url("types"),
            selected="picked",
            by="born",
            bands={"born": [18, 30]},
            as_of="2026-11-01",
        )


@pytest.mark.parametrize("bands", [None, {"day": [18]}])
def test_a_day_without_end_is_told_not_guessed(types, bands):
    asked = {"selected": "picked", "by": "day", "bands": bands, "as_of": "2026-11-01"}
    with pytest.raises(
        InputError, match=r"ann:\*\*\*@.*cannot be read: .*(large|infinity)"
    ):
        fa.audit(types.url("types"), **asked)


def test_latin1_is_read_as_what_it_says(server):
    server.run(
        "CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0",
        database="postgres",
    )
    server.run(
        "CREATE TABLE t AS SELECT CASE WHEN i % 2 = 0 THEN U&'n\\00E9' ELSE 'o' END "
        "AS g, i % 3 = 0 AS s FROM generate_series(1, 100) i",
        "GRANT SELECT ON t TO PUBLIC",
        database="latin",
    )
    made = fa.audit(server.url("t", database="latin"), selected="s", by="g")
    assert made.tables["g",].groups == ["né", "o"]
