"""Commits: those that stand while records are read, and those that are gone."""

from collections.abc import Iterator
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from headgate.detect import interface, view, words
from headgate.detect.consumers import clients, failovers, lags, settling, shape
from headgate.domain import finding, history, resource
from headgate.domain.resource import TopicPartition
from headgate.domain.unknown import Unknown

_SHOWN = 5


class Frozen:
    """Says which groups read on and commit nothing."""

    codes: ClassVar[tuple[str, ...]] = ("group.commits_frozen",)
    needs: ClassVar[tuple[interface.Part, ...]] = ("partitions", "offsets", "groups", "commits")

    def find(self, seen: view.View) -> interface.Found:
        """One finding per group that stands still while its clients count records, or while
        brokers turn commits away and no other group stands."""
        now, shapes = lags.now(seen), shape.of(seen)
        if isinstance(now, Unknown) or isinstance(shapes, Unknown):
            return interface.Found(not_seen=interface.not_seen(self.codes, seen.cluster, str(now)))
        stalled = np.flatnonzero(shapes.shape == shape.Shape.STALLED)
        groups = [
            place
            for place in np.unique(now.group_of[stalled]).tolist()
            if seen.connector_of(now.groups[place]) is None
        ]
        hold_s = seen.observation.seconds("group.commits_frozen", "hold")
        refused = refusals(seen, hold_s) if groups else {}
        findings: list[finding.Finding] = []
        lacking: list[finding.NotSeen] = []
        for place in groups:
            columns = stalled[now.group_of[stalled] == place]
            group_id = now.groups[place]
            hold = (self.codes[0], "hold")
            lost = failovers.lost(seen, group_id, *hold) or settling.deploy(seen, group_id, *hold)
            if lost:
                about = resource.Resource("group", group_id)
                lacking += interface.not_seen(self.codes, about, lost)
                continue
            consumed = clients.consumed(seen, group_id, hold_s)
            reads = not isinstance(consumed, Unknown) and consumed > 0
            alone = len(groups) == 1 and not isinstance(refused, Unknown) and bool(refused)
            if reads or (alone and isinstance(consumed, Unknown)):
                made = _frozen(seen, now, shapes, columns, consumed, refused)
                findings += [made] if made is not None else []
            elif isinstance(consumed, Unknown):
                about = resource.Resource("group", group_id)
                lacking += interface.not_seen(self.codes, about, consumed.reason)
        return interface.Found(findings=tuple(findings), not_seen=tuple(lacking))


def refusals(seen: view.View, over_s: float) -> dict[str, float] | Unknown:
    """How often brokers refused a commit, by error."""
    told = clients.answers(seen, "OffsetCommit", over_s)
    if isinstance(told, Unknown):
        return told
    return {error: count for error, count in told.items() if error != clients.NONE}


def _frozen(
    seen: view.View,
    now: lags.Lags,
    shapes: shape.Shapes,
    columns: NDArray[np.intp],
    consumed: float | Unknown,
    refused: dict[str, float] | Unknown,
) -> finding.Finding | None:
    about = resource.Resource("group", now.groups[now.group_of[columns[0]]])
    since = float(shapes.since[columns].min())
    state = seen.state("group.commits_frozen", "hold", since, about=about)
    if state is None:
        return None
    names = [seen.history.commit_keys[column][1] for column in columns]
    report = interface.Report(seen, "group.commits_frozen", about)
    report.fact(
        "consumed",
        "records that its members got meanwhile, as they count them",
        consumed,
        unit="records",
        source="metrics",
    )
    errors = {} if isinstance(refused, Unknown) else refused
    total = refused if isinstance(refused, Unknown) else round(sum(refused.values()))
    report.fact("refused", "commits that brokers refused meanwhile", total, source="metrics")
    for error, count in sorted(errors.items()):
        report.fact(error, f"of them with {error}", round(count), source="metrics")
    why = f"; brokers refuse its commits ({words.names(sorted(errors))})" if errors else ""
    return report.finding(
        f"{about.id} reads on and has committed nothing on {words.partitions(names)} for "
        f"{words.duration(seen.now - since)}{why}.",
        state=state,
        since=since,
        partitions=names,
    )


class Lost:
    """Says which groups had commits and have none any more."""

    codes: ClassVar[tuple[str, ...]] = ("group.offsets_lost",)
    needs: ClassVar[tuple[interface.Part, ...]] = ("partitions", "offsets", "groups", "commits")

    def find(self, seen: view.View) -> interface.Found:
        """One finding per group, listing the partitions.

        What may only be hidden (a coordinator that did not answer, a right that is lacking) is not
        lost, and neither is what went with its topic.
        """
        past = seen.history
        missing = (*seen.snapshot.groups.missing, *seen.snapshot.commits.missing)
        if len(past.times) < 2 or any(item.what.startswith("broker:") for item in missing):
            return interface.Found()
        commits = past.commits
        # Twice, for a coordinator that has just moved may know nothing for a moment.
        gone = (commits[-2:] == history.UNREAD).all(axis=0) & (past.places.partition_of >= 0)
        columns = np.flatnonzero(gone & (commits >= 0).any(axis=0))
        hidden = {item.what.removeprefix("group:") for item in missing}
        planned = {item.resource for item in seen.observation.planned}
        findings = []
        for place in np.unique(past.places.group_of[columns]).tolist():
            group_id = past.places.groups[place]
            mine = columns[past.places.group_of[columns] == place]
            if group_id not in hidden and f"group:{group_id}" not in planned:
                findings.append(_lost(seen, group_id, mine))
        return interface.Found(findings=tuple(findings))


def last_known(seen: view.View, columns: NDArray[np.intp]) -> tuple[NDArray[np.intp], list[int]]:
    """(Row of the last commit of each column, that commit)."""
    commits = seen.history.commits[:, columns]
    rows = lags.last_row(commits >= 0)
    return rows, [int(commits[row, place]) for place, row in enumerate(rows.tolist())]


def _lost(seen: view.View, group_id: str, columns: NDArray[np.intp]) -> finding.Finding:
    past = seen.history
    about = resource.Resource("group", group_id)
    names: list[TopicPartition] = [past.commit_keys[column][1] for column in columns]
    rows, offsets = last_known(seen, columns)
    ends = past.ends[rows, past.places.partition_of[columns]]
    unread = int(np.maximum(ends - np.array(offsets), 0)[ends >= 0].sum())
    report = interface.Report(seen, "group.offsets_lost", about)
    for name, offset in list(zip(names, offsets, strict=True))[:_SHOWN]:
        report.fact(
            f"was-{name}",
            f"last known commit of {group_id} on {name}",
            offset,
            source="history",
            how="OffsetFetch",
        )
    listed = interface.certain(seen.groups)
    report.fact("listed", f"whether {group_id} is still there", group_id in listed)
    report.fact("unread", "records that it had yet to read there", unread, unit="records")
    since = float(past.times[min(int(rows.max()) + 1, len(past.times) - 1)])
    rest = "" if group_id in listed else ": the group is gone"
    return report.finding(
        f"{group_id} had commits on {words.partitions(names)} and has none any more{rest}.",
        since=since,
        # Who had read all and is gone lost only its place, and may never want it again.
        severity=None if group_id in listed or unread else "warning",
        partitions=names,
    )


def lost_columns(seen: view.View, about: finding.Finding) -> Iterator[int]:
    """The columns that a finding of ``Lost`` is about."""
    wanted = set(about.partitions)
    for column in seen.history.places.columns(about.resource.id).tolist():
        if seen.history.commit_keys[column][1] in wanted:
            yield column
