"""Estimates in a real browser: asking, sorting, leaving out; light, dark and on a phone."""

from __future__ import annotations

import pytest

from tests.finished import put_finished
from tests.fixtures.browser import check_accessibility
from tests.fixtures.people import serving
from web.services import EXTENSION

pytestmark = pytest.mark.browser
pytest_plugins = ["tests.fixtures.people"]
RAIL = "/estimates?type=migration&sector=rail&complexity=medium&size=180&size_unit=points"


@pytest.fixture(scope="module")
def estimating(tmp_path_factory, sqlite_template):
    """A server over thirty finished projects; measuring is left to the tests of the answer."""
    with serving(tmp_path_factory.mktemp("estimating"), sqlite_template) as live:
        services = live.app.extensions[EXTENSION]
        services.estimates._measure = lambda _: None
        with services.database.write() as session:
            put_finished(session, 30)
        yield live


PAGES = {
    "form": "/estimates", "answer": f"{RAIL}&plan=200000&exclude=H-9003:Bought",
    "scenarios": f"{RAIL}&b:size=360", "wrong": "/estimates?size=1.200",
    "refusal": RAIL.replace("size=180", "size=9000000"),
}  # fmt: skip


@pytest.mark.parametrize("address", PAGES.values(), ids=PAGES)
def test_pages_of_estimates_are_accessible_light_dark_and_on_a_phone(page, estimating, address):
    page.goto(estimating.url + address)
    for each in page.locator("details.near summary").all()[:1]:
        each.click()
    check_accessibility(page)
    page.emulate_media(color_scheme="dark")
    page.reload()
    check_accessibility(page)
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_comparables_are_sorted_by_keyboard_and_left_out_with_a_reason(page, estimating):
    page.goto(estimating.url + RAIL)
    rows = page.locator("table.comparables > tbody > tr")
    page.get_by_role("button", name="Implied, EUR").focus()
    page.keyboard.press("Enter")
    implied = [float(cell) for cell in page.locator("table.comparables td:nth-of-type(3)").evaluate_all(
        "cells => cells.filter(each => each.dataset.label == 'Implied').map(each => each.dataset.value)"
    )]  # fmt: skip
    assert implied == sorted(implied)
    assert page.get_by_role("columnheader", name="Implied, EUR").get_attribute("aria-sort") == "ascending"
    first = rows.first.locator(".ref").first.inner_text()
    rows.first.locator(".confirm summary").click()
    page.get_by_label("Why it does not count").locator("visible=true").fill("Bought, not built")
    page.get_by_role("button", name="Leave it out").locator("visible=true").click()
    page.get_by_role("heading", name="Left out by you").wait_for()
    assert first in page.get_by_text("Bought, not built").inner_text()


def test_a_chart_says_its_values_by_arrow_keys_and_its_table_needs_no_scripts(page, estimating, browser):
    page.goto(f"{estimating.url}{RAIL}&plan=200000")
    chart, said = page.get_by_role("application", name="Range of the cost: P10"), page.locator(".chart-line")
    chart.focus()
    assert "Arrow keys" in said.inner_text()
    heard = []
    page.keyboard.press("Home")
    while not heard or said.inner_text() != heard[-1]:  # the last stays
        heard.append(said.inner_text())
        page.keyboard.press("ArrowRight")
    assert [words.split(":")[0] for words in heard if words.startswith("P")] == ["P10", "P50", "P80", "P90"]
    assert any(words.startswith("Your figure: 200,000 EUR") for words in heard)
    assert sum("implies" in words for words in heard) == len(heard) - 5
    page.keyboard.press("Escape")
    assert "Arrow keys" in said.inner_text()
    chart.locator("circle").hover()
    assert said.inner_text().startswith("P50: ")
    check_accessibility(page)
    context = browser.new_context(java_script_enabled=False)
    plain = context.new_page()
    plain.goto(f"{estimating.url}{RAIL}")
    assert "the table below has the figures" in plain.locator(".chart-range").inner_text()
    assert plain.get_by_role("table", name="Cost, EUR").is_visible()
    context.close()


def test_comparables_are_sorted_on_a_phone(page, estimating):
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(estimating.url + RAIL)
    pick = page.locator("#comparables").get_by_label("Sorted by")
    actual = page.locator("table.comparables > tbody > tr > td[data-label=Actual]")

    def values() -> list[float]:
        return [float(each) for each in actual.evaluate_all("cells => cells.map(each => each.dataset.value)")]

    before = values()
    pick.select_option("Actual, EUR, falling")
    assert values() == sorted(before, reverse=True)
    pick.select_option("Actual, EUR, rising")
    assert values() == sorted(before)
    pick.select_option("as it came")
    assert values() == before
    check_accessibility(page)
