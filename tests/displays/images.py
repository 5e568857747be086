"""The stored pictures: which there are, and how they are drawn."""

from pathlib import Path

from fairness.reports.displays import displays_of
from tests.displays.conftest import KINDS, payload_of

STORED = Path(__file__).parent / "pictures"
PICTURES = {kind: ("judged", kind) for kind in KINDS} | {
    "readings": ("eight", "ratios"),
    "burden": ("burden", "ratios"),
}


def draw(case, kind, path):
    """Write the first display of a kind as a PNG."""
    one = next(x for x in displays_of(payload_of(case)) if x.kind == kind)
    figure = one.plot().figure
    figure.savefig(path, dpi=72, metadata={"Software": None})


if __name__ == "__main__":
    STORED.mkdir(exist_ok=True)
    for name, (case, kind) in PICTURES.items():
        draw(case, kind, STORED / f"{name}.png")
