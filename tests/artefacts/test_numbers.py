"""Every number of an artefact is the payload's, and none of a table is left out."""

import ast
import itertools
import re
from pathlib import Path

import pytest

import fairness.reports.artefacts
from fairness.metrics import METRICS
from fairness.reports import render
from fairness.reports.cells import shown_number
from tests.artefacts.conftest import ARTEFACTS, CAMPAIGNS, SETTINGS, plain, tables_of

SELECTION = ("adverse_impact_ratio", "burden_ratio")
RANK = {"block": 0, "review": 1, "note": 2, None: 3}
NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?(?:e[+-]\d+)?")


def is_shown(cell, value):
    """Return whether a cell shows a number, rounded to the digits that it has."""
    if value is None:
        return cell == "–"
    if cell == "<0.001":
        return 0 <= value < 0.001
    digits = len(cell.partition(".")[2])
    return abs(float(cell.replace(",", "")) - value) <= 0.5000001 * 10**-digits


def interval(row):
    if row["low"] is row["high"] is None:
        return "–"
    low = "-∞" if row["low"] is None else shown_number(row["low"])
    high = "∞" if row["high"] is None else shown_number(row["high"])
    return f"{low} – {high}"


def compared(payload, metric, attribute):
    """Return the weightiest row of each group, as the payload has them."""
    rows = {}
    for row in payload["findings"]:
        key = row["metric"], row["attribute"], row["stratum"], row["column"]
        if key != (metric, attribute, None, None) or row["verdict"] == "not_applicable":
            continue
        if row["group"] not in rows or (
            RANK[row["severity"]] < RANK[rows[row["group"]]["severity"]]
        ):
            rows[row["group"]] = row
    return list(rows.values())


def beside(payload, row, metric):
    found = [
        one["estimate"]
        for one in payload["findings"]
        if one["metric"] == metric
        and (one["attribute"], one["group"]) == (row["attribute"], row["group"])
    ]
    return found[0] if found else None


def assert_rates(table, rows):
    assert [one["group"] for one in table.rows] == [row["group"] for row in rows]
    for told, row in zip(table.rows, rows, strict=True):
        assert is_shown(told["n"], row["n"])
        assert is_shown(told["selected"], row["selected"])
        assert is_shown(told["rate"], row["rate"])
        assert is_shown(told["ratio"], row["estimate"])
        assert told["95 % interval"] == interval(row)
        assert is_shown(told["its n"], row["n_reference"])


def assert_tests(table, rows, payload):
    rows = [row for row in rows if row["reading"] != "reference"]
    assert [one["group"] for one in table.rows] == [row["group"] for row in rows]
    for told, row in zip(table.rows, rows, strict=True):
        assert is_shown(told["p"], row["p_value"])
        assert is_shown(told["p adjusted"], row["p_adjusted"])
        assert is_shown(told["needed"], row["needed"])
        assert is_shown(told["would have seen"], row["detectable"])
        assert is_shown(told["shortfall"], row["shortfall"])
        for name, metric in (
            ("standard deviations", "standard_deviations"),
            ("one more or fewer", "flip_one_ratio"),
        ):
            if name in told:
                assert is_shown(told[name], beside(payload, row, metric))
            else:
                assert beside(payload, row, metric) is None


def assert_report(payload):
    metrics = [
        metric
        for metric in SELECTION
        if any(compared(payload, metric, name) for name in payload["attributes"])
    ]
    assert metrics
    tables = [
        one for one in tables_of(render(payload, "adverse-impact")) if 3 in one.titles
    ]
    for metric, name in itertools.product(metrics, payload["attributes"]):
        rows = compared(payload, metric, name)
        own = [
            one
            for one in tables
            if one.titles[3] == name
            and (len(metrics) == 1 or metric.replace("_", " ") in one.titles[2])
        ]
        assert len(own) == 2
        assert_rates(own[0], rows)
        assert_tests(own[1], rows, payload)


@pytest.mark.parametrize("name", CAMPAIGNS)
def test_the_tables_of_a_campaign_are_the_payload(name, campaign):
    assert_report(campaign(name))


@pytest.mark.parametrize("name", [n for n in SETTINGS if n not in {"pairs", "slices"}])
def test_the_tables_of_a_check_are_the_payload(name, checked):
    assert_report(checked(name))


def test_the_tables_without_a_policy_are_the_payload(checked):
    assert_report(checked("pairs", judged=False))


def test_intersections_that_stand_out_are_all_told_the_surest_first(campaign):
    payload = campaign("spring-card")
    standing = [
        row
        for row in payload["findings"]
        if row["rule"] == "ff-cell" and row["verdict"] in {"fail", "inconclusive"}
    ]
    standing.sort(key=lambda row: row["p_adjusted"])
    text = render(payload, "adverse-impact")
    rates, tests = (
        one
        for one in tables_of(text)
        if one.titles.get(3) == "Intersections that stand out"
    )
    assert len(standing) > 3
    assert_rates(rates, standing)
    assert_tests(tests, standing, payload)
    assert [one["attribute"] for one in rates.rows] == [
        r["attribute"] for r in standing
    ]
    crossed = [row for row in payload["findings"] if row["rule"] == "ff-cell"]
    assert f"{len(standing)} of {len(crossed)} groups" in text


def test_the_stages_of_a_gap_are_the_payload(campaign):
    payload = campaign("spring-card")
    tables = [
        one
        for one in tables_of(render(payload, "adverse-impact"))
        if "share of the gap" in one.head
    ]
    assert len(tables) == 3
    gaps = payload["funnel"]["gaps"]
    for table in tables:
        title = table.before.strip("*")
        (gap,) = (
            one
            for one in gaps
            if title == f"{one['attribute']} {one['group']} against {one['reference']}"
        )
        for told, stage in zip(table.rows, gap["stages"], strict=True):
            assert told["stage"] == stage["stage"]
            assert is_shown(told["rate"], stage["rate"])
            assert is_shown(told["of the reference"], stage["rate_reference"])
            assert is_shown(told["ratio"], stage["ratio"])
            assert is_shown(told["share of the gap"].rstrip(" %"), stage["share"] * 100)


def test_the_rates_of_a_model_card_are_the_groups_of_the_payload(campaign):
    payload = campaign("app-cashback")
    tables = [
        one
        for one in tables_of(render(payload, "model-card"))
        if one.head == ["group", "n", "selected", "rate", "95 % interval"]
    ]
    assert [one.titles[3] for one in tables] == payload["attributes"]
    for table in tables:
        rows = [r for r in payload["groups"] if r["attribute"] == table.titles[3]]
        for told, row in zip(table.rows, rows, strict=True):
            assert told["group"] == row["group"]
            assert is_shown(told["n"], row["n"])
            assert is_shown(told["selected"], row["selected"])
            assert is_shown(told["rate"], row["rate"])
            low, high = told["95 % interval"].split(" – ")
            assert is_shown(low, row["rate_low"])
            assert is_shown(high, row["rate_high"])


def test_what_a_model_card_tells_of_the_score_is_all_that_was_measured(campaign):
    payload = campaign("app-cashback")
    told = set()
    for table in tables_of(render(payload, "model-card")):
        if "estimate" in table.head:
            metric = ""
            for row in table.rows:
                metric = row["metric"] or metric
                name = row.get("attribute", table.titles[3])
                told.add((metric, name, row["group"], row["estimate"]))
    measured = {
        (
            METRICS[row["metric"]].title,
            row["attribute"],
            row["group"],
            shown_number(row["estimate"]),
        )
        for row in payload["checks"]
        if METRICS[row["metric"]].family == "scores" and row["reading"] != "reference"
    }
    assert measured
    assert told == measured


def strings(value):
    if isinstance(value, dict):
        value = [*value.keys(), *value.values()]
    if isinstance(value, list):
        return [one for part in value for one in strings(part)]
    return [value] if isinstance(value, str) else []


def numbers(value):
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return [one for part in value for one in numbers(part)]
    return [value] if isinstance(value, int | float) else []


def forms(value):
    """Return the ways in which a report may write a number."""
    yield from (f"{value:,}", f"{round(value):,}", f"{value * 100:g}", f"{value:g}")
    yield from (shown_number(value), shown_number(value, 2), f"{value:.2f}")
    yield from (f"{value * 100:.0f}", f"{value * 100:.1f}", f"{value:.3f}")


def derived(payload):
    """Return what a report may work out: rates of stages, and numbers of rows."""
    for stage in payload.get("funnel", {}).get("stages", ()):
        if stage["came"]:
            yield f"{stage['passed'] / stage['came'] * 100:.1f}"
    data = payload["data"]
    yield f"{data['selected'] / data['rows'] * 100:.1f}"
    rules = {}
    for row in payload["findings"]:
        rules.setdefault((row["rule"], row["metric"]), []).append(row)
    for rows in rules.values():
        yield f"{len(rows):,}"
        for key in ("verdict", "reading"):
            values = [row[key] for row in rows]
            yield from (f"{values.count(one):,}" for one in set(values))
        few = [
            r
            for r in rows
            if r["n"] is None or r["reading"] in {"too few", "undefined"}
        ]
        yield f"{len(few):,}"
        crossed = [r for r in few if "&" in r["attribute"]]
        yield f"{len(crossed):,}"
        out = [r for r in rows if r["verdict"] in {"fail", "inconclusive", "waived"}]
        yield f"{len([r for r in out if '&' in r['attribute']]):,}"


def constants():
    """Return the texts that stand in the artefacts' own code."""
    folder = Path(fairness.reports.artefacts.__file__).parent
    for path in [*folder.glob("*.py"), folder.parent / "sections.py"]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


def tokens(text):
    return {one.rstrip(",") for one in NUMBER.findall(text)}


@pytest.mark.parametrize("kind", ARTEFACTS)
@pytest.mark.parametrize("name", [*CAMPAIGNS, "pairs", "scores", "neutral"])
def test_no_number_of_an_artefact_comes_from_elsewhere(name, kind, campaign, checked):
    payload = campaign(name) if name in CAMPAIGNS else checked(name)
    known = {one for text in [*strings(payload), *constants()] for one in tokens(text)}
    known |= {t for v in numbers(payload) for form in forms(v) for t in tokens(form)}
    known |= {one for text in derived(payload) for one in tokens(text)}
    known |= {t for m in METRICS.values() for t in tokens(f"{m.title} {m.misleads}")}
    text = plain(render(payload, kind))
    text = re.sub(r"sha256:[0-9a-f]{64}", "", text)
    assert tokens(text) - known == set()
    assert len(tokens(text)) > 10
