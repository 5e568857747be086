"""How scikit-learn is run here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def plain_sklearn() -> Iterator[None]:
    """Keep our pipelines from a caller's output settings, and to one thread.

    Many threads gain little on columns of this size, and beside other work lose much.
    """
    import sklearn.utils  # noqa: PLC0415  # only what is loaded can be limited
    from threadpoolctl import (  # type: ignore[import-untyped]  # noqa: PLC0415
        threadpool_limits,
    )

    with (
        threadpool_limits(1),
        sklearn.config_context(transform_output="default"),
    ):
        yield
