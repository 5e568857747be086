"""The pages as a browser shows them: whole, quiet, legible, usable."""

import pytest

from tests.browser.conftest import CAMPAIGNS, PAGES

pytestmark = pytest.mark.browser

WIDTHS = (360, 768, 1440)
QUESTIONS = (
    "May it go out?",
    "Who is harmed?",
    "By how much?",
    "Which step does it?",
    "What now?",
)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_quiet_asks_for_nothing_fits_and_is_accessible(
    name, width, scheme, opened
):
    from axe_playwright_python.sync_playwright import Axe

    one = opened(name, width=width, scheme=scheme)
    assert one.said == []
    assert one.asked == [one.address]
    assert one.overflow() <= 0
    found = Axe().run(one.page)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_tells_all_without_scripts(name, scheme, opened):
    plain = opened(name, width=1440, scheme=scheme, script=False)
    scripted = opened(name, width=1440, scheme=scheme)
    assert plain.overflow() <= 0
    assert plain.page.locator(".controls:visible").count() == 0
    for query in ("h1", "h2", "main li", "td", "svg text"):
        told = plain.page.locator(query).all_inner_texts()
        assert told == scripted.page.locator(query).all_inner_texts()


def test_a_screenshot_without_scripts_is_no_empty_page(opened):
    one = opened("spring-card", width=1440, script=False)
    assert len(one.page.screenshot()) > 20_000


@pytest.mark.parametrize("name", CAMPAIGNS)
def test_five_questions_are_answered_on_the_first_screen(name, opened):
    one = opened(name, width=1440)
    cards = one.page.locator(".answers > div")
    assert cards.locator("dt").all_inner_texts() == list(QUESTIONS)
    assert all(told.strip() for told in cards.locator("dd").all_inner_texts())
    for card in cards.all():
        box = card.bounding_box()
        assert box["y"] + box["height"] <= 900


def test_a_head_sorts_its_table_up_and_down(opened):
    one = opened("spring-card", width=1440)
    table = one.page.locator("table.tells").first
    head = table.locator("thead button", has_text="customers")

    def sizes():
        rows = table.locator("tbody").first.locator("tr[data-place] td:nth-child(2)")
        return [int(text.replace(",", "")) for text in rows.all_inner_texts()]

    before = sizes()
    head.click()
    assert sizes() == sorted(before)
    assert head.locator("..").get_attribute("aria-sort") == "ascending"
    head.press("Enter")
    assert sizes() == sorted(before, reverse=True)


def test_an_attribute_is_picked_and_intersections_are_put_away(opened):
    one = opened("spring-card", width=1440)
    shown = one.page.locator("tbody[data-attribute]:visible")
    every = {part.get_attribute("data-attribute") for part in shown.all()}
    assert {"gender", "ethnicity", "gender&ethnicity"} <= every
    one.page.select_option(".attribute-filter", "ethnicity")
    assert {p.get_attribute("data-attribute") for p in shown.all()} == {"ethnicity"}
    one.page.select_option(".attribute-filter", "")
    one.page.uncheck(".crossed-toggle")
    left = {part.get_attribute("data-attribute") for part in shown.all()}
    assert left == {"gender", "birth_date", "ethnicity"}
    one.page.check(".crossed-toggle")
    assert {part.get_attribute("data-attribute") for part in shown.all()} == every


def test_a_row_that_is_picked_tells_its_numbers_to_the_last_digit(opened, folder):
    import json

    one = opened("spring-card", width=1440)
    row = one.page.locator("tr.stands[data-place]").filter(has_text="black").first
    place = row.get_attribute("data-place").split(".")
    row.locator("button").press("Enter")
    told = one.page.locator("tr.exact").inner_text()
    path = folder / PAGES["spring-card"]
    found = json.loads(path.with_suffix(".json").read_text())
    finding = found[place[0]][int(place[1])]
    for name in ("rate", "estimate", "low", "high", "p_adjusted"):
        assert repr(finding[name]) in told, name
    row.locator("button").press("Enter")
    assert one.page.locator("tr.exact").count() == 0


def test_each_mark_tells_its_numbers_by_keyboard_and_by_pointer(opened):
    one = opened("spring-card", width=1440)
    for figure in one.page.locator("figure").all():
        marks = figure.locator(".mark")
        assert marks.count() > 0
        for mark in (marks.first, marks.last):
            said = mark.locator("title").text_content()
            mark.focus()
            assert figure.locator(".told").inner_text() == said
            assert any(char.isdigit() for char in said)


def test_hostile_labels_are_text_and_nothing_else(opened):
    one = opened("hostile", width=1440)
    count = one.page.locator("script, img, iframe, object, embed, link, form").count()
    assert count == 1
    assert "<script>alert(1)</script>" in one.page.locator("main").inner_text()
    one.page.select_option(".attribute-filter", "<script>alert(1)</script>")
    for button in one.page.locator("button.row:visible").all()[:30]:
        button.click()
    assert one.said == []
    assert one.asked == [one.address]


def test_what_is_printed_is_whole(opened):
    one = opened("spring-card", width=1440)
    one.page.emulate_media(media="print")
    assert not one.page.locator("nav").is_visible()
    assert not one.page.locator(".controls").is_visible()
    hidden = one.page.locator("details td").first
    assert hidden.is_visible()
    assert one.page.pdf().startswith(b"%PDF")


def test_the_index_leads_to_every_report(opened, folder):
    one = opened("index", width=1440)
    links = one.page.locator("table a")
    assert links.all_inner_texts() == list(CAMPAIGNS)
    for number, name in enumerate(CAMPAIGNS):
        with one.page.expect_navigation():
            links.nth(number).click()
        assert one.page.url == (folder / PAGES[name]).as_uri()
        one.page.go_back()
    assert one.said == []
