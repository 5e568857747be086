"""Against the same model written once more, row by row, over random records."""

import random

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.consent import contactable
from tests.consent.conftest import ASKED, COLUMNS, arrow
from tests.consent.oracle import may_contact

CELLS = {
    "purpose": ["marketing"] * 8 + ["Marketing ", "profiling", "all", "", None],
    "channel": ["email"] * 8 + ["e-mail", " EMAIL", "sms", "*", "", None],
    "status": ["OptIn"] * 7
    + ["opt_in", "SUBSCRIBED", "OptOut", "OptOut", "UNSUBSCRIBED", "Seen", "NotSeen"]
    + [
        "NOT_SPECIFIED",
        "Objected",
        "NotOptedOut",
        "true",
        "false",
        "perhaps",
        "",
        None,
    ],
    "captured_at": ["2026-01-01", "2026-02-01", "2026-02-01", "2026-03-01T10:00:00"] * 2
    + ["2024-01-01", "2026-11-01", "2026-11-02", "2026-02-30", "soon", "", None],
    "brand": ["Nordia"] * 8 + [" nordia", "Calla", "any", "", None],
    "basis": ["consent"] * 9 + ["Consent", "legitimate_interest", "", None],
    "effective_from": [None] * 8 + ["2026-01-01", "2026-12-01", "later"],
    "effective_to": [None] * 8 + ["2027-01-01"] * 3 + ["2026-06-01", "never"],
    "double_opt_in_at": [None, "2026-03-01", "2026-03-01", "2027-01-01", "x"],
    "source": ["web", "store", "", None],
}
ASKS = [
    {},
    {"brand": None},
    {"max_age_days": 300},
    {"evidence": ("double_opt_in_at",)},
    {"evidence": ("source", "effective_to"), "brand": None},
    {"basis": "legitimate_interest", "reason": "customers of ours"},
    {"basis": "legitimate_interest", "reason": "customers of ours", "brand": None},
]

RECORD = st.fixed_dictionaries({n: st.sampled_from(c) for n, c in CELLS.items()})
TABLES = st.lists(st.lists(RECORD, max_size=5), min_size=1, max_size=8)


def answers(people, asked, columns=COLUMNS, make=lambda table: table):
    rows = [
        {"customer_id": f"c{place}", **{n: r[n] for n in r if n in columns}}
        for place, records in enumerate(people)
        for record in records
        for r in [record]
    ]
    random.Random(1).shuffle(rows)
    ids = pa.table({"customer_id": [f"c{place}" for place in range(len(people))]})
    names = columns if not rows else tuple(rows[0])
    table = arrow(rows, columns) if rows else empty(names)
    found = contactable(make(ids), make(table), **(ASKED | asked)).collect("pyarrow")
    told = found.to_dict(as_series=False)
    return dict(zip(told["customer_id"], told["contactable"], strict=True))


def empty(names):
    return pa.table({name: pa.array([], pa.string()) for name in names})


def expected(people, asked, columns=COLUMNS):
    return {
        f"c{place}": may_contact(
            [{n: r[n] for n in r if n in columns} for r in records], ASKED | asked
        )
        for place, records in enumerate(people)
    }


@given(people=TABLES, asked=st.sampled_from(ASKS))
@settings(max_examples=400)
def test_the_answer_is_that_of_the_oracle(people, asked):
    assert answers(people, asked) == expected(people, asked)


@given(people=TABLES)
@settings(max_examples=100)
def test_columns_that_are_not_there_are_not_missed(people):
    columns = ("customer_id", "purpose", "channel", "status", "captured_at")
    asked = {"brand": None}
    assert answers(people, asked, columns) == expected(people, asked, columns)


def drawn(size, seed):
    draw = random.Random(seed)

    def record():
        return {name: draw.choice(cells) for name, cells in CELLS.items()}

    return [[record() for _ in range(draw.randrange(5))] for _ in range(size)]


@pytest.mark.parametrize("asked", ASKS)
def test_every_engine_gives_the_answer_of_the_oracle(asked, engine):
    people = drawn(1_500, seed=len(str(asked)))
    wanted = expected(people, asked)
    assert 10 <= sum(wanted.values()) <= 1_300
    assert answers(people, asked, make=engine) == wanted
