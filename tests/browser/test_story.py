"""The main job in a browser: read an incident, see who may approve, approve, watch it verified."""

import threading

from playwright.sync_api import expect
from tests.browser import conftest

from headgate.demo import story
from headgate.lab import lab as lab_

ENDS_MS = 100_000


def test_an_operator_reads_why_and_is_told_who_may_approve(
    sit: conftest.Sit, incident: str, waiting: str
) -> None:
    page = (seat := sit("mira")).page
    seat.open("/")
    page.click(f"a[href='/incidents/{incident}']")
    expect(page.locator("h1")).to_contain_text(conftest.GROUP)
    expect(page.locator("#cause-1")).to_contain_text("record.poison")
    expect(page.locator("#cause-1")).to_contain_text("confirmed")
    expect(page.locator("section", has=page.locator("#hit"))).to_contain_text("payments team")
    page.click(f"a[href='/changes/{waiting}']")
    expect(page.locator("h1")).to_contain_text("1 record")
    expect(page.locator("button[value=approve]")).to_have_count(0)
    expect(page.locator(".hg-decide")).to_contain_text("mira is no approver")
    expect(page.locator(".hg-diff")).to_contain_text("commit")
    expect(page.locator(".hg-diff")).to_contain_text("dlq")


def test_a_story_that_is_stuck_says_what_headgate_sees(
    site: conftest.Site, incident: str, waiting: str, lab_connect: lab_.Lab
) -> None:
    said: list[str] = []
    with site.api("mira") as mira, site.api("jonas") as jonas:
        seen = mira.get(f"/incidents/{incident}")["draft"]["title"]
        change = mira.get(f"/changes/{waiting}")["plan"]["summary"]
        stage = story.Stage(
            lab=lab_connect,
            cluster=conftest.CLUSTER,
            address=site.address,
            operator=mira,
            approver=jonas,
            say=said.append,
            stop=threading.Event(),
            hands_free=False,
        )
        story.tell_seen(stage)
    text = "\n".join(said)
    assert f"incident: {seen}" in text
    assert "record.poison, confirmed" in text
    assert f"change: {change} (waiting_approval)" in text


def test_an_approver_approves_on_a_phone_and_watches_it_verified_without_a_reload(
    sit: conftest.Sit, site: conftest.Site, waiting: str
) -> None:
    page = (seat := sit("jonas", width=390, dark=True)).page
    seat.open("/")
    expect(page.locator(".hg-badge.is-asked").first).to_be_visible()
    page.click(f"a[href='/changes/{waiting}']")
    button = page.locator("button[value=approve]").first
    expect(button).to_be_in_viewport()
    expect(button).to_contain_text("Approve: ")
    bar = page.locator(".hg-decide").bounding_box()
    assert bar is not None
    assert bar["height"] < 72, "one row"
    reason = page.locator("#words input[name=comment]")
    expect(reason).not_to_be_visible()
    page.click("#words summary")
    expect(reason).to_be_in_viewport()
    page.click("#words summary")
    button.click()
    expect(page.locator("button[value=approve]")).to_have_count(0)  # the page after the decision
    page.wait_for_load_state("load")
    page.evaluate("window.notReloaded = true")
    expect(page.locator(".hg-state.is-verified")).to_be_visible(timeout=ENDS_MS)
    assert page.evaluate("window.notReloaded") is True
    expect(page.locator("ol.hg-line li.is-done").first).to_be_visible()
    page.screenshot(path=conftest.ARTIFACTS / "verified-390.png", full_page=True)
    with site.api("jonas") as headgate:
        assert headgate.get(f"/changes/{waiting}")["state"] == "succeeded"


def test_an_admin_turns_the_kill_switch_with_a_second_click(sit: conftest.Sit) -> None:
    page = (seat := sit("ada")).page
    seat.open("/more")
    turn = page.locator("button[name=to]")
    expect(turn).not_to_be_visible()
    for word in ("on", "off"):
        page.click("#confirm-kill summary")
        expect(turn).to_contain_text(f"Turn the kill switch {word}")
        with page.expect_navigation():
            turn.click()
        expect(page.locator(".hg-top", has_text="kill switch on")).to_have_count(
            1 if word == "on" else 0
        )
