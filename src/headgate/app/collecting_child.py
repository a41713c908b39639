"""The process that collects: it looks when it is told to, and explains what it saw.

``python -m headgate.app.collecting_child LINE TALK`` is its whole life; both are open sockets. Over
the line come orders to look and go looks, over the other questions and explanations, so that no
look waits for a diagnosis that reads records.
"""

import contextlib
import os
import queue
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable
from multiprocessing import connection, reduction

import structlog

from headgate.app import around, collecting, interpreter, logs, lookout
from headgate.app.tables import ready
from headgate.observe import handover, pickles, shared, watch
from headgate.ports import clock

_log = structlog.get_logger(__name__)

Make = Callable[[collecting.Setup, shared.Arena], lookout.Lookout]


class Child:
    """Looks and explains for another process."""

    def __init__(
        self, line: connection.Connection, talk: connection.Connection, make: Make
    ) -> None:
        """Nothing is read yet; what to look at is told over the line."""
        setup = pickles.loads(line.recv_bytes())
        self._line = line
        self._talk = talk
        self._arena = shared.Arena()
        self._packer = handover.Packer(self._arena)
        self._lookout = make(setup, self._arena)
        self._known: frozenset[int] = frozenset()
        """The shared memory that the other side has open."""
        self._looks: deque[tuple[int, lookout.Look]] = deque(maxlen=collecting.KEPT)
        self._number = 0

    def look(self, order: collecting.Order) -> None:
        """One look is made and handed over, or why there is none."""
        self._number += 1
        if order.reread:
            self._lookout.reread_settings()
        try:
            seen, found = made = self._lookout.look(order.told)
            sent = self._packer.pack(seen, found, made=ready.made(seen))
        except Exception as error:  # noqa: BLE001 - one bad look must not end the process
            _log.error("A look at a cluster failed", event_key="collect.failed", exc_info=error)
            self._answer(handover.Sent(frames=(), blocks=()), f"{type(error).__name__}: {error}")
            return
        self._looks.append((self._number, made))
        self._answer(sent, "")

    def explain_until_the_end(self) -> None:
        """Every question is answered until the line closes."""
        with contextlib.suppress(EOFError, OSError):
            while True:
                number = pickles.loads(self._talk.recv_bytes())
                made = next((one for held, one in tuple(self._looks) if held == number), None)
                self._talk.send_bytes(pickles.dumps(made and self._explained(made)))

    def _explained(self, made: lookout.Look) -> object:
        try:
            found = self._lookout.explain(made)
        except Exception as error:  # noqa: BLE001 - the next look is explained anew
            _log.error("A look was not explained", event_key="think.failed", exc_info=error)
            return None
        return None if found is None else tuple(found)

    def _answer(self, sent: handover.Sent, failure: str) -> None:
        wanted = self._known if failure else frozenset(sent.blocks)
        new = sorted(wanted - self._known)
        opened = [(number, *self._arena.descriptor(number)) for number in new]
        answer = collecting.Answer(
            number=self._number,
            failure=failure,
            frames=len(sent.frames),
            blocks=tuple(wanted),
            opened=tuple((number, size) for number, _, size in opened),
        )
        with contextlib.suppress(BrokenPipeError):
            self._line.send_bytes(pickles.dumps(answer))
            for frame in sent.frames:
                self._line.send_bytes(frame)
            for _, descriptor, _ in opened:
                reduction.send_handle(self._line, descriptor, os.getppid())
        self._known = wanted


def serve(
    line: connection.Connection,
    talk: connection.Connection,
    make: Make,
    end: Callable[[], object],
) -> None:
    """Looks and explains as told until the line closes; ``end`` is called as soon as it does."""
    child = Child(line, talk, make)
    orders: queue.SimpleQueue[bytes] = queue.SimpleQueue()

    def listen() -> None:
        with contextlib.suppress(EOFError, OSError):
            while True:
                orders.put(line.recv_bytes())
        end()

    threading.Thread(target=listen, name="listen", daemon=True).start()
    threading.Thread(target=child.explain_until_the_end, name="explain", daemon=True).start()
    while True:
        child.look(pickles.loads(orders.get()))


def make(setup: collecting.Setup, arena: shared.Arena) -> lookout.Lookout:
    """A lookout with connections of its own."""
    source, cluster = around.collecting(setup.about, setup.folder)
    kept: watch.Kept | None = None if setup.kept is None else lambda: setup.kept
    return lookout.Local(
        setup.about,
        source,
        cluster,
        clock.SystemClock(),
        kept=kept,
        fresh=arena.fresh,
        declared=setup.declared,
    )


def main() -> None:
    """The child's whole life."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches us, too; our parent decides
    interpreter.settle()
    logs.configure()
    line, talk = (connection.Connection(int(given)) for given in sys.argv[1:3])
    serve(line, talk, make, lambda: os._exit(0))


if __name__ == "__main__":
    main()
