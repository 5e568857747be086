"""Where two payloads differ."""

import pytest


def differences(mine, theirs, where=""):
    """Where two payloads differ, sums of floats in another order aside."""
    if (
        isinstance(mine, dict)
        and isinstance(theirs, dict)
        and list(mine) == list(theirs)
    ):
        for key, value in mine.items():
            yield from differences(value, theirs[key], f"{where}.{key}")
    elif (
        isinstance(mine, list) and isinstance(theirs, list) and len(mine) == len(theirs)
    ):
        for place, (one, two) in enumerate(zip(mine, theirs, strict=True)):
            yield from differences(one, two, f"{where}[{place}]")
    elif isinstance(mine, float) and isinstance(theirs, float):
        if mine != pytest.approx(theirs, rel=1e-9, abs=1e-12):
            yield where, mine, theirs
    elif mine != theirs:
        yield where, mine, theirs
