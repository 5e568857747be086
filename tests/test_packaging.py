"""The wheel holds what it needs and works where there is no checkout."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ["fairness", "pipelines"]
SAMPLES = ROOT / "data" / "samples"

pytestmark = pytest.mark.slow


def succeed(command, **options):
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=300, check=False, **options
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def pip(*arguments):
    succeed([sys.executable, "-m", "pip", "--isolated", *map(str, arguments)])


def files_under(directory):
    return {
        path.relative_to(directory).as_posix()
        for path in directory.rglob("*")
        if path.is_file()
    }


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    directory = tmp_path_factory.mktemp("wheel")
    pip(
        *["wheel", "--no-deps", "--no-index", "--no-build-isolation"],
        *["--wheel-dir", directory, ROOT],
    )
    (path,) = directory.glob("fairreach-*-py3-none-any.whl")
    return path


@pytest.fixture(scope="module")
def members(wheel):
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="module")
def site(wheel, tmp_path_factory):
    directory = tmp_path_factory.mktemp("site")
    pip("install", "--no-deps", "--no-index", "--target", directory, wheel)
    return directory


@pytest.fixture
def run(site, tmp_path):
    """Run a command outside the checkout with the installed wheel."""

    def run(*command):
        # Before the checkout, which an editable install puts at the end of the path.
        environment = os.environ | {"PYTHONPATH": str(site)}
        return succeed([*map(str, command)], cwd=tmp_path, env=environment)

    return run


def assert_same_as_committed(directory):
    assert files_under(SAMPLES) <= files_under(directory)
    for name in sorted(files_under(SAMPLES)):
        assert (directory / name).read_bytes() == (SAMPLES / name).read_bytes(), name


@pytest.mark.parametrize("package", PACKAGES)
def test_every_file_of_the_packages_is_in_the_wheel(package, members):
    expected = {
        f"{package}/{name}"
        for name in files_under(ROOT / package)
        if "__pycache__" not in name
    }
    assert {name for name in members if name.startswith(f"{package}/")} == expected


@pytest.mark.parametrize(
    "name",
    [
        "fairness/py.typed",
        "pipelines/py.typed",
        "fairness/policy/packs/us-four-fifths.toml",
        "fairness/policy/packs/exploitative-offers.toml",
    ],
)
def test_data_files_are_in_the_wheel(name, members):
    assert name in members


def test_nothing_but_the_packages_is_in_the_wheel(members):
    tops = {name.split("/")[0] for name in members}
    (metadata,) = (top for top in tops if top.endswith(".dist-info"))
    assert tops == {*PACKAGES, metadata}


def test_the_licence_is_in_the_wheel(wheel):
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (n for n in archive.namelist() if n.endswith("licenses/LICENSE"))
        assert archive.read(name) == (ROOT / "LICENSE").read_bytes()


def test_the_installed_packages_know_their_packs(run, site):
    told = run(
        *[sys.executable, "-c"],
        "import fairness, pipelines, fairness.policy as policy\n"
        "print(fairness.__file__, pipelines.__file__, *policy.list_packs(), sep='\\n')",
    ).splitlines()
    assert told[:2] == [str(site / name / "__init__.py") for name in PACKAGES]
    assert "us-four-fifths" in "\n".join(told[2:])


def test_the_installed_generator_makes_the_committed_sample(run, tmp_path):
    run(sys.executable, "-m", "pipelines.crm", "sample", tmp_path / "samples")
    assert files_under(tmp_path / "samples") == files_under(SAMPLES)
    assert_same_as_committed(tmp_path / "samples")


def test_the_installed_demo_works_on_the_committed_sample(run, site, tmp_path):
    run(site / "bin" / "fairreach", "demo", "--out", tmp_path / "demo")
    (customers,) = (tmp_path / "demo").rglob("customers.csv")
    assert_same_as_committed(customers.parent)
