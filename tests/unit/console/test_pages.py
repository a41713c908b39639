"""Every page in every state: it renders, it is strict, it is small, and it has a JSON twin."""

import gzip
import html
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote

import pytest
from fastapi import testclient
from tests.unit.console import stand as stand_

from headgate.api import shields
from headgate.app import declared as declared_
from headgate.console import render, samples
from headgate.domain import declared, thresholds
from headgate.ports import errors

Looker = Callable[[str], testclient.TestClient]
ODD = quote("a group/with ümlaut & <b>", safe="")
ODD_SUBJECT = quote("odd/<b> 100%?#é", safe="")
PAGES = (
    "/",
    *(f"/incidents?show={tab}" for tab in ("open", "resolved", "all", "nonsense")),
    *(f"/incidents/{item.id}" for item in stand_.incidents()),
    *(f"/changes?show={tab}" for tab in ("waiting", "running", "ended", "all", "nonsense")),
    *(f"/changes/{item.id}" for item in stand_.changes()),
    "/changes/new",
    "/clusters",
    *(
        f"/clusters/shop?tab={tab}"
        for tab in ("overview", "topics", "groups", "connectors", "hazards", "nonsense")
    ),
    "/clusters/shop?tab=capabilities",
    "/clusters/shop?tab=transactions",
    *(f"/clusters/shop?tab=access&show={what}" for what in ("acls", "quotas", "users", "moon")),
    "/clusters/shop?tab=subjects",
    "/clusters/shop?tab=subjects&deleted=1",
    "/clusters/shop/subjects/orders-value",
    "/clusters/shop/subjects/gone",
    f"/clusters/shop/subjects/{ODD_SUBJECT}",
    "/clusters/shop/connect/connect",
    "/clusters/shop/connectors/orders-to-warehouse",
    "/clusters/shop/connectors/clicks-to-lake?connect=connect",
    "/clusters/shop?tab=topics&internal=1",
    "/clusters/shop/topics/orders",
    "/clusters/shop/topics/audit",
    "/clusters/shop/groups/billing",
    "/clusters/shop/groups/done",
    "/clusters/shop/groups/silent",
    f"/clusters/shop/groups/{ODD}",
    "/clusters/shop/timeline",
    "/clusters/shop/timeline?kind=topic&text=x&resource=topic:orders",
    "/clusters/shop/restore-points",
    "/clusters/shop/restore-points/now",
    "/clusters/shop/restore-points/rp-test?with=now&part=offsets",
    "/search",
    "/search?q=o",
    "/search?q=nothing-is-called-so",
    "/audit",
    "/audit?verify=1",
    "/audit?target=inc_open",
    "/more",
    "/components",
    "/components?theme=dark",
)
TEMPLATES = sorted((render.HERE / "templates").rglob("*.html"))
BUDGET_BYTES = 250_000
"""The first page with all that it loads, compressed."""


class Page(HTMLParser):
    """What a strict content policy and a keyboard care for."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def all(self, *names: str) -> list[dict[str, str | None]]:
        return [attrs for tag, attrs in self.tags if tag in names]


@pytest.mark.parametrize("path", PAGES)
def test_every_page_renders_and_keeps_the_content_policy(looker: Looker, path: str) -> None:
    answer = looker("ada").get(path)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-security-policy"] == shields.POLICY
    page = Page(answer.text)
    assert not [attrs for attrs in page.all("script") if not attrs.get("src")], "inline script"
    assert not page.all("style"), "inline style"
    for tag, attrs in page.tags:
        assert "style" not in attrs, (tag, attrs)
        assert not [name for name in attrs if name.startswith("on")], (tag, attrs)
        for name in ("href", "src", "action"):
            target = attrs.get(name) or "/"
            assert re.match(r"[/?#](?!/)", f"{target} "), (tag, attrs)
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids)), "an id stands twice"
    assert len(page.all("h1")) == 1
    for form in page.all("form"):
        assert form.get("method", "get") in ("get", "post", "dialog")


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_templates_hold_nothing_that_the_policy_forbids(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"\sstyle\s*=|\son[a-z]+\s*=|<style|javascript:", text)
    assert not re.search(r"<script(?![^>]*\ssrc=)", text)
    # safe is for attributes that a template has made itself, never for what people wrote
    assert set(re.findall(r"(\w+)\s*\|\s*safe", text)) <= {"ties"}


@pytest.mark.parametrize("path", PAGES)
def test_the_json_twin_of_a_page_exists(looker: Looker, path: str) -> None:
    browser = looker("ada")
    page = Page(browser.get(path).text)
    twins = [a["href"] for a in page.all("link") if a.get("type") == "application/json"]
    if not twins:
        assert path.startswith(("/search", "/components", "/changes/new")), "it has no twin"
        return
    twin = twins[0] or ""
    answer = browser.get(twin)
    assert answer.status_code == 200, (twin, answer.text)
    assert answer.headers["content-type"].startswith("application/json")


@pytest.mark.parametrize("path", ["/login", "/", "/clusters/shop", "/components"])
def test_a_first_visit_stays_in_the_budget(looker: Looker, path: str) -> None:
    browser = looker("ada")
    answer = browser.get(path)
    total = len(gzip.compress(answer.content))
    page = Page(answer.text)
    loaded = {
        (attrs.get("src") or attrs.get("href") or "").split("#")[0]
        for attrs in (*page.all("script", "use"), *page.all("link"))
        if attrs.get("type") != "application/json"
    }
    for address in loaded - {""}:
        got = browser.get(address)
        assert got.status_code == 200, address
        total += len(gzip.compress(got.content))
    assert total < BUDGET_BYTES, f"{total:,} bytes"


def test_static_files_with_their_digest_are_kept_for_ever(stand: stand_.Stand) -> None:
    browser = stand.browser()
    assert "immutable" in browser.get(render.asset("headgate.css")).headers["cache-control"]
    assert browser.get("/static/headgate.css").headers["cache-control"] == "no-cache"
    assert browser.get("/static/../render.py").status_code in (303, 404)


def test_what_is_not_known_is_written_out_with_its_reason(tmp_path: Path) -> None:
    made = stand_.build(tmp_path)
    for part in ("brokers", "groups", "configs"):
        made.kafka.deny(part)
    made.connect.go_down()
    made.look()
    browser = made.browser("vera")
    cluster = html.unescape(browser.get("/clusters/shop").text)
    assert "Brokers are not known" in cluster
    assert "Not seen" in cluster
    assert "Groups are not known" in browser.get("/clusters/shop?tab=groups").text
    assert "could not be read" in browser.get("/clusters/shop?tab=connectors").text
    assert "Settings are not known" in browser.get("/clusters/shop/topics/orders").text
    answer = browser.get("/clusters/shop/groups/billing")
    assert answer.status_code == 503
    assert "not known" in answer.text
    assert "could be read" in browser.get("/").text


def test_before_the_first_look_every_page_says_so(tmp_path: Path) -> None:
    browser = stand_.build(tmp_path).browser("vera")
    assert "Not read yet: shop" in browser.get("/").text
    assert "the first look at the cluster is not over yet" in browser.get("/clusters/shop").text
    answer = browser.get("/clusters/shop/topics/orders")
    assert answer.status_code == 503
    assert "Nothing was read from shop yet" in answer.text
    assert browser.get("/clusters").status_code == 200
    assert "No incident is open" in browser.get("/incidents").text
    assert "No change here" in browser.get("/changes").text


def test_a_dead_cluster_is_not_a_calm_one(tmp_path: Path) -> None:
    made = stand_.build(tmp_path)
    made.kafka.stop_cluster(errors.Unreachable("No broker answers", where="kafka.example:9092"))
    made.look()
    browser = made.browser("vera")
    assert "Nothing is wrong" not in browser.get("/").text
    for tab in ("overview", "topics", "groups", "hazards"):
        assert browser.get(f"/clusters/shop?tab={tab}").status_code == 200
    assert browser.get("/clusters/shop/topics/orders").status_code == 503


def test_a_hazard_that_is_declared_is_listed_with_its_reason(tmp_path: Path) -> None:
    wanted = {name: declared.Topic(name=name, place="topics.toml:1") for name in ("gone", "later")}
    folder = declared_.Folder(
        declared=declared.Declared(where="cluster", topics=wanted),
        limits=thresholds.Thresholds(
            expected=(thresholds.Expectation(resources="topic:later", why="it comes on Monday"),)
        ),
    )
    made = stand_.build(tmp_path, declared=folder)
    made.look()
    text = made.browser("vera").get("/clusters/shop?tab=hazards").text
    assert text.count("expected: it comes on Monday") == 1
    assert text.index("gone is declared") < text.index("later is declared")


def test_names_from_the_cluster_are_never_markup(looker: Looker) -> None:
    for path in ("/clusters/shop?tab=groups", "/search?q=%3Cb%3E", f"/clusters/shop/groups/{ODD}"):
        text = looker("vera").get(path).text
        assert "<b>" not in re.sub(r"<b>[^<]*(<span[^>]*>[^<]*</span>)?</b>", "", text), path
        assert "&lt;b&gt;" in text


def test_times_are_in_the_readers_zone(stand: stand_.Stand) -> None:
    browser = stand.browser("vera")
    utc = browser.get("/incidents/inc_open").text
    browser.cookies.set("headgate_zone", "Asia%2FTokyo")
    tokyo = browser.get("/incidents/inc_open").text
    opened = samples.INCIDENT.opened_at
    assert f"{opened:%H:%M:%S}" in utc
    assert f"{(opened.hour + 9) % 24:02}:{opened:%M:%S}" in tokyo
    assert "Times in Asia/Tokyo" in tokyo
    browser.cookies.set("headgate_zone", "..%2F..%2Fetc%2Fpasswd")
    assert "Times in UTC" in browser.get("/").text


def test_the_look_is_as_the_reader_chose(stand: stand_.Stand) -> None:
    browser = stand.browser("vera")
    assert "data-theme" not in browser.get("/").text.split("<body")[0]
    browser.cookies.set("headgate_theme", "dark")
    assert 'data-theme="dark"' in browser.get("/").text
    browser.cookies.set("headgate_theme", '"><script>')
    assert "data-theme" not in browser.get("/").text.split("<body")[0]


def test_a_group_tells_when_it_has_caught_up_and_what_it_may_lose(stand: stand_.Stand) -> None:
    text = stand.browser("vera").get("/clusters/shop/groups/billing").text
    assert "until caught up" in text
    assert "until unread records are deleted" in text
    assert "billing is at least 250 records behind" in text
    assert "Not known: " in text


def test_the_chart_of_a_page_is_there(stand: stand_.Stand) -> None:
    stand.look()
    browser = stand.browser("vera")
    page = Page(browser.get("/clusters/shop/groups/billing").text)
    address = next(a["data-chart"] for _, a in page.tags if "data-chart" in a)
    drawn = browser.get(address or "").json()
    assert [line["unit"] for line in drawn["lines"]] == ["records"]
    assert len(drawn["lines"][0]["times"]) == len(drawn["lines"][0]["values"]) == 2
    lost = browser.get("/chart?cluster=shop&subject=moon&name=x&what=lag")
    assert lost.status_code == 404
    assert browser.get("/chart?cluster=shop").status_code == 422
