"""A table in a database is audited where it is: the answer is that of the file."""

import gc
import json
import time

import pytest

import fairness as fa
from tests.postgres.comparing import differences
from tests.postgres.loading import ASKED, MEASURED, SAMPLES, sample_tables
from tests.postgres.reading import asks, of_customers
from tests.postgres.server import Wire

COLUMNS = [n for n in sample_tables()["audience"].column_names if n != "customer_id"]


def payload(data, **asked):
    decision = fa.audit(data, **asked).gate(["us-four-fifths"])
    return json.loads(json.dumps(decision.to_dict(), allow_nan=False))


def test_a_table_of_a_database_gives_the_payload_of_the_file(sample, sample_file):
    assert payload(sample.url("audience"), **ASKED) == payload(sample_file, **ASKED)


def test_so_do_scores_values_strata_and_columns_used(sample, sample_file):
    mine = payload(sample.url("audience"), **MEASURED)
    theirs = payload(sample_file, **MEASURED)
    assert not list(differences(mine, theirs))


@pytest.mark.postgres
def test_an_ibis_table_of_a_server_gives_it_too(postgres_sample, sample_file):
    import ibis

    with postgres_sample.server.connected("ann") as connection:
        table = ibis.postgres.from_connection(connection).table("audience")
        assert payload(table, **ASKED) == payload(sample_file, **ASKED)


def test_protected_attributes_and_audience_may_be_tables_of_their_own(sample):
    asked = {name: value for name, value in ASKED.items() if name != "selected"}
    mine, theirs = (
        payload(
            place("customers"),
            id="customer_id",
            protected=place("protected"),
            audience=place("picked"),
            **asked,
        )
        for place in (sample.url, csv_file)
    )
    assert (mine.pop("subject"), theirs.pop("subject")) == ("picked", "spring_card.csv")
    assert mine == theirs
    assert mine["notes"]


def csv_file(name):
    return SAMPLES / (
        "audiences/spring_card.csv" if name == "picked" else f"{name}.csv"
    )


@pytest.mark.postgres
@pytest.mark.parametrize("asked", [ASKED, MEASURED], ids=["plain", "measured"])
def test_every_statement_asks_for_counts(postgres_sample, asked):
    with postgres_sample.server.listening() as heard:
        fa.audit(postgres_sample.url("audience"), **asked)
    assert any("GROUP BY" in said for said in asks(heard))
    assert of_customers(heard) == []


@pytest.mark.postgres
def test_few_rows_are_sent_of_many_customers(postgres_sample, wire):
    made = fa.audit(postgres_sample.url("audience", port=wire.port), **ASKED)
    assert made.counts.rows == 12_000
    cells = len(made.counts.n)
    # Beside them the columns and tables of the schema, and a few bounds.
    assert cells <= wire.rows < cells + 100
    assert wire.bytes < 20_000


@pytest.mark.postgres
@pytest.mark.parametrize("asked", [ASKED, MEASURED], ids=["plain", "measured"])
def test_what_is_sent_does_not_grow_with_the_customers(postgres_sample, server, asked):
    postgres_sample.view(
        "crowd",
        "SELECT copy || customer_id AS customer_id, "
        + ", ".join(f"a.{name}" for name in COLUMNS)
        + " FROM audience a CROSS JOIN generate_series(1, 3) copy",
    )
    sent = {}
    for name in ("audience", "crowd"):
        one = Wire(server.port)
        made = fa.audit(postgres_sample.url(name, port=one.port), **asked)
        sent[name] = one.rows - len(COLUMNS)
        one.close()
    assert made.counts.rows == 36_000
    # Other tables of the schema are listed when one is opened.
    assert sent["crowd"] == sent["audience"]


@pytest.mark.postgres
def test_the_joint_model_alone_brings_customers_in_and_no_id(postgres_sample):
    few = postgres_sample.view("few", "SELECT * FROM audience LIMIT 600")
    asked = ASKED | {"id": "customer_id", "uses": "postcode", "joint": True}
    with postgres_sample.server.listening() as heard:
        fa.audit(few, **asked)
    (said,) = of_customers(heard)
    assert "postcode" in said
    assert "customer_id" not in said


@pytest.mark.parametrize(
    "said",
    [
        "SELECT * FROM customers",
        "SELECT t.* FROM (SELECT id FROM customers) AS t ORDER BY 1",
        'DECLARE "x" CURSOR FOR SELECT id FROM customers WHERE age > 18',
        "SELECT id, count(*) OVER () FROM customers",
        "SELECT id FROM customers LIMIT 100000",
        "SELECT id FROM customers UNION ALL SELECT count(*) FROM customers",
        "WITH c AS (SELECT id FROM customers) SELECT * FROM c",
        "SELECT c.id FROM (SELECT count(*) FROM customers) n CROSS JOIN customers c",
        "COPY customers TO STDOUT",
        "TABLE customers",
    ],
)
def test_a_statement_that_sends_customers_is_seen(said):
    assert of_customers(["BEGIN", said]) == [said]


@pytest.mark.postgres
def test_it_reads_and_nothing_else_within_one_transaction(postgres_sample):
    with postgres_sample.server.listening() as heard:
        fa.audit(postgres_sample.url("audience"), **ASKED)
    begun = [said for said in heard if said.startswith("BEGIN")]
    assert begun
    assert set(begun) == {"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"}
    assert heard.index(asks(heard)[0]) > max(
        place
        for place, said in enumerate(heard)
        if said.startswith(("BEGIN", "COMMIT"))
    )
    assert not asks(heard[: heard.index(asks(heard)[0])])


@pytest.mark.postgres
def test_no_connection_stays_open(postgres_sample):
    fa.audit(postgres_sample.url("audience"), **ASKED)
    gc.collect()
    with postgres_sample.server.connected() as connection:
        until = time.monotonic() + 10
        left = [1]
        while left and time.monotonic() < until:
            query = "SELECT query FROM pg_stat_activity WHERE usename = 'ann'"
            left = connection.execute(query).fetchall()
    assert left == []
