"""Files are read in a kernel in which DuckDB can draw no progress."""

import duckdb
import pytest

from fairness.frames.files import connect


class Refusing:
    """A connection that does as DuckDB does in Jupyter without ipywidgets."""

    def __init__(self, real):
        self._real = real

    def execute(self, statement, *rest):
        if "enable_progress_bar" in statement:
            raise duckdb.InvalidInputException("'ipywidgets' is missing")
        return self._real.execute(statement, *rest)

    def __getattr__(self, name):
        return getattr(self._real, name)


@pytest.fixture
def refusing(monkeypatch):
    real = duckdb.connect
    asked = []

    def made(*where, **options):
        asked.append(where)
        return Refusing(real(*where, **options))

    monkeypatch.setattr(duckdb, "connect", made)
    return asked


def test_a_file_is_opened_where_the_progress_bar_cannot_be_set(tmp_path, refusing):
    path = tmp_path / "a.parquet"
    duckdb.sql("SELECT 1 AS x").write_parquet(str(path))
    found = connect([str(path)]).execute("SELECT x FROM read_parquet(?)", [str(path)])
    assert found.fetchall() == [(1,)]
    assert refusing


def test_other_refusals_of_a_setting_are_still_told(tmp_path, refusing):
    from fairness.errors import InputError

    with pytest.raises(InputError, match="'a lot' is no size"):
        connect([], memory_limit="a lot")
