import csv
from pathlib import Path

import pytest

SAMPLES = Path(__file__).parents[2] / "data" / "samples"


def read_rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="session")
def samples():
    return SAMPLES


@pytest.fixture(scope="session")
def tables():
    return {path.stem: read_rows(path) for path in sorted(SAMPLES.glob("*.csv"))}


@pytest.fixture(scope="session")
def regenerated(tmp_path_factory):
    from pipelines.crm.sample import write_sample

    directory = tmp_path_factory.mktemp("samples")
    return directory, write_sample(directory)
