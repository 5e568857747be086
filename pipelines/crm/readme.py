"""Text of the README that lies beside the sample."""

from __future__ import annotations

from collections.abc import Mapping

from pipelines.crm.audiences import PLANTED
from pipelines.crm.places import BLACK_DISTRICTS, HISPANIC_DISTRICTS
from pipelines.crm.population import AS_OF

_TEXT = """\
# Sample CRM

{customers:,} invented customers of an invented retailer, as exported on {as_of}, with
six audiences whose truth is known because it was planted. Nobody in here exists.
Public domain ([CC0 1.0](https://creativecommons.org/publicdomain/zero/1.0/)).

Made by `python -m pipelines.crm sample data/samples` from the seed {seed}: the same
bytes on every machine. Do not edit; a test compares.

## Tables

| file | rows | columns |
| --- | ---: | --- |
{tables}

- **customers.csv** is clean: ids are unique, and an audit runs without preparation.
  `est_income` is empty for 8 %. `postcode` keeps what a form once padded: `N04` and
  `N04 ` (under 1 % of the rows) are two spellings of one district. `test_cell` is the
  random number, 0 to 99, by which the CRM draws its samples. `score` is a propensity
  in [0, 1): older customers use the app less and score lower. No protected attribute
  is in this file.
- **protected.csv** is for testing only. `birth_date`, `gender` (f, m, x) and
  `ethnicity` are empty for 0.4, 1.5 and 3 %; about 0.3 % of the customers have no row.
- **transactions.csv**, **consents.csv** and **contacts.csv** are as dirty as exports
  are: ids of nobody (0.3 %), padded ids (0.2 %), empty dates, padded or shouted labels,
  returns as negative amounts, statuses in the wrong case, and consents of one day that
  contradict each other. `Seen` and `NotSeen` are not consent. `captured_at` is a day;
  a later record overrides an earlier one.
- **responses.csv** is clean, one row for each customer contacted by last winter's
  campaign. `offered_value` is the discount in per cent.

What hangs together: ethnicity with postcode and language, income with age and
ethnicity, spend and arrears with income, channel, tenure and deliverable e-mail with
age, answers with score. Within groups, columns are filled evenly rather than by plain
chance (an additive recurrence), so that what looks equal in a table of this size is
equal, and the seed is the best of 400 in that respect; do not calibrate error rates
on it.

## Audiences

One column, `customer_id`. Each is exactly the rule beside it over customers.csv; no
rule names a protected attribute. The same facts for machines:
[audiences/truth.toml](audiences/truth.toml).

| file | customers | offer | who is hit | ratio | verdict |
| --- | ---: | --- | --- | --- | --- |
{audiences}

The ratio of a beneficial offer is the group's selection rate to the highest rate of a
sizeable group, of a burdensome one to the rate of everybody else. Ages are bands at
{as_of} with the edges 18, 30, 45 and 60.

{rules}

## Campaigns

Campaign files over these tables, for `fairreach run`:

| file | offer | what it does | verdict |
| --- | --- | --- | --- |
| loyalty-retention.toml | beneficial | a voucher for those who order | clear |
| spring-card.toml | beneficial | a card that leaves out eight postcodes | block |
| payday-loan.toml | burdensome | a loan aimed at debtors, three postcodes | block |
| app-cashback.toml | beneficial | a fair rule, a score that follows the app | block |
| autumn-mailing.toml | beneficial | fair to all groups, and nobody was asked | block |

The autumn mailing is clear by the four-fifths pack and blocked for consent alone: 446
of its 1,500 customers have none, and 141 of them refused, objected, or left a record
that cannot be read. Of the 862 whom the payday loan picks, 618 are in arrears or
flagged as vulnerable.

## Also planted

- Contacts: vulnerable customers were contacted nine times or more in thirty days more
  than three times as often as others.
- Responses: discounts follow the channel, so customers aged 60 and over were offered
  about one point less.
- Districts: in {black} most residents are black; in {hispanic} most are hispanic.
"""


def readme(
    tables: Mapping[str, tuple[int, list[str]]], sizes: Mapping[str, int], *, seed: int
) -> str:
    """Return the README of a sample.

    Parameters
    ----------
    tables : mapping of str to (int, list of str)
        Rows and columns of each table.
    sizes : mapping of str to int
        Customers in each audience.
    seed : int

    Examples
    --------
    >>> readme({"customers": (9, ["a"])}, {}, seed=1).splitlines()[0]
    '# Sample CRM'
    """
    planted = [one for one in PLANTED if one.name in sizes]
    audiences = [
        f"| {one.name}.csv | {sizes[one.name]:,} | {one.offer} | "
        + (f"{one.attribute}: {one.group}" if one.group else "nobody")
        + f" | {f'{one.low} to {one.high}' if one.low else ''} | {one.verdict} |"
        for one in planted
    ]
    return _TEXT.format(
        customers=tables["customers"][0],
        as_of=AS_OF,
        seed=seed,
        tables="\n".join(
            f"| {name}.csv | {rows:,} | {', '.join(columns)} |"
            for name, (rows, columns) in tables.items()
        ),
        audiences="\n".join(audiences),
        rules="\n".join(
            f"- **{one.name}**: {one.story}\n  `{one.rule}`" for one in planted
        ),
        black=", ".join(BLACK_DISTRICTS),
        hispanic=", ".join(HISPANIC_DISTRICTS),
    )
