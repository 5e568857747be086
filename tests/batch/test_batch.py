"""Many campaigns: no failure hides another, and nothing is done twice or forgotten."""

import json
import multiprocessing
import os
from pathlib import Path

import pytest

from fairness.errors import InputError, PolicyError
from fairness.evidence import Ledger, verify_audience
from pipelines.batch import BatchRow, markdown, run_batch, summary
from pipelines.campaign.run import Watch
from pipelines.release import Authority, Place, approve_place, carry_out
from tests.batch.conftest import BROKEN, state_of, unknown_column
from tests.campaigns.crm import write_campaign
from tests.release.conftest import NOW


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


@pytest.fixture
def ran(out, authority):
    def ran(files, **more):
        return run_batch(files, out, **{"authority": authority, "now": NOW} | more)

    return ran


def endings(rows):
    return [row.ending for row in rows]


def kept(rows):
    return [row.kept for row in rows]


def checks(out):
    return sum(one.kind == "check" for one in Ledger(out / "ledger.jsonl").entries())


def interrupt_at(monkeypatch, name):
    """Have the campaign of a name be where somebody presses Ctrl-C."""
    from pipelines.batch import running

    carry_out = running.carry_out

    def interrupted(file, *args, **more):
        if file.stem == name:
            raise KeyboardInterrupt
        return carry_out(file, *args, **more)

    monkeypatch.setattr(running, "carry_out", interrupted)
    return lambda: monkeypatch.setattr(running, "carry_out", carry_out)


@pytest.fixture
def interrupted(crm, ran, monkeypatch, out):
    """Three campaigns, of which two were done when the batch was interrupted."""
    files = [
        write_campaign(crm, "clear"),
        write_campaign(crm, "review"),
        write_campaign(crm, "block"),
    ]
    restore = interrupt_at(monkeypatch, "block")
    with pytest.raises(KeyboardInterrupt):
        ran(files)
    restore()
    assert endings(rows_before(out)) == ["clear", "review"]
    return files


def rows_before(out):
    found = state_of(out)
    assert found["finished"] is False
    names = BatchRow.__dataclass_fields__
    return [BatchRow(**{key: row[key] for key in names}) for row in found["campaigns"]]


def test_no_failure_hides_another(mixed, ran, out, monkeypatch, trust):
    from pipelines.batch import running

    carry_out = running.carry_out

    def crashing(file, *args, **more):
        if file.stem == "crashes":
            raise ZeroDivisionError("a bug")
        return carry_out(file, *args, **more)

    monkeypatch.setattr(running, "carry_out", crashing)
    files = [write_campaign(mixed[0].parent, "clear", name="crashes"), *mixed]
    rows = ran(files)
    assert endings(rows) == ["crash", "clear", "error", "block", "error", "review"]
    assert rows[0].said == ("ZeroDivisionError: a bug",)
    assert rows[0].campaign == "crashes"
    assert "line 2" in rows[2].said[0]
    assert rows[2].campaign is None
    assert "stage clauses, clause area," in rows[3].said[0]
    assert "did you mean 'orders'?" in rows[4].said[0]
    assert [row.released for row in rows] == [False, True, *[False] * 4]
    assert [row.selected for row in rows] == [None, 2_000, None, 1_311, None, 20]
    assert verify_audience(out / "clear" / "audience.csv", trust, at=NOW).rows == 2_000
    assert [path.parent.name for path in out.rglob("audience*")] == ["clear"] * 2
    found = state_of(out)
    assert (found["schema"], found["finished"]) == ("fairreach/batch/1", True)
    assert [row["ending"] for row in found["campaigns"]] == endings(rows)
    assert (out / "batch.md").read_text() == markdown(rows)


def test_the_summary_tells_every_campaign(mixed, ran):
    rows = ran(mixed)
    text = summary(rows)
    assert text.endswith("5 campaigns: 1 clear, 1 review, 1 block, 2 error\n")
    for line in (
        "● CLEAR  clear: 2,000 selected, released",
        "! ERROR  ",
        "■ BLOCK  block: 1,311 selected, not released",
        "○ REVIEW review: 20 selected, not released",
    ):
        assert line in text
    table = markdown(rows).splitlines()
    assert len(table) == 2 + len(mixed)
    assert all(line.count("|") - line.count(r"\|") == 7 for line in table)


@pytest.mark.parametrize("nasty", ["\x1b[31m", "<script>", "a|b", "[bold]", "=cmd()"])
def test_a_nasty_file_name_is_told_harmlessly(nasty, crm, ran):
    path = crm / f"{nasty}.toml"
    path.write_text(BROKEN)
    rows = ran([path])
    assert endings(rows) == ["error"]
    for text in (summary(rows), markdown(rows)):
        assert "\x1b" not in text
    assert "<script>" not in markdown(rows)
    (row,) = markdown(rows).splitlines()[2:]
    assert row.count("|") - row.count(r"\|") == 7


def test_a_file_is_given_once_and_a_name_too(crm, ran, out):
    clear = write_campaign(crm, "clear")
    twin = crm / "twin.toml"
    twin.write_text(clear.read_text())
    link = crm / "link.toml"
    link.symlink_to(clear)
    with pytest.raises(InputError) as caught:
        ran([clear, twin, link, crm / ".." / "crm" / "clear.toml"])
    told = [problem.what for problem in caught.value.problems]
    assert told[1:] == ["is given twice"] * 2
    assert "has the name of" in told[0]
    assert "'clear'" in told[0]
    with pytest.raises(InputError, match="campaigns: are none"):
        ran([])
    assert not out.exists()


def test_what_is_no_file_is_one_row_among_the_others(crm, ran, tmp_path):
    loop = crm / "loop.toml"
    loop.symlink_to(loop)
    (crm / "folder.toml").mkdir()
    strange = [loop, crm / "folder.toml", "nul\x00.toml", crm / "none.toml", "a.csv"]
    rows = ran([*strange, write_campaign(crm, "clear")])
    assert endings(rows) == [*["error"] * 5, "clear"]


@pytest.mark.parametrize("kind", ["file", "below a file", "nul", "nobody's"])
def test_a_directory_that_cannot_be_written_is_told_before_anything_runs(
    kind, crm, tmp_path, authority, monkeypatch
):
    place = tmp_path / "there"
    place.write_text("")
    out = {
        "file": place,
        "below a file": place / "out",
        "nul": tmp_path / "a\x00b",
        # Where not even root may write.
        "nobody's": Path("/proc/fairreach"),
    }[kind]
    monkeypatch.setattr("pipelines.batch.running.carry_out", None)
    with pytest.raises(InputError, match="cannot be written to"):
        run_batch([write_campaign(crm, "clear")], out, authority=authority)


def test_a_finished_batch_runs_anew(crm, ran, out):
    files = [write_campaign(crm, "clear"), write_campaign(crm, "block")]
    for number in (1, 2):
        rows = ran(files)
        assert kept(rows) == [False, False]
        assert checks(out) == 2 * number


def test_an_interrupted_batch_goes_on_where_it_was(interrupted, ran, out, trust):
    rows = ran(interrupted)
    assert endings(rows) == ["clear", "review", "block"]
    assert kept(rows) == [True, True, False]
    assert checks(out) == 3
    assert rows[0].released
    assert verify_audience(out / "clear" / "audience.csv", trust, at=NOW).rows == 2_000
    assert "kept from before" in summary(rows)
    assert state_of(out)["finished"] is True


def test_an_interruption_inside_the_engine_ends_the_batch(crm, ran, out, monkeypatch):
    def interrupted(*_, **__):
        raise RuntimeError("Query interrupted")

    monkeypatch.setattr("pipelines.batch.running.carry_out", interrupted)
    with pytest.raises(RuntimeError, match="Query interrupted"):
        ran([write_campaign(crm, "clear")])
    assert state_of(out)["finished"] is False


def touch_table(crm, **_):
    path = crm / "customers.csv"
    path.write_text(path.read_text().replace("C00000,0,", "C00000,1,"))


def touch_protected(crm, **_):
    stat = (crm / "protected.csv").stat()
    later = stat.st_mtime_ns + 1
    os.utime(crm / "protected.csv", ns=(later, later))


def touch_campaign(crm, **_):
    path = crm / "clear.toml"
    path.write_text(path.read_text().replace("orders >= 4", "orders >= 5"))


def remove_audience(out, **_):
    (out / "clear" / "audience.csv").unlink()


def change_audience(out, **_):
    path = out / "clear" / "audience.csv"
    path.write_bytes(path.read_bytes().replace(b"C00004", b"C00000"))


def remove_result(out, **_):
    (out / "clear" / "result.json").unlink()


@pytest.mark.parametrize(
    "change",
    [
        touch_table,
        touch_protected,
        touch_campaign,
        remove_audience,
        change_audience,
        remove_result,
    ],
)
def test_what_changed_after_an_interruption_is_run_again(
    change, interrupted, crm, ran, out, trust
):
    change(crm=crm, out=out)
    rows = ran(interrupted)
    assert endings(rows) == ["clear", "review", "block"]
    assert not rows[0].kept
    assert rows[0].released
    verify_audience(out / "clear" / "audience.csv", trust, at=NOW)
    # What reads none of it is kept.
    everything = change in (touch_table, touch_protected)
    assert rows[1].kept is not everything


def test_an_approval_after_an_interruption_counts(interrupted, ran, out, key, trust):
    until = NOW.replace(day=30)
    approve_place(
        out / "review", key("bob"), trust, reason="A pilot.", until=until, now=NOW
    )
    rows = ran(interrupted)
    assert endings(rows) == ["clear", "clear", "block"]
    assert kept(rows) == [True, False, False]
    assert rows[1].released


def test_a_policy_file_that_changed_is_read_again(crm, ran, monkeypatch):
    from importlib import resources

    pack = resources.files("fairness.policy").joinpath("packs/us-four-fifths.toml")
    policy = crm / "own.toml"
    policy.write_text(pack.read_text(encoding="utf-8"))
    extra = '[policy]\nuse = ["own.toml"]\n'
    files = [
        write_campaign(crm, "clear", extra=extra),
        write_campaign(crm, "block", extra=extra),
    ]
    restore = interrupt_at(monkeypatch, "block")
    with pytest.raises(KeyboardInterrupt):
        ran(files)
    policy.write_text(policy.read_text() + "\n# read again\n")
    with pytest.raises(KeyboardInterrupt):
        ran(files)
    restore()
    assert kept(ran(files)) == [True, False]


class Meddler:
    """Changes something at one point of a batch."""

    def __init__(self, change, *, before=None, at_step=None, in_rows=False):
        self.change, self.before = change, before
        self.inside = Watch(
            step=lambda step: self._once(step == at_step),
            rows=lambda _: self._once(in_rows),
        )

    def begins(self, number, _):
        self._once(number == self.before)

    def ended(self, row):
        pass

    def _once(self, now):
        if now and self.change is not None:
            change, self.change = self.change, None
            change()


def fewer_orders(crm):
    """Have fewer customers order often; the file keeps its size and its time."""
    path = crm / "customers.csv"
    stat = path.stat()
    path.write_text(path.read_text().replace(",7,", ",1,"))
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert path.stat().st_size == stat.st_size


def test_a_table_that_changes_between_two_campaigns_is_read_anew(
    crm, ran, out, tmp_path, authority, monkeypatch
):
    files = [write_campaign(crm, kind, name=kind) for kind in ("clear", "block")]
    files.insert(1, write_campaign(crm, "clear", name="again"))
    restore = interrupt_at(monkeypatch, "block")
    with pytest.raises(KeyboardInterrupt):
        ran(files, watched=Meddler(lambda: fewer_orders(crm), before=1))
    restore()
    assert [row.selected for row in rows_before(out)] == [2_000, 1_500]
    rows = ran(files)
    assert kept(rows) == [False, True, False]
    assert [row.selected for row in rows[:2]] == [1_500, 1_500]
    for file in files:
        carry_out(file, tmp_path / "alone", authority=authority, now=NOW)
        for name in ("report.json", "run.json", "result.json"):
            there = (tmp_path / "alone" / file.stem / name).read_bytes()
            assert (out / file.stem / name).read_bytes() == there


@pytest.mark.parametrize("name", ["customers.csv", "protected.csv"])
def test_a_table_that_changes_while_it_is_read_is_no_result(name, crm, ran, out):
    files = [write_campaign(crm, "clear"), write_campaign(crm, "clear", name="again")]

    def change():
        with (crm / name).open("a") as file:
            file.write("\n")

    rows = ran(files, watched=Meddler(change, in_rows=True))
    assert endings(rows) == ["error", "clear"]
    assert f"changed while they were read: '{name}'" in rows[0].said[0]
    assert not list((out / "clear").glob("audience*"))
    assert rows[1].selected == 2_000


def test_a_policy_that_changes_during_a_campaign_keeps_its_result_for_nobody(
    crm, ran, out, monkeypatch
):
    from importlib import resources

    pack = resources.files("fairness.policy").joinpath("packs/us-four-fifths.toml")
    policy = crm / "own.toml"
    policy.write_text(pack.read_text(encoding="utf-8"))
    extra = '[policy]\nuse = ["own.toml"]\n'
    files = [
        write_campaign(crm, kind, extra=extra) for kind in ("clear", "review", "block")
    ]

    def change():
        policy.write_text(policy.read_text() + "\n# another\n")

    restore = interrupt_at(monkeypatch, "block")
    with pytest.raises(KeyboardInterrupt):
        ran(files, watched=Meddler(change, at_step="counting and judging"))
    restore()
    assert endings(rows_before(out)) == ["clear", "review"]
    assert kept(ran(files)) == [False, True, False]


def test_another_day_other_people_or_another_key_keep_nothing(
    interrupted, ran, key, trust, out, monkeypatch
):
    restore = interrupt_at(monkeypatch, "block")
    fewer = trust.model_copy(update={"people": trust.people[:1]})
    for changed in (
        {"now": NOW.replace(day=25)},
        {"authority": Authority(key("ann"), fewer)},
        {"authority": Authority(key("bob"), trust)},
        {"authority": None},
        {"authority": Authority(key("ann"), trust, trust.recipients(["bob"]))},
        {"ledger": out / "other.jsonl"},
    ):
        before = checks(out) + len(list(out.glob("other.jsonl")))
        with pytest.raises(KeyboardInterrupt):
            ran(interrupted, **changed)
        assert checks(out) + len(list(out.glob("other.jsonl"))) > before, changed
    restore()


def test_an_audience_that_expired_meanwhile_is_released_anew(interrupted, ran, out):
    later = NOW.replace(year=2027)
    rows = ran(interrupted, now=later)
    assert not rows[0].kept
    assert rows[0].released


def test_failures_are_tried_again_after_an_interruption(crm, ran, monkeypatch):
    files = [unknown_column(crm, "stranger"), write_campaign(crm, "block")]
    restore = interrupt_at(monkeypatch, "block")
    with pytest.raises(KeyboardInterrupt):
        ran(files)
    restore()
    files[0].write_text(files[0].read_text().replace("ordres", "orders"))
    rows = ran(files)
    assert endings(rows) == ["clear", "block"]
    assert kept(rows) == [False, False]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[]",
        b"[" * 100_000,
        {"campaigns": None},
        {"campaigns": [1, {}, {"file": "clear.toml"}]},
        {"campaigns": [{"file": 1, "campaign": None, "ending": "clear", "said": []}]},
        {"campaigns": [{"file": "c", "campaign": "c", "ending": "fine", "said": []}]},
        {"campaigns": [{"file": "c", "campaign": "c", "ending": [], "said": []}]},
        {"campaigns": [{"said": 1}]},
    ],
    ids=repr,
)
def test_a_state_that_is_none_keeps_nothing_and_stops_nothing(content, crm, ran, out):
    from fairness import __version__

    out.mkdir()
    if isinstance(content, dict):
        whole = {"schema": "fairreach/batch/1", "version": __version__}
        content = json.dumps(whole | {"finished": False} | content).encode()
    (out / "batch.json").write_bytes(content)
    rows = ran([write_campaign(crm, "clear")])
    assert (endings(rows), kept(rows)) == (["clear"], [False])


def test_the_state_of_another_version_is_not_taken_up(interrupted, ran, out):
    state = state_of(out) | {"version": "0.0.1"}
    (out / "batch.json").write_text(json.dumps(state))
    assert kept(ran(interrupted)) == [False] * 3


def test_what_a_killed_batch_left_is_cleared_away(crm, ran, out):
    (out / "clear").mkdir(parents=True)
    left = [out / ".fairreach-half", out / "clear" / ".fairreach-half"]
    for path in left:
        path.write_text("C00001")
    ran([write_campaign(crm, "clear")])
    assert not any(path.exists() for path in left)


def test_two_batches_do_not_meet_in_one_directory(crm, ran, out, authority):
    inside = []
    files = [write_campaign(crm, "clear")]

    class Watched:
        def begins(self, *_):
            with pytest.raises(InputError, match="another batch is at work"):
                run_batch(files, out, authority=authority)
            inside.append(True)

        def ended(self, _):
            pass

        inside = None

    assert endings(ran(files, watched=Watched())) == ["clear"]
    assert inside == [True]
    assert endings(ran(files)) == ["clear"]


def test_a_campaign_that_somebody_else_runs_is_an_error_of_its_own(crm, ran, out):
    files = [write_campaign(crm, "clear"), write_campaign(crm, "block")]
    with Place(out, "clear").held():
        rows = ran(files)
    assert endings(rows) == ["error", "block"]
    assert "at work here" in rows[0].said[0]


def _batch(files, out, answers):
    try:
        answers.put(endings(run_batch(files, out)))
    except InputError as error:
        answers.put(str(error))


def test_of_batches_begun_at_once_in_two_processes_one_is_refused(crm, out):
    spawning = multiprocessing.get_context("spawn")
    answers = spawning.Queue()
    files = [write_campaign(crm, "clear", name=f"c{place}") for place in range(6)]
    both = [
        spawning.Process(target=_batch, args=(files, out, answers)) for _ in range(2)
    ]
    for one in both:
        one.start()
    found = [answers.get(timeout=120) for _ in both]
    for one in both:
        one.join(timeout=60)
    assert found.count(["clear"] * 6) >= 1
    refused = [one for one in found if isinstance(one, str)]
    # Where one was done before the other began, both ran.
    assert all("another batch is at work" in one for one in refused)
    assert checks(out) == 6 * (2 - len(refused))
    assert state_of(out)["finished"] is True


def test_tables_are_opened_once_for_all(crm, ran, monkeypatch):
    from pipelines.crm import Crm

    opened = []
    open_ = Crm.open

    def counted(tables, **more):
        opened.append(tables)
        return open_(tables, **more)

    monkeypatch.setattr(Crm, "open", counted)
    ran([write_campaign(crm, kind) for kind in ("clear", "block", "review")])
    assert len(opened) == 1


def test_a_batch_says_what_each_campaign_says_alone(crm, ran, out, tmp_path, authority):
    files = [write_campaign(crm, kind) for kind in ("clear", "block", "review")]
    ran(files)
    for file in files:
        alone = tmp_path / "alone"
        carry_out(file, alone, authority=authority, now=NOW)
        for name in ("report.json", "run.json", "result.json"):
            there = (alone / file.stem / name).read_bytes()
            assert (out / file.stem / name).read_bytes() == there


def test_a_password_in_a_campaign_is_not_told(crm, ran, out):
    secret = "s3cr3t"
    path = write_campaign(crm, "clear")
    url = f"postgresql://ann:{secret}@127.0.0.1:1/crm#customers"
    path.write_text(path.read_text().replace('"customers.csv"', f'"{url}"'))
    rows = ran([path])
    assert endings(rows) == ["error"]
    assert secret not in summary(rows) + markdown(rows)
    for written in out.rglob("*"):
        assert written.is_dir() or secret not in written.read_text()


def test_a_ledger_that_does_not_hold_stops_every_release(crm, ran, out):
    clear = write_campaign(crm, "clear")
    ran([clear])
    book = out / "ledger.jsonl"
    book.write_bytes(book.read_bytes()[:-20])
    rows = ran(
        [write_campaign(crm, "clear", name="other"), write_campaign(crm, "block")]
    )
    assert endings(rows) == ["error", "error"]
    assert not list((out / "other").glob("audience*"))


def test_problems_of_a_policy_are_those_of_its_campaign(crm, ran):
    (crm / "own.toml").write_text('schema = "fairreach/policy/1"\n')
    extra = '[policy]\nuse = ["own.toml"]\n'
    files = [write_campaign(crm, "block", extra=extra), write_campaign(crm, "clear")]
    rows = ran(files)
    assert endings(rows) == ["error", "clear"]
    assert "own.toml" in rows[0].said[0]
    assert issubclass(PolicyError, InputError)
