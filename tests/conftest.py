"""Fixtures for all tests: one real lab per process, started by the first test that needs it.

A lab that cannot be had fails the tests that need it; it never skips them. Several processes may
share the work (``make test``): most tests of real servers wait far more than they compute.
"""

import dataclasses
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import xdist.scheduler

from headgate.lab import jars, processes, registry, settings, state
from headgate.lab import lab as lab_

ORDER = ("unit", "docs", "browser", "acceptance/test_demo")
"""What is begun first: what takes longest, so that no process is left alone with it at the end."""

TOGETHER = ("browser", "integration/security")
"""Folders whose files share a server or a lab of their own, and so stay in one process."""


REAL = ("acceptance", "browser", "contract", "integration")
"""Folders whose tests wait for real servers, which a busy machine may keep from their turn."""

MOST_AGAIN = 5
"""So many of them may pass only when they are run once more, as Kafka's own build allows some
(its ``maxTestRetryFailures``); each is named at the end, and one more fails the run."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The files come in ``ORDER``, each with its tests in theirs; ``REAL`` ones may run twice."""
    here = Path(__file__).parent

    def turn(item: pytest.Item) -> int:
        place = item.path.relative_to(here).as_posix()
        return next((i for i, each in enumerate(ORDER) if place.startswith(each)), len(ORDER))

    items.sort(key=turn)
    for item in items:
        if item.path.relative_to(here).parts[0] in REAL:
            item.add_marker(pytest.mark.flaky(reruns=1))


def _again(terminal: pytest.TerminalReporter) -> list[str]:
    """The tests that were run once more, whatever came of it."""
    return sorted({report.nodeid for report in terminal.stats.get("rerun", [])})


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """More than ``MOST_AGAIN`` of them are no accident: the run has failed."""
    terminal = session.config.pluginmanager.get_plugin("terminalreporter")
    if terminal and len(_again(terminal)) > MOST_AGAIN and session.exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What was run once more is named, and what failed the first time is told in full."""
    if again := _again(terminalreporter):
        terminalreporter.section(f"run once more: {len(again)}, of {MOST_AGAIN} allowed")
        for report in terminalreporter.stats["rerun"]:
            terminalreporter.line(f"{report.nodeid}\n{report.longreprtext}\n")


class _ByFile(xdist.scheduler.LoadScopeScheduling):  # type: ignore[misc]  # untyped base
    """Tests of one file stay in one process, and so do the files that share a server."""

    def _split_scope(self, nodeid: str) -> str:
        place = nodeid.split("::", 1)[0].removeprefix("tests/")
        return next((each for each in TOGETHER if place.startswith(f"{each}/")), place)


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> _ByFile:
    """How the tests are shared among processes."""
    return _ByFile(config, log)


class _Labs:
    """Keeps the session's one lab: grown when a test needs Connect, for two labs are too many."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lab: lab_.Lab | None = None
        self._with_connect = False

    def get(self, *, connect: bool) -> lab_.Lab:
        if self._lab is None:
            self._lab = lab_.Lab.up(
                settings.Options(
                    folder=self._folder, connect_workers=0, postgres=False, dies_with_starter=True
                )
            )
        if connect and not self._with_connect:
            self._lab.add_connect()
            self._with_connect = True
        return self._lab

    def close(self) -> None:
        if self._lab is not None:
            self._lab.down()


@pytest.fixture(scope="session")
def _labs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[_Labs]:
    labs = _Labs(tmp_path_factory.mktemp("lab") / "lab")
    yield labs
    labs.close()


@pytest.fixture(scope="session")
def lab_cluster(_labs: _Labs) -> lab_.Lab:
    """Three real brokers, shared by the session: use topics and groups of your own."""
    return _labs.get(connect=False)


@pytest.fixture(scope="session")
def lab_connect(_labs: _Labs) -> lab_.Lab:
    """The same lab with a Connect worker and PostgreSQL: use connectors and tables of your own."""
    return _labs.get(connect=True)


@pytest.fixture(scope="session")
def lab_registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real schema registry, shared by the session: use subjects of your own."""
    folder = tmp_path_factory.mktemp("registry")
    with state.locked(settings.cache_folder() / "lock"):
        jars.fetch([jars.REGISTRY])
    record = registry.prepare(folder, settings.Options().heap_mb)
    record.log.parent.mkdir(parents=True)
    with record.log.open("wb") as log:
        process = subprocess.Popen(record.argv, stdout=log, stderr=subprocess.STDOUT)
    try:
        identity = processes.identify(process.pid)
        registry.wait_ready(dataclasses.replace(record, process=identity))
        yield record.url
    finally:
        process.kill()
        process.wait(30)
