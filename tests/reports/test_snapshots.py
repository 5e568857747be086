"""The reports of a sample, word for word.

After a change that is meant: FAIRREACH_SNAPSHOTS=write pytest tests/reports
"""

import os
import re
from pathlib import Path

import pytest

from fairness import __version__
from fairness.reports import render

SNAPSHOTS = Path(__file__).parent / "snapshots"
REWRITE = os.environ.get("FAIRREACH_SNAPSHOTS") == "write"
ENDINGS = {"text": "txt", "summary": "summary.txt", "markdown": "md", "junit": "xml"}


def settled(text, payload):
    """Leave out what changes with a release or an edited policy."""
    for policy in payload["policy"]:
        text = text.replace(
            f"{policy['name']} {policy['version']}", f"{policy['name']} N"
        )
        text = text.replace(f'"{policy["version"]} ', '"N ')
    text = re.sub(r"sha256:[0-9a-f]{64}", "sha256:…", text)
    return text.replace(__version__, "VERSION")


@pytest.mark.parametrize("format_", ENDINGS)
@pytest.mark.parametrize("name", ["spring_card", "pilot_offer"])
def test_the_report_is_as_before(name, format_, sample):
    payload = sample(name)
    made = settled(render(payload, format_), payload)
    path = SNAPSHOTS / f"{name}.{ENDINGS[format_]}"
    if REWRITE:
        path.parent.mkdir(exist_ok=True)
        path.write_text(made, encoding="utf-8")
    assert made == path.read_text(encoding="utf-8")
