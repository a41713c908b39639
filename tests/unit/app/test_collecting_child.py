"""The process that collects, here in threads: it answers every order, whatever goes wrong."""

import socket
import threading
from collections.abc import Iterator, Sequence
from multiprocessing import connection, reduction
from pathlib import Path

import pytest
from tests.unit import observations

from headgate import detect
from headgate.app import collecting, collecting_child, lookout, settings
from headgate.app.tables import ready
from headgate.domain import fixes, incident, thresholds
from headgate.observe import echo, handover, pickles, shared


class Scripted:
    """A lookout that sees one scene, or fails."""

    def __init__(self) -> None:
        self.broken = False
        self.reread = 0

    def look(self, told: lookout.Told) -> lookout.Look:
        if self.broken:
            raise RuntimeError("a defect")
        scene = observations.Scene()
        scene.fixes = told.fixes
        seen = scene.seen()
        ready.make(seen)
        return seen, detect.run(seen)

    def explain(self, look: lookout.Look) -> Sequence[incident.Draft] | None:
        if self.broken:
            raise RuntimeError("a defect")
        return lookout.explained(look, {})

    def reread_settings(self) -> None:
        self.reread += 1

    def close(self) -> None: ...


class Stand:
    """Both ends of the lines, and what the child looks with."""

    def __init__(self) -> None:
        (ours, theirs), (our_talk, their_talk) = socket.socketpair(), socket.socketpair()
        self.line, self.talk = (connection.Connection(one.detach()) for one in (ours, our_talk))
        self.scripted = Scripted()
        self.unpacker = handover.Unpacker(shared.Mapped())
        self.ended = threading.Event()
        about = settings.Cluster(name="shop", bootstrap="h:1")
        setup = collecting.Setup(about=about, folder=Path(), kept=None)
        self.line.send_bytes(pickles.dumps(setup))
        threading.Thread(
            target=collecting_child.serve,
            args=(
                connection.Connection(theirs.detach()),
                connection.Connection(their_talk.detach()),
                lambda _setup, _arena: self.scripted,
                self.ended.set,
            ),
            daemon=True,
        ).start()

    def order(
        self, *, reread: bool = False, told: lookout.Told | None = None
    ) -> tuple[collecting.Answer, handover.Handed | None]:
        order = collecting.Order(told=told or lookout.Told(), reread=reread)
        self.line.send_bytes(pickles.dumps(order))
        assert self.line.poll(20)
        answer: collecting.Answer = pickles.loads(self.line.recv_bytes())
        frames = [self.line.recv_bytes() for _ in range(answer.frames)]
        for _ in answer.opened:
            reduction.recv_handle(self.line)
        return answer, self.unpacker.unpack(frames) if frames else None

    def ask(self, number: int) -> object:
        self.talk.send_bytes(pickles.dumps(number))
        assert self.talk.poll(20)
        return pickles.loads(self.talk.recv_bytes())


@pytest.fixture
def stand() -> Iterator[Stand]:
    made = Stand()
    yield made
    made.talk.close()
    made.line.close()
    assert made.ended.wait(10)


def test_a_look_that_fails_says_why_and_the_next_is_made(stand: Stand) -> None:
    first, handed = stand.order()
    assert (first.number, first.failure) == (1, "")
    assert handed is not None
    stand.scripted.broken = True
    second, nothing = stand.order()
    assert (second.number, second.failure) == (2, "RuntimeError: a defect")
    assert nothing is None
    stand.scripted.broken = False
    third, again = stand.order(reread=True)
    assert (third.number, third.failure, stand.scripted.reread) == (3, "", 1)
    assert again is not None
    assert again.snapshot.groups.value is handed.snapshot.groups.value


def test_what_ran_is_told_to_it_and_made_again_here(stand: Stand) -> None:
    run = fixes.Run(
        at=observations.AT,
        action="connector.restart",
        cause="connect.transient",
        target="connector:sink",
        state="succeeded",
    )
    told = lookout.Told(fixes=(run, run, run))
    _, handed = stand.order(told=told)
    assert handed is not None
    assert "fix.recurring" in {one.code for one in handed.detection.findings}
    made = echo.Echo(
        interval_s=5.0, environment="development", limits=thresholds.Thresholds()
    ).observation(handed, planned=(), usual=told.usual, fixes=told.fixes)
    assert made.fixes == told.fixes


def test_a_look_is_explained_and_a_fault_in_that_holds_up_nothing(stand: Stand) -> None:
    stand.order()
    assert stand.ask(1) == tuple(lookout.explained(stand.scripted.look(lookout.Told()), {}))
    assert stand.ask(7) is None
    stand.scripted.broken = True
    assert stand.ask(1) is None
    stand.scripted.broken = False
    assert stand.ask(1) is not None
