"""The page on the payload: what it shows runs, and names all that there is."""

import re
import shutil

import pytest

from fairness.reports import ARTEFACTS, FORMATS
from tests.documents import Reader, blocks
from tests.schema.conftest import ROOT

PAGE = (ROOT / "docs" / "schema" / "README.md").read_text(encoding="utf-8")


def test_the_page_shows_what_happens(tmp_path, monkeypatch):
    shutil.copytree(ROOT / "data", tmp_path / "data")
    monkeypatch.chdir(tmp_path)
    for name in ("FAIRREACH_KEY", "FAIRREACH_TRUST"):
        monkeypatch.delenv(name, raising=False)
    assert [block.language for block in blocks(PAGE)] == ["console", "python", "text"]
    Reader("docs/schema/README.md").read(PAGE)


def test_the_page_names_every_kind():
    named = re.findall(r"^\| `([a-z][a-z0-9-]+)` \|", PAGE, re.MULTILINE)
    assert sorted(named) == sorted({*FORMATS.values(), *ARTEFACTS})


@pytest.mark.parametrize("link", re.findall(r"\]\(([^)]+)\)", PAGE))
def test_links_lead_somewhere(link):
    assert (ROOT / "docs" / "schema" / link).exists()
