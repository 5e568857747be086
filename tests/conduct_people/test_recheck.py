"""Consent once more: on the bytes of a release, and on the day of sending."""

import json
from datetime import date, timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fairness.errors import InputError, RefusedError
from fairness.evidence import Ledger, verify_ledger
from pipelines.campaign import run as running
from pipelines.cli.app import run as main
from pipelines.release import carry_out, recheck
from tests.conduct_people.conftest import NOW
from tests.conduct_people.people import ON, consents, customers, protected, write_policy

LATER = date(2026, 12, 1)

CAMPAIGN = """schema = "fairreach/campaign/1"
name = "ours"
owner = "olga"
as_of = 2026-11-01

[offer]
name = "A voucher"
polarity = "{polarity}"

[tables]
customers = "customers.parquet"
protected = "protected.parquet"
consents = "consents.parquet"
{tables}

[protected]
by = ["group"]

[funnel]
clauses = "pick = 1"
{funnel}

[policy]
use = ["ours.toml"]
{more}
"""

STAGE = '[funnel.consent]\nchannel = "email"'


class House:
    """A folder with tables, a campaign over them, and where it is released to."""

    def __init__(self, folder, authority):
        self.folder, self.authority = folder, authority
        self.out = folder / "out"
        self.file = folder / "ours.campaign.toml"
        self.write("customers", customers())
        self.write("protected", protected())
        self.ids = customers()["customer_id"].to_pylist()
        self.write("consents", consents(self.ids))

    def write(self, name, table):
        pq.write_table(table, self.folder / f"{name}.parquet")

    def campaign(self, *rules, funnel=STAGE, tables="", more="", polarity="beneficial"):
        usual = {"metric": "adverse_impact_ratio", "at_least": 0.8}
        write_policy(self.folder, usual, *rules)
        text = CAMPAIGN.format(
            funnel=funnel, tables=tables, more=more, polarity=polarity
        )
        self.file.write_text(text)
        return self

    def released(self):
        return carry_out(self.file, self.out, authority=self.authority, now=NOW)

    def again(self, on=ON, **more):
        return recheck(self.file, self.out, on=on, now=NOW, **more)

    def said(self, *ids, status="OptOut", day=ON, **columns):
        """Add a record of some customers to the consents."""
        more = consents(ids, status=status, captured_at=day, **columns)
        self.write("consents", pa.concat_tables([consents(self.ids), more]))

    @property
    def kinds(self):
        return [entry.kind for entry in Ledger(self.out / "ledger.jsonl").entries()]


@pytest.fixture
def house(tmp_path, authority):
    return House(tmp_path, authority)


def test_an_audience_of_whom_all_still_agree_may_be_sent(house):
    assert house.campaign().released().released.rows == 1_000
    found = house.again(LATER)
    assert (found.holds, found.rows, found.contactable) == (True, 1_000, 1_000)
    assert house.kinds == ["check", "release", "recheck"]
    assert verify_ledger(house.out / "ledger.jsonl").ok


def test_who_opted_out_after_the_release_is_counted_on_a_later_day(house):
    house.campaign().released()
    chosen = [one for one in house.ids if int(one[1:]) // 4 % 2][:20]
    house.said(*chosen[:12])
    found = house.again(LATER)
    assert not found.holds
    assert (found.contactable, dict(found.reasons)) == (988, {"opted_out": 12})
    last = list(Ledger(house.out / "ledger.jsonl").entries())[-1]
    assert last.kind == "recheck"
    assert last.body["reasons"] == {"opted_out": 12}
    for path in (house.out / "ledger.jsonl", house.out / "ours" / "recheck.json"):
        assert b"C00" not in path.read_bytes()


def test_fewer_than_five_are_not_told_exactly(house):
    house.campaign().released()
    house.said("C000004", "C000005", "C000006")
    found = house.again(LATER)
    assert not found.holds
    assert (found.contactable, dict(found.reasons)) == (None, {"opted_out": None})
    assert "few" in found.text()


def test_a_consent_that_ends_before_the_day_of_sending_does_not_hold(house):
    house.write("consents", consents(house.ids, effective_to=date(2026, 11, 20)))
    house.campaign().released()
    assert house.again(date(2026, 11, 20)).holds
    found = house.again(date(2026, 11, 21))
    assert dict(found.reasons) == {"expired": 1_000}


def test_a_suppression_list_and_lost_customers_count(house):
    listed = pa.table({"customer_id": house.ids[:40], "reason": ["complaint"] * 40})
    nobody = pa.table({"customer_id": ["C999999"], "reason": ["none"]})
    house.write("suppression", nobody.slice(0, 0))
    house.campaign(tables='suppression = "suppression.parquet"').released()
    house.write("suppression", listed)
    house.write("customers", customers().slice(0, 1_800))
    found = house.again(LATER)
    assert dict(found.reasons) == {"no_customer": 100, "suppressed": 20}


def test_a_zero_tolerance_rule_is_judged_on_the_day_of_sending(house):
    rule = {"metric": "zero_tolerance", "params": {"flags": ["bereaved"]}}
    flags = {"customer_id": house.ids, "flag": ["bereaved"] * 2_000}
    late = pa.array([date(2026, 11, 15)] * 2_000)
    house.write("vulnerability", pa.table(flags | {"since": late}))
    house.campaign(rule, tables='vulnerability = "vulnerability.parquet"').released()
    assert house.again(date(2026, 11, 14)).holds
    found = house.again(LATER)
    assert not found.reasons
    assert "1,000 customers in the audience are flagged" in found.broken[0]
    assert house.again(LATER).to_dict()["holds"] is False


def test_the_bytes_of_a_release_are_looked_at_once_more(house, monkeypatch):
    house.campaign()
    real = running.run_campaign

    def slow(*given, **more):
        run = real(*given, **more)
        house.said(*house.ids[:40])
        return run

    monkeypatch.setattr("pipelines.release.carrying.run_campaign", slow)
    found = house.released()
    assert found.run.verdict == "clear"
    assert found.released is None
    assert found.verdict == "block"
    assert "20 customers in the file to be written may not be" in str(found.reasons[0])
    assert not (house.out / "ours" / "audience.csv").exists()
    assert house.kinds == ["check", "refusal"]


def test_without_a_stage_a_rule_on_consent_is_judged_on_the_bytes(house, monkeypatch):
    house.campaign(
        {"metric": "without_consent"}, funnel="", more='[contact]\nchannel = "email"'
    )
    real = running.run_campaign

    def slow(*given, **more):
        run = real(*given, **more)
        house.said(*house.ids[:40])
        return run

    monkeypatch.setattr("pipelines.release.carrying.run_campaign", slow)
    found = house.released()
    assert found.released is None
    assert "rule-1" in str(found.reasons[0])


def test_a_campaign_that_asks_for_no_consent_is_released_without(house):
    house.campaign(funnel="")
    assert house.released().released.rows == 1_000
    with pytest.raises(InputError, match="asks for no consent"):
        house.again()


def test_a_release_that_nobody_looked_at_again_is_refused(house):
    from pipelines.release.audience import release
    from pipelines.release.leave import Leave

    found = house.campaign().released()
    with pytest.raises(RefusedError, match="once more"):
        release(
            found.run,
            Leave("clear", "clear"),
            found.place,
            b"customer_id\r\n",
            signer=house.authority.signer,
            ledger=Ledger(house.out / "ledger.jsonl"),
            now=NOW,
        )


def test_other_ids_than_those_released_are_not_asked_about(house):
    house.campaign()
    with pytest.raises(RefusedError, match="not released here"):
        house.again()
    house.released()
    other = house.folder / "other.csv"
    other.write_text("customer_id\r\nC000001\r\n")
    with pytest.raises(RefusedError, match="not the file of its certificate"):
        house.again(audience=other)
    copy = house.folder / "copy.csv"
    copy.write_bytes((house.out / "ours" / "audience.csv").read_bytes())
    assert house.again(audience=copy).holds
    house.file.write_text(house.file.read_text().replace("A voucher", "Another"))
    with pytest.raises(RefusedError, match="another campaign file"):
        house.again()


def test_the_command_ends_with_three_where_somebody_may_not_be_contacted(house, capsys):
    house.campaign().released()
    words = ["recheck", str(house.file), "--out", str(house.out)]
    day = ["--on", str(ON + timedelta(days=3))]
    assert main([*words, *day]) == 0
    assert "may be sent on 2026-11-04" in capsys.readouterr().out
    house.said(*house.ids[:40])
    assert main([*words, *day, "--format", "json"]) == 3
    told = json.loads(capsys.readouterr().out)
    assert (told["rows"], told["reasons"]) == (1_000, {"opted_out": 20})
    assert main([*words, "--on", "soon"]) == 2
