"""Why Connect clusters and workers are gone, tasks are nobody's, and sinks run without effect."""

from typing import ClassVar

import numpy as np

from headgate.detect import words
from headgate.detect.pipelines import workers
from headgate.diagnose import interface
from headgate.diagnose.hypothesis import decides, expects, requires
from headgate.diagnose.pipelines import addresses, sinks
from headgate.domain import diagnosis, finding, history
from headgate.domain.unknown import Unknown

_CLOSED = "nothing listens at"
"""How the reason reads where the connection was refused: the process that listened is gone."""
_ACTUATOR = Unknown("no actuator of its host is declared")
_NOT_TRIED = Unknown("nobody has tried it yet")


class Clusters:
    """Explains what is wrong with Connect's workers, and sinks that run without effect."""

    explains: ClassVar[tuple[str, ...]] = (
        "connect.unreachable",
        "connect.worker_lost",
        "connect.task_unassigned",
        "connect.worker_imbalance",
        "connect.running_idle",
    )

    def questions(
        self, about: finding.Finding, case: interface.Case
    ) -> tuple[diagnosis.Question, ...]:
        """Whether what an idle sink writes to takes connections."""
        asked = _other_side(about, case) if about.code == "connect.running_idle" else None
        return () if asked is None else (asked,)

    def explain(self, about: finding.Finding, case: interface.Case) -> interface.Explained:
        """A dead worker or a failing read; a stuck rebalance; a blocked task or an outage."""
        argument = interface.Argument(case, about)
        if about.code == "connect.unreachable":
            _unreachable(argument)
        elif about.code == "connect.worker_lost":
            _lost(argument)
        elif about.code == "connect.task_unassigned":
            _unassigned(argument)
        elif about.code == "connect.worker_imbalance":
            _uneven(argument)
        else:
            _idle(argument)
        return argument.explained()


def _unreachable(argument: interface.Argument) -> None:
    about, case = argument.about, argument.case
    groups = case.seen.groups
    alive: tuple[str, ...] | Unknown = (
        groups
        if isinstance(groups, Unknown)
        else tuple(
            item.id
            for item in groups.values()
            if item.protocol.startswith("connect") and item.members
        )
    )
    sign = argument.fact(
        "workers",
        "worker groups that still have members",
        alive if isinstance(alive, Unknown) else words.names(alive) or "none",
    )
    works, moved = _sinks_move(argument)
    answer = argument.own("answer")
    part = case.seen.connects.get(about.resource.id)
    closed = isinstance(part, Unknown) and _CLOSED in part.reason
    argument.weigh(
        "evidence.source_failing",
        "Workers still do their work: only their REST address does not answer.",
        requires("sinks still commit what they write", works, moved),
        expects("its address takes connections", False, *answer)
        if closed
        else decides("sinks still commit what they write", works, moved),
        expects(
            "workers are in their group",
            alive if isinstance(alive, Unknown) else bool(alive),
            sign,
        ),
        next=[interface.suggest("diagnostics.collect", "Check the address and the network.")],
    )
    others = closed and works is True
    argument.weigh(
        "connect.worker_dead",
        "The worker at that address is gone; others of its cluster go on."
        if others
        else f"No worker of {about.resource.id} is alive.",
        requires("no worker answers", True, *answer),
        expects("nothing listens at its address", True, *answer)
        if others
        else expects("no sink goes on", works if isinstance(works, Unknown) else not works, moved),
        expects("the process is gone or frozen", _ACTUATOR),
        *(
            [expects("its workers have left their group", True, sign)]
            if not isinstance(alive, Unknown) and not alive
            else []
        ),
        next=[
            interface.watch(about.resource, 300, "Tasks move when a worker is back."),
            interface.suggest("workload.restart", f"Restart the workers of {about.resource.id}."),
        ],
    )


def _sinks_move(argument: interface.Argument) -> tuple[bool | Unknown, str]:
    """(Whether a sink's group committed since Connect went silent, the fact that says so)."""
    seen = argument.case.seen
    past, since = seen.history, argument.about.since.timestamp()
    names = [
        place for place, name in enumerate(past.places.groups) if name.startswith(sinks.PREFIX)
    ]
    columns = np.flatnonzero(np.isin(past.places.group_of, names))
    rows = np.flatnonzero(past.times > since + seen.sample_s / 2)
    moving: bool | Unknown = Unknown("no sink's group is known by its name")
    if len(columns) and len(rows) < 2:
        moving = Unknown("too few looks since then")
    elif len(columns):
        held = past.commits[rows][:, columns]
        known = (held[0] != history.UNREAD) & (held[-1] != history.UNREAD)
        moving = bool((held[-1] > held[0])[known].any())
    fact = argument.fact(
        "sinks-move", "whether any sink has committed since then", moving, source="history"
    )
    return moving, fact


def _lost(argument: interface.Argument) -> None:
    about = argument.about
    still = next((f.value for f in about.evidence if f.id.endswith("/still")), 0)
    cited = argument.own("port", "tasks", "still")
    argument.weigh(
        "connect.worker_dead",
        f"Worker {about.resource.id} is dead or frozen.",
        requires("its port is dead", True, *cited),
        decides("the other workers answer", True, *argument.own("connect")),
        expects("its process is gone or frozen", _ACTUATOR),
        next=[
            interface.watch(
                about.resource,
                workers.DELAY_S,
                "Connect gives its tasks to the others when its delay is over."
                if still
                else "Its tasks run elsewhere; it joins again when it is back.",
            ),
            interface.suggest("workload.restart", f"Start worker {about.resource.id} again."),
        ],
    )


def _unassigned(argument: interface.Argument) -> None:
    about, case = argument.about, argument.case
    gone = case.findings("connect.worker_lost")
    lost = argument.fact(
        "lost",
        "workers of Connect that are gone",
        words.names(item.resource.id for item in gone) or "none",
        source="connect",
    )
    waited = case.seen.now - about.since.timestamp()
    over = waited > workers.DELAY_S
    cited = argument.own("state")
    argument.weigh(
        "connect.worker_dead",
        "Its worker is gone, and Connect waits for it before it gives the task away.",
        requires("a worker is gone", bool(gone), lost),
        expects("Connect's delay is not over yet", not over, *cited),
        on=gone[0].resource if gone else about.resource,
        next=[interface.watch(about.resource, workers.DELAY_S, "The task is given away then.")],
    )
    argument.weigh(
        "connect.rebalance_stuck",
        "The workers do not agree on who runs it.",
        requires("every worker answers", not gone, lost),
        decides("Connect's delay is over", over or Unknown("this look was too short"), *cited),
        expects("Connect may still wait for a worker to come back", over, *cited)
        if over
        else expects("Connect's delay is over", Unknown("this look was too short"), *cited),
        next=[
            interface.suggest("workload.restart", "Restart the workers one after another."),
            interface.suggest("diagnostics.collect", "Their logs say what they wait for."),
        ],
    )


def _uneven(argument: interface.Argument) -> None:
    cited = argument.own("most", "least")
    argument.weigh(
        "connect.tasks_uneven",
        "All workers are up, and the tasks are bunched on one of them.",
        requires("all workers answer", not argument.case.findings("connect.worker_lost"), *cited),
        decides("one runs far more tasks than another", True, *cited),
        next=[interface.suggest("connector.restart", "A restart spreads a connector's tasks.")],
    )


def _other_side(about: finding.Finding, case: interface.Case) -> diagnosis.ReachQuestion | None:
    found = sinks.connector(case, about.resource)
    return None if found is None else addresses.downstream(found[1].config)


def _idle(argument: interface.Argument) -> None:
    about, case = argument.about, argument.case
    asked = _other_side(about, case)
    answer: object = _NOT_TRIED if asked is None else case.answers.get(asked, _NOT_TRIED)
    reached: bool | Unknown = Unknown("its address is not in the connector's settings")
    seen: tuple[str, ...] = ()
    if asked is not None:
        reached = answer if isinstance(answer, Unknown) else _NOT_TRIED
        if isinstance(answer, diagnosis.ReachAnswer):
            reached = answer.state in ("accepts", "answers")
            seen = (
                argument.fact(
                    "other-side",
                    f"what {asked.host}:{asked.port} does with a connection from here",
                    answer.state,
                    source="actuator",
                    how=f"connect to {asked.host}:{asked.port}",
                ),
            )
    cited = argument.own("state", "lag")
    found = sinks.connector(case, about.resource)
    gone = () if found is None else sinks.lost_workers(case, found[1])
    sinks.weigh_lost_worker(argument, gone, *cited)
    argument.weigh(
        "connect.blocked_task",
        "It says RUNNING, records wait, and nothing is committed: a write does not return, or "
        "is tried again without end.",
        requires("it says RUNNING and records wait", True, *cited),
        *([expects("its other side takes connections", reached, *seen)] if asked else []),
        *([expects("its workers are alive", False, *cited)] if gone else []),
        decides(
            "a thread of the task stands in a write",
            Unknown("Connect's REST does not show the task's threads and log"),
        ),
        next=[
            interface.suggest("connector.restart_task", "Restart the task once."),
            interface.suggest("diagnostics.collect", "A stack of its threads shows the wait."),
        ],
    )
    argument.weigh(
        "downstream.outage",
        "What it writes to does not answer, and it tries again and again.",
        requires(
            "its other side takes no connection",
            reached if isinstance(reached, Unknown) else not reached,
            *seen,
        ),
        decides(
            "its other side takes no connection",
            reached if isinstance(reached, Unknown) else not reached,
            *seen,
        ),
        next=[interface.watch(about.resource, 300, "It goes on when the other side answers.")],
    )
