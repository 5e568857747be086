"""What a campaign file says: the offer, the data, the funnel, the policies.

A campaign file is TOML and is never run: rules in it are parsed (`pipelines.rules`),
names in it are looked up, and every problem is told with its key.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import (
    Field,
    StrictBool,
    StrictInt,
    model_validator,
)

from fairness.errors import shown
from fairness.policy.fields import (
    Day,
    Exact,
    Inside,
    Name,
    Names,
    Offer,
    Part,
    PositiveShare,
    Prose,
    Reasons,
    SomeNames,
    Table,
    Words,
    all_wrong,
    key_path,
)
from pipelines.campaign.values import (
    DAYS,
    FRACTION,
    NUMBER,
    STEPS,
    Count,
    Edges,
    FileName,
    Lists,
    Record,
    Rules,
    StageName,
)

Schema = Literal["fairreach/campaign/1"]
Model = Literal["logistic", "boosting", "uplift"]
CRM_TABLES = (
    "customers",
    "protected",
    "transactions",
    "consents",
    "contacts",
    "responses",
)
SCHEMA: Schema = "fairreach/campaign/1"


class OfferTable(Table):
    """What is offered, and whether getting it is good or bad for a customer."""

    kind: ClassVar[str] = "offer"

    name: Words
    sector: Words | None = None
    polarity: Offer | None = Field(
        default=None, description="'beneficial', 'burdensome' or 'neutral'"
    )
    value: Words | None = None
    value_cap: Exact | None = None


class TablesTable(Table):
    """Where the tables are: files, globs, or a database by URL."""

    kind: ClassVar[str] = "tables"

    customers: Words
    protected: Words | None = None
    transactions: Words | None = None
    consents: Words | None = None
    contacts: Words | None = None
    responses: Words | None = None
    suppression: Words | None = None
    vulnerability: Words | None = None
    id: Words = "customer_id"
    layout: Words | None = None

    def named(self) -> dict[str, str]:
        """Return the tables that are given, by name."""
        names = (*CRM_TABLES, "suppression", "vulnerability")
        return {n: getattr(self, n) for n in names if getattr(self, n) is not None}


class ProtectedTable(Table):
    """The protected attributes, and how they are looked at."""

    kind: ClassVar[str] = "protected"

    by: SomeNames
    bands: Edges = Field(default_factory=dict, description="a table of edges")
    intersections: Literal[1, 2, 3] = Field(default=1, description="1, 2 or 3")
    strata: Names = ()
    use: Reasons = Field(default_factory=dict, description="a table of reasons")


class FeaturesTable(Table):
    """Features made of the transactions; rules and scores may read them."""

    kind: ClassVar[str] = "features"

    names: SomeNames


class ConsentTable(Table):
    """The consent that is needed to contact a customer."""

    kind: ClassVar[str] = "consent"

    channel: Words
    purpose: Words | None = None
    brand: Words | None = None
    max_age_days: Count | None = Field(
        default=None, description="a whole number of days, 1 or more"
    )
    basis: Literal["consent", "legitimate_interest"] = Field(
        default="consent", description="'consent' or 'legitimate_interest'"
    )
    reason: Prose | None = None
    allowed: Names = ()
    evidence: Names = ()

    @model_validator(mode="after")
    def _has_reason(self) -> ConsentTable:
        if self.basis != "consent" and self.reason is None:
            raise all_wrong(
                [
                    (
                        ("reason",),
                        "is missing: another basis than consent needs one",
                        'write reason = "why our interest does not override theirs"',
                    )
                ]
            )
        return self


class ScoreTable(Table):
    """What customers are ranked by, and who is kept."""

    kind: ClassVar[str] = "score"

    column: Words | None = None
    model: Model | None = Field(
        default=None, description="'logistic', 'boosting' or 'uplift'"
    )
    columns: SomeNames | None = None
    outcome: Words = "responded"
    treatment: Words = "contacted"
    top: Count | None = Field(default=None, description=NUMBER)
    top_share: PositiveShare | None = Field(default=None, description=FRACTION)
    at_least: Exact | None = Field(default=None, description="a number")

    @model_validator(mode="after")
    def _is_whole(self) -> ScoreTable:
        parts: list[Part] = []
        if (self.column is None) == (self.model is None):
            what = "names both a column and a model" if self.column else "is missing"
            hint = 'write column = "score", or model = "logistic" with its columns'
            parts.append((("column",), what, hint))
        if self.model is not None and self.columns is None:
            hint = 'write columns = ["orders_12m", "spend_12m"]'
            parts.append((("columns",), "is missing: a model reads some", hint))
        if self.column is not None and self.columns is not None:
            parts.append((("columns",), "are those of a model, and there is none", ""))
        cuts = [self.top, self.top_share, self.at_least]
        if sum(cut is not None for cut in cuts) != 1:
            what = "has to be given as one of top, top_share and at_least"
            parts.append((("top",), what, "write top = 1000"))
        if parts:
            raise all_wrong(parts)
        return self


class FunnelTable(Table):
    """The stages from all customers to the audience."""

    kind: ClassVar[str] = "funnel"
    inner: ClassVar[Mapping[str, type[Table]]] = {
        "consent": ConsentTable,
        "score": ScoreTable,
    }

    base: StageName | None = Field(default=None, description="the name of a stage")
    base_reason: Prose | None = None
    universe: Rules | None = None
    suppression: Rules | None = None
    consent: ConsentTable | None = Field(default=None, description="a table")
    eligibility: Rules | None = None
    clauses: Rules | None = None
    score: ScoreTable | None = Field(default=None, description="a table")
    cap: Count | None = Field(default=None, description=NUMBER)
    holdout: Inside | None = Field(default=None, description=FRACTION)

    @model_validator(mode="after")
    def _base_is_there(self) -> FunnelTable:
        if self.base is None:
            return self
        parts: list[Part] = []
        if self.base_reason is None:
            what = "is missing: what comes before the base is not judged"
            parts.append((("base_reason",), what, 'write base_reason = "why"'))
        if getattr(self, self.base) is None:
            what = f"{shown(self.base)} is not a stage of this funnel"
            parts.append((("base",), what, ""))
        if parts:
            raise all_wrong(parts)
        return self


class PolicyTable(Table):
    """The policies that judge the audience."""

    kind: ClassVar[str] = "policy"

    use: SomeNames | None = None


class ContactTable(Table):
    """How and when customers are contacted, where the funnel does not say."""

    kind: ClassVar[str] = "contact"

    channel: Words | None = None
    brand: Words | None = None
    product: Words | None = None
    send_on: Day | None = None
    address: Words | None = Field(
        default=None, description="the column of the channel's contact data"
    )
    signal: Words | None = Field(
        default=None, description="the column of a privacy signal, such as GPC"
    )


class DataTable(Table):
    """Why each column is needed, for what it may be used, and for how long."""

    kind: ClassVar[str] = "data"

    need: Reasons = Field(default_factory=dict, description="a table of reasons")
    purposes: Lists = Field(default_factory=dict, description="a table of lists")
    conditions: Reasons = Field(default_factory=dict, description="a table of reasons")
    retention_days: Count | None = Field(default=None, description=DAYS)


class VulnerabilityTable(Table):
    """Which columns of the customers say that somebody is vulnerable.

    A column's values are those that mean so; where there are none, a yes does. Flags
    with their evidence and days are a table of their own: tables.vulnerability.
    """

    kind: ClassVar[str] = "vulnerability"

    flags: Lists = Field(default_factory=dict, description="a table of lists")
    hardship: Names = ()


class PressureTable(Table):
    """How often a customer may be contacted."""

    kind: ClassVar[str] = "pressure"

    cap: Count = Field(description="a whole number of contacts, 1 or more")
    days: Count = Field(default=30, description=DAYS)


class CreativeTable(Table):
    """What the message shows and says."""

    kind: ClassVar[str] = "creative"

    column: Words | None = None
    copy_text: Words | None = Field(default=None, alias="copy", description="text")
    countdown: StrictBool = Field(default=False, description="true or false")
    scarcity: StrictBool = Field(default=False, description="true or false")
    evidence: Prose | None = None
    preselected: StrictBool = Field(default=False, description="true or false")
    signup_steps: Count | None = Field(default=None, description=STEPS)
    cancel_steps: Count | None = Field(default=None, description=STEPS)
    personalised_price: StrictBool = Field(default=False, description="true or false")
    price_notice: Prose | None = None


class ExportTable(Table):
    """The platform that the audience is uploaded to."""

    kind: ClassVar[str] = "export"

    platform: Literal["google", "meta", "adcp", "other"] = Field(
        description="'google', 'meta', 'adcp' or 'other'"
    )
    audience_name: Words | None = None
    lookalike: StrictBool = Field(default=False, description="true or false")
    geography: Literal["country", "region", "city", "postcode", "radius"] | None = (
        Field(
            default=None,
            description="'country', 'region', 'city', 'postcode' or 'radius'",
        )
    )
    radius_miles: Exact | None = Field(default=None, description="a number")


class OutputTable(Table):
    """What is written about the customers of the audience."""

    kind: ClassVar[str] = "output"

    audience: FileName = Field(default="audience.csv", description="the name of a file")
    valid_days: Annotated[StrictInt, Field(ge=1, le=90)] = Field(
        default=30, description="a whole number of days, 1 to 90"
    )


class Campaign(Table):
    """A campaign: what it offers, to whom, and what may keep it from going out.

    Raises
    ------
    PolicyError
        With every problem found, each with its key.

    Examples
    --------
    >>> campaign = Campaign(
    ...     name="spring", owner="a.lee", offer={"name": "A card"},
    ...     tables={"customers": "customers.csv"}, protected={"by": ["gender"]},
    ...     funnel={"clauses": "orders_12m >= 2"},
    ... )
    >>> campaign.funnel.clauses
    {'': 'orders_12m >= 2'}
    """

    kind: ClassVar[str] = "campaign"
    inner: ClassVar[Mapping[str, type[Table]]] = {
        "offer": OfferTable,
        "tables": TablesTable,
        "protected": ProtectedTable,
        "features": FeaturesTable,
        "funnel": FunnelTable,
        "policy": PolicyTable,
        "output": OutputTable,
        "contact": ContactTable,
        "data": DataTable,
        "vulnerability": VulnerabilityTable,
        "pressure": PressureTable,
        "creative": CreativeTable,
        "export": ExportTable,
        **FunnelTable.inner,
    }

    schema_id: Schema = Field(default=SCHEMA, alias="schema", description=shown(SCHEMA))
    name: Name
    title: Prose | None = None
    purpose: Words = "marketing"
    owner: Words
    as_of: Day | None = None
    offer: OfferTable = Field(description="an [offer] table")
    tables: TablesTable = Field(description="a [tables] table")
    protected: ProtectedTable = Field(description="a [protected] table")
    features: FeaturesTable | None = Field(default=None, description="a table")
    funnel: FunnelTable = Field(description="a [funnel] table")
    policy: PolicyTable = Field(default_factory=PolicyTable, description="a table")
    output: OutputTable = Field(default_factory=OutputTable, description="a table")
    contact: ContactTable | None = Field(default=None, description="a table")
    data: DataTable | None = Field(default=None, description="a table")
    vulnerability: VulnerabilityTable | None = Field(
        default=None, description="a table"
    )
    pressure: PressureTable | None = Field(default=None, description="a table")
    creative: CreativeTable | None = Field(default=None, description="a table")
    export: ExportTable | None = Field(default=None, description="a table")
    record: Record | None = Field(default=None, description="a table")

    @property
    def digest(self) -> str:
        """Hash of what the file says; comments and the order of keys are not in it."""
        content = self.model_dump(mode="json", by_alias=True, exclude_none=True)
        text = json.dumps(content, sort_keys=True, ensure_ascii=True)
        return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def where_of(*steps: str | int) -> str:
    """Return the path of a key of the campaign file, for a message.

    Examples
    --------
    >>> where_of("funnel", "clauses", "active")
    'funnel.clauses.active'
    """
    return key_path([step for step in steps if step != ""])
