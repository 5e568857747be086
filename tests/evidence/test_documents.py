"""A document has one spelling; anything else is refused."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairness.errors import InputError, RefusedError
from fairness.evidence import canonical, read_document, write_document
from fairness.evidence.documents import LARGEST, moment_at, moment_text, parse_canonical

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | texts
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3)
    ),
    max_leaves=8,
)
documents = st.dictionaries(texts, values, max_size=4)


@given(documents)
def test_canonical_bytes_are_read_back_the_same(document):
    raw = canonical(document)
    found = parse_canonical(raw, "a")
    assert found == json.loads(json.dumps(document))
    assert canonical(found) == raw


@given(documents)
def test_the_order_of_keys_changes_nothing(document):
    turned = dict(reversed(document.items()))
    assert canonical(turned) == canonical(document)


@pytest.mark.parametrize(
    ("value", "where"),
    [
        (float("nan"), "rate"),
        (float("inf"), "rate"),
        (b"x", "rate"),
        ({1: 2}, "rate"),
        ("\ud800", "rate"),
        ({"\ud800": 1}, "rate"),
        ([0, {1, 2}], r"rate\[1\]"),
        (datetime(2026, 11, 24, tzinfo=UTC), "rate"),
        (10**5000, "rate"),
    ],
    ids=range(9),
)
def test_what_json_cannot_hold_is_told_with_its_place(value, where):
    with pytest.raises(InputError, match=where):
        canonical({"rate": value, "fine": 1})


def test_all_values_that_json_cannot_hold_are_told():
    with pytest.raises(InputError) as caught:
        canonical({"a": float("nan"), "b": [b""]})
    assert len(caught.value.problems) == 2


def test_a_document_that_holds_itself_is_refused():
    loop = {}
    loop["again"] = loop
    with pytest.raises(InputError, match="too deeply"):
        canonical(loop)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b'{"a":1, "b":2}',
        b'{"b":1,"a":2}',
        b'{"a":1,"a":1}',
        b'{"a":1.00}',
        b'{"a":NaN}',
        b'{"a":1e400}',
        b'{"a":"\\u00e9"}',
        b'{"a":"\\ud800"}',
        b'\xef\xbb\xbf{"a":1}',
        b'{"a":1}\n',
        b'{"a":1',
        b"[" * 100_000,
        b'{"a":' + b"9" * 5000 + b"}",
        '{"a":1}'.encode("utf-16"),
    ],
)
def test_every_other_spelling_is_refused(raw):
    with pytest.raises(RefusedError, match="was changed"):
        parse_canonical(raw, "a")


def test_a_file_is_read_back_and_refused_without_its_last_byte(tmp_path):
    path = write_document(tmp_path / "a.json", {"a": [1, "é"]})
    assert read_document(path) == {"a": [1, "é"]}
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(RefusedError, match="cut off"):
        read_document(path)


def test_a_file_that_is_not_there_or_is_huge_is_bad_input(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        read_document(tmp_path / "none.json")
    with pytest.raises(InputError, match="Is a directory"):
        read_document(tmp_path)
    (tmp_path / "huge").write_bytes(b" " * (LARGEST + 1))
    with pytest.raises(InputError, match="larger than"):
        read_document(tmp_path / "huge")


def test_moments_are_utc_to_the_second():
    there = timezone(timedelta(hours=5, minutes=30))
    moment = moment_at(datetime(2026, 1, 1, 2, 0, 0, 999_999, tzinfo=there))
    assert moment_text(moment) == "2025-12-31T20:30:00Z"
    assert moment_text(datetime(1, 1, 1, tzinfo=UTC)) == "0001-01-01T00:00:00Z"
