"""What must start fast loads nothing that is slow to load."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# Everything that is installed with the package.
DEPENDENCIES = {
    "cryptography",
    "duckdb",
    "fairlearn",
    "jinja2",
    "matplotlib",
    "narwhals",
    "numpy",
    "pandas",
    "pyarrow",
    "pydantic",
    "rich",
    "scipy",
    "sklearn",
    "sqlglot",
    "typer",
}
TABLES = {"duckdb", "narwhals", "numpy", "pandas", "polars", "pyarrow", "scipy"}
NOT_FOR_A_CHECK = {"pandas", "scipy.stats", "sklearn", "fairlearn", "matplotlib"}

# The command ends its process at once; here it has to come back and be looked at.
COMMAND = """
import os
from pipelines.cli import main
def stop(code):
    raise SystemExit(code)
os._exit = stop
try:
    main()
except SystemExit as stopped:
    code = stopped.code
"""
CHECK = [
    "check",
    "data/samples/customers.csv",
    "--protected=data/samples/protected.csv",
    "--id=customer_id",
    "--audience=data/samples/audiences/spring_card.csv",
    "--by=gender,ethnicity",
]
VERDICTS = {0, 3, 4}


@pytest.fixture
def run(tmp_path):
    """Run code in a Python of its own; return `code` and the modules loaded."""

    def run(code, *arguments):
        told = tmp_path / "told.json"
        ending = (
            "import json, pathlib\n"
            f"pathlib.Path({str(told)!r}).write_text("
            "json.dumps([globals().get('code'), sorted(sys.modules)]))"
        )
        beginning = f"import sys\nsys.argv = {['fairreach', *arguments]!r}"
        done = subprocess.run(
            [sys.executable, "-c", f"{beginning}\n{code}\n{ending}"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert told.exists(), done.stderr
        code, modules = json.loads(told.read_text())
        return code, set(modules), done.stdout + done.stderr

    return run


@pytest.mark.parametrize(
    "code",
    [
        "import fairness",
        "import fairness.policy",
        "import pipelines",
        "import pipelines.crm",
        "from fairness import InputError, PolicyError",
    ],
)
def test_importing_loads_no_dependency(code, run):
    _, modules, _ = run(code)
    assert modules & DEPENDENCIES == set()


def test_a_dependency_that_is_loaded_is_seen(run):
    _, modules, _ = run("import fairness.metrics")
    assert "numpy" in modules & DEPENDENCIES


def test_help_loads_no_library_for_tables(run):
    code, modules, output = run(COMMAND, "--help")
    assert code == 0, output
    assert "check" in output
    assert modules & (TABLES | NOT_FOR_A_CHECK) == set()


def test_a_check_of_the_sample_loads_nothing_that_it_does_not_need(run):
    code, modules, output = run(COMMAND, *CHECK)
    assert code in VERDICTS, output
    assert "fairness.counts" in modules, "nothing was counted"
    assert modules & NOT_FOR_A_CHECK == set()
