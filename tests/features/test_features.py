"""Features of every library against plain loops over the rows."""

import datetime as dt
import random
from collections import Counter

import polars as pl
import pyarrow as pa
import pytest

from fairness.errors import InputError
from pipelines.features import FEATURES, build_features, rfm_scores, rfm_segment

AS_OF = dt.date(2026, 3, 1)
CHANNELS = ["app", "store", "web"]
NAMES = list(FEATURES)


def sales():
    """Purchases, returns, free samples, gaps, ties, the future, a leap year."""
    draw = random.Random(5)
    rows = []
    for place in range(60):
        for _ in range(draw.randrange(0, 9) if place % 7 else 1):
            day = AS_OF - dt.timedelta(
                days=draw.choice([0, 1, 89, 90, 179, 180, 400, 800, -1, -30])
            )
            amount = draw.choice([5.0, 12.5, 0.0, -5.0, 20.25])
            channel = draw.choice([*CHANNELS, None])
            rows.append(
                (f"c{place:02d}", day, amount, channel, draw.choice(["a", "b", None]))
            )
    rows.append(("only a return", dt.date(2026, 1, 1), -9.0, "app", "a"))
    rows.append(("only later", dt.date(2026, 3, 2), 9.0, "app", "a"))
    names = ["id", "date", "amount", "channel", "category"]
    return pa.table(
        {name: pa.array([row[at] for row in rows]) for at, name in enumerate(names)}
    )


SALES = sales()
EVERYBODY = pa.table({"id": [*sorted(set(SALES["id"].to_pylist())), "nobody"]})


def by_hand(table, customers, window=90, idle=365):
    """The same by loops, as the docstrings say it."""
    told = {}
    for customer in customers:
        rows = [
            row
            for row in table.to_pylist()
            if row["id"] == customer and row["date"] <= AS_OF
        ]
        bought = [row for row in rows if row["amount"] > 0]
        days = sorted({row["date"] for row in bought})
        ages = [(AS_OF - row["date"]).days for row in bought]
        recent = sum(
            row["amount"] for row, age in zip(bought, ages, strict=True) if age < window
        )
        before = sum(
            row["amount"]
            for row, age in zip(bought, ages, strict=True)
            if window <= age < 2 * window
        )
        used = Counter(row["channel"] for row in bought if row["channel"] is not None)
        told[customer] = {
            "recency_days": (AS_OF - days[-1]).days if days else None,
            "frequency": len(bought),
            "monetary": sum(row["amount"] for row in rows),
            "average_basket": sum(row["amount"] for row in bought) / len(bought)
            if bought
            else None,
            "tenure_days": (AS_OF - days[0]).days if days else None,
            "trend": (recent - before) / (recent + before) if recent + before else None,
            "purchase_days": len(days),
            "days_between": (days[-1] - days[0]).days / (len(days) - 1)
            if len(days) > 1
            else None,
            "inactive": not days or (AS_OF - days[-1]).days > idle,
            "categories": len({row["category"] for row in bought} - {None}),
            "channels": len(used),
            **{
                f"channel_share_{c}": used[c] / len(bought) if bought else None
                for c in CHANNELS
            },
            "main_channel": min(used, key=lambda c: (-used[c], c)) if used else None,
        }
    return told


def assert_same(answer, told):
    assert sorted(answer["id"]) == sorted(told)
    columns = next(iter(told.values()))
    assert set(answer) == {"id", *columns}
    for place, customer in enumerate(answer["id"]):
        for name, expected in told[customer].items():
            value = answer[name][place]
            if isinstance(expected, float):
                assert value == pytest.approx(expected, abs=1e-12), (customer, name)
            else:
                assert value == expected, (customer, name)


def test_each_engine_gives_what_loops_give(engine, rows_of):
    built = build_features(engine(SALES), names=NAMES, as_of=AS_OF, id="id")
    # Who has nothing but the future has no row.
    told = by_hand(
        SALES, {row["id"] for row in SALES.to_pylist() if row["date"] <= AS_OF}
    )
    columns = ["id", *next(iter(told.values()))]
    assert_same(rows_of(built, columns), told)


def test_each_engine_gives_every_customer_a_row(engine, rows_of):
    built = build_features(
        engine(SALES),
        names=NAMES,
        as_of="2026-03-01",
        id="id",
        customers=engine(EVERYBODY),
    )
    told = by_hand(SALES, EVERYBODY["id"].to_pylist())
    assert told["nobody"]["frequency"] == 0
    assert_same(rows_of(built, ["id", *told["nobody"]]), told)


@pytest.mark.spark
def test_spark_gives_what_loops_give(by_spark, table_of, rows_of):
    frame = by_spark(table_of(**{n: SALES[n].to_pylist() for n in SALES.column_names}))
    who = by_spark(table_of(id=EVERYBODY["id"].to_pylist()))
    built = build_features(frame, names=NAMES, as_of=AS_OF, id="id", customers=who)
    told = by_hand(SALES, EVERYBODY["id"].to_pylist())
    assert_same(rows_of(built, ["id", *told["nobody"]]), told)
    scored = rfm_scores(build_features(frame, as_of=AS_OF, id="id", customers=who))
    assert_scores(rows_of(scored, SCORED), told)


SCORED = ["id", "r_score", "f_score", "m_score", "rfm_code", "rfm_segment"]


def assert_scores(answer, told, n=5):
    buyers = [row for row in told.values() if row["frequency"]]
    for place, customer in enumerate(answer["id"]):
        mine = told[customer]
        scores = [None] * 3
        if mine["frequency"]:
            worse = [
                sum(row["recency_days"] > mine["recency_days"] for row in buyers),
                sum(row["frequency"] < mine["frequency"] for row in buyers),
                sum(row["monetary"] < mine["monetary"] for row in buyers),
            ]
            scores = [1 + n * count // len(buyers) for count in worse]
        assert [answer[name][place] for name in SCORED[1:4]] == scores
        code = "".join(map(str, scores)) if mine["frequency"] else None
        assert answer["rfm_code"][place] == code
        assert answer["rfm_segment"][place] == rfm_segment(*scores, n=n)


@pytest.mark.parametrize("n", [2, 5, 9])
def test_each_engine_scores_as_loops_do(engine, rows_of, n):
    built = build_features(
        engine(SALES), as_of=AS_OF, id="id", customers=engine(EVERYBODY)
    )
    told = by_hand(SALES, EVERYBODY["id"].to_pylist())
    assert_scores(rows_of(rfm_scores(built, n), SCORED), told, n)


def test_the_future_changes_nothing():
    later = pa.concat_tables(
        [
            SALES,
            SALES.set_column(
                1, "date", pa.array([dt.date(2027, 1, 1)] * SALES.num_rows)
            ),
        ]
    )
    before, after = (
        build_features(table, names=NAMES, as_of=AS_OF, id="id").sort("id").to_arrow()
        for table in (SALES, later)
    )
    assert before.equals(after)


def test_channels_that_are_named_keep_their_order_in_ties():
    table = pa.table(
        {
            "id": ["a", "a"],
            "date": [AS_OF, AS_OF],
            "amount": [1, 2],
            "channel": ["web", "app"],
        }
    )
    built = build_features(
        table,
        names=["main_channel", "channel_share"],
        as_of=AS_OF,
        id="id",
        channels=["web", "app", "fax"],
    )
    assert built.columns == [
        "id",
        "main_channel",
        "channel_share_web",
        "channel_share_app",
        "channel_share_fax",
    ]
    assert built.rows() == [("a", "web", 0.5, 0.5, 0.0)]


def test_no_channel_at_all_is_null():
    table = pa.table(
        {
            "id": ["a"],
            "date": [AS_OF],
            "amount": [1],
            "channel": pa.array([None], pa.string()),
        }
    )
    built = build_features(
        table, names=["main_channel", "channels"], as_of=AS_OF, id="id"
    )
    assert built.rows() == [("a", None, 0)]


def test_numbers_of_other_types_and_times_are_read():
    import decimal

    table = pa.table(
        {
            "customer_id": [7, 7],
            "when": [dt.datetime(2026, 2, 28, 23, 59), dt.datetime(2026, 3, 1, 23, 59)],  # noqa: DTZ001
            "paid": pa.array([decimal.Decimal("0.10"), decimal.Decimal("0.20")]),
        }
    )
    built = build_features(table, as_of=AS_OF, date="when", amount="paid")
    assert built.rows() == [(7, 0.0, 2, pytest.approx(0.3))]


@pytest.mark.parametrize(
    ("ids", "others"),
    [
        (pa.array([1, 2], pa.int32()), pa.array([2, 3], pa.int64())),
        (pa.array(["1", "2"], pa.large_string()), pa.array(["2", "3"], pa.string())),
        (pa.array(["1", "2"]).dictionary_encode(), pa.array(["2", "3"])),
    ],
    ids=["numbers", "text", "categories"],
)
@pytest.mark.parametrize("make", [pa.table, pl.from_arrow, pa.Table.to_pandas])
def test_ids_of_another_width_are_the_same_ids(ids, others, make):
    rows = make(pa.table({"id": ids, "date": [AS_OF, AS_OF], "amount": [1, 2]}))
    built = build_features(
        rows,
        names=["frequency"],
        as_of=AS_OF,
        id="id",
        customers=make(pa.table({"id": others})),
    )
    assert sorted((str(key), count) for key, count in built.rows()) == [
        ("2", 1),
        ("3", 0),
    ]


@pytest.mark.parametrize(
    ("change", "options", "faults"),
    [
        ({}, {"names": ["recencyy"]}, ["'recencyy' is not a feature"]),
        ({}, {"names": []}, ["names no feature"]),
        ({}, {"as_of": "1.3.2026"}, ["'1.3.2026' is not a day"]),
        ({}, {"as_of": dt.datetime(2026, 3, 1)}, ["is not a day"]),  # noqa: DTZ001
        (
            {},
            {"window_days": 0, "inactive_days": True},
            ["0 is not a number", "True is not a number"],
        ),
        ({}, {"amount": "amoumt"}, ["'amoumt' is not a column"]),
        ({"channel": None}, {"names": ["channels"]}, ["'channel' is not a column"]),
        ({"date": ["2026-01-01"] * 2}, {}, ["'date' holds text, not dates"]),
        ({"date": [2026, 2027]}, {}, ["'date' holds Int64, not dates"]),
        (
            {"date": [dt.datetime(2026, 1, 1, tzinfo=dt.UTC)] * 2},
            {},
            ["times of the zone UTC"],
        ),
        ({"amount": ["1", "2"]}, {}, ["'amount' holds String, not numbers"]),
        (
            {"channel": [1.5, 2.5]},
            {"names": ["channels"]},
            ["'channel' holds Float64, not text"],
        ),
        (
            {"date": [None, AS_OF], "amount": [1.0, float("nan")], "id": [None, "a"]},
            {},
            [
                "'id' is missing in 1",
                "'date' is missing in 1",
                "'amount' is missing in 1",
            ],
        ),
        ({"amount": [float("inf"), 1.0]}, {}, ["'amount' is missing in 1"]),
        (
            {},
            {"names": ["id"], "customers": None},
            ["'id' is not a feature", "also the name"],
        ),
        ({}, {"customers": pa.table({"id": ["a", "a"]})}, ["1 rows repeat a 'id'"]),
        (
            {},
            {"customers": pa.table({"id": ["a", None]})},
            ["'id' is missing in 1 rows"],
        ),
        ({}, {"customers": pa.table({"id": [1]})}, ["that of the transactions String"]),
        ({}, {"customers": pa.table({"name": ["a"]})}, ["'id' is not a column"]),
        (
            {},
            {"customers": pl.DataFrame({"id": ["a"]})},
            ["is of polars, the transactions of pyarrow"],
        ),
    ],
)
def test_what_cannot_be_built_from_is_refused(change, options, faults):
    columns = {
        "id": ["a", "b"],
        "date": [AS_OF, AS_OF],
        "amount": [1.0, 2.0],
        "channel": ["app", "web"],
    }
    columns |= change
    table = pa.table({name: values for name, values in columns.items() if values})
    with pytest.raises(InputError) as caught:
        build_features(table, **{"as_of": AS_OF, "id": "id"} | options)
    told = [problem.what for problem in caught.value.problems]
    assert len(told) == len(faults)
    assert all(fault in what for fault, what in zip(faults, told, strict=True))


def test_columns_of_mixed_objects_are_refused_and_those_of_one_kind_read():
    import pandas as pd

    frame = pd.DataFrame(
        {
            "id": ["a", "b"],
            "date": [AS_OF, AS_OF],
            "amount": pd.Series([1, 2.5], dtype=object),
        }
    )
    assert build_features(frame, as_of=AS_OF, id="id").shape == (2, 4)
    frame["amount"] = pd.Series([1, "x"], dtype=object)
    with pytest.raises(InputError, match="'amount' holds objects"):
        build_features(frame, as_of=AS_OF, id="id")


def test_too_many_channels_are_refused():
    size = 51
    table = pa.table(
        {
            "id": ["a"] * size,
            "date": [AS_OF] * size,
            "amount": [1] * size,
            "channel": [str(place) for place in range(size)],
        }
    )
    with pytest.raises(InputError, match="51 different values"):
        build_features(table, names=["main_channel"], as_of=AS_OF, id="id")


@pytest.mark.parametrize(
    ("n", "change", "fault"),
    [
        (1, {}, "1 is no number of scores"),
        (10, {}, "10 is no number of scores"),
        (5, {"rfm_code": ["x"]}, "has a column 'rfm_code' already"),
        (5, {"monetary": None}, "'monetary' is not a column"),
    ],
)
def test_what_cannot_be_scored_is_refused(n, change, fault):
    columns = {"recency_days": [1.0], "frequency": [1], "monetary": [2.0]} | change
    table = pa.table({name: values for name, values in columns.items() if values})
    with pytest.raises(InputError, match=fault):
        rfm_scores(table, n)


def test_nobody_who_bought_is_no_division_by_zero():
    table = pa.table(
        {
            "recency_days": pa.array([None], pa.float64()),
            "frequency": [0],
            "monetary": [0.0],
        }
    )
    scored = rfm_scores(table)
    assert scored.select("r_score", "rfm_code", "rfm_segment").rows() == [
        (None, None, "never bought")
    ]


def test_each_feature_says_what_it_is():
    for name, feature in FEATURES.items():
        assert feature.name == name
        assert feature.says
        assert feature.unit
        assert set(feature.needs) <= {"date", "amount", "channel", "category"}
    assert {rfm_segment(r, f, 3) for r in range(1, 6) for f in range(1, 6)} >= {
        "regulars",
        "new or back",
        "regulars, lost",
    }
