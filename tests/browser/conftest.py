"""A Chromium of this machine, and the pages that are opened in it."""

import os
import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest

from fairness.reports import render
from tests.reports.conftest import HOSTILE, SAMPLES, table_of

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "chrome")


def _program():
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


def _what_is_absent():
    for name in ("playwright", "axe_playwright_python"):
        if find_spec(name) is None:
            return f'{name} is not installed: pip install "fairreach[browser]"'
    return "" if _program() else "Chromium is not installed (Debian's: chromium)"


@pytest.fixture(scope="session")
def browser():
    """A Chromium that was started for these tests."""
    absent = _what_is_absent()
    if absent and "FAIRREACH_NEEDS_BROWSER" in os.environ:
        pytest.fail(absent)
    if absent:
        pytest.skip(absent)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        chromium = started.chromium.launch(
            executable_path=_program(), args=["--no-sandbox"]
        )
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """Every page that is opened, written once."""
    from pipelines.demo import run_demo, sample_audit

    out = tmp_path_factory.mktemp("pages")
    run_demo(out / "demo")
    pilot = sample_audit(SAMPLES, "pilot_offer", "beneficial")
    many = {
        "review": pilot.gate().to_dict(),
        "measured": sample_audit(SAMPLES, "family_upgrade", "beneficial").to_dict(),
        "hostile": _hostile(),
        "segments": _segmented(),
    }
    for name, payload in many.items():
        (out / f"{name}.html").write_text(render(payload, "html"), encoding="utf-8")
    return out


def _hostile():
    import fairness as fa

    name = HOSTILE["script"]
    table = table_of(list(HOSTILE.values())).rename(columns={"who": name})
    made = fa.audit(
        table,
        selected="offered",
        by=[name, "sex"],
        intersections=2,
        offer="beneficial",
    )
    return {**made.gate("us-four-fifths").to_dict(), "subject": HOSTILE["image"]}


def _segmented():
    """The sample's card audience, beside segments by the first letter of a postcode."""
    import pandas as pd

    from pipelines.demo import AS_OF, BANDS, BY, sample_audit
    from pipelines.segmentation import own_segments, segment_audit

    customers = pd.read_csv(SAMPLES / "customers.csv", dtype=str)
    districts = customers[["customer_id"]].assign(segment=customers["postcode"].str[0])
    found = segment_audit(
        own_segments(districts),
        by=BY,
        protected=pd.read_csv(SAMPLES / "protected.csv", dtype=str),
        bands=BANDS,
        as_of=AS_OF,
    )
    made = sample_audit(SAMPLES, "spring_card", "beneficial").gate("us-four-fifths")
    return made.to_dict() | {"segments": found.section()}


CAMPAIGNS = (
    "app-cashback",
    "autumn-mailing",
    "loyalty-retention",
    "payday-loan",
    "spring-card",
)
PAGES = {
    **{name: f"demo/campaigns/{name}/report.html" for name in CAMPAIGNS},
    "index": "demo/campaigns/index.html",
    "review": "review.html",
    "measured": "measured.html",
    "hostile": "hostile.html",
    "segments": "segments.html",
}


class Opened:
    """A page, and all that happened while it was open."""

    def __init__(self, browser, path: Path, *, width, scheme="light", script=True):
        self.context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=scheme,
            java_script_enabled=script,
        )
        self.page = self.context.new_page()
        self.said, self.asked = [], []
        self.page.on("console", lambda one: self.said.append(one.text))
        self.page.on("pageerror", lambda one: self.said.append(str(one)))
        self.page.on("dialog", lambda one: self.said.append(one.message))
        self.page.on("request", lambda one: self.asked.append(one.url))
        self.address = path.as_uri()
        self.page.goto(self.address)

    def overflow(self):
        """Return how many pixels the page is wider than the window."""
        return self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )


@pytest.fixture
def opened(browser, folder):
    """Open a page by its name."""
    made = []

    def build(name, **options):
        one = Opened(browser, folder / PAGES[name], **options)
        made.append(one)
        return one

    yield build
    for one in made:
        one.context.close()
