"""Each page on a wide screen in light and on a phone in dark: pictures, accessibility, no overflow.

The pictures go to ``test-artifacts/``; somebody looks at them.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.browser import conftest

AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text(encoding="utf-8")
RUN = "() => axe.run(document, {resultTypes: ['violations']})"
BAD = ("serious", "critical")
ROOT = f"/clusters/{conftest.CLUSTER}"
PAGES = {
    "inbox": "/",
    "incidents": "/incidents",
    "incident": "/incidents/{incident}",
    "changes": "/changes?show=all",
    "change": "/changes/{waiting}",
    "propose": "/changes/new",
    "propose-form": "/changes/new?action=group.reset_offsets",
    "clusters": "/clusters",
    "cluster": ROOT,
    "topics": f"{ROOT}?tab=topics",
    "groups": f"{ROOT}?tab=groups",
    "connectors": f"{ROOT}?tab=connectors",
    "subjects": f"{ROOT}?tab=subjects",
    "connect": f"{ROOT}/connect/connect",
    "access": f"{ROOT}?tab=access",
    "transactions": f"{ROOT}?tab=transactions",
    "hazards": f"{ROOT}?tab=hazards",
    "capabilities": f"{ROOT}?tab=capabilities",
    "topic": f"{ROOT}/topics/{conftest.TOPIC}",
    "group": f"{ROOT}/groups/{conftest.GROUP}",
    "timeline": f"{ROOT}/timeline",
    "restore-points": f"{ROOT}/restore-points",
    "search": "/search?q=browser",
    "audit": "/audit?verify=1",
    "more": "/more",
    "components": "/components",
    "nowhere": "/clusters/moon",
}
SCREENS = {"wide-light": (1440, False), "phone-dark": (390, True)}


def overflow(seat: conftest.Seat) -> int:
    """By how many pixels the page is wider than the screen."""
    return int(
        seat.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
    )


def serious(seat: conftest.Seat) -> list[str]:
    """What axe-core finds serious or critical, with where."""
    seat.page.evaluate(AXE)  # over the debugger, so the content policy stays in force
    found: Any = seat.page.evaluate(RUN)
    return [
        f"{one['id']} ({one['impact']}): {json.dumps([node['target'] for node in one['nodes']])}"
        for one in found["violations"]
        if one["impact"] in BAD
    ]


@pytest.mark.parametrize("screen", SCREENS)
def test_every_page_is_accessible_fits_and_has_its_picture(
    sit: conftest.Sit, incident: str, waiting: str, screen: str
) -> None:
    width, dark = SCREENS[screen]
    seat = sit("jonas", width=width, dark=dark)
    folder = conftest.ARTIFACTS / "console"
    folder.mkdir(parents=True, exist_ok=True)
    wrong = {}
    for name, address in PAGES.items():
        seat.open(address.format(incident=incident, waiting=waiting))
        if seat.page.locator("[data-chart]").count():
            seat.page.wait_for_selector("[data-chart] canvas")
        if name == "nowhere":
            seat.said.clear()  # a browser complains of every 404
        seat.page.screenshot(path=folder / f"{name}-{width}.png", full_page=True)
        problems = serious(seat)
        if (wide := overflow(seat)) > 0:
            problems.append(f"{wide} px wider than the screen")
        if problems:
            wrong[name] = problems
    assert not wrong, json.dumps(wrong, indent=2)


@pytest.mark.parametrize("path", ["/audit", f"{ROOT}/timeline"])
def test_what_a_log_says_is_read_on_a_phone_without_moving_it(
    sit: conftest.Sit, incident: str, path: str
) -> None:
    seat = sit("jonas", width=390)
    seat.open(path)
    said = seat.page.locator(".hg-said")
    assert said.count()
    edges = said.evaluate_all("all => all.map(each => each.getBoundingClientRect().right)")
    assert max(edges) <= 390


@pytest.mark.parametrize("dark", [False, True])
def test_the_log_in_is_accessible_and_fits(sit: conftest.Sit, dark: bool) -> None:
    seat = sit("", width=390, dark=dark)
    seat.open("/login")
    seat.page.fill("#name", "mira")
    seat.page.fill("#password", "wrong")
    seat.page.click("button[type=submit]")
    seat.page.wait_for_selector("[role=alert]")
    seat.said.clear()  # a browser complains of every 401
    assert seat.page.input_value("#name") == "mira"
    assert serious(seat) == []
    assert overflow(seat) <= 0
    seat.page.screenshot(path=conftest.ARTIFACTS / f"log-in-390-{'dark' if dark else 'light'}.png")


def test_an_incident_and_a_change_print_cleanly(
    sit: conftest.Sit, incident: str, waiting: str
) -> None:
    seat = sit("jonas", width=794, dark=True)
    for name, path in (("incident", f"/incidents/{incident}"), ("change", f"/changes/{waiting}")):
        seat.open(path)
        seat.page.emulate_media(media="print")
        seat.page.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert seat.page.locator("main details:not([open]):not([data-hold])").count() == 0
        assert not seat.page.locator(".hg-rail").is_visible()
        assert not seat.page.locator(".hg-decide").is_visible()
        paint = seat.page.evaluate(
            "getComputedStyle(document.querySelector('.hg-panel')).backgroundColor"
        )
        assert paint == "rgb(255, 255, 255)"
        seat.page.screenshot(path=conftest.ARTIFACTS / f"print-{name}.png", full_page=True)
        seat.page.emulate_media(media="screen")
