"""Without scripts every page is there and every form works; scripts only save reloading."""

from playwright.sync_api import expect
from tests.browser import conftest


def test_propose_and_approve_without_scripts(sit: conftest.Sit) -> None:
    mira = sit("mira", scripts=False, width=390).page
    mira.goto("/changes/new")
    mira.click("a[href='/changes/new?action=topic.alter_config']")
    mira.fill("#p-topic", conftest.TOPIC)
    mira.fill("#p-set", "max.message.bytes=2097152")
    mira.fill("#rationale", "Larger orders")
    mira.click("button:has-text('Preview and propose')")
    expect(mira.locator("h1")).to_contain_text(conftest.TOPIC)
    expect(mira.locator(".hg-diff")).to_contain_text("2097152")
    path = mira.url

    jonas = sit("jonas", scripts=False, width=390).page
    jonas.goto(path)
    jonas.click("button[value=approve]")
    expect(jonas.locator("main")).to_contain_text("approved by")
    for _ in range(60):
        jonas.reload()
        if jonas.locator(".hg-state.is-verified").count():
            break
        jonas.wait_for_timeout(1000)
    expect(jonas.locator(".hg-state.is-verified")).to_be_visible()


def test_a_page_without_scripts_says_where_the_numbers_are(sit: conftest.Sit) -> None:
    page = sit("mira", scripts=False).page
    page.goto(f"/clusters/{conftest.CLUSTER}/groups/{conftest.GROUP}")
    told = page.locator("[data-chart]").first
    expect(told).to_contain_text("the table below holds the same numbers")
    expect(page.locator("tbody tr").first).to_be_visible()
