"""Tables that lie about: found where they should not, and not where they may."""

import gzip
from datetime import date

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.security import words_in

PEOPLE = "customer_id,city\nC1,Westrey\n"


def parquet(folder, name, columns, mode=0o600):
    path = folder.write(name, b"", mode)
    pq.write_table(pa.table(columns), path)
    path.chmod(mode)


@pytest.mark.parametrize(
    ("mode", "severity"), [(0o644, "block"), (0o604, "block"), (0o640, "warn")]
)
def test_people_whom_others_can_read_are_found(folder, mode, severity):
    folder.write("crm.csv", PEOPLE, mode)
    assert folder.found() == [(severity, "readable-personal", "crm.csv")]


@pytest.mark.parametrize(
    ("content", "mode"),
    [
        (PEOPLE, 0o600),
        (PEOPLE, 0o611),
        ("postcode,orders\nN04,7\n", 0o644),
        ("email_ok,phone_ok\ntrue,false\n", 0o644),
    ],
)
def test_people_of_ones_own_and_tables_of_nobody_are_not(folder, content, mode):
    folder.write("crm.csv", content, mode)
    assert folder.found() == []


def test_who_cannot_come_through_a_directory_reads_nothing_in_it(folder):
    folder.write("closed/inner/crm.csv", PEOPLE, 0o644)
    (folder.path / "closed").chmod(0o700)
    assert folder.found() == []
    (folder.path / "closed").chmod(0o710)
    assert folder.found() == [("warn", "readable-personal", "closed/inner/crm.csv")]
    (folder.path / "closed").chmod(0o755)
    assert folder.found() == [("block", "readable-personal", "closed/inner/crm.csv")]


def test_addresses_are_found_where_no_header_names_them(folder):
    rows = "".join(f"{i};person{i}@mail.example;7\n" for i in range(5))
    folder.write("export.csv", rows, 0o644)
    (finding,) = folder.check().findings
    assert finding.kind == "readable-personal"
    assert "person" not in finding.what.replace("personal", "")


@pytest.mark.parametrize(
    "header",
    [
        "customer_id,gender",
        "CustomerId;DateOfBirth",
        "id\tE-Mail\tEthnic Group",
        "email|religion",
        '"customer_id","Sexual Orientation"',
        "\ufeffcustomer_id,race",
        "crm_id,cust_birth_date",
        "birth_date,gender,postcode",
    ],
)
def test_protected_attributes_in_the_clear_block(folder, header):
    folder.write("p.csv", f"{header}\n1,2,3\n")
    assert folder.found() == [("block", "unsealed-protected", "p.csv")]


def test_one_attribute_beside_nobody_is_told_and_does_not_block(folder):
    folder.write("groups.csv", "gender,n\nf,5000\nm,4000\n")
    assert folder.found() == [("warn", "unsealed-protected", "groups.csv")]


@pytest.mark.parametrize(
    "header",
    [
        "customer_id,tenure_band",
        "customer_id,message",
        "customer_id,trace",
        "id,embrace",
    ],
)
def test_words_inside_of_other_words_are_none(folder, header):
    folder.write("p.csv", f"{header}\n1,2\n")
    assert folder.found() == []


def test_every_kind_of_table_is_looked_at(folder):
    columns = {"customer_id": ["C1"], "religion": ["none of yours"]}
    parquet(folder, "a.parquet", columns)
    folder.write("b.csv.gz", gzip.compress(b"customer_id,religion\n1,2\n"))
    folder.write("c.csv", "customer_id,religion\n1,2\n".encode("utf-16"))
    folder.write("d.txt", "customer_id,religion\n1,2\n")
    assert folder.found() == [
        ("block", "unsealed-protected", name)
        for name in ("a.parquet", "b.csv.gz", "c.csv", "d.txt")
    ]


def test_a_text_about_groups_is_no_table(folder):
    folder.write("notes.txt", "Gender, religion and race.\nWe look at all of them.\n")
    folder.write("empty.csv", "")
    folder.write("lines.csv", "\n\n\n")
    assert folder.found() == []


def test_nothing_of_a_row_is_told(folder):
    folder.write(
        "p.csv", "customer_id,gender,Zyzzogeton religion\nC7731,q,Wappen\n", 0o644
    )
    report = folder.check()
    told = str(report.to_dict()) + report.text()
    assert report.counts["block"] == 2
    for word in ("C7731", "Wappen", "Zyzzogeton"):
        assert word not in told


ENDS = ("2025-01-31", "2026-11-23", "2026-11-24", "2099-01-01", "", "soon")


def test_consents_that_have_ended_are_counted(folder):
    lines = "".join(f"{i},email,OptIn,{end}\n" for i, end in enumerate(ENDS))
    folder.write("consents.csv", f"id,channel,status,effective_to\n{lines}")
    (finding,) = folder.check().findings
    assert (finding.severity, finding.kind) == ("warn", "expired-consents")
    assert finding.what.startswith("2 consents that have ended")
    folder.write("consents.csv", "id,channel,status,effective_to\n1,email,OptIn,\n")
    assert folder.found() == []


def test_consents_in_parquet_and_gzip_are_counted_too(folder):
    days = [date(2025, 1, 31), date(2099, 1, 1), None]
    columns = {"id": [1, 2, 3], "purpose": ["marketing"] * 3, "effective_to": days}
    parquet(folder, "c.parquet", columns)
    text = "id,purpose,effective_to\n1,marketing,2025-01-31\n"
    folder.write("c.csv.gz", gzip.compress(text.encode()))
    findings = folder.check().findings
    assert [one.what[:2] for one in findings] == ["1 ", "1 "]


def test_a_table_of_contracts_that_end_is_none_of_consents(folder):
    folder.write("contracts.csv", "contract,effective_to\n1,2020-01-01\n")
    assert folder.found() == []


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("gender", ["gender"]),
        ("GENDER", ["gender"]),
        ("customerGender", ["gender"]),
        ("sexAtBirth", ["sex_at_birth"]),
        ("age", ["age"]),
        ("usage", []),
        ("page_age", []),
        ("birth date", ["birth_date"]),
        ("gendered", []),
        ("", []),
        ("é" * 5000, []),
    ],
)
def test_names_say_what_they_say(name, words):
    assert words_in([name], "protected") == words
