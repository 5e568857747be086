"""Each picture is the stored one. Draw them anew: ``python -m tests.displays.images``.

The font and the rasteriser ship with matplotlib, so that they are the same on every
machine; the tolerance (root mean square of the colour values) is for rounding alone.
"""

import pytest
from matplotlib.testing.compare import compare_images

from fairness.reports.displays import displays_of
from tests.displays.conftest import payload_of
from tests.displays.images import PICTURES, STORED, draw

TOLERANCE = 1.0


@pytest.mark.parametrize("name", PICTURES)
def test_the_picture_is_the_stored_one(name, tmp_path):
    case, kind = PICTURES[name]
    actual = tmp_path / f"{name}.png"
    draw(case, kind, actual)
    assert compare_images(str(STORED / f"{name}.png"), str(actual), TOLERANCE) is None


def test_another_number_is_another_picture(tmp_path):
    from dataclasses import replace

    one = next(x for x in displays_of(payload_of("judged")) if x.kind == "ratios")
    first = dict(one.rows[0])
    first["estimate"] *= 1.1
    changed = replace(one, rows=(first, *one.rows[1:]))
    actual = tmp_path / "changed.png"
    changed.plot().figure.savefig(actual, dpi=72, metadata={"Software": None})
    assert (
        compare_images(str(STORED / "ratios.png"), str(actual), TOLERANCE) is not None
    )
