"""What is handed out, to whom, and on whose word."""

import json
import stat
from datetime import timedelta

import pytest

from fairness.errors import InputError, RefusedError
from fairness.evidence import (
    Ledger,
    new_key,
    open_sealed,
    verify_audience,
    verify_ledger,
)
from pipelines.release import Authority, approve_place, carry_out, sign_waiver
from tests.campaigns.crm import write_campaign, write_crm
from tests.release.conftest import NOW

WEEK = timedelta(days=7)


def ran(file, out, authority, now=NOW):
    return carry_out(file, out, authority=authority, now=now)


def kinds(out):
    return [entry.kind for entry in Ledger(out / "ledger.jsonl").entries()]


def test_a_clear_audience_is_released_and_verified(crm, tmp_path, authority, trust):
    out = tmp_path / "out"
    found = ran(write_campaign(crm, "clear"), out, authority)
    assert found.verdict == "clear"
    assert found.released.rows == 2_000
    path = out / "clear" / "audience.csv"
    assert found.released.path == path
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    ids = path.read_text().split()
    assert ids[0] == "customer_id"
    assert ids[1:] == sorted(f"C{i:05d}" for i in range(4_000) if i % 8 >= 4)
    certificate = verify_audience(path, trust, at=NOW, ledger=out / "ledger.jsonl")
    assert (certificate.verdict, certificate.basis) == ("clear", "clear")
    assert kinds(out) == ["check", "release"]
    assert verify_ledger(out / "ledger.jsonl").ok
    with pytest.raises(RefusedError, match=r"expired|no longer|until|ended"):
        verify_audience(path, trust, at=NOW + timedelta(days=31))


def test_a_file_changed_by_one_byte_is_refused(crm, tmp_path, authority, trust):
    out = tmp_path / "out"
    path = ran(write_campaign(crm, "clear"), out, authority).released.path
    raw = path.read_bytes()
    for place in (0, 100, len(raw) - 3):
        path.write_bytes(raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :])
        with pytest.raises(RefusedError, match="changed"):
            verify_audience(path, trust, at=NOW)
    path.write_bytes(raw + b"C99999\r\n")
    with pytest.raises(RefusedError, match="changed"):
        verify_audience(path, trust, at=NOW)
    path.write_bytes(raw)
    assert verify_audience(path, trust, at=NOW).rows == 2_000


def test_a_blocked_audience_is_nowhere(crm, tmp_path, authority):
    out = tmp_path / "out"
    found = ran(write_campaign(crm, "block"), out, authority)
    assert found.verdict == "block"
    assert found.released is None
    assert "stage clauses, clause area," in found.run.culprits[0]
    names = {path.name for path in (out / "block").iterdir()}
    assert names == {".lock", "report.html", "report.json", "result.json", "run.json"}
    assert kinds(out) == ["check", "refusal"]
    # No id of a customer in anything that was written.
    for path in out.rglob("*"):
        assert path.is_dir() or b"C00" not in path.read_bytes()


def test_an_audience_that_no_longer_passes_is_withdrawn(crm, tmp_path, authority):
    out = tmp_path / "out"
    path = ran(
        write_campaign(crm, "clear", name="spring"), out, authority
    ).released.path
    assert path.is_file()
    again = ran(write_campaign(crm, "block", name="spring"), out, authority)
    assert again.released is None
    assert not list((out / "spring").glob("audience*"))


def test_without_a_key_nothing_leaves(crm, tmp_path, key):
    file, out = write_campaign(crm, "clear"), tmp_path / "out"
    for authority in (None, Authority(key("ann"), None)):
        found = carry_out(file, out, authority=authority, now=NOW)
        assert found.released is None
        assert found.verdict == "clear"
        assert found.reasons
    assert not list(out.rglob("audience*"))


def test_a_key_that_nobody_trusts_releases_nothing(crm, tmp_path, trust):
    stranger = new_key("eve", tmp_path / "eve")
    found = ran(
        write_campaign(crm, "clear"), tmp_path / "out", Authority(stranger, trust)
    )
    assert found.released is None
    assert "trust" in str(found.reasons[0])


def test_a_review_waits_for_a_second_person(crm, tmp_path, authority, key, trust):
    file, out = write_campaign(crm, "review"), tmp_path / "out"
    place = out / "review"
    assert ran(file, out, authority).verdict == "review"
    assert not list(place.glob("audience*"))
    with pytest.raises(InputError, match="author"):
        approve_place(
            place, key("olga"), trust, reason="Mine.", until=NOW + WEEK, now=NOW
        )
    approve_place(
        place, key("bob"), trust, reason="A pilot.", until=NOW + WEEK, now=NOW
    )
    found = ran(file, out, authority)
    assert (found.verdict, found.released.rows) == ("clear", 20)
    certificate = verify_audience(place / "audience.csv", trust, at=NOW)
    assert (certificate.verdict, certificate.basis) == ("review", "approved")
    assert certificate.expires == NOW + WEEK
    assert kinds(out) == ["check", "refusal", "approval", "check", "release"]


def test_an_approval_is_for_one_audience(crm, tmp_path, authority, key, trust):
    file, out = write_campaign(crm, "review"), tmp_path / "out"
    ran(file, out, authority)
    approve_place(
        out / "review", key("bob"), trust, reason="Ok.", until=NOW + WEEK, now=NOW
    )
    write_crm(crm, customers=3_990)
    found = ran(file, out, authority)
    assert found.released is None
    assert "is for the run" in "".join(map(str, found.reasons))
    later = ran(file, out, authority, now=NOW + 2 * WEEK)
    assert later.released is None


def test_only_a_review_is_approved(crm, tmp_path, authority, key, trust):
    out = tmp_path / "out"
    ran(write_campaign(crm, "block"), out, authority)
    with pytest.raises(InputError, match="only a review is approved"):
        approve_place(out / "block", key("bob"), trust, reason="x", until=NOW + WEEK)
    with pytest.raises(InputError, match="holds no run"):
        approve_place(out / "nothing", key("bob"), trust, reason="x", until=NOW + WEEK)


def waived(file, out, key, trust, rule, **more):
    said = {"reason": "A youth account.", "approver": "bob"} | more
    sign_waiver(file, out, rule, key("olga"), trust, now=NOW, **said)
    return sign_waiver(file, out, rule, key("bob"), trust, now=NOW)


def test_a_block_is_waived_by_two(crm, tmp_path, authority, key, trust):
    file, out = write_campaign(crm, "block"), tmp_path / "out"
    assert ran(file, out, authority).verdict == "block"
    failed = {
        f.rule
        for f in ran(file, out, authority).run.decision.findings
        if f.verdict == "fail" and f.severity != "note"
    }
    for rule in failed:
        sign_waiver(
            file,
            out,
            rule,
            key("olga"),
            trust,
            now=NOW,
            reason="Youth.",
            approver="bob",
        )
        # One signature is none.
        assert ran(file, out, authority).released is None
        assert sign_waiver(file, out, rule, key("bob"), trust, now=NOW).is_whole
    found = ran(file, out, authority)
    assert found.released is not None, found.reasons
    certificate = verify_audience(found.released.path, trust, at=NOW)
    assert (certificate.verdict, certificate.basis) == ("block", "waived")
    assert len(certificate.waivers) == len(failed)
    # Its 30 days over, the block stands again.
    late = ran(file, out, authority, now=NOW + timedelta(days=31))
    assert (late.verdict, late.released) == ("block", None)


def test_a_waiver_that_somebody_changed_does_not_hold(
    crm, tmp_path, authority, key, trust
):
    file, out = write_campaign(crm, "block"), tmp_path / "out"
    path = waived(file, out, key, trust, "ff-air").path
    content = json.loads(path.read_text())
    content["waiver"]["reason"] = "A better reason."
    path.write_text(json.dumps(content))
    found = ran(file, out, authority)
    assert found.released is None
    assert "does not hold" in found.notes[0]


def test_the_owner_cannot_sign_twice(crm, tmp_path, key, trust):
    file, out = write_campaign(crm, "block"), tmp_path / "out"
    with pytest.raises(InputError, match=r"second person|also the owner"):
        sign_waiver(
            file, out, "ff-air", key("olga"), trust, reason="x", approver="olga"
        )
    sign_waiver(file, out, "ff-air", key("olga"), trust, reason="x", approver="bob")
    with pytest.raises(InputError, match="second person"):
        sign_waiver(file, out, "ff-air", key("olga"), trust)
    with pytest.raises(RefusedError):
        sign_waiver(file, out, "ff-air", key("ann"), trust)


def test_a_waiver_needs_a_rule_and_an_end(crm, tmp_path, key, trust):
    file, out = write_campaign(crm, "block"), tmp_path / "out"
    said = {"reason": "x", "approver": "bob"}
    with pytest.raises(InputError, match="ff-air"):
        sign_waiver(file, out, "ff-aire", key("olga"), trust, **said)
    with pytest.raises(InputError, match="90"):
        sign_waiver(file, out, "ff-air", key("olga"), trust, days=91, **said)
    with pytest.raises(InputError, match="waits for no signature"):
        sign_waiver(file, out, "ff-air", key("bob"), trust)


def test_a_waiver_is_for_one_campaign_file(crm, tmp_path, authority, key, trust):
    out = tmp_path / "out"
    waived(write_campaign(crm, "block"), out, key, trust, "ff-air")
    other = write_campaign(crm, "block", extra='title = "Another one"')
    found = ran(other, out, authority)
    assert found.released is None
    assert "is for the campaign" in "".join(found.notes)


def test_an_encrypted_audience_is_nowhere_in_the_clear(crm, tmp_path, key, trust):
    out = tmp_path / "out"
    sealed_to = Authority(key("ann"), trust, trust.recipients(["bob"]))
    found = ran(write_campaign(crm, "clear"), out, sealed_to)
    assert found.released.path.name == "audience.csv.sealed"
    for path in out.rglob("*"):
        assert path.is_dir() or b"C00004" not in path.read_bytes()
    assert b"C00004" in open_sealed(found.released.path, key("bob"))
    with pytest.raises(RefusedError):
        open_sealed(found.released.path, key("olga"))
    certificate = verify_audience(found.released.path, trust, at=NOW)
    assert certificate.recipients == ("bob",)


def test_what_a_killed_run_left_is_cleared_away(crm, tmp_path, authority):
    place = tmp_path / "out" / "clear"
    place.mkdir(parents=True)
    (place / ".fairreach-half").write_text("C00001")
    ran(write_campaign(crm, "clear"), tmp_path / "out", authority)
    assert not (place / ".fairreach-half").exists()


@pytest.mark.parametrize(
    ("link", "told"),
    [
        ("clear", "is a link, and nothing is written through it"),
        ("clear/quarantine", "is a link, and nothing is written through it"),
        ("clear/.lock", "cannot be written to"),
    ],
)
def test_nothing_is_written_through_a_link(link, told, crm, tmp_path, authority):
    elsewhere, out = tmp_path / "elsewhere", tmp_path / "out"
    elsewhere.mkdir()
    file = write_campaign(crm, "clear")
    (out / link).parent.mkdir(parents=True)
    is_file = link.endswith(".lock")
    (out / link).symlink_to(elsewhere / "new" if is_file else elsewhere)
    with pytest.raises(InputError, match=told):
        carry_out(file, out, authority=authority, now=NOW)
    assert not list(elsewhere.iterdir())
    assert not list(out.rglob("audience*"))


def test_a_link_to_where_all_campaigns_go_is_the_users_own(crm, tmp_path, authority):
    (tmp_path / "disk").mkdir()
    (tmp_path / "out").symlink_to(tmp_path / "disk")
    file = write_campaign(crm, "clear")
    outcome = carry_out(file, tmp_path / "out", authority=authority, now=NOW)
    assert outcome.released
    assert (tmp_path / "disk" / "clear" / "audience.csv").is_file()


def test_a_waiver_is_not_laid_behind_a_link(crm, tmp_path, key, trust):
    elsewhere, out = tmp_path / "elsewhere", tmp_path / "out"
    for folder in (elsewhere, out):
        folder.mkdir()
    (out / "block").symlink_to(elsewhere)
    with pytest.raises(InputError, match="is a link"):
        sign_waiver(
            write_campaign(crm, "block"), out, "ff-air", key("olga"), trust,
            approver="bob", reason="A pilot.", now=NOW,
        )  # fmt: skip
    assert not list(elsewhere.iterdir())


def test_two_runs_of_one_campaign_do_not_meet(crm, tmp_path, authority):
    from pipelines.release import Place

    file, out = write_campaign(crm, "clear"), tmp_path / "out"
    with Place(out, "clear").held(), pytest.raises(InputError, match="at work"):
        ran(file, out, authority)


def test_ids_that_would_run_are_not_written(crm, tmp_path, authority):
    for table in ("customers.csv", "protected.csv"):
        text = (crm / table).read_text().replace("C00004,", "=HYPERLINK(1),")
        (crm / table).write_text(text)
    with pytest.raises(InputError, match="formulas"):
        ran(write_campaign(crm, "clear"), tmp_path / "out", authority)
    assert not list((tmp_path / "out").rglob("audience*"))
