"""Tables that break their contracts: what is repaired, set aside, or refused."""

import csv
import datetime as dt
import stat

import pyarrow as pa
import pytest

from fairness.errors import InputError, shown
from pipelines.crm import CONTRACTS, Column, Contract, Crm, check_tables

DAY = dt.date(2026, 11, 1)


def texts(**columns):
    return pa.table({n: pa.array(v, pa.string()) for n, v in columns.items()})


def people(*ids):
    return texts(customer_id=list(ids))


def consents(**changed):
    columns = {
        "customer_id": ["a"],
        "purpose": ["marketing"],
        "channel": ["email"],
        "status": ["OptIn"],
        "captured_at": ["2026-03-01"],
    } | changed
    size = max(len(values) for values in columns.values())
    return texts(**{n: v * (size // len(v)) for n, v in columns.items()})


def counts(found):
    return {(c.table, c.column, c.code): c.rows for c in found.counts}


def rows(frame):
    return frame.collect("pyarrow").to_native().to_pylist()


def test_the_sample_has_the_faults_that_were_put_into_it(samples, tables):
    names = ("customers", "transactions", "consents", "contacts", "responses")
    paths = {name: samples / f"{name}.csv" for name in (*names, "protected")}
    found = counts(check_tables(paths, as_of=DAY))
    ids = {row["customer_id"] for row in tables["customers"]}
    wanted = {}
    for name in ("transactions", "consents", "contacts"):
        cells = [row["customer_id"] for row in tables[name]]
        wanted[name, "customer_id", "padded"] = sum(c != c.strip() for c in cells)
        wanted[name, "customer_id", "stranger"] = sum(
            c.strip() not in ids for c in cells
        )
    for name, column in (("transactions", "date"), ("contacts", "date")):
        wanted[name, column, "missing"] = sum(not r[column] for r in tables[name])
    for name, column in (("transactions", "category"), ("contacts", "campaign")):
        padded = sum(r[column] != r[column].strip() for r in tables[name])
        wanted[name, column, "padded"] = padded
    statuses = [row["status"] for row in tables["consents"]]
    known = ("OptIn", "OptOut", "Seen", "NotSeen")
    wanted["consents", "status", "padded"] = sum(s != s.strip() for s in statuses)
    wanted["consents", "status", "spelling"] = sum(
        s.strip() not in known for s in statuses
    )
    channels = [row["channel"] for row in tables["transactions"]]
    shouted = sum(c != c.lower() for c in channels)
    wanted["transactions", "channel", "spelling"] = shouted
    assert found == {what: n for what, n in wanted.items() if n}


def test_nothing_of_the_sample_is_lost(samples, tables):
    paths = {name: samples / f"{name}.csv" for name in ("customers", "consents")}
    with Crm.open(paths) as crm:
        clean = len(rows(crm.consents))
        aside = len(rows(crm.quarantined("consents")))
    assert clean + aside == len(tables["consents"])
    assert aside == 35


def test_labels_are_repaired_and_listed():
    table = consents(
        customer_id=["a", " a\u00a0", "a", "a"],
        status=["optin", "OPT-OUT ", "NotSeen", "not seen"],
        channel=["email", "E-Mail", "email", "ALL"],
    )
    with Crm.open({"customers": people("a"), "consents": table}) as crm:
        clean, found = rows(crm.consents), crm.violations
    assert [row["status"] for row in clean] == ["OptIn", "OptOut", "NotSeen", "NotSeen"]
    assert [row["channel"] for row in clean] == ["email", "email", "email", "all"]
    assert {row["customer_id"] for row in clean} == {"a"}
    assert counts(found) == {
        ("consents", "customer_id", "padded"): 1,
        ("consents", "channel", "spelling"): 2,
        ("consents", "status", "padded"): 1,
        ("consents", "status", "spelling"): 3,
    }
    assert {count.outcome for count in found.counts} == {"repaired"}


FAULTS = [
    ("status", "maybe", "not_allowed"),
    ("status", "", "missing"),
    ("status", None, "missing"),
    ("status", " \u3000", "missing"),
    ("channel", "pigeon", "not_allowed"),
    ("captured_at", "2026-02-30", "wrong_type"),
    ("captured_at", "1 May", "wrong_type"),
    ("effective_to", "soon", "wrong_type"),
    ("customer_id", None, "missing"),
    ("customer_id", "b", "stranger"),
]


@pytest.mark.parametrize(("column", "value", "code"), FAULTS)
def test_what_cannot_be_repaired_is_set_aside(column, value, code):
    table = consents(customer_id=["a", "a"], brand=["x", "y"])
    table = table.append_column("effective_to", pa.array([None, None], pa.string()))
    cells = table[column].to_pylist()
    place = table.column_names.index(column)
    bad = table.set_column(place, column, pa.array([cells[0], value], pa.string()))
    with Crm.open({"customers": people("a"), "consents": bad}) as crm:
        assert counts(crm.violations) == {("consents", column, code): 1}
        (example,) = crm.violations.examples
        assert [row["brand"] for row in rows(crm.consents)] == ["x"]
        assert [row["brand"] for row in rows(crm.quarantined("consents"))] == ["y"]
    assert (example.row, example.outcome) == (2, "quarantined")
    assert example.value == ("" if value is None else shown(value))


def test_a_record_that_cannot_be_read_counts_against_its_customer():
    from pipelines.consent import contactable

    ids = list("abcdefg")
    table = consents(
        customer_id=[*ids, " b", "c", "d", "e", "f", None],
        purpose=["marketing"] * 10 + [None, "profiling", "marketing"],
        status=["OptIn"] * 7 + ["0ptOut", "OptIn", "OptOut", "Opt", "?", "OptOut"],
        captured_at=["2026-03-01"] * 8 + ["2026-02-31", None] + ["2026-01-01"] * 3,
    )
    asked = {"purpose": "marketing", "channel": "email", "on": DAY}
    with Crm.open({"customers": people(*ids), "consents": table}) as crm:
        found = contactable(crm.customers, crm.consents, refused=crm.refused, **asked)
        why = {row["customer_id"]: row["why"] for row in rows(found)}
        careless = contactable(crm.customers, crm.consents, **asked)
        yes = {row["customer_id"] for row in rows(careless) if row["contactable"]}
    assert why == {
        "a": "consent",
        "b": "quarantined",
        "c": "quarantined",
        "d": "opted_out",
        "e": "quarantined",
        "f": "consent",
        "g": "consent",
    }
    # Without the records that were set aside, three would be written to.
    assert yes == {"a", "b", "c", "e", "f", "g"}


def test_days_after_that_of_the_tables_are_set_aside_but_not_a_refusal():
    bought = texts(
        customer_id=["a", "a"], date=["2026-11-01", "2026-11-02"], amount=["1", "2"]
    )
    late = consents(status=["OptOut"], captured_at=["2027-01-01"])
    given = {"customers": people("a"), "transactions": bought, "consents": late}
    with Crm.open(given, as_of=DAY) as crm:
        assert counts(crm.violations) == {("transactions", "date", "in_future"): 1}
        assert len(rows(crm.consents)) == 1
    with Crm.open(given) as crm:
        assert not crm.violations


def test_a_repeated_answer_is_set_aside_whole():
    answers = texts(
        customer_id=["a", "a ", "b", "a"],
        campaign=["x", "x", "x", "y"],
        responded=["1", "0", "yes", "FALSE"],
        offered_value=["1.5", "", "-1", "2"],
    )
    with Crm.open({"customers": people("a", "b"), "responses": answers}) as crm:
        assert rows(crm.responses) == [
            {
                "customer_id": "a",
                "campaign": "y",
                "responded": False,
                "offered_value": 2.0,
            }
        ]
        found = counts(crm.violations)
    assert found["responses", "customer_id", "duplicate"] == 2
    assert found["responses", "offered_value", "out_of_range"] == 1


FATAL = [
    ({"customers": people("a", "b", "a")}, "1 ids more than there are customers: 'a'"),
    ({"customers": people("a", " a")}, "1 ids more"),
    ({"customers": texts(id=["a"])}, "customers: 'customer_id' is not a column"),
    ({"customers": people("a"), "consent": people("a")}, "did you mean 'consents'"),
    ({"customers": "nowhere.csv"}, "no such file"),
    ({"customers": 7}, "customers: is a int, not a table"),
    (
        {"customers": texts(customer_id=["a"], fairreach_row=["1"])},
        "kept for fairreach",
    ),
    ({"customers": texts(customer_id=["a"], Customer_ID=["1"])}, "columns of one name"),
]


@pytest.mark.parametrize(("given", "message"), FATAL)
def test_what_makes_tables_unusable_is_an_error(given, message):
    with pytest.raises(InputError, match=message):
        Crm.open(given)


def test_all_problems_are_told_at_once():
    given = {
        "customers": texts(id=["a"]),
        "consents": people("a"),
        "contacts": people("a"),
    }
    with pytest.raises(InputError) as caught:
        Crm.open(given)
    assert {problem.where for problem in caught.value.problems} == set(given)
    assert len(caught.value.problems) == 6


def test_columns_without_a_contract_are_kept(tmp_path):
    path = tmp_path / "customers.csv"
    path.write_text(
        "customer_id,n,x,code,day,flag,label,none,postcode\n"
        "a,1,1.5,007,2026-01-01,true,yes,,N04\nb,,2,8,,FALSE,no,,N04 \n",
        encoding="utf-8",
    )
    with Crm.open({"customers": path}) as crm:
        assert rows(crm.customers) == [
            {
                "customer_id": "a",
                "n": 1,
                "x": 1.5,
                "code": "007",
                "day": dt.date(2026, 1, 1),
                "flag": True,
                "label": "yes",
                "none": None,
                "postcode": "N04",
            },
            {
                "customer_id": "b",
                "n": None,
                "x": 2.0,
                "code": "8",
                "day": None,
                "flag": False,
                "label": "no",
                "none": None,
                "postcode": "N04 ",
            },
        ]
        assert crm.kinds("customers")["n"] == "integer"
        assert not crm.violations


def test_protected_attributes_stay_as_written(tmp_path):
    path = tmp_path / "protected.csv"
    path.write_text("customer_id,group\na,1\nb,2.0\nb,3\n", encoding="utf-8")
    with Crm.open({"customers": people("a", "b"), "protected": path}) as crm:
        assert rows(crm.protected) == [{"customer_id": "a", "group": "1"}]
        assert counts(crm.violations) == {("protected", "customer_id", "duplicate"): 2}


def test_the_id_may_have_another_name():
    given = {
        "customers": texts(account=["a"]),
        "suppression": texts(account=["a", "z"]),
    }
    with Crm.open(given, id="account") as crm:
        assert rows(crm.suppression) == [{"account": "a"}]


def test_a_contract_of_ones_own():
    own = Contract(
        "visits",
        (
            Column("customer_id", required=True),
            Column("stars", "integer", low=1, high=5),
        ),
    )
    visits = texts(customer_id=["a", "a", "a"], stars=["5", "6", "2.5"])
    given = {"customers": people("a"), "visits": visits}
    with Crm.open(given, contracts={"visits": own}) as crm:
        assert [row["stars"] for row in rows(crm.table("visits"))] == [5]
        assert crm.violations.by_code() == {"out_of_range": 1, "wrong_type": 1}
    assert "visits" not in CONTRACTS


def test_examples_are_few_and_counts_are_exact():
    size = 1_000
    table = consents(customer_id=["a"], status=["?"] * size)
    found = check_tables({"customers": people("a"), "consents": table})
    assert found.counts[0].rows == size
    assert [one.row for one in found.examples] == list(range(1, 21))
    frame = found.frame()
    assert frame.num_rows == 20
    assert frame.schema.names[:3] == ["table", "file", "row"]
    assert found.to_dict()["counts"][0]["rows"] == size
    assert len(repr(found).splitlines()) <= 12


def test_values_are_shown_safely():
    table = consents(status=["\x1b[31m" + "x" * 100], customer_id=["a\x00b"])
    found = check_tables({"consents": table})
    (one,) = found.examples
    assert one.value.isprintable()
    assert len(one.value) < 90
    assert one.key == "'a\\x00b'"


def test_the_quarantine_file_is_whole_private_and_runs_nothing(tmp_path):
    table = consents(
        customer_id=["a", "=1+1", "@x", "-1", "a"],
        status=["OptIn", "OptIn", "OptIn", "OptIn", '=HYPERLINK("x")\n'],
    )
    with Crm.open({"customers": people("a"), "consents": table}) as crm:
        (path,) = crm.write_quarantine(tmp_path)
    assert path.name == "consents.quarantine.csv"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with path.open(encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file))
    assert [row["customer_id"] for row in found] == ["'=1+1", "'@x", "-1", "a"]
    assert [row["row"] for row in found] == ["2", "3", "4", "5"]
    assert found[0]["violations"] == "customer_id: stranger"
    assert found[3]["status"] == '\'=HYPERLINK("x")\\n'
    assert found[3]["violations"] == "status: not_allowed"


def test_no_file_is_written_where_nothing_is_set_aside(tmp_path):
    with Crm.open({"customers": people("a")}) as crm:
        assert crm.write_quarantine(tmp_path) == []
        with pytest.raises(InputError, match="is no directory"):
            crm.write_quarantine(tmp_path / "nowhere")
    assert list(tmp_path.iterdir()) == []
