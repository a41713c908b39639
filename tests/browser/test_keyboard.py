"""Everything works by keyboard, and nothing needs it."""

from playwright.sync_api import expect
from tests.browser import conftest


def test_places_rows_and_search_are_a_key_away(sit: conftest.Sit, incident: str) -> None:
    page = (seat := sit("mira")).page
    seat.open("/")
    page.keyboard.press("g")
    page.keyboard.press("i")
    page.wait_for_url("**/incidents")
    for key in ("j", "j", "k", "k"):
        page.keyboard.press(key)
    first = page.locator("main [data-row] a").first
    expect(first).to_be_focused()
    target = first.get_attribute("href") or ""
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{target}")

    page.keyboard.press("/")
    expect(page.locator("#hg-search")).to_be_focused()
    page.keyboard.type(conftest.GROUP)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/groups/{conftest.GROUP}")

    page.keyboard.press("Control+k")
    expect(page.locator("#hg-search")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#hg-search")).not_to_be_focused()
    page.keyboard.press("?")
    expect(page.locator("#hg-keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#hg-keys")).not_to_be_visible()


def test_the_first_tab_leads_to_the_content_and_focus_is_seen(sit: conftest.Sit) -> None:
    page = (seat := sit("mira")).page
    seat.open("/clusters")
    page.keyboard.press("Tab")
    expect(page.locator(".hg-skip")).to_be_focused()
    page.keyboard.press("Tab")
    width = page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
    assert width == "2px"


def test_light_and_dark_are_chosen_and_stay(sit: conftest.Sit) -> None:
    page = (seat := sit("mira", dark=False)).page
    seat.open("/")
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    page.click(".hg-top [data-set-theme]")
    dark = page.evaluate(ground)
    assert dark != light
    page.reload()
    assert page.evaluate(ground) == dark
