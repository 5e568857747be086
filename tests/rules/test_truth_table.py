"""Every operator over true, false and null: each engine against DuckDB's own SQL."""

import datetime as dt
import itertools
import random

import duckdb
import narwhals as nw
import pyarrow as pa
import pytest

from pipelines.rules import arrow_columns, kinds_of, parse_rule

DAYS = [dt.date(2025, 12, 31), dt.date(2026, 1, 1), dt.date(2026, 1, 2), None]
TIMES = [
    dt.datetime(2025, 12, 31, 23, 59, 59),  # noqa: DTZ001
    dt.datetime(2026, 1, 1),  # noqa: DTZ001
    dt.datetime(2026, 1, 1, 0, 0, 1),  # noqa: DTZ001
    None,
]
TEXTS = [
    "",
    "a",
    "A",
    "ab",
    "a%b",
    "a.b",
    "é",
    "it's",
    "x\ny",
    "2026-01-01",
    "Zz",
    None,
]


def table():
    """All pairs of booleans, numbers of every size, texts and dates, with gaps."""
    draw = random.Random(11)
    rows = list(itertools.product([True, False, None], repeat=2))
    size = 120
    some = lambda values: [draw.choice(values) for _ in range(size)]  # noqa: E731
    pairs = [rows[place % len(rows)] for place in range(size)]
    return pa.table(
        {
            "id": pa.array(range(size)),
            "p": pa.array([pair[0] for pair in pairs]),
            "q": pa.array([pair[1] for pair in pairs]),
            "i": pa.array(some([-2, -1, 0, 1, 2, 3, 2**62 + 1, None]), pa.int64()),
            "j": pa.array(some([-2, 0, 1, 2, 120, None]), pa.int8()),
            "x": pa.array(some([-1.5, 0.0, 0.1, 1.0, 2.5, float("nan"), None])),
            "t": pa.array(some(TEXTS)),
            "u": pa.array(some(TEXTS)),
            "d": pa.array(some(DAYS), pa.date32()),
            "e": pa.array(some(TIMES), pa.timestamp("us")),
            "two words": pa.array(some([1, 2, None])),
        }
    )


TABLE = table()
RULES = [
    # As deep and as wide as a rule may be.
    "NOT " * 30 + "p",
    "NOT (" * 15 + "p" + ")" * 15,
    "j" + " + 1 - 1" * 15 + " = j",
    " OR ".join(f"i = {value}" for value in range(3, 503)),
    " AND ".join(f"t <> 'z{value}'" for value in range(400)) + " AND (p OR q)",
    # Booleans: every pair of true, false and null under every connective.
    "p",
    "NOT p",
    "p AND q",
    "p OR q",
    "NOT (p AND q)",
    "NOT (p OR NOT q)",
    "NOT NOT p",
    "p AND NOT q OR q AND NOT p",
    "p = q",
    "p <> q",
    "p = TRUE",
    "p <> FALSE",
    "p = NULL",
    "NOT (p AND NULL)",
    "p OR NULL",
    "p OR TRUE",
    "NOT (p AND FALSE)",
    "p IS NULL",
    "p IS NOT NULL",
    "p IS TRUE",
    "p IS NOT TRUE",
    "p IS FALSE",
    "p IS NOT FALSE",
    "(p AND q) IS NULL",
    "(p OR q) IS NOT TRUE",
    "p IN (TRUE)",
    "p IN (TRUE, NULL)",
    "p NOT IN (FALSE, NULL)",
    "(p AND NULL) IS NULL",
    # Numbers.
    *(
        f"{column} {sign} {value}"
        for column in "ijx"
        for sign in ("=", "<>", "<", "<=", ">", ">=")
        for value in ("1", "-1.5", "0", "0.1", "NULL")
    ),
    "i = j",
    "i <> x",
    "j < x",
    "NOT i > 1",
    "NOT x > 1",
    "1 < i",
    "i = 900719925474099",
    "i > 900719925474099",
    "j = 300",
    "j < 300",
    "j > -300",
    "i IN (1, 2)",
    "i NOT IN (1, 2)",
    "i IN (1, NULL)",
    "i NOT IN (1, NULL)",
    "i IN (NULL)",
    "i NOT IN (NULL)",
    "x IN (1, 2.5)",
    "i IN (1, 2.5)",
    "j IN (300, 1)",
    "x IN (0.1)",
    "i IN (900719925474099, 1)",
    "i BETWEEN 0 AND 2",
    "i NOT BETWEEN 0 AND 2",
    "i BETWEEN 2 AND 0",
    "i BETWEEN NULL AND 1",
    "i NOT BETWEEN NULL AND 1",
    "i BETWEEN 1 AND NULL",
    "i BETWEEN j AND x",
    "5 BETWEEN i AND 9",
    "x BETWEEN -1.5 AND 0.1",
    "i IS NULL",
    "x IS NULL",
    "x IS NOT NULL",
    "i + j > 2",
    "i - 1 = j",
    "2 * j = i + 1",
    "i / j > 0",
    "i / j IS NULL",
    "x / 0 IS NULL",
    "0 / x = 0",
    "1 / (i / j) < 1",
    "-i < 1",
    "i = 10 / 0",
    "i / (2 - 2) > 1",
    "- (i - j) >= -x",
    "j * 100 > 150",
    "j - 120 >= 0",
    "i / 2 = 0.5",
    "i - 1 - 1 = 0",
    "i - (1 - 1) = 0",
    "12 / j / 2 = 3",
    "i + 10 / 5 = 3",
    "COALESCE(i, 0) = 0",
    "COALESCE(x, 0.5) > 0",
    "COALESCE(j, 7) = 7",
    "COALESCE(i, 0.5) < 1",
    "COALESCE(x, 1) = 1",
    "(i > 1) IS NULL",
    "(i > 1 OR p) IS NOT TRUE",
    # Text.
    *(
        f"t {sign} '{value}'"
        for sign in ("=", "<>", "<", "<=", ">", ">=")
        for value in ("a", "", "it''s", "é", "2026-01-01")
    ),
    "t = u",
    "t < u",
    "t IN ('a', 'é', 'it''s')",
    "t NOT IN ('a', '')",
    "t NOT IN ('a', NULL)",
    "t IN ('2026-01-01', 'a')",
    "t BETWEEN 'a' AND 'b'",
    "t LIKE 'a%'",
    "t NOT LIKE 'a%'",
    "t LIKE '%b'",
    "t LIKE '_'",
    "t LIKE 'a_b'",
    "t LIKE 'a!%b' ESCAPE '!'",
    "t LIKE ''",
    "t LIKE '%'",
    "t LIKE 'x_y'",
    "t LIKE 'x'",
    "t LIKE '%.%'",
    "t LIKE 'A'",
    "t LIKE '%''%'",
    "NOT t LIKE '%é%'",
    "t IS NULL",
    "COALESCE(t, 'none') = 'none'",
    "COALESCE(t, 'a') LIKE 'a%'",
    "COALESCE(t, '2026-01-01') > '2025'",
    # Dates.
    *(
        f"{column} {sign} DATE '2026-01-01'"
        for column in "de"
        for sign in ("=", "<>", "<", "<=", ">", ">=")
    ),
    "d IN (DATE '2026-01-01', DATE '2025-12-31')",
    "d NOT IN (DATE '2026-01-01', NULL)",
    "e IN (DATE '2026-01-01')",
    "d BETWEEN DATE '2026-01-01' AND DATE '2026-12-31'",
    "e NOT BETWEEN DATE '2026-01-01' AND DATE '2026-12-31'",
    "d IS NULL",
    "e IS NOT NULL",
    "COALESCE(e, DATE '2026-01-02') > DATE '2026-01-01'",
    "COALESCE(d, DATE '2026-01-01') = DATE '2026-01-01'",
    # Mixed, and names that need quotes.
    '"two words" = 1 AND p',
    "NOT (i > 1 AND t = 'a' OR x < 1)",
    "p AND i > 1 OR NOT q",
    "NOT p AND q",
    "NOT i = 1 OR NOT i = 2",
    "NOT (p IS NULL) AND NOT q IS NULL",
]
# A column of dates may be compared with a day in quotes; numpy knows no dates.
DAYS_IN_QUOTES = [
    "d >= '2026-01-01'",
    "'2026-01-01' > d",
    "d IN ('2026-01-01', '2020-02-29')",
    "d BETWEEN '2026-01-01' AND '2026-01-01'",
    "COALESCE(d, '2026-01-01') = '2026-01-01'",
]


def by_duckdb(rules):
    """The answers of DuckDB to the texts themselves."""
    connection = duckdb.connect()
    # A division by zero is null: neither infinity nor an error.
    connection.execute("SET ieee_floating_point_ops = false")
    connection.execute("SET error_on_division_by_zero = false")
    connection.register("given", TABLE)
    connection.execute(
        "CREATE TABLE t AS SELECT * REPLACE (j::BIGINT AS j, CASE WHEN isnan(x) THEN NULL ELSE x END AS x) FROM given"
    )
    listed = ", ".join(f"({rule}) AS r{place}" for place, rule in enumerate(rules))
    answer = connection.sql(f"SELECT id, {listed} FROM t ORDER BY id").to_arrow_table()
    return {rule: answer[f"r{place}"].to_pylist() for place, rule in enumerate(rules)}


def by_us(frame, rules, rows_of):
    parsed = [parse_rule(rule) for rule in rules]
    kinds = kinds_of(frame)
    assert [problem for rule in parsed for problem in rule.check(kinds)] == []
    safe = arrow_columns(frame, ["id", *(n for rule in parsed for n in rule.columns)])
    held = {f"r{place}": rule.expression() for place, rule in enumerate(parsed)}
    chosen = {f"s{place}": rule.selects() for place, rule in enumerate(parsed)}
    answer = rows_of(safe.select("id", **held, **chosen), [*held, *chosen])
    for place, rule in enumerate(rules):
        selected = [value is True for value in answer[f"r{place}"]]
        assert answer[f"s{place}"] == selected, rule
    alone = {
        f"a{place}": rule.clauses[0].selects() for place, rule in enumerate(parsed)
    }
    clauses = rows_of(safe.select("id", **alone), list(alone))
    for place, rule in enumerate(parsed):
        if len(rule.clauses) == 1:
            assert clauses[f"a{place}"] == answer[f"s{place}"], rule
    return {rule: answer[f"r{place}"] for place, rule in enumerate(rules)}


def rules_for(frame):
    return RULES + DAYS_IN_QUOTES if kinds_of(frame)["d"] == "date" else RULES


def assert_same(ours, theirs):
    wrong = {
        rule: [
            (row, mine, yours)
            for row, (mine, yours) in enumerate(
                zip(ours[rule], theirs[rule], strict=True)
            )
            if mine is not yours
        ]
        for rule in ours
    }
    assert {rule: rows for rule, rows in wrong.items() if rows} == {}


def test_each_engine_answers_as_sql_does(engine, rows_of):
    frame = engine(TABLE)
    rules = rules_for(frame)
    assert_same(by_us(frame, rules, rows_of), by_duckdb(rules))


@pytest.mark.spark
def test_spark_answers_as_sql_does(by_spark, table_of, rows_of):
    plain = {
        name: TABLE[name].to_pylist() for name in TABLE.column_names if name != "e"
    }
    rules = [
        rule for rule in RULES + DAYS_IN_QUOTES if "e" not in parse_rule(rule).columns
    ]
    assert_same(by_us(by_spark(table_of(**plain)), rules, rows_of), by_duckdb(rules))


def test_the_table_has_true_false_and_null_for_most_rules():
    answers = by_duckdb(RULES)
    full = [rule for rule, rows in answers.items() if {True, False, None} <= set(rows)]
    assert len(full) > 100
    assert nw.from_native(TABLE).shape[0] == len(answers["p"])
