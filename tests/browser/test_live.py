"""A live page reads itself anew and leaves alone what its reader holds."""

from playwright import sync_api
from playwright.sync_api import expect
from tests.browser import conftest

GROUP = f"/clusters/{conftest.CLUSTER}/groups/{conftest.GROUP}"
ENDS = "[...document.querySelectorAll('tbody tr td:nth-child(10)')].map(x => x.textContent).join()"
TOP = "document.activeElement.getBoundingClientRect().top"


def _with_the_second_row(seat: conftest.Seat) -> sync_api.Page:
    """The group's page in a low window, its second row chosen by keys, and all at rest."""
    page = seat.page
    page.set_viewport_size({"width": 1440, "height": 500})
    seat.open(GROUP)
    page.wait_for_selector("[data-chart] canvas")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.wait_for_timeout(500)  # what the keys scrolled has come to rest
    return page


def test_a_refresh_keeps_the_drawn_chart_the_scroll_and_the_chosen_row(
    sit: conftest.Sit, incident: str
) -> None:
    page = _with_the_second_row(sit("mira", width=1440))
    page.evaluate("scrollTo(0, 200)")
    page.wait_for_timeout(500)
    page.evaluate("document.querySelector('[data-chart] canvas').mine = true")
    chosen = page.evaluate("document.activeElement.textContent")
    top = page.evaluate(TOP)
    before = page.evaluate(ENDS)
    for _ in range(2):
        page.wait_for_function(f"before => {ENDS} !== before", arg=before)
        before = page.evaluate(ENDS)
    assert page.evaluate("document.querySelector('[data-chart] canvas').mine") is True
    assert page.evaluate("document.activeElement.textContent") == chosen
    # where lags put the row elsewhere in the table, the page follows it
    assert page.evaluate("scrollY") == 200 or abs(page.evaluate(TOP) - top) < 2


def test_a_refresh_that_moves_the_chosen_row_leaves_the_reader_where_they_scrolled_to(
    sit: conftest.Sit, incident: str
) -> None:
    page = _with_the_second_row(sit("mira", width=1440))
    page.evaluate("scrollTo({ top: 0, behavior: 'instant' })")
    chosen = page.evaluate("document.activeElement.textContent")
    # the row behind it goes before it, so that the next answer moves it back
    page.evaluate(
        "() => { const row = document.activeElement.closest('[data-row]');"
        " row.before(row.nextElementSibling); }"
    )
    assert page.evaluate("document.activeElement.textContent") == chosen
    page.wait_for_function(
        "() => { const row = document.activeElement.closest('[data-row]');"
        " return row && row.nextElementSibling; }"
    )
    page.wait_for_timeout(500)
    assert page.evaluate("document.activeElement.textContent") == chosen
    assert page.evaluate("scrollY") == 0


def test_a_refresh_keeps_what_was_folded_and_typed(
    sit: conftest.Sit, incident: str, waiting: str
) -> None:
    page = (seat := sit("jonas")).page
    seat.open(f"/incidents/{incident}")
    page.click("#cause-1 summary")  # it was open
    page.click("#finding-1 summary")  # it was not
    chart = page.locator("[data-chart] canvas").first
    chart.wait_for()
    page.evaluate("document.querySelector('h1').textContent = 'old'")
    expect(page.locator("h1")).not_to_have_text("old")  # the next sweep has read it anew
    assert page.locator("#cause-1").get_attribute("open") is None
    assert page.locator("#finding-1").get_attribute("open") is not None

    seat.open(f"/changes/{waiting}")
    page.fill("input[name=comment]", "I am thinking")
    page.click("h1")  # the hand is off the field
    page.evaluate("document.querySelector('h1').textContent = 'old'")
    ada = (other := sit("ada")).page
    for _ in ("on", "off"):  # every live page hears of the kill switch
        other.open("/more")
        ada.click("#confirm-kill summary")
        with ada.expect_navigation():
            ada.click("button[name=to]")
    expect(page.locator("h1")).not_to_have_text("old")
    assert page.input_value("input[name=comment]") == "I am thinking"


def test_marked_text_is_not_taken_away(sit: conftest.Sit, incident: str) -> None:
    page = (seat := sit("mira")).page
    seat.open(GROUP)
    page.wait_for_selector("[data-chart] canvas")
    page.evaluate("getSelection().selectAllChildren(document.querySelector('h1'))")
    page.wait_for_timeout(500)  # what was being put in its place when the hand came is there
    before = page.evaluate(ENDS)
    page.wait_for_timeout(2500)
    assert page.evaluate(ENDS) == before
    page.evaluate("getSelection().removeAllRanges()")
    page.wait_for_function(f"before => {ENDS} !== before", arg=before)


def test_a_chart_marks_the_incident(sit: conftest.Sit, incident: str) -> None:
    seat = sit("mira")
    with seat.page.expect_response(lambda answer: "/chart?" in answer.url) as got:
        seat.open(f"/incidents/{incident}")
    drawn = got.value.json()
    assert [mark["kind"] for mark in drawn["marks"] if mark["ref"] == incident] == ["incident"]
    assert drawn["lines"]
