"""What a statement asks a server for: a few rows, or the customers."""

import re

import sqlglot
from sqlglot import exp

# A look at so many rows is one at the kind of labels there are.
MOST_ROWS = 2_000
CURSOR = re.compile(r'DECLARE "\w+" (?:\w+ )*?CURSOR (?:\w+ )*?FOR ', re.IGNORECASE)
SILENT = (
    "BEGIN",
    "COMMIT",
    "ROLLBACK",
    "SAVEPOINT",
    "RELEASE",
    "SET ",
    "FETCH",
    "CLOSE",
)
CATALOGUES = {"pg_catalog", "information_schema"}


def of_customers(statements):
    """The statements that may send a row for each customer."""
    return [said for said in statements if not _sends_little(said)]


def asks(statements):
    """The statements that read tables of the user's."""
    return [
        said for said in statements if (parsed := _parsed(said)) and _tables(parsed)
    ]


def _parsed(said):
    if said.upper().startswith(SILENT):
        return None
    return sqlglot.parse_one(CURSOR.sub("", said), read="postgres")


def _sends_little(said):
    parsed = _parsed(said)
    return parsed is None or not _tables(parsed) or _is_small(parsed)


def _tables(parsed):
    shared = {found.alias for found in parsed.find_all(exp.CTE)}
    return [
        table.name
        for table in parsed.find_all(exp.Table)
        if table.db not in CATALOGUES
        and table.name not in shared
        and not table.name.startswith("pg_")
    ]


def _is_small(asked):
    if not isinstance(asked, exp.Select):
        return False
    limit = asked.args.get("limit")
    if limit is not None and int(limit.expression.name) <= MOST_ROWS:
        return True
    if asked.args.get("group") or all(map(_is_aggregate, asked.expressions)):
        return True
    source = asked.args["from_"].this
    if asked.args.get("joins"):
        return False
    if isinstance(source, exp.Table):
        shared = {found.alias: found.this for found in asked.root().find_all(exp.CTE)}
        return source.name in shared and _is_small(shared[source.name])
    return isinstance(source, exp.Subquery) and _is_small(source.this)


def _is_aggregate(column):
    return column.find(exp.AggFunc) is not None and column.find(exp.Window) is None
