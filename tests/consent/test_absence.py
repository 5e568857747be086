"""What is missing is never read as permission: on every engine, cell by cell."""

import random

import pyarrow as pa
import pytest

from pipelines.consent import contactable
from tests.consent.conftest import ASKED, arrow
from tests.consent.test_oracle import ASKS, CELLS

SCOPES_AND_FACTS = (
    "purpose",
    "channel",
    "status",
    "captured_at",
    "brand",
    "basis",
    "double_opt_in_at",
    "source",
)
"""Without effective_from and effective_to: an empty one means that there is none."""

ENDS = ("effective_from", "effective_to")
SIZE = 120


def drawn(seed):
    draw = random.Random(seed)
    return [
        [
            {name: draw.choice(cells) for name, cells in CELLS.items()}
            for _ in range(draw.randrange(1, 5))
        ]
        for _ in range(SIZE)
    ]


def changed(records, columns, values):
    """Every way to put a value into one cell of the records."""
    for place, record in enumerate(records):
        for column in columns:
            for value in values:
                if record[column] != value:
                    yield [
                        *records[:place],
                        {**record, column: value},
                        *records[place + 1 :],
                    ]


def told(people, asked, make):
    """Whether each of many record sets lets its customer be contacted, in one go."""
    ids = [f"c{place}" for place in range(len(people))]
    rows = [
        {"customer_id": name, **record}
        for name, records in zip(ids, people, strict=True)
        for record in records
    ]
    customers = make(pa.table({"customer_id": ids}))
    found = contactable(customers, make(arrow(rows)), **(ASKED | asked))
    table = found.collect("pyarrow").to_dict(as_series=False)
    by_id = dict(zip(table["customer_id"], table["contactable"], strict=True))
    return [by_id[name] for name in ids]


def widened(people, asked, make, columns, values):
    before = told(people, asked, make)
    pairs = [
        (place, after)
        for place, records in enumerate(people)
        if not before[place]
        for after in changed(records, columns, values)
    ]
    assert len(pairs) > SIZE
    results = told([after for _, after in pairs], asked, make)
    return [
        (people[place], after)
        for (place, after), is_yes in zip(pairs, results, strict=True)
        if is_yes
    ]


@pytest.mark.parametrize("asked", ASKS)
def test_an_emptied_cell_makes_nobody_contactable(asked, engine):
    people = drawn(seed=3 + len(str(asked)))
    assert widened(people, asked, engine, SCOPES_AND_FACTS, [None, " "]) == []


@pytest.mark.parametrize("asked", ASKS)
def test_a_garbled_status_or_day_makes_nobody_contactable(asked, engine):
    people = drawn(seed=5 + len(str(asked)))
    assert widened(people, asked, engine, ["status"], ["Opt", "0ptIn", "?"]) == []
    garbled = ["2026-13-01", "01.02.2026"]
    assert widened(people, asked, engine, ["captured_at", *ENDS], garbled) == []


def test_an_emptied_end_makes_nobody_contactable_where_the_policy_asks_for_it():
    people = drawn(seed=11)
    asked = {"evidence": ENDS}
    assert widened(people, asked, lambda table: table, ENDS, [None]) == []


def test_a_customer_without_records_is_never_contactable(engine):
    people = drawn(seed=7)
    ids = [f"c{place}" for place in range(len(people))]
    kept = [
        {"customer_id": name, **record}
        for name, records in zip(ids, people, strict=True)
        for record in records
        if int(name[1:]) % 2
    ]
    customers = engine(pa.table({"customer_id": ids}))
    for asked in ASKS:
        found = contactable(customers, engine(arrow(kept)), **(ASKED | asked))
        table = found.collect("pyarrow").to_dict(as_series=False)
        yes = {
            name
            for name, is_yes in zip(
                table["customer_id"], table["contactable"], strict=True
            )
            if is_yes
        }
        assert yes or asked.get("evidence")
        assert all(int(name[1:]) % 2 for name in yes)
        assert sorted(table["customer_id"]) == sorted(ids)


def test_a_customer_who_is_not_there_is_not_in_the_answer(engine):
    records = arrow([{"customer_id": "gone", **_yes()}, {"customer_id": "c", **_yes()}])
    customers = engine(pa.table({"customer_id": ["c"]}))
    found = contactable(customers, engine(records), **ASKED).collect("pyarrow")
    assert found["customer_id"].to_list() == ["c"]


def _yes():
    return {
        "purpose": "marketing",
        "channel": "email",
        "status": "OptIn",
        "captured_at": "2026-01-01",
        "brand": "Nordia",
    }


def test_a_refusal_counts_whenever_it_was_captured(engine):
    draw = random.Random(13)
    people = [[_with(record, "status", "OptIn") for record in p] for p in drawn(17)]
    before = told(people, {}, engine)
    assert any(before)
    later = [
        [*records, {**_full(), "status": "OptOut", "captured_at": draw.choice(DAYS)}]
        for records in people
    ]
    assert not any(told(later, {}, engine))


DAYS = ["2026-11-01", "2026-11-02", "2031-01-01", "", None, "soon", "2026-02-31"]


def _with(record, name, value):
    return {**record, name: value}


def _full():
    return {**dict.fromkeys(CELLS), **_yes()}
