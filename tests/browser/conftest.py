"""A real browser before a real server that watches the real lab, with a poison record in it."""

import contextlib
import dataclasses
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx2
import pytest
import tomli_w
from playwright import sync_api

from headgate.app import people, wiring
from headgate.demo import api
from headgate.lab import faults
from headgate.lab import lab as lab_
from headgate.lab.workloads import cluster, control, interface, running
from headgate.ports import clock

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")
CAST: Mapping[str, str] = {"mira": "operator", "jonas": "approver", "ada": "admin"}
TOPIC, GROUP, CLUSTER = "browser-orders", "browser-billing", "shop"
THRESHOLDS = {"lag.stalled": {"hold": "8s"}}
"""The rule as it is, sooner."""
READY_S = 90.0
FOUND_S = 90.0
ARTIFACTS = Path(__file__).parents[2] / "test-artifacts"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here needs a browser and the lab."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.lab)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Site:
    """The server, and what is known of the cluster it watches."""

    address: str
    password: str
    tokens: Mapping[str, str]

    @contextlib.contextmanager
    def api(self, name: str) -> Iterator[api.Api]:
        """The HTTP API as that user."""
        made = api.Api(self.address, self.tokens[name])
        try:
            yield made
        finally:
            made.close()

    def wait(self, what: str, look: Callable[[], Any], within_s: float = FOUND_S) -> Any:
        """What ``look`` gives once it gives something."""
        end = time.monotonic() + within_s
        while time.monotonic() < end:
            if found := look():
                return found
            time.sleep(0.3)
        pytest.fail(f"waited {within_s:.0f} s for {what}")


def _chromium() -> str:
    given = os.environ.get("HEADGATE_CHROMIUM", "")
    for name in (given, *NAMES):
        if name and (found := shutil.which(name)):
            return found
    reason = (
        f"no browser was found: install Chromium ({', '.join(NAMES)}), or set HEADGATE_CHROMIUM"
    )
    if os.environ.get("HEADGATE_NO_SKIP") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def chromium() -> Iterator[sync_api.Browser]:
    """One browser for the session; each test has a context of its own."""
    where = _chromium()
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=where, args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def site(
    chromium: sync_api.Browser,
    lab_connect: lab_.Lab,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Site]:
    """A server that watches the lab; billing gets stuck on a poison record soon."""
    folder = tmp_path_factory.mktemp("site")
    _open_shop(lab_connect)
    config, made = _configure(folder, lab_connect)
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-c", "from headgate.cli import main; main()", "serve"],
            env={**os.environ, "HEADGATE_CONFIG": str(config)},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait_ready(server, made.address, folder / "server.log")
        _break(lab_connect)
        yield made
    finally:
        server.terminate()
        server.wait(15)
        _close_shop(lab_connect)


@pytest.fixture(scope="session")
def incident(site: Site) -> str:
    """The id of the incident about the poison record, once its cause is known."""
    with site.api("mira") as headgate:

        def look() -> str:
            for item in headgate.items("/incidents"):
                if GROUP in item["draft"]["title"] and item["draft"]["causes"]:
                    cause = item["draft"]["causes"][0]
                    if cause["code"] == "record.poison" and cause["verdict"] == "confirmed":
                        return str(item["id"])
            return ""

        return str(site.wait("Headgate to find the poison record", look))


@pytest.fixture(scope="session")
def waiting(site: Site, incident: str) -> str:
    """The id of the change that Headgate proposes for it, which waits for an approver."""
    with site.api("mira") as headgate:

        def look() -> str:
            for item in headgate.items("/changes", incident=incident):
                if item["state"] == "waiting_approval":
                    return str(item["id"])
            return ""

        return str(site.wait("a change that waits for approval", look))


@dataclasses.dataclass(kw_only=True)
class Seat:
    """One person before one screen."""

    page: sync_api.Page
    said: list[str]
    """What the browser complained of: policy violations, failed requests, errors of scripts."""

    def open(self, path: str) -> None:
        """The page is shown, its charts are drawn."""
        self.page.goto(path)
        self.page.wait_for_load_state("load")


Sit = Callable[..., Seat]


@pytest.fixture
def sit(chromium: sync_api.Browser, site: Site) -> Iterator[Sit]:
    """``sit(name, width=, dark=, scripts=)`` logs a person in; not with an empty name."""
    contexts: list[sync_api.BrowserContext] = []
    seats: list[Seat] = []

    def down(name: str, *, width: int = 1440, dark: bool = False, scripts: bool = True) -> Seat:
        context = chromium.new_context(
            base_url=site.address,
            viewport={"width": width, "height": 900},
            color_scheme="dark" if dark else "light",
            java_script_enabled=scripts,
            timezone_id="Europe/Berlin",
            has_touch=width < 500,
        )
        contexts.append(context)
        context.set_default_timeout(20_000)
        seat = Seat(page=context.new_page(), said=[])
        seat.page.on("pageerror", lambda error: seat.said.append(str(error)))
        seat.page.on(
            "console", lambda line: seat.said.append(line.text) if line.type == "error" else None
        )
        seats.append(seat)
        if name:
            seat.page.goto("/login")
            seat.page.fill("#name", name)
            seat.page.fill("#password", site.password)
            seat.page.click("button[type=submit]")
            seat.page.wait_for_url(lambda url: "/login" not in url)
        return seat

    yield down
    for context in contexts:
        context.close()
    complaints = [line for seat in seats for line in seat.said]
    assert not complaints, complaints


def _open_shop(lab: lab_.Lab) -> None:
    cluster.create_topics(
        lab.bootstrap, [cluster.Topic(name=TOPIC, partitions=3, config={"retention.ms": "7200000"})]
    )
    folder = lab.folder / control.FOLDER
    control.write(
        folder,
        interface.Producer(name="browser-shop", topic=TOPIC, record="order", rate_per_s=12),
    )
    control.write(
        folder,
        interface.Consumer(name=GROUP, group=GROUP, topics=(TOPIC,), members=1, work_ms=10),
    )
    running.supervise(lab)
    running.wait_members(lab, GROUP, 1)


def _close_shop(lab: lab_.Lab) -> None:
    for name in ("browser-shop", GROUP):
        control.remove(lab.folder / control.FOLDER, name)
    cluster.delete_topic(lab.bootstrap, TOPIC)


def _break(lab: lab_.Lab) -> None:
    kind = faults.catalogue.find(faults.ALL, "poison-record")
    faults.catalogue.break_(lab, faults.interface.build(kind, {"topic": TOPIC, "partition": "1"}))


def _configure(folder: Path, lab: lab_.Lab) -> tuple[Path, Site]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    config = folder / "headgate.toml"
    (folder / "owners.toml").write_text(
        tomli_w.dumps({"owner": [{"name": "payments team", "resources": [f"group:{GROUP}"]}]}),
        encoding="utf-8",
    )
    content = {
        "store": {"url": "sqlite:///headgate.db"},
        "server": {"port": port},
        "boundary": {"owners": "owners.toml"},
        "cluster": [
            {
                "name": CLUSTER,
                "bootstrap": lab.bootstrap,
                "environment": "production",
                "connect": [lab.connect_url] if lab.connect_url else [],
                "interval_s": 1.0,
                "deadline_s": 3.0,
                "read_records": True,
                "thresholds": THRESHOLDS,
            }
        ],
    }
    config.write_text(tomli_w.dumps(content), encoding="utf-8")
    password = people.new_password()
    store = wiring.open_store(config)
    try:
        desk = people.People(store, clock.SystemClock())
        tokens = {}
        for name, role in CAST.items():
            desk.put_user(name, password, [role], by="test")
            tokens[name] = desk.add_token(name, "test", (), by="test")[1]
    finally:
        store.close()
    return config, Site(address=f"http://127.0.0.1:{port}", password=password, tokens=tokens)


def _wait_ready(server: subprocess.Popen[bytes], address: str, log: Path) -> None:
    end = time.monotonic() + READY_S
    while time.monotonic() < end and server.poll() is None:
        try:
            if httpx2.get(f"{address}/readyz", timeout=1.0).is_success:
                return
        except httpx2.HTTPError:
            time.sleep(0.1)
    pytest.fail(f"the server did not start:\n{log.read_text(encoding='utf-8')[-2000:]}")
