"""How the process of the command ends: pipes, interrupts, crashes."""

import signal
from pathlib import Path

import pytest

from pipelines.cli import exits

PICKED = ["--selected", "offered"]
BY = ["--by", "gender"]
CODES = {"clear": 0, "block": 3, "review": 4}


@pytest.fixture
def read_lines(spawn):
    """Run the command, read so many lines of it, and go away."""

    def read_lines(lines, *words):
        process = spawn(*words)
        for _ in range(lines):
            process.stdout.readline()
        process.stdout.close()
        err = process.stderr.read()
        process.stderr.close()
        return process.wait(timeout=120), err

    return read_lines


@pytest.mark.parametrize("lines", [0, 1])
@pytest.mark.parametrize("verdict", CODES)
def test_a_reader_that_went_away_changes_no_exit_code(
    verdict, lines, folder, read_lines
):
    words = ["check", folder.with_verdict(verdict), *PICKED, *BY]
    assert read_lines(lines, *words) == (CODES[verdict], "")


@pytest.mark.parametrize(
    "words",
    [
        ["--help"],
        ["check", "--help"],
        ["policy", "show", "us-four-fifths"],
        ["--version"],
    ],
)
def test_a_reader_of_the_help_may_go_away(words, folder, read_lines):
    assert read_lines(0, *words) == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_full_disk_is_an_error_and_not_a_verdict(folder, spawn):
    with Path("/dev/full").open("w") as full:
        words = ["check", folder.with_verdict("clear"), *PICKED, *BY]
        process = spawn(*words, stdout=full)
        _, err = process.communicate(timeout=120)
    assert process.returncode == exits.USAGE
    assert err.startswith("fairreach: stdout: cannot be written to: No space")


def test_a_closed_output_takes_no_message_for_another(folder, spawn):
    words = ["check", folder.with_verdict("block"), *PICKED, "--by", "nobody"]
    process = spawn(*words, shell_suffix="2>&-")
    out, _ = process.communicate(timeout=120)
    assert (process.returncode, out) == (exits.USAGE, "")
    words = ["check", folder.with_verdict("block"), *PICKED, *BY]
    process = spawn(*words, shell_suffix=">&-")
    _, err = process.communicate(timeout=120)
    assert (process.returncode, err) == (exits.BLOCK, "")


WAITS = """
import sys, time
import fairness
def slow(*_, **__):
    print("counting", flush=True)
    time.sleep(60)
fairness.audit = slow
from pipelines.cli import main
main()
"""

SPILLS = WAITS.replace(
    "    print(",
    "    import fairness.frames.files as files\n    files.connect([])\n    print(files._SPILL[0])\n    print(",
)


def test_a_process_that_is_ended_leaves_nothing_spilled(folder, spawn):
    process = spawn("check", folder.customers(), *PICKED, *BY, code=SPILLS)
    spilled = Path(process.stdout.readline().strip())
    assert process.stdout.readline() == "counting\n"
    assert spilled.is_dir()
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (143, "", "")
    assert not spilled.exists()


@pytest.mark.parametrize(
    "error",
    # The second is what DuckDB makes of Ctrl-C while it reads.
    [KeyboardInterrupt(), RuntimeError("Query interrupted")],
    ids=["python", "duckdb"],
)
def test_an_interrupt_ends_with_130(error, folder, run, monkeypatch):
    def interrupted(*_, **__):
        raise error

    monkeypatch.setattr("fairness.audit", interrupted, raising=False)
    words = ["check", folder.customers(), *PICKED, *BY, "--report", "r.md"]
    assert run(*words) == (130, "", "fairreach: interrupted\n")
    assert "r.md" not in folder.names()


def test_ctrl_c_ends_the_process_with_130(folder, spawn):
    process = spawn("check", folder.customers(), *PICKED, *BY, code=WAITS)
    assert process.stdout.readline() == "counting\n"
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (130, "", "fairreach: interrupted\n")


def test_a_crash_is_not_dressed_up(folder, run, monkeypatch):
    def broken(*_, **__):
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr("fairness.audit", broken, raising=False)
    with pytest.raises(ZeroDivisionError):
        run("check", folder.customers(), *PICKED, *BY)


def test_a_crash_ends_with_1_and_a_traceback(folder, spawn):
    code = WAITS.replace("time.sleep(60)", "1 / 0")
    process = spawn("check", folder.customers(), *PICKED, *BY, code=code)
    _, err = process.communicate(timeout=120)
    assert process.returncode == exits.CRASH
    assert "Traceback" in err
    assert "ZeroDivisionError" in err
