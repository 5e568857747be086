"""Who was reached of a released audience, in counts."""

import json
from datetime import timedelta

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from fairness.errors import InputError, RefusedError
from fairness.evidence import Ledger, digest_of, verify_ledger
from fairness.inference import ratio_interval, total_variation
from pipelines.campaign import load_campaign, run_campaign
from pipelines.cli.delivered import DeliveredFormat, delivered
from pipelines.release import carry_out
from pipelines.release.delivered import STRANGERS, check_delivered
from pipelines.release.following import follow_up
from tests.campaigns.crm import write_campaign, write_crm
from tests.release.conftest import NOW


# 2,000 are selected: 600 of group b, 1,400 of group a.
def ran(path):
    return run_campaign(load_campaign(path), directory=path.parent)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = write_crm(tmp_path_factory.mktemp("crm"))
    return ran(write_campaign(folder, "clear"))


@pytest.fixture(scope="module")
def by_group(run):
    """The ids of the selected, by group."""
    found = {"a": [], "b": []}
    for one in run.audience:
        found["b" if int(one[1:]) % 10 < 3 else "a"].append(one)
    return found


def test_the_counts_are_those_of_the_file(run, by_group):
    sent = by_group["a"][:1_200] + by_group["b"][:300]
    found = check_delivered(run, sent)
    assert (found.selected, found.reached, found.not_reached) == (2_000, 1_500, 500)
    assert (dict(found.strangers), found.repeated, found.hidden) == ({}, 0, 0)
    rows = {row.group: row for row in found.groups}
    assert (rows["a"].selected, rows["a"].reached) == (1_400, 1_200)
    assert (rows["b"].selected, rows["b"].reached) == (600, 300)
    assert (rows["b"].share_selected, rows["b"].share_reached) == (0.3, 0.2)
    assert (rows["b"].reference, rows["b"].reading) == ("a", "lower")
    assert rows["b"].ratio == pytest.approx(0.5 / (1_200 / 1_400))
    low, high = ratio_interval(300, 600, 1_200, 1_400)
    assert rows["b"].low == pytest.approx(float(low))
    assert rows["b"].high == pytest.approx(float(high))
    (skew,) = found.skews
    measured = total_variation([1_400, 600], [1_200, 300])
    assert skew.distance == pytest.approx(0.1)
    assert (skew.low, skew.high) == (measured.low, measured.high)
    assert (skew.reading, skew.against) == ("skewed", None)


@pytest.mark.parametrize(
    ("share", "bound", "against"),
    [(0.1, 0.10, "above"), (0.28, 0.10, "within"), (0.21, 0.10, "undecided")],
)
def test_the_interval_is_read_against_the_bound(run, by_group, share, bound, against):
    women = round(1_000 * share)
    sent = by_group["a"][: 1_000 - women] + by_group["b"][:women]
    found = check_delivered(run, sent, at_most=bound)
    (skew,) = found.skews
    assert skew.distance == pytest.approx(0.3 - share)
    assert skew.against == against
    assert found.is_above == (against == "above")


def test_an_even_delivery_is_no_skew(run):
    drawn = np.random.default_rng(7).permutation(run.audience)[:1_000]
    found = check_delivered(run, drawn.tolist())
    assert found.skews[0].reading == "no clear skew"
    assert {row.reading for row in found.groups} <= {"reference", "no clear difference"}


def test_strangers_are_told_by_the_stage_at_which_they_left(run):
    # C00000 to C00003 order too little for the only stage.
    sent = [*run.audience[:500], "C00000", "C00001", "C00003", "nobody", "C99999"]
    found = check_delivered(run, [*sent, "nobody", sent[0]])
    assert dict(found.strangers) == {"clauses": None, STRANGERS: 2}
    assert (found.reached, found.repeated, found.unselected) == (500, 2, None)
    told = found.text()
    assert "some ids in the file were not selected" in told
    assert "fewer than 5 left at clauses" in told
    assert "2 (not a customer)" in told
    assert "2 ids are there more than once" in told
    # Numbers, and nobody's id.
    assert "C00000" not in told + json.dumps(found.to_dict())


def test_five_strangers_are_counted(run):
    left = [one for one in ids_of(run) if one not in set(run.audience)][:5]
    found = check_delivered(run, [*run.audience[:500], *left])
    assert (dict(found.strangers), found.unselected) == ({"clauses": 5}, 5)
    assert "5 ids in the file were not selected" in found.text()
    assert "5 left at clauses" in found.text()


def ids_of(run):
    return run.walked.table["customer_id"].to_pylist()


FRAMES = {
    "pandas": lambda ids: pd.DataFrame({"customer_id": ids, "cost": 1.0}),
    "polars": lambda ids: pl.DataFrame({"customer_id": ids}),
    "pyarrow": lambda ids: pa.table({"customer_id": ids}),
    "series": pd.Series,
    "set": set,
}


@pytest.mark.parametrize("kind", FRAMES)
def test_the_ids_may_come_in_any_frame(run, kind):
    sent = list(run.audience[:700])
    found = check_delivered(run, FRAMES[kind](sent))
    assert found.to_dict() == check_delivered(run, sent).to_dict()


def test_the_ids_may_come_as_a_file_with_another_name_for_them(run, tmp_path):
    path = tmp_path / "sent.csv"
    path.write_text("contact,at\n" + "".join(f" {x} ,1\n" for x in run.audience[:700]))
    found = check_delivered(run, path, id="contact")
    assert found.reached == 700
    assert not found.strangers
    with pytest.raises(InputError, match="'customer_id' is not a column"):
        check_delivered(run, path)


def test_rows_without_an_id_are_refused(run):
    with pytest.raises(InputError, match="2 rows have no 'customer_id'"):
        check_delivered(run, ["C00004", None, ""])


@pytest.mark.parametrize("bound", [-0.1, 10, float("nan")])
def test_a_bound_is_a_fraction(run, bound):
    with pytest.raises(InputError, match="at_most"):
        check_delivered(run, run.audience, at_most=bound)


def test_nobody_reached_has_no_composition(run):
    found = check_delivered(run, ["C00000"])
    (skew,) = found.skews
    assert (skew.distance, skew.p_value, skew.reading) == (None, None, "undefined")
    assert "nobody was reached" in skew.message
    assert {row.share_reached for row in found.groups} == {None}
    assert "nobody was reached" in found.text()


def test_few_reached_are_too_few_and_have_no_interval(run):
    (skew,) = check_delivered(run, run.audience[:19], at_most=0.1).skews
    assert (skew.low, skew.high, skew.p_value, skew.against) == (None,) * 4
    assert skew.reading == "too few"
    assert check_delivered(run, run.audience[:20]).skews[0].low is not None


def test_a_small_group_is_hidden_and_what_would_tell_it(tmp_path):
    folder = write_crm(tmp_path / "crm")
    # Three customers of a group of their own, and eight of another, all selected.
    places = [4, 5, 6, *(12 + 8 * step for step in range(8))]
    lines = (folder / "protected.csv").read_text().splitlines()
    for rank, place in enumerate(places):
        lines[place + 1] = f"C{place:05d},{'tiny' if rank < 3 else 'little'}"
    (folder / "protected.csv").write_text("\n".join(lines) + "\n")
    few = ran(write_campaign(folder, "clear"))
    found = check_delivered(few, [one for one in few.audience if one != "C00004"])
    # The run's report tells of the eight that they are too few, so b is hidden.
    assert {row.group for row in found.groups} == {"a", "little"}
    assert found.hidden == 2
    other = check_delivered(few, [one for one in few.audience if one != "C00022"])
    # Which of the hidden was not reached cannot be read off the distance.
    assert found.skews[0] == other.skews[0]
    assert found.skews[0].groups == 3


def plain(found):
    return json.loads(json.dumps(found.to_dict()))


@pytest.mark.parametrize("at_most", [None, 0.1])
@pytest.mark.parametrize("rest", [0, 150])
def test_how_few_of_a_group_were_reached_is_not_told(run, by_group, rest, at_most):
    def reached(few):
        sent = by_group["b"][:few] + by_group["a"][: rest + 4 - few]
        return check_delivered(run, sent, at_most=at_most)

    told = plain(reached(1))
    for row in told["groups"]:
        assert "fewer than 5" in row["hidden"]
        for key in ("reached", "share_reached", "rate", "ratio", "low", "high"):
            assert row[key] is None, key
        assert row["selected"] in (600, 1_400)
    (skew,) = told["skews"]
    for key in ("distance", "low", "high", "p_value", "p_adjusted"):
        assert skew[key] is None, key
    # That they are fewer than the others is told all the same.
    assert skew["reading"] == ("skewed" if rest else "too few")
    assert skew["against"] == ("above" if rest and at_most else None)
    for few in (2, 3):
        assert plain(reached(few)) == told
        assert reached(few).text() == reached(1).text()


def test_how_few_of_a_group_were_not_reached_is_not_told(run, by_group):
    def missed(few):
        sent = by_group["b"][few:] + by_group["a"][600 - few :]
        return plain(check_delivered(run, sent))

    assert missed(1) == missed(4)
    assert {row["reached"] for row in missed(1)["groups"]} == {None}
    assert missed(1)["skews"][0]["reading"] == "skewed"


def test_one_id_does_not_tell_of_which_group_its_customer_is(run, by_group):
    first, other = (plain(check_delivered(run, by_group[group][:1])) for group in "ab")
    assert first == other
    assert first["reached"] == 1


def test_that_nobody_of_a_group_was_reached_is_told(run, by_group):
    rows = {row.group: row for row in check_delivered(run, by_group["a"][:700]).groups}
    assert (rows["b"].reached, rows["b"].rate, rows["b"].hidden) == (0, 0.0, None)
    assert rows["b"].reading == "lower"


@pytest.fixture(scope="module")
def three(tmp_path_factory):
    """A run with a third group, of 100 of those who were of the second."""
    folder = write_crm(tmp_path_factory.mktemp("three"))
    text = (folder / "protected.csv").read_text().splitlines()
    size = len(ran(write_campaign(folder, "clear")).audience)
    moved = [line for line in text if line.endswith(",b")][:200]
    lines = [f"{line[:-1]}c" if line in moved else line for line in text]
    (folder / "protected.csv").write_text("\n".join(lines) + "\n")
    found = ran(write_campaign(folder, "clear"))
    assert len(found.audience) == size
    groups = dict(line.split(",") for line in lines[1:])
    return found, {
        name: [one for one in found.audience if groups[one] == name] for name in "abc"
    }


def test_the_few_are_taken_together_with_another_group(three):
    run, ids = three

    def reached(few):
        return check_delivered(
            run, ids["c"][:few] + ids["b"][: 204 - few] + ids["a"][:700]
        )

    told = reached(2)
    rows = {row.group: row for row in told.groups}
    assert rows["a"].reached == 700
    assert rows["a"].hidden is None
    assert (rows["b"].reached, rows["c"].reached) == (None, None)
    (skew,) = told.skews
    assert skew.groups == 2
    n_a, size = len(ids["a"]), len(run.audience)
    assert skew.distance == pytest.approx(abs(700 / 904 - n_a / size))
    assert plain(reached(4)) == plain(told)
    assert "–: fewer than 5 of the group were reached" in told.text()


def test_the_report_is_plain_values_and_a_table(run):
    found = check_delivered(run, run.audience[:700], at_most=0.1)
    payload = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert payload["schema"] == "fairreach/delivered/1"
    assert payload["reached"] == 700
    assert len(payload["groups"]) == len(found.frame()) == 2
    assert all(len(line) <= 100 for line in found.text().splitlines())
    assert "700 of 2,000 reached" in repr(found)


@pytest.fixture
def released(tmp_path, authority):
    """A released campaign: its file, the directory it went to, and a list of ids."""
    folder = write_crm(tmp_path / "crm")
    file = write_campaign(folder, "clear")
    out = tmp_path / "out"
    carry_out(file, out, authority=authority, now=NOW)
    ids = (out / "clear" / "audience.csv").read_text().split()[1:]
    sent = tmp_path / "sent.csv"
    sent.write_text("customer_id\n" + "\n".join(ids[:1_500]) + "\n")
    return file, out, sent


def test_a_follow_up_is_written_and_recorded(released):
    file, out, sent = released
    later = NOW + timedelta(days=60)
    found = follow_up(file, sent, out, now=later)
    raw = (out / "clear" / "delivered.json").read_bytes()
    assert json.loads(raw) == json.loads(json.dumps(found.to_dict()))
    *_, line = Ledger(out / "ledger.jsonl").entries()
    assert line.kind == "delivered"
    assert (line.body["reached"], line.body["strangers"]) == (1_500, 0)
    assert line.body["report"] == digest_of(raw)
    audience = digest_of((out / "clear" / "audience.csv").read_bytes())
    assert line.body["audience"] == audience
    assert verify_ledger(out / "ledger.jsonl").ok
    # What was released stays as it was.
    assert (out / "clear" / "audience.csv.certificate.json").is_file()


def test_a_run_of_another_audience_is_refused(released):
    file, out, sent = released
    customers = file.parent / "customers.csv"
    customers.write_text(customers.read_text().replace("C00004,4", "C00004,3"))
    before = (out / "ledger.jsonl").read_bytes()
    with pytest.raises(RefusedError, match="is of another audience than this run"):
        follow_up(file, sent, out, now=NOW)
    assert not (out / "clear" / "delivered.json").exists()
    assert (out / "ledger.jsonl").read_bytes() == before


def test_an_audience_that_was_never_released_is_not_asked_about(tmp_path):
    # Else each id that is asked about would tell of its customer.
    file = write_campaign(write_crm(tmp_path / "crm"), "block")
    with pytest.raises(RefusedError, match="was not released here"):
        follow_up(file, ["C00004"], tmp_path / "out", now=NOW)


def test_a_campaign_without_a_day_is_followed_up_on_the_day_of_its_run(
    tmp_path, authority, monkeypatch
):
    file = write_campaign(write_crm(tmp_path / "crm"), "clear")
    text = file.read_text().replace("as_of = 2026-11-01\n", "")
    file.write_text(text)
    out = tmp_path / "out"
    carry_out(file, out, authority=authority, now=NOW)
    facts = json.loads((out / "clear" / "run.json").read_text())
    (out / "clear" / "run.json").write_text(
        (out / "clear" / "run.json").read_text().replace(facts["as_of"], "2026-11-03")
    )
    days = []

    def watched(campaign, **settings):
        days.append(campaign.as_of.isoformat())
        return run_campaign(campaign, **settings)

    monkeypatch.setattr("pipelines.release.following.run_campaign", watched)
    follow_up(file, ["C00004"], out, now=NOW)
    assert days == ["2026-11-03"]
    (out / "clear" / "run.json").write_text("{}\n")
    with pytest.raises(InputError, match="does not say of what day"):
        follow_up(file, ["C00004"], out, now=NOW)


@pytest.mark.parametrize(
    ("extra", "at_most", "code"),
    [("", None, 0), ("C00000\n", None, 4), ("", 0.05, 0), ("", 0.10, 0)],
)
def test_the_command_ends_with_what_was_found(released, capsys, extra, at_most, code):
    file, out, sent = released
    sent.write_text(sent.read_text() + extra)
    assert delivered(file, str(sent), out=out, at_most=at_most) == code
    told = capsys.readouterr().out
    assert "1,500 of 2,000 selected customers were reached" in told


def test_the_command_ends_with_4_above_the_bound_and_prints_json(released, capsys):
    file, out, sent = released
    ids = sent.read_text().split()
    kept = [one for one in ids if one[1:].isdigit() and int(one[1:]) % 10 >= 3]
    sent.write_text("\n".join(["customer_id", *kept]) + "\n")
    found = delivered(
        file, str(sent), out=out, at_most=0.10, format_=DeliveredFormat.json
    )
    assert found == 4
    payload = json.loads(capsys.readouterr().out)
    assert payload["skews"][0]["against"] == "above"
