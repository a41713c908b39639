"""The shop at work on a lab of its own, and Headgate's eyes on it.

What other tests leave behind in the session's lab (leaders that moved, 150 topics) would be found
here, and rightly so.
"""

import contextlib
from collections.abc import Iterator

import pytest
from tests.integration.loop import eyes as eyes_

from headgate.lab import faults, settings
from headgate.lab import lab as lab_
from headgate.lab.faults import catalogue, interface
from headgate.lab.workloads import cluster, demo_set, sink


class Shop:
    """The shop, to be broken and healed by the names of faults."""

    def __init__(self, lab: lab_.Lab) -> None:
        self.lab = lab

    def break_(self, name: str, **parameters: str) -> interface.Expected:
        """What a diagnosis of the fault, which is injected now, should say."""
        kind = faults.ALL[name]
        outcome = catalogue.break_(self.lab, interface.build(kind, parameters))
        assert outcome.changed, outcome.did
        return kind.expects

    def heal(self) -> None:
        """Everything is healed, and what an operator has to do besides is done."""
        catalogue.heal_all(self.lab, faults.ALL)
        cluster.elect_preferred(self.lab.bootstrap)
        task = sink.read_task(self.lab)
        if task is not None and task.state == "FAILED":
            sink.restart(self.lab)

    def steady(self) -> None:
        """Every group has its members, and what was written is read, near enough."""
        for each in demo_set.CONSUMERS:
            cluster.until(
                lambda found, wanted=each.members: (  # type: ignore[misc]  # mypy cannot infer it
                    found.state == "STABLE" and len(found.members) == wanted
                ),
                lambda name=each.group: cluster.describe_group(self.lab.bootstrap, name),  # type: ignore[misc]  # mypy cannot infer it
                within_s=60,
                what=f"group {each.group}",
            )


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """The shop at work; gone again after the module."""
    folder = tmp_path_factory.mktemp("loop") / "lab"
    lab = lab_.Lab.up(settings.Options(folder=folder, dies_with_starter=True))
    try:
        demo_set.start(lab)
        place = Shop(lab)
        place.steady()
        yield place
        demo_set.stop(lab)
    finally:
        lab.down()


@pytest.fixture(scope="module")
def eyes(shop: Shop) -> Iterator[eyes_.Eyes]:
    """Headgate looks from here on, and has seen enough to judge."""
    made = eyes_.Eyes(shop.lab)
    yield made
    made.close()


@pytest.fixture(autouse=True)
def _whole(shop: Shop, eyes: eyes_.Eyes) -> Iterator[None]:
    """What a failed test left broken does not fail the next: it begins when all is quiet."""
    yield
    shop.heal()
    with contextlib.suppress(AssertionError):  # the next test says what it sees
        eyes.quiet(within_s=60)
