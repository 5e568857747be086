"""Whose keys count, and when."""

import threading
from datetime import UTC, date, datetime

import pytest

from fairness.errors import InputError, PolicyError, RefusedError
from fairness.evidence import (
    add_person,
    load_trust,
    new_key,
    revoke_person,
    trust_entry,
)

DAY = date(2026, 11, 24)


def write(path, *tables):
    path.write_text("\n".join(f"[[people]]\n{table}" for table in tables))
    return path


def entry(signer, name=None, **more):
    public = signer.public
    lines = [
        f'name = "{name or signer.name}"',
        f'sign = "{public.sign}"',
        f'seal = "{public.seal}"',
        *(f"{key} = {value}" for key, value in ({"added": DAY} | more).items()),
    ]
    return "\n".join(lines) + "\n"


def test_people_are_found_by_name_and_key(people):
    trust = people.trust
    assert trust.person("ann").key_id == people.ann.key_id
    assert trust.by_key(people.bob.key_id).name == "bob"
    assert trust.by_key(people.eve.key_id) is None
    with pytest.raises(InputError, match="did you mean 'ann'"):
        trust.person("anne")


def test_a_key_counts_up_to_the_day_it_ends_and_not_after(tmp_path, people):
    path = write(
        tmp_path / "t.toml",
        entry(people.ann, expires="2026-12-31"),
        entry(people.bob, revoked="2026-11-30"),
    )
    trust = load_trust(path)
    for key, last in (
        (people.ann, date(2026, 12, 31)),
        (people.bob, date(2026, 11, 30)),
    ):
        assert trust.holds(key.key_id, last)
        end = datetime(last.year, last.month, last.day, 23, 59, 59, tzinfo=UTC)
        assert trust.holds(key.key_id, end)
        after = date.fromordinal(last.toordinal() + 1)
        assert not trust.holds(key.key_id, after)
        assert not trust.holds(
            key.key_id, datetime(after.year, after.month, after.day, tzinfo=UTC)
        )
    assert not trust.holds(people.eve.key_id, DAY)


def test_a_moment_without_a_zone_is_bad_input(people):
    with pytest.raises(InputError, match="no time zone"):
        people.trust.holds(people.ann.key_id, datetime(2026, 11, 24))  # noqa: DTZ001 - what is refused


def test_one_key_under_two_names_is_refused(tmp_path, people):
    path = write(tmp_path / "t.toml", entry(people.ann), entry(people.ann, "anna"))
    with pytest.raises(PolicyError, match="is the key of 'ann' as well") as caught:
        load_trust(path)
    assert caught.value.problems[0].where.endswith("people[1].sign")


@pytest.mark.parametrize("name", ["bob", "BOB"])
def test_one_name_with_two_keys_is_refused(tmp_path, people, name):
    path = write(tmp_path / "t.toml", entry(people.bob), entry(people.eve, name))
    with pytest.raises(PolicyError, match="another key that is not revoked"):
        load_trust(path)


def test_a_person_may_have_a_new_key_once_the_old_one_is_revoked(tmp_path, people):
    path = write(
        tmp_path / "t.toml",
        entry(people.ann, revoked="2026-11-25"),
        entry(people.eve, "ann", added="2026-11-25"),
    )
    trust = load_trust(path)
    assert trust.person("ann").key_id == people.eve.key_id
    assert trust.by_key(people.ann.key_id).name == "ann"
    assert trust.same_person("ann", "Ann")


def test_every_problem_of_a_trust_file_is_told_with_its_key(tmp_path, people):
    path = tmp_path / "t.toml"
    path.write_text(
        '[[people]]\nname = "a b"\nsign = "ed25519:00"\nseal = 7\nadded = "soon"\n'
        f'[[people]]\nname = "bob"\nsign = "{people.bob.public.seal}"\n'
        f'seal = "{people.bob.public.seal}"\nadded = 2026-11-24\n'
        "expires = 2026-11-23\nrevokd = 2026-11-24\n"
    )
    with pytest.raises(PolicyError) as caught:
        load_trust(path)
    where = {problem.where.rpartition(", ")[2] for problem in caught.value.problems}
    expected = {f"people[0].{key}" for key in ("name", "sign", "seal", "added")}
    assert where == expected | {"people[1].sign", "people[1].revokd"}
    assert "did you mean 'revoked'?" in str(caught.value)
    assert "fairreach keys trust" in str(caught.value)


def test_an_end_before_the_beginning_is_refused(tmp_path, people):
    path = write(tmp_path / "t.toml", entry(people.ann, expires="2026-11-23"))
    with pytest.raises(PolicyError, match="before added"):
        load_trust(path)


def test_a_trust_file_that_is_not_there_is_told_how_to_begin(tmp_path):
    with pytest.raises(InputError, match="no such file") as caught:
        load_trust(tmp_path / "trust.toml")
    assert "fairreach keys trust" in caught.value.problems[0].hint


def test_an_entry_is_added_and_what_stood_there_stays(tmp_path, people):
    path = tmp_path / "trust.toml"
    path.write_text("# Ours. Ask ann.\n" + f"[[people]]\n{entry(people.ann)}".rstrip())
    before = path.read_text()
    person = add_person(path, people.bob, added=DAY, expires=date(2027, 1, 1))
    assert path.read_text().startswith(before)
    assert (person.name, person.expires) == ("bob", date(2027, 1, 1))
    assert [one.name for one in load_trust(path).people] == ["ann", "bob"]


def test_what_cannot_be_added_changes_nothing(trust_file, people):
    before = trust_file.read_bytes()
    with pytest.raises(InputError, match="is the key of 'ann' as well"):
        add_person(trust_file, people.ann)
    with pytest.raises(InputError, match="not the name of a TOML file"):
        add_person(trust_file.with_suffix(".txt"), people.eve)
    assert trust_file.read_bytes() == before
    trust_file.write_bytes(before + b"[[people]\n")
    with pytest.raises(PolicyError, match="is not TOML"):
        add_person(trust_file, people.eve)


def test_a_trust_file_in_no_directory_is_told(tmp_path, people):
    with pytest.raises(InputError, match="cannot be written"):
        add_person(tmp_path / "none" / "trust.toml", people.ann)


def test_the_entry_of_a_key_is_a_whole_trust_file(tmp_path, people):
    path = tmp_path / "t.toml"
    path.write_text(trust_entry(people.ann, added=DAY))
    assert load_trust(path).person("ann").sign == people.ann.public.sign


def test_people_added_at_once_are_all_there(tmp_path):
    path = tmp_path / "trust.toml"
    signers = [new_key(f"p{i}", tmp_path / "keys") for i in range(12)]
    threads = [threading.Thread(target=add_person, args=(path, s)) for s in signers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {one.name for one in load_trust(path).people} == {s.name for s in signers}


def test_a_revocation_keeps_the_rest_of_the_file(trust_file, people):
    raw = "# first\n\n" + trust_file.read_text().replace(
        "[[people]]", " [[ people ]] # x"
    )
    trust_file.write_text(raw)
    person = revoke_person(trust_file, "bob", on=DAY)
    assert (person.name, person.revoked) == ("bob", DAY)
    assert trust_file.read_text().replace(f"revoked = {DAY}\n", "") == raw
    trust = load_trust(trust_file)
    assert trust.holds(people.bob.key_id, DAY)
    assert not trust.holds(people.bob.key_id, date(2026, 11, 25))
    assert trust.holds(people.ann.key_id, date(2026, 11, 25))


def test_a_key_is_revoked_once(trust_file):
    revoke_person(trust_file, "ann", on=DAY)
    before = trust_file.read_bytes()
    with pytest.raises(InputError, match="was revoked on 2026-11-24"):
        revoke_person(trust_file, "ann")
    with pytest.raises(InputError, match="did you mean 'bob'"):
        revoke_person(trust_file, "bobb")
    assert trust_file.read_bytes() == before


def test_a_file_written_otherwise_is_left_for_its_author(tmp_path, people):
    path = tmp_path / "trust.toml"
    path.write_text(
        "people = [{" + ", ".join(entry(people.ann).strip().split("\n")) + "}]\n"
    )
    before = path.read_bytes()
    assert load_trust(path).person("ann").revoked is None
    with pytest.raises(InputError, match="not safe to change") as caught:
        revoke_person(path, "ann", on=DAY)
    assert "revoked = 2026-11-24" in caught.value.problems[0].hint
    assert path.read_bytes() == before


def test_recipients_are_people_whose_keys_have_not_ended(tmp_path, people):
    path = write(
        tmp_path / "t.toml",
        entry(people.ann),
        entry(people.bob, revoked="2026-11-24"),
        entry(people.eve, expires="2026-11-24"),
    )
    trust = load_trust(path)
    on = datetime(2026, 11, 24, 12, tzinfo=UTC)
    assert [one.name for one in trust.recipients(["ann", "bob", "ann"], on)] == [
        "ann",
        "bob",
    ]
    later = datetime(2026, 11, 25, tzinfo=UTC)
    with pytest.raises(RefusedError) as caught:
        trust.recipients(["ann", "bob", "eve"], later)
    assert [reason.what for reason in caught.value.reasons] == [
        "the key of bob was revoked on 2026-11-24",
        "the key of eve expired on 2026-11-24",
    ]
    with pytest.raises(InputError) as caught:
        trust.recipients(["x", "y"])
    assert len(caught.value.problems) == 2
