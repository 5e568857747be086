"""Small exports as Salesforce, HubSpot and Dynamics write them end in the same tables."""

import datetime as dt

import pyarrow as pa
import pytest

from fairness.errors import InputError
from pipelines.consent import contactable
from pipelines.crm import Crm, list_layouts, load_layout

DAY = dt.date(2026, 11, 1)
ASKED = {"purpose": "Newsletter", "channel": "email", "on": DAY}


def texts(**columns):
    return pa.table({n: pa.array(v, pa.string()) for n, v in columns.items()})


def salesforce():
    return {
        "Contact": texts(
            Id=["c1", "c2", "c3", "c4"],
            IndividualId=["i1", "i2", "i3", "i4"],
            MailingPostalCode=["N01", "N02", "N03", "N04"],
            CreatedDate=["2020-01-31T10:00:00.000+0000"] * 4,
            Rating=["Hot", "Warm", "Cold", None],
        ),
        "ContactPointTypeConsent": pa.table(
            {
                "Id": ["p1", "p2", "p3", "p4", "p5"],
                "PartyId": ["i1", "i2", "i3", "i2", "i9"],
                "DataUsePurpose.Name": ["Newsletter"] * 5,
                "ContactPointType": [
                    "Email",
                    "Email",
                    "Email",
                    "MailingAddress",
                    "Web",
                ],
                "PrivacyConsentStatus": ["OptIn", "OptIn", "Seen", "OptIn", "OptOut"],
                "CaptureDate": ["2026-01-01T09:00:00.000Z"] * 5,
                "CaptureSource": ["web"] * 5,
                "BusinessBrandId": ["Nordia"] * 5,
                "EffectiveFrom": pa.array([None] * 5, pa.string()),
                "EffectiveTo": pa.array([None] * 5, pa.string()),
                "DoubleConsentCaptureDate": pa.array([None] * 5, pa.string()),
            }
        ),
        "Individual": texts(
            Id=["i1", "i2", "i3", "i4"],
            HasOptedOutSolicit=["false", "true", "false", "false"],
            HasOptedOutProcessing=["false"] * 4,
            HasOptedOutProfiling=["false"] * 4,
            ShouldForget=["false", "false", "false", "true"],
        ),
        "CampaignMember": texts(
            CampaignId=["m1", "m1"],
            LeadOrContactId=["c1", "c2"],
            HasResponded=["1", "0"],
            HasOptedOutOfEmail=["false", "false"],
            DoNotCall=["true", "false"],
        ),
    }


def hubspot():
    return {
        "contacts": texts(
            hs_object_id=["c1", "c2", "c3", "c4"],
            email=["A@x.org", "b@x.org ", "c@x.org", "d@x.org"],
            zip=["N01", "N02", "N03", "N04"],
            createdate=["2020-01-31"] * 4,
            hs_email_optout=["false", "true", "false", None],
            Rating=["Hot", "Warm", "Cold", None],
        ),
        "subscriptions": texts(
            email=["a@x.org", "B@x.org", "c@x.org", "nobody@x.org", "c@x.org"],
            subscriptionId=["7", "7", "7", "7", "8"],
            subscriptionName=["Newsletter"] * 4 + ["Offers"],
            status=[
                "SUBSCRIBED",
                "SUBSCRIBED",
                "NOT_SPECIFIED",
                "SUBSCRIBED",
                "SUBSCRIBED",
            ],
            timestamp=["2026-01-01"] * 5,
            legalBasis=["CONSENT_WITH_NOTICE"] * 5,
            legalBasisExplanation=["form"] * 5,
        ),
    }


def dynamics():
    consents = texts(
        customer_id=["c1", "c2", "c3"],
        purpose=["Newsletter"] * 3,
        channel=["email"] * 3,
        status=["OptIn", "OptIn", "Seen"],
        captured_at=["2026-01-01"] * 3,
    )
    return {
        "contact": pa.table(
            {
                "contactid": ["c1", "c2", "c3", "c4"],
                "address1_postalcode": ["N01", "N02", "N03", "N04"],
                "createdon": [dt.datetime.fromisoformat("2020-01-31T10:00")] * 4,
                "donotemail": [False, False, False, None],
                "donotbulkemail": [False, True, False, False],
                "donotphone": [True, False, False, False],
                "donotpostalmail": [False] * 4,
                "msdyn_gdproptout": [False] * 4,
                "Rating": ["Hot", "Warm", "Cold", None],
            }
        ),
        "consents": consents,
    }


EXPORTS = {"salesforce": salesforce, "hubspot": hubspot, "dynamics": dynamics}


def rows(frame):
    return frame.collect("pyarrow").to_native().to_pylist()


def test_every_layout_is_tried_here():
    assert set(EXPORTS) == set(list_layouts())


@pytest.mark.parametrize("name", EXPORTS)
def test_the_clean_customers_are_the_same(name):
    with Crm.open(EXPORTS[name](), layout=name, as_of=DAY) as crm:
        found = sorted(rows(crm.customers), key=lambda row: row["customer_id"])
    wanted = {"customer_id", "postcode", "signup_date", "Rating"}
    assert [{k: v for k, v in row.items() if k in wanted} for row in found] == [
        {
            "customer_id": f"c{place}",
            "postcode": f"N0{place}",
            "signup_date": dt.date(2020, 1, 31),
            "Rating": rating,
        }
        for place, rating in enumerate(("Hot", "Warm", "Cold", None), 1)
    ]


ANSWERS = {
    "salesforce": ["consent", "objected", "not_consent", "objected"],
    "hubspot": ["consent", "opted_out", "not_consent", "quarantined"],
    "dynamics": ["consent", "opted_out", "not_consent", "quarantined"],
}


@pytest.mark.parametrize("name", EXPORTS)
def test_who_may_be_contacted_is_the_same(name):
    with Crm.open(EXPORTS[name](), layout=name, as_of=DAY) as crm:
        found = contactable(crm.customers, crm.consents, refused=crm.refused, **ASKED)
        why = {row["customer_id"]: row["why"] for row in rows(found)}
    assert why == dict(zip(("c1", "c2", "c3", "c4"), ANSWERS[name], strict=True))


def test_a_phone_flag_stops_calls_and_nothing_else():
    for name in ("salesforce", "dynamics"):
        with Crm.open(EXPORTS[name](), layout=name) as crm:
            calls = [
                (row["customer_id"], row["status"])
                for row in rows(crm.consents)
                if row["channel"] == "phone" and row["status"] == "OptOut"
            ]
        assert calls == [("c1", "OptOut")]


def test_answers_to_a_campaign_come_with_its_members():
    with Crm.open(salesforce(), layout="salesforce") as crm:
        found = sorted(rows(crm.responses), key=lambda row: row["customer_id"])
    assert found == [
        {"customer_id": "c1", "campaign": "m1", "responded": True, "contacted": True},
        {"customer_id": "c2", "campaign": "m1", "responded": False, "contacted": True},
    ]


def test_a_record_of_nobody_is_counted():
    for name, column in (("salesforce", "PartyId"), ("hubspot", "email")):
        with Crm.open(EXPORTS[name](), layout=name) as crm:
            assert crm.violations.by_code()["missing"] >= 1, column


def test_exports_may_be_given_by_the_tables_they_stand_for():
    given = salesforce()
    named = {
        "customers": given["Contact"],
        "consents": given["ContactPointTypeConsent"],
        "suppression": given["Individual"],
    }
    with Crm.open(named, layout="salesforce") as crm:
        assert set(crm.tables) == {"customers", "consents"}
        assert len(rows(crm.customers)) == 4


def test_legitimate_interest_rests_on_boxes_that_are_not_ticked():
    asked = ASKED | {"basis": "legitimate_interest", "reason": "customers of ours"}
    with Crm.open(dynamics(), layout="dynamics") as crm:
        found = contactable(crm.customers, crm.consents, refused=crm.refused, **asked)
        yes = {row["customer_id"] for row in rows(found) if row["contactable"]}
    assert yes == {"c1", "c3"}


@pytest.mark.parametrize(
    ("name", "drop", "message"),
    [
        (
            "salesforce",
            "Individual",
            "Individual is missing, and refusals are kept in it",
        ),
        ("salesforce", "ContactPointTypeConsent", "refusals are kept in it"),
        ("hubspot", "subscriptions", "refusals are kept in it"),
        ("salesforce", "Contact", "Contact: is missing"),
    ],
)
def test_an_export_that_holds_refusals_is_not_done_without(name, drop, message):
    given = {export: data for export, data in EXPORTS[name]().items() if export != drop}
    with pytest.raises(InputError, match=message):
        Crm.open(given, layout=name)


@pytest.mark.parametrize(
    ("name", "export", "column"),
    [
        ("salesforce", "Individual", "HasOptedOutSolicit"),
        ("salesforce", "Individual", "ShouldForget"),
        ("hubspot", "contacts", "hs_email_optout"),
        ("hubspot", "subscriptions", "status"),
        ("dynamics", "contact", "donotbulkemail"),
        ("dynamics", "contact", "msdyn_gdproptout"),
    ],
)
def test_a_column_that_holds_refusals_is_not_done_without(name, export, column):
    given = EXPORTS[name]()
    given[export] = given[export].drop_columns([column])
    with pytest.raises(InputError, match=f"'{column}' is not a column"):
        Crm.open(given, layout=name)


@pytest.mark.parametrize(
    ("name", "export", "column"),
    [
        ("salesforce", "ContactPointTypeConsent", "PrivacyConsentStatus"),
        ("salesforce", "ContactPointTypeConsent", "CaptureDate"),
        ("salesforce", "Individual", "HasOptedOutSolicit"),
        ("salesforce", "Individual", "ShouldForget"),
        ("hubspot", "contacts", "hs_email_optout"),
        ("hubspot", "subscriptions", "status"),
        ("hubspot", "subscriptions", "legalBasis"),
        ("dynamics", "contact", "donotemail"),
        ("dynamics", "contact", "donotbulkemail"),
        ("dynamics", "contact", "msdyn_gdproptout"),
    ],
)
@pytest.mark.parametrize("value", [None, "perhaps"])
def test_an_emptied_or_garbled_cell_of_an_export_makes_nobody_contactable(
    name, export, column, value
):
    given = EXPORTS[name]()
    table = given[export]
    place = table.column_names.index(column)
    garbled = pa.array([value] * table.num_rows, pa.string())
    given[export] = table.set_column(place, column, garbled)
    with Crm.open(given, layout=name) as crm:
        found = contactable(crm.customers, crm.consents, refused=crm.refused, **ASKED)
        assert not any(row["contactable"] for row in rows(found))


OWN = """
schema = "fairreach/layout/1"
name = "ours"
title = "Ours"
source = "our own"
as_of = 2026-11-23

[[exports]]
name = "people"
table = "customers"

[[tables]]
table = "customers"
export = "people"
[tables.columns]
customer_id = "Number"

[[tables]]
table = "consents"
export = "people"
[tables.columns]
customer_id = "Number"
status = "Mail?"
[tables.values.status]
ja = "OptIn"
nein = "OptOut"
[tables.constants]
purpose = "marketing"
channel = "post"
captured_at = "2026-01-01"
"""


def test_a_new_layout_is_a_file(tmp_path):
    path = tmp_path / "ours.toml"
    path.write_text(OWN, encoding="utf-8")
    people = pa.table({"Number": [1.0, 2.0, 3.0], "Mail?": ["Ja", "NEIN", "?"]})
    with Crm.open({"people": people}, layout=path) as crm:
        assert rows(crm.customers) == [{"customer_id": f"{n}"} for n in (1, 2, 3)]
        asked = {"purpose": "marketing", "channel": "post", "on": DAY}
        found = contactable(crm.customers, crm.consents, refused=crm.refused, **asked)
        why = {row["customer_id"]: row["why"] for row in rows(found)}
    assert why == {"1": "consent", "2": "opted_out", "3": "quarantined"}


WRONG = [
    ("schema = ", "schem = ", ["schema: is missing"]),
    (
        '"fairreach/layout/1"',
        '"fairreach/layout/2"',
        ["schema: 'fairreach/layout/2' is not"],
    ),
    ('export = "people"', 'export = "peple"', ["'peple' is not an export", "'people'"]),
    (
        'table = "consents"',
        'table = "consent"',
        ["'consent' is not a CRM table", "tables[1].table"],
    ),
    (
        'ja = "OptIn"',
        'ja = "Yes"',
        ["'Yes' is not a status there is", "values.status.ja"],
    ),
    ('ja = "OptIn"', "ja = true", ["true is not text", "in quotes"]),
    ('captured_at = "2026-01-01"', "", ["'captured_at' has no source"]),
    ("[tables.values.status]", "[tables.values.state]", ["'state' is not a column"]),
    ('title = "Ours"', "", ["title: is missing"]),
    ('title = "Ours"', 'title = "Ours"\nx = 1', ["'x' is not a layout key"]),
    ("as_of = 2026-11-23", "as_of = 2026-13-23", ["is not TOML"]),
    (
        'customer_id = "Number"',
        "customer_id = {from = 7}",
        ["7 is not a list of names"],
    ),
    (
        'customer_id = "Number"',
        'customer_id = {form = "Number"}',
        ["'form' is not a column key"],
    ),
]


@pytest.mark.parametrize(("old", "new", "messages"), WRONG)
def test_what_is_wrong_with_a_layout_is_told(old, new, messages, tmp_path):
    path = tmp_path / "ours.toml"
    path.write_text(OWN.replace(old, new), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load_layout(path)
    told = str(caught.value)
    assert "ours.toml" in told
    for message in messages:
        assert message in told


def test_layouts_that_are_not_there_are_told(tmp_path):
    for name, message in (
        ("sales force", "'sales force' is not a layout"),
        ("ours.yaml", "is not a TOML file"),
        (tmp_path / "none.toml", "cannot be read: No such file"),
    ):
        with pytest.raises(InputError, match=message):
            load_layout(name)
    big = tmp_path / "big.toml"
    big.write_bytes(b"#" * (2**20 + 1))
    with pytest.raises(InputError, match="larger than 1 MiB"):
        load_layout(big)


def test_an_export_that_no_layout_knows_is_told():
    with pytest.raises(InputError, match="'Lead' is not an export or table"):
        Crm.open({"Lead": texts(Id=["c1"])}, layout="salesforce")
    given = salesforce()
    twice = {"customers": given["Contact"], "contact": given["Contact"]}
    with pytest.raises(InputError, match="are both the export Contact"):
        Crm.open(twice, layout="salesforce")


def test_names_that_nobody_looked_up_are_said():
    assert "donotbulkemail" in load_layout("dynamics").unconfirmed
    assert "PrivacyConsentStatus" not in load_layout("salesforce").unconfirmed
