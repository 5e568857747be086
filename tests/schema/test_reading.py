"""A stored payload is read as it was written, or refused with all that is wrong."""

import json

import pytest

from fairness.errors import InputError
from fairness.reports import render
from fairness.reports.schema import payload_problems, read_payload, schema_document
from tests.schema.conftest import CAMPAIGNS

FORMATS = ["text", "markdown", "html", "json", "junit", "csv", "adverse-impact", "dpia"]


@pytest.fixture
def stored(tmp_path, checked):
    """A file with a payload, or with any text."""

    def write(content=None, name="report.json"):
        path = tmp_path / name
        raw = json.dumps(checked("pairs")) if content is None else content
        path.write_bytes(raw if isinstance(raw, bytes) else raw.encode())
        return path

    return write


def refused(path):
    with pytest.raises(InputError) as caught:
        read_payload(path)
    return caught.value


def test_what_is_read_is_what_was_written(stored, checked):
    assert read_payload(stored()) == checked("pairs")


def test_the_directory_of_a_run_is_enough(stored, checked, tmp_path):
    stored()
    assert read_payload(tmp_path) == checked("pairs")


def test_a_byte_order_mark_is_no_error(stored, checked):
    raw = b"\xef\xbb\xbf" + json.dumps(checked("pairs")).encode()
    assert read_payload(stored(raw)) == checked("pairs")


@pytest.mark.parametrize("name", CAMPAIGNS)
def test_every_format_comes_out_of_a_stored_payload_as_out_of_the_run(name, campaign):
    payload = campaign(name)
    directory = campaign.directory / name
    read = read_payload(directory)
    for format_ in FORMATS:
        assert render(read, format_) == render(payload, format_)
    page = (directory / "report.html").read_text(encoding="utf-8")
    assert render(read, "html") == page


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "is no JSON: line 1, column 1"),
        ('{"schema": ', "is no JSON: line 1, column 12"),
        (b"\xff\xfe{}", "is no UTF-8: byte 0"),
        ('{"a": NaN}', "NaN is no number of JSON"),
        ('{"a": -Infinity}', "-Infinity is no number of JSON"),
        ('{"a": 1, "a": 2}', "key 'a' stands twice"),
        ("[" * 100_000, "is nested too deeply"),
        ("1" * 5000, "is no JSON"),
        ("[]", "is a list, not a table of keys"),
        ("null", "is null, not a table of keys"),
        ("{}", "schema: is missing"),
        ('{"schema": "fairreach/run/1"}', "beside its run.json"),
        ('{"schema": "fairreach/audit/9"}', "another version of fairreach"),
        ('{"schema": ["fairreach/audit/1"]}', "is not 'fairreach/audit/1'"),
    ],
)
def test_what_is_no_payload_is_refused_in_words(content, told, stored):
    error = refused(stored(content))
    assert told in str(error)
    assert len(error.problems) == 1
    assert "Hint: " in str(error)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    assert "cannot be read: No such file" in str(refused(tmp_path / "none.json"))
    # A directory that is not that of a run.
    assert "report.json': cannot be read" in str(refused(tmp_path))
    assert "cannot be read" in str(refused("a\x00b"))


def test_all_problems_come_at_once_and_name_the_key(stored, checked):
    payload = json.loads(json.dumps(checked("pairs")))
    payload["verdict"] = "maybe"
    payload["data"]["rows"] = "12"
    del payload["findings"][3]["message"]
    error = refused(stored(json.dumps(payload)))
    told = [f"{one.where}: {one.what}" for one in error.problems]
    assert [one.split("report.json', ")[1] for one in told] == [
        "verdict: 'maybe' is not 'clear', 'review' or 'block'",
        "data.rows: '12' is not a valid integer",
        "findings[3].message: is missing",
    ]


def test_of_many_problems_the_first_are_told_and_the_rest_are_counted(stored, checked):
    payload = json.loads(json.dumps(checked("pairs")))
    for row in payload["findings"]:
        del row["n"]
    error = refused(stored(json.dumps(payload)))
    more = len(payload["findings"]) - 20
    assert len(error.problems) == 21
    assert error.problems[-1].what == f"has {more} more problems"


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        (("findings", 0, "metric"), "new_metric", "'new_metric' is not a metric"),
        (("findings", 0, "low"), 9, "`low` is above `high`"),
        (("data", "selected"), 10**9, "`selected` is above `rows`"),
        (("groups", 0, "selected"), 10**9, "`selected` is above `n`"),
    ],
)
def test_numbers_that_cannot_be_are_refused(path, value, told, changed):
    (problem,) = payload_problems(changed(path, value))
    assert told in problem.what


def test_a_group_of_an_intersection_has_all_its_parts(checked, changed):
    payload = checked("pairs")
    place = next(
        place
        for place, row in enumerate(payload["groups"])
        if row["attribute"] == "gender&region"
    )
    (problem,) = payload_problems(changed(("groups", place, "group"), "f", of=payload))
    assert problem.what == "'f' is no group of 'gender&region'"
    # A doubled ampersand belongs to a name.
    named = changed(("groups", place, "group"), "R&&D&north", of=payload)
    assert payload_problems(named) == []


def test_an_attribute_that_was_not_measured_needs_no_metric(changed):
    payload = changed(("findings", 0, "metric"), "required")
    payload["findings"][0]["verdict"] = "not_measurable"
    assert payload_problems(payload) == []


def test_a_lift_that_stands_out_has_numbers(checked, segments):
    payload = json.loads(json.dumps(checked("plain") | {"segments": segments}))
    assert payload_problems(payload) == []
    lift = next(
        one
        for one in payload["segments"]["lifts"]
        if one["reading"].endswith("represented")
    )
    lift["lift"] = None
    (problem,) = payload_problems(payload)
    assert "has no lift" in problem.what


def test_a_control_character_of_a_file_does_not_reach_a_message(stored):
    error = refused(stored('{"schema": "a\\u001b[31m\\u202e"}'))
    assert not {"\x1b", "\u202e"} & set(str(error))
    assert r"'a\x1b[31m\u202e' is not" in str(error)


def without_optional(value, part, document):
    """Return a part of a payload without the keys that may be absent."""
    made = {}
    for key, held in part["properties"].items():
        if key not in part["required"] or key not in value:
            continue
        kinds = [held, held.get("items", {}), *held.get("anyOf", ())]
        names = [kind["$ref"].rpartition("/")[2] for kind in kinds if "$ref" in kind]
        inner, found = names and document["$defs"][names[0]], value[key]
        if inner and isinstance(found, list):
            found = [without_optional(one, inner, document) for one in found]
        elif inner and isinstance(found, dict):
            found = without_optional(found, inner, document)
        made[key] = found
    return made


@pytest.mark.parametrize("name", ["app-cashback", "autumn-mailing"])
def test_a_payload_without_the_keys_that_came_later_is_rendered_too(name, campaign):
    document = schema_document()
    payload = campaign(name)
    old = without_optional(payload, document, document)
    assert "funnel" not in old
    # The sections of a campaign, as they were at first.
    for key in ("campaign", "funnel", "ethics", "consent"):
        if key in payload:
            part = document["$defs"].get(key.capitalize())
            held = payload[key]
            old[key] = without_optional(held, part, document) if part else held
    assert "rules" not in old["policy"][0]
    assert payload_problems(old) == []
    for format_ in FORMATS:
        assert render(old, format_)
    assert render(old, "model-card")
