"""Workers of Connect: those that are gone, tasks that nobody runs, tasks that are bunched.

Connect itself goes on naming a dead worker until its tasks are given to others (25 s in the lab
with a delay of 15 s), so what tells is the worker's own port.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import ClassVar

from headgate.detect import interface, view, words
from headgate.detect.pipelines import clusters
from headgate.domain import connects, finding, resource, snapshot
from headgate.domain.unknown import Unknown

DELAY_S = 300.0
"""Connect's own scheduled.rebalance.max.delay.ms; its REST interface does not show the setting."""


class Workers:
    """Judges the workers of every Connect cluster that was read."""

    codes: ClassVar[tuple[str, ...]] = (
        "connect.worker_lost",
        "connect.task_unassigned",
        "connect.worker_imbalance",
    )
    needs: ClassVar[tuple[interface.Part, ...]] = ()

    def find(self, seen: view.View) -> interface.Found:
        """Findings per worker, task and Connect cluster."""
        findings: list[finding.Finding] = []
        read, not_seen = clusters.read(seen, self.codes)
        for cluster, connect in read:
            findings += _lost(seen, cluster, connect)
            findings += _unassigned(seen, cluster, connect)
            findings += _uneven(seen, cluster, connect)
        return interface.Found(findings=tuple(findings), not_seen=tuple(not_seen))


def _lost(
    seen: view.View, cluster: str, connect: snapshot.ConnectCluster
) -> Iterator[finding.Finding]:
    held = _held(seen, cluster, connect)
    for worker in connect.workers:
        if worker.state not in connects.DEAD or not (held.get(worker.id) or worker.configured):
            continue
        since = _gone_since(seen, cluster, worker.id)
        state = seen.state("connect.worker_lost", "hold", since, at_once=True)
        if state is None:
            continue
        report = interface.Report(
            seen, "connect.worker_lost", resource.Resource("worker", worker.id)
        )
        report.fact("port", f"what the port of {worker.id} does", worker.state, source="connect")
        report.fact(
            "tasks", "connectors and tasks that it ran", held.get(worker.id, 0), source="connect"
        )
        report.fact("connect", "Connect cluster", cluster, source="connect")
        still = sum(
            task.worker == worker.id for one in connect.connectors.values() for task in one.tasks
        )
        report.fact("still", "tasks that Connect still names it for", still, source="connect")
        waiting = (
            f"; {words.many(still, 'task')} of it {'does' if still == 1 else 'do'} no work now"
            if still
            else ""
        )
        yield report.finding(
            f"Worker {worker.id} of {cluster} is gone: its port {_does(worker.state)}{waiting}.",
            state=state,
            since=since,
        )


def _does(state: snapshot.PortState) -> str:
    return {
        "refuses": "refuses connections",
        "silent": "does not answer",
        "accepts": "accepts connections and answers nothing",
    }.get(state, state)


def _held(seen: view.View, cluster: str, connect: snapshot.ConnectCluster) -> Counter[str]:
    """The most that each worker ran in any reading."""
    most: Counter[str] = Counter()
    earlier = (part.value for part in seen.readings(f"connect:{cluster}"))
    for one in (*earlier, connect):
        if isinstance(one, Unknown):
            continue
        for worker, count in running(one).items():
            most[worker] = max(most[worker], count)
    return most


def running(connect: snapshot.ConnectCluster) -> Counter[str]:
    """How many connectors and tasks Connect names each worker for."""
    found: Counter[str] = Counter()
    for one in connect.connectors.values():
        found[one.worker] += 1
        for task in one.tasks:
            found[task.worker] += 1
    del found[""]
    return found


def _gone_since(seen: view.View, cluster: str, worker_id: str) -> float:
    """The first reading of the last unbroken run in which its port was dead."""
    since = seen.now
    for part in reversed(seen.readings(f"connect:{cluster}")):
        worker = part.value.worker(worker_id)
        if worker is None or worker.state not in connects.DEAD:
            break
        since = part.at.timestamp()
    return since


def _unassigned(
    seen: view.View, cluster: str, connect: snapshot.ConnectCluster
) -> Iterator[finding.Finding]:
    code = "connect.task_unassigned"
    for connector in connect.connectors.values():
        for task in connector.tasks:
            if task.state != "UNASSIGNED":
                continue
            since = seen.task_since(cluster, connector.name, task)
            about = resource.task(connector.name, task.number)
            hold_s = DELAY_S + seen.observation.seconds(code, "slack", about)
            cut_s = seen.observation.cut_s
            if not seen.waited(since, hold_s if cut_s is None else min(hold_s, cut_s)):
                continue
            report = interface.Report(seen, code, about)
            report.fact("state", "state of the task", task.state, source="connect")
            report.fact("worker", "worker that it was last on", task.worker, source="connect")
            report.fact("connect", "Connect cluster", cluster, source="connect")
            report.fact("delay", "time that Connect may wait for a lost worker", DELAY_S, unit="s")
            yield report.finding(
                f"Nobody runs task {task.number} of {connector.name} "
                f"for {words.duration(seen.now - since)}.",
                state="firing" if cut_s is None else "pending",
                since=since,
            )


def _uneven(
    seen: view.View, cluster: str, connect: snapshot.ConnectCluster
) -> Iterator[finding.Finding]:
    code, about = "connect.worker_imbalance", resource.Resource("connect", cluster)
    gap = seen.observation.number(code, "gap", about)
    now = _spread(connect)
    if now is None or now[0] <= gap:
        return
    since = seen.now
    for part in reversed(seen.readings(f"connect:{cluster}")):
        then = _spread(part.value)
        if then is None or then[0] <= gap:
            break
        since = part.at.timestamp()
    state = seen.state(code, "hold", since)
    if state is None:
        return
    _, fullest, emptiest = now
    tasks = _tasks(connect)
    report = interface.Report(seen, code, about)
    report.fact("most", f"tasks on {fullest}", tasks[fullest], source="connect")
    report.fact("least", f"tasks on {emptiest}", tasks[emptiest], source="connect")
    yield report.finding(
        f"{fullest} runs {words.many(tasks[fullest], 'task')}, {emptiest} only {tasks[emptiest]}.",
        state=state,
        since=since,
    )


def _tasks(connect: snapshot.ConnectCluster) -> Counter[str]:
    return Counter(t.worker for one in connect.connectors.values() for t in one.tasks)


def _spread(connect: snapshot.ConnectCluster) -> tuple[int, str, str] | None:
    """(Gap, fullest worker, emptiest) among those that answer; None: there are not two."""
    alive: Sequence[str] = [one.id for one in connect.workers if one.state == "answers"]
    if len(alive) < 2:
        return None
    tasks = _tasks(connect)
    fullest = max(alive, key=lambda name: (tasks[name], name))
    emptiest = min(alive, key=lambda name: (tasks[name], name))
    return tasks[fullest] - tasks[emptiest], fullest, emptiest
