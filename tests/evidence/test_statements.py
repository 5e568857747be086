"""A review is approved by a second person; a failure is waived by two."""

from datetime import UTC, date, datetime, timedelta

import pytest

from fairness.errors import InputError, RefusedError
from fairness.evidence import (
    approve_run,
    canonical,
    check_approval,
    check_waiver,
    digest_of,
    load_trust,
    read_document,
    revoke_person,
    sign_document,
    waive_rule,
    write_document,
)
from fairness.policy import Policy, Waiver, load_pack

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
RUN = digest_of(b"run")
CAMPAIGN = digest_of(b"campaign")
OTHER = digest_of(b"other")


def approval(people, signer=None, **more):
    words = {
        "author": "ann",
        "approver": "bob",
        "reason": "Checked by hand.",
        "expires": NOW + timedelta(days=7),
        "issued": NOW,
    }
    return approve_run(RUN, signer or people.bob, **words | more)


def refused(check, *args, **more):
    with pytest.raises(RefusedError) as caught:
        check(*args, **more)
    return str(caught.value)


def check(document, people, **more):
    words = {"run": RUN, "author": "ann", "at": NOW} | more
    return check_approval(document, people.trust, **words)


def test_an_approval_holds_for_its_run_and_has_the_digest_of_its_file(tmp_path, people):
    path = write_document(tmp_path / "approval.json", approval(people))
    found = check(read_document(path), people)
    assert (found.run, found.approver, found.reason) == (RUN, "bob", "Checked by hand.")
    assert found.digest == digest_of(path.read_bytes()[:-1])
    assert repr(found).endswith(" by bob until 2026-12-01T09:30:00Z>")


def test_an_approval_of_another_run_is_refused(people):
    assert f"not {OTHER}" in refused(check, approval(people), people, run=OTHER)


def test_the_author_approves_nothing(people):
    with pytest.raises(InputError, match="is also the author"):
        approval(people, people.ann, approver="Ann ")
    # The author says that somebody else made it.
    lie = approval(people, people.ann, author="carl", approver="ann")
    told = refused(check, lie, people, author="ann")
    assert "'ann' is also the author" in told
    assert "names 'carl' as author" in told


def test_an_approval_signed_by_another_than_it_says_is_refused(people):
    told = refused(check, approval(people, people.ann), people)
    assert "'bob' has not signed" in told
    assert "'ann' has signed and is not asked to" in told


def test_a_second_signature_is_one_too_many(people):
    both = sign_document(approval(people), people.ann)
    assert "'ann' has signed and is not asked to" in refused(check, both, people)


def test_an_approval_ends(people):
    at = NOW + timedelta(days=7)
    assert check(approval(people), people, at=at)
    assert "expired at" in refused(
        check, approval(people), people, at=at + timedelta(seconds=1)
    )
    with pytest.raises(InputError, match="is not after issued"):
        approval(people, expires=NOW)


def test_an_approval_by_a_key_that_has_ended_is_refused(trust_file, people):
    revoke_person(trust_file, "bob", on=date(2026, 11, 23))
    trust = load_trust(trust_file)
    told = refused(
        check_approval, approval(people), trust, run=RUN, author="ann", at=NOW
    )
    assert "was revoked" in told


def test_an_approval_signed_by_a_stranger_is_refused(people):
    assert people.eve.key_id in refused(check, approval(people, people.eve), people)


def test_what_an_approval_cannot_hold_is_told_at_once(people):
    with pytest.raises(InputError) as caught:
        approve_run(
            "run",
            people.bob,
            author="",
            approver="bob",
            reason=" ",
            expires=NOW,
            issued=NOW,
        )
    assert {problem.where for problem in caught.value.problems} >= {
        "run",
        "author",
        "reason",
    }


def test_a_signed_statement_with_values_it_may_not_have_is_refused(people):
    signed = approval(people)
    content = {key: signed[key] for key in signed if key != "signatures"}
    told = refused(check, sign_document(content | {"run": "all"}, people.bob), people)
    assert "approval, run: 'all' is not sha256:" in told
    assert "approval, more" in refused(
        check, sign_document(content | {"more": 1}, people.bob), people
    )


RULE = {
    "id": "first",
    "title": "t",
    "metric": "adverse_impact_ratio",
    "at_least": "0.8",
    "severity": "block",
    "status": "voluntary",
    "why": "w.",
    "citation": {"source": "s", "as_of": "2026-11-23"},
}
POLICY = Policy(
    name="house",
    version="1",
    title="House",
    jurisdiction="none",
    disclaimer="Ours.",
    as_of="2026-11-23",
    rules=[RULE, RULE | {"id": "never", "unwaivable": True}],
)


def waiver(**more):
    words = {
        "rule": "first",
        "attribute": "age",
        "group": "61+",
        "reason": "For students.",
        "owner": "ann",
        "approver": "bob",
        "issued": date(2026, 11, 24),
        "expires": date(2026, 12, 24),
    }
    return Waiver(**words | more)


def waived(people, *signers, issued=NOW, **more):
    return waive_rule(
        waiver(**more),
        signers or (people.ann, people.bob),
        campaign=CAMPAIGN,
        policy=POLICY,
        issued=issued,
    )


def hold(document, people, **more):
    words = {"campaign": CAMPAIGN, "policy": POLICY, "at": NOW} | more
    return check_waiver(document, people.trust, **words)


def test_a_waiver_signed_by_two_holds_for_its_campaign_and_policy(tmp_path, people):
    path = write_document(tmp_path / "w.json", waived(people))
    found = hold(read_document(path), people)
    assert found.waiver == waiver(policy_digest=POLICY.digest)
    assert found.digest == digest_of(canonical(waived(people)))
    told = "<SignedWaiver of first by ann and bob until 2026-12-24T23:59:59Z>"
    assert repr(found) == told


def test_a_waiver_is_signed_by_one_after_the_other(people):
    first = waived(people, people.ann)
    assert "'bob' has not signed" in refused(hold, first, people)
    assert hold(sign_document(first, people.bob), people)
    assert "'ann' has not signed" in refused(hold, waived(people, people.bob), people)


def test_another_campaign_or_policy_is_refused(people):
    assert f"not {OTHER}" in refused(hold, waived(people), people, campaign=OTHER)
    changed = POLICY.model_copy(update={"version": "2"})
    assert changed.digest != POLICY.digest
    assert "is not that of house as it is" in refused(
        hold, waived(people), people, policy=changed
    )


def test_a_rule_that_cannot_be_waived_is_not(people):
    with pytest.raises(InputError, match="cannot be waived"):
        waived(people, rule="never")
    with pytest.raises(InputError, match="did you mean 'first'"):
        waived(people, rule="frst")
    # Signed by hand, past the check above.
    forged = waived(people)
    content = {key: forged[key] for key in forged if key != "signatures"}
    content["waiver"] = content["waiver"] | {"rule": "never"}
    signed = sign_document(content, people.ann, people.bob)
    assert "is a rule that cannot be waived" in refused(hold, signed, people)


def test_a_waiver_of_ninety_days_holds_and_longer_ones_cannot_be_signed(people):
    longest = waived(people, expires=date(2027, 2, 22))
    last = datetime(2027, 2, 22, 23, 59, 59, tzinfo=UTC)
    assert hold(longest, people, at=last)
    assert "expired at" in refused(
        hold, longest, people, at=last + timedelta(seconds=1)
    )
    content = {key: longest[key] for key in longest if key != "signatures"}
    content["expires"] = "2027-02-23T23:59:59Z"
    content["waiver"] = content["waiver"] | {"expires": "2027-02-23"}
    signed = sign_document(content, people.ann, people.bob)
    assert "at most 90 are allowed" in refused(hold, signed, people)


def test_the_statement_may_not_outlive_its_waiver_or_change_its_policy(people):
    signed = waived(people)
    content = {key: signed[key] for key in signed if key != "signatures"}
    later = sign_document(
        content | {"expires": "2027-12-31T23:59:59Z"}, people.ann, people.bob
    )
    assert "not the end of the waiver's last day" in refused(hold, later, people)
    loose = content | {"waiver": content["waiver"] | {"policy_digest": None}}
    told = refused(hold, sign_document(loose, people.ann, people.bob), people)
    assert "not the policy that the statement names" in told


def test_a_waiver_that_begins_later_is_not_yet_one(people):
    later = waived(people, issued=NOW, reason="x")
    assert hold(later, people)
    content = {key: later[key] for key in later if key != "signatures"}
    content["waiver"] = content["waiver"] | {"issued": "2026-11-25"}
    signed = sign_document(content, people.ann, people.bob)
    assert "not in force before 2026-11-25" in refused(hold, signed, people)


def test_owner_and_approver_are_two_people(people):
    signed = waived(people)
    content = {key: signed[key] for key in signed if key != "signatures"}
    content["waiver"] = content["waiver"] | {"approver": "ANN"}
    told = refused(hold, sign_document(content, people.ann), people)
    assert "is also the owner" in told


def test_an_approval_is_no_waiver(people):
    assert "not 'fairreach/waiver/1'" in refused(hold, approval(people), people)


def test_the_gate_takes_the_waiver_that_was_signed(people):
    pack = load_pack("us-four-fifths")
    rule = next(rule.id for rule in pack.rules if not rule.unwaivable)
    signed = waive_rule(
        waiver(rule=rule),
        (people.ann, people.bob),
        campaign=CAMPAIGN,
        policy=pack,
        issued=NOW,
    )
    found = check_waiver(signed, people.trust, campaign=CAMPAIGN, policy=pack, at=NOW)
    assert found.waiver.problems(pack) == ()
    assert found.waiver.covers(rule, "age", "61+", NOW.date())
