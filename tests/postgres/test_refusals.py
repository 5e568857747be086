"""What cannot be read is refused in seconds, in clear words, without a password."""

import time

import pytest

from fairness.errors import InputError
from fairness.frames import open_table
from pipelines.cli.app import run as run_command
from tests.postgres.loading import ASKED
from tests.postgres.server import PASSWORD, free_port

WORDS = [
    *("--selected", "offered", "--by", "gender,birth_date,ethnicity"),
    *("--bands", "birth_date=18,30,45,60", "--as-of", "2026-11-01"),
    *("--intersections", "2"),
]


@pytest.fixture
def run(capsys):
    """Run the command; return exit code, stdout and stderr."""

    def run(*words):
        capsys.readouterr()
        code = run_command([str(word) for word in words])
        return code, *capsys.readouterr()

    return run


def test_the_command_says_of_a_table_what_it_says_of_the_file(sample, sample_file, run):
    mine = run("check", sample.url("audience"), *WORDS)
    assert mine == run("check", sample_file, *WORDS)
    assert mine[0] == 3


def test_the_command_reads_three_tables_of_a_database(sample, run):
    words = [word for word in WORDS if word not in ("--selected", "offered")]
    code, out, err = run(
        *("check", sample.url("customers"), "--id", "customer_id"),
        *("--protected", sample.url("protected")),
        *("--audience", sample.url("picked")),
        *words,
    )
    assert (code, err) == (3, "")
    assert "picked" in out


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"password": "Wr0ng/s3cret"}, "authentication failed"),
        ({"user": "nobody"}, "authentication failed"),
        ({"host": "no-such-host.invalid"}, "no-such-host"),
        ({"database": "nowhere"}, '"nowhere" does not exist'),
        ({"port": "closed"}, "refused"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_server_that_cannot_be_reached_is_told(postgres_sample, run, asked, said):
    if asked.get("port") == "closed":
        asked = {"port": free_port()}
    began = time.monotonic()
    code, out, err = run("check", postgres_sample.url("audience", **asked), *WORDS)
    assert (code, out) == (2, "")
    assert said in err
    assert "Hint: check host, port, user and database" in err
    assert time.monotonic() - began < 15
    for secret in (PASSWORD, "s3c", "Wr0ng", "s3cret"):
        assert secret not in err
    assert "ann:***@" in err or "nobody:***@" in err


def test_a_table_that_is_not_there_is_told_with_a_name_like_it(sample, run):
    code, out, err = run("check", sample.url("costumers"), *WORDS)
    assert (code, out) == (2, "")
    assert "'customers'" in err.partition("Hint:")[2]
    assert "s3c" not in err


def test_a_column_that_is_not_there_is_told(sample, run):
    words = ["--selected", "offered", "--by", "gendre"]
    code, _, err = run("check", sample.url("audience"), *words)
    assert code == 2
    assert "'gender'" in err.partition("Hint:")[2]


@pytest.mark.postgres
def test_a_table_of_others_is_refused_in_clear_words(postgres_sample, server, run):
    server.run(
        "CREATE TABLE IF NOT EXISTS secret AS SELECT 1 AS g, true AS s",
        "REVOKE ALL ON secret FROM ann",
    )
    code, _, err = run("check", server.url("secret"), "--selected", "s", "--by", "g")
    assert code == 2
    assert "permission denied" in err
    assert "s3c" not in err


@pytest.mark.postgres
def test_a_statement_that_takes_too_long_is_cut_off(server, run):
    server.run(
        "CREATE OR REPLACE VIEW slow AS SELECT g, true AS s "
        "FROM (SELECT pg_sleep(30)::text AS g) one"
    )
    began = time.monotonic()
    url = server.url("slow", statement_timeout="300ms")
    code, _, err = run("check", url, "--selected", "s", "--by", "g")
    assert code == 2
    assert "statement timeout" in err
    assert time.monotonic() - began < 10


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"statement_timeout": "soon"}, "statement_timeout"),
        ({"sslmode": "require"}, "SSL"),
        ({"sslmode": "perhaps"}, "sslmode"),
        ({"options": "-csearch_path=x"}, "'options'"),
    ],
)
def test_options_that_cannot_be_kept_are_refused(server, options, said):
    with pytest.raises(InputError) as caught:
        open_table(server.url("audience", **options))
    assert said in str(caught.value)
    assert "s3c" not in str(caught.value)


@pytest.mark.postgres
def test_a_password_may_come_from_the_environment(postgres_sample, monkeypatch):
    monkeypatch.setenv("CRM_PASSWORD", PASSWORD)
    port = postgres_sample.server.port
    at = f"127.0.0.1:{port}/crm#audience"
    table = open_table(f"postgresql://ann:${{CRM_PASSWORD}}@{at}")
    assert "gender" in table.columns
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    assert open_table(f"postgres://ann@{at}").columns == table.columns


@pytest.mark.postgres
def test_nothing_can_be_written(postgres_sample):
    import psycopg

    table = open_table(postgres_sample.url("audience"))
    backend = table._frame.to_native().get_backend()
    for statement in ("DELETE FROM customers", "CREATE TEMP VIEW v AS SELECT 1"):
        with (
            pytest.raises(psycopg.errors.ReadOnlySqlTransaction),
            backend._safe_raw_sql(statement),
        ):
            pass
    assert ASKED["selected"] in table.columns
