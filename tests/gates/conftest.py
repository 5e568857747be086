import pytest

from tests.gates.crowd import crowd


@pytest.fixture(scope="session")
def everybody():
    return crowd()


@pytest.fixture
def customers(everybody):
    return everybody[0].copy()


@pytest.fixture
def attributes(everybody):
    """The attributes by id, in another order than the customers."""
    return everybody[1].sample(frac=1, random_state=3)


@pytest.fixture
def aligned(everybody):
    return everybody[1][["gender"]].copy()
