"""Whatever is done to a ledger by someone who does not rewrite its head is found."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairness.errors import InputError
from fairness.evidence import Ledger, verify_ledger
from fairness.evidence.chain import Head, next_entry

bodies = st.lists(
    st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"]), max_size=3),
        st.none()
        | st.integers()
        | st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
        max_size=3,
    ),
    min_size=2,
    max_size=8,
)


def chained(bodies, head=None):
    """Lines of a ledger and its head, without the disk."""
    head, lines = head or Head(), []
    for body in bodies:
        entry = next_entry(head, "2026-11-24T09:30:00Z", "check", body)
        lines.append(entry.line())
        head = head.after(entry, len(lines[-1]))
    return lines, head


def report(folder, content, head, **more):
    path = folder / "ledger.jsonl"
    path.write_bytes(content)
    beside = path.with_name("ledger.jsonl.head")
    beside.unlink(missing_ok=True)
    if head is not None:
        beside.write_bytes(head)
    return verify_ledger(path, **more)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("ledgers")


def removed(lines, draw):
    i = draw(st.integers(0, len(lines) - 1))
    return b"".join(lines[:i] + lines[i + 1 :])


def several_removed(lines, draw):
    i = draw(st.integers(0, len(lines) - 1))
    j = draw(st.integers(i + 1, len(lines)))
    return b"".join(lines[:i] + lines[j:])


def doubled(lines, draw):
    i = draw(st.integers(0, len(lines) - 1))
    j = draw(st.integers(0, len(lines)))
    return b"".join([*lines[:j], lines[i], *lines[j:]])


def reordered(lines, draw):
    turned = draw(st.permutations(lines).filter(lambda other: other != lines))
    return b"".join(turned)


def altered(lines, draw):
    raw = bytearray(b"".join(lines))
    place = draw(st.integers(0, len(raw) - 1))
    raw[place] ^= draw(st.integers(1, 255))
    return bytes(raw)


def byte_removed(lines, draw):
    raw = b"".join(lines)
    place = draw(st.integers(0, len(raw) - 1))
    return raw[:place] + raw[place + 1 :]


def byte_added(lines, draw):
    raw = b"".join(lines)
    # After the end stands what a stopped writer may leave.
    place = draw(st.integers(0, len(raw) - 1))
    added = draw(st.integers(0, 255))
    return raw[:place] + bytes([added]) + raw[place:]


def cut_off(lines, draw):
    raw = b"".join(lines)
    return raw[: draw(st.integers(0, len(raw) - 1))]


def rehashed(lines, draw):
    """A body changed, and every line from there on chained anew."""
    i = draw(st.integers(0, len(lines) - 1))
    before, head = chained([json.loads(line)["body"] for line in lines[:i]])
    rest = [json.loads(line)["body"] for line in lines[i:]]
    rest[0] = rest[0] | {"changed": "yes"}
    return b"".join(before + chained(rest, head)[0])


def rehashed_in_place(lines, draw):
    """A moment changed, every line chained anew, not a byte more or less."""
    i = draw(st.integers(0, len(lines) - 1))
    head, made = Head(), []
    for number, line in enumerate(lines):
        body = json.loads(line)["body"]
        second = 31 if number == i else 0
        entry = next_entry(head, f"2026-11-24T09:30:{second:02}Z", "check", body)
        made.append(entry.line())
        head = head.after(entry, len(made[-1]))
    assert [len(line) for line in made] == [len(line) for line in lines]
    return b"".join(made)


def respelled(lines, draw):
    """A line that means the same, in the other order."""
    i = draw(st.integers(0, len(lines) - 1))
    table = dict(reversed(json.loads(lines[i]).items()))
    text = json.dumps(table, separators=(",", ":"), ensure_ascii=False)
    return b"".join([*lines[:i], text.encode() + b"\n", *lines[i + 1 :]])


def line_swapped_in(lines, draw):
    """A line of another ledger, whole in itself."""
    i = draw(st.integers(0, len(lines) - 1))
    other, _ = chained([{"other": i} for i in range(len(lines))])
    return b"".join([*lines[:i], other[i], *lines[i + 1 :]])


def two_added(lines, draw):
    entries = [json.loads(line)["body"] for line in lines]
    return b"".join(chained([*entries, {"more": 1}, {"more": 2}])[0])


TAMPERINGS = [
    removed,
    several_removed,
    doubled,
    reordered,
    altered,
    byte_removed,
    byte_added,
    cut_off,
    rehashed,
    rehashed_in_place,
    respelled,
    line_swapped_in,
    two_added,
]


@pytest.mark.parametrize("tamper", TAMPERINGS, ids=lambda tamper: tamper.__name__)
@given(bodies=bodies, data=st.data())
@settings(max_examples=120)
def test_every_tampering_is_found(folder, tamper, bodies, data):
    lines, head = chained(bodies)
    assert report(folder, b"".join(lines), head.content()).ok
    changed = tamper(lines, data.draw)
    if changed == b"".join(lines):
        return
    found = report(folder, changed, head.content())
    assert not found.ok
    assert all("ledger.jsonl" in problem.where for problem in found.problems)


@given(bodies=bodies, data=st.data())
def test_a_head_that_is_changed_or_gone_is_found(folder, bodies, data):
    lines, head = chained(bodies)
    content = b"".join(lines)
    gone = report(folder, content, None)
    assert [problem.what for problem in gone.problems] == ["has no head file beside it"]
    raw = bytearray(head.content())
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    assert not report(folder, content, bytes(raw)).ok
    assert not report(folder, content, b"").ok


@pytest.mark.parametrize("key", ["seq", "hash", "start", "end"])
def test_no_number_of_the_head_can_change(folder, key):
    lines, head = chained([{}, {}, {}])
    other = "sha256:" + "1" * 64 if key == "hash" else getattr(head, key) - 1
    changed = replace(head, **{key: other})
    assert not report(folder, b"".join(lines), changed.content()).ok


@given(bodies=bodies, data=st.data())
def test_a_head_that_is_set_back_by_more_than_one_line_is_found(folder, bodies, data):
    lines, _ = chained([*bodies, {}])
    short = data.draw(st.integers(0, len(bodies) - 1))
    _, head = chained(bodies[:short])
    assert not report(folder, b"".join(lines), head.content()).ok


@given(bodies=bodies, data=st.data())
def test_an_anchor_finds_a_ledger_rewritten_with_its_head(folder, bodies, data):
    lines, head = chained(bodies)
    keep = data.draw(st.integers(1, len(lines)))
    anchor = f"{keep}:{json.loads(lines[keep - 1])['hash']}"
    found = report(folder, b"".join(lines), head.content(), anchor=anchor)
    assert found.ok
    assert found.anchored.anchor == anchor
    other, other_head = chained([bodies[0] | {"changed": "yes"}, *bodies[1:]])
    assert report(folder, b"".join(other), other_head.content()).ok
    refused = report(folder, b"".join(other), other_head.content(), anchor=anchor)
    assert "of the anchor" in refused.problems[-1].what
    short, short_head = chained(bodies[: keep - 1])
    refused = report(folder, b"".join(short), short_head.content(), anchor=anchor)
    assert not refused.ok
    assert refused.anchored is None


@pytest.mark.parametrize(
    "anchor", ["", "3", "0:sha256:" + "0" * 64, "3:sha256:12", "x:y"]
)
def test_what_is_no_anchor_is_bad_input(folder, anchor):
    lines, head = chained([{}, {}])
    with pytest.raises(InputError, match="is not SEQ:HASH"):
        report(folder, b"".join(lines), head.content(), anchor=anchor)


def test_each_problem_names_its_line(folder):
    lines, head = chained([{"n": i} for i in range(12)])

    def told(changed):
        found = report(folder, b"".join(changed), head.content())
        return [f"{p.where.rpartition(', ')[2]}: {p.what}" for p in found.problems]

    assert told([*lines[:4], *lines[5:]]) == [
        "line 5: has seq 6: seq 5 is missing before it"
    ]
    assert told([*lines[:4], *lines[7:]]) == [
        "line 5: has seq 8: seq 5 to 7 are missing before it"
    ]
    assert (
        told([*lines[:5], lines[4], *lines[5:]])[0]
        == "line 6: has seq 5, which is too late: seq 6 is due"
    )
    altered = lines[6].replace(b'"n":6', b'"n":9')
    assert told([*lines[:6], altered, *lines[7:]]) == [
        "line 7: was altered: its hash is another one"
    ]
    (cut,) = told(lines[:-2])
    assert "is cut off: it ends with seq 10, and its head names seq 12" in cut


def test_a_file_of_rubbish_is_read_to_its_end_and_its_problems_are_counted(folder):
    lines, head = chained([{}])
    found = report(folder, lines[0] + b"x\n" * 500, head.content())
    assert not found.ok or found.notes
    _, head = chained([{}] * 600)
    found = report(folder, b"x\n" * 500, head.content())
    assert len(found.problems) == 101
    assert "has 401 more problems" in found.problems[-1].what


def test_a_line_without_end_is_not_read_into_memory_whole(folder):
    _, head = chained([{}])
    found = report(folder, b"x" * 5_000_000, head.content())
    assert found.problems[0].what == "is too long"


def test_a_ledger_that_is_gone_while_its_head_is_there_is_found(tmp_path):
    ledger = Ledger(tmp_path / "ledger.jsonl")
    ledger.append("check", {})
    ledger.path.unlink()
    found = verify_ledger(ledger.path)
    assert "is cut off: it ends with seq 0" in found.problems[0].what
