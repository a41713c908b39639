"""What brokers, and the way to them, do to a reader: quotas, slow disks, load, cold reads."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from headgate.detect import words
from headgate.detect.consumers import clients
from headgate.diagnose import interface
from headgate.diagnose.cluster import brokers
from headgate.diagnose.consumers import cold, groups
from headgate.diagnose.hypothesis import Prediction, decides, expects, requires
from headgate.domain import access, losing, resource, snapshot
from headgate.domain.unknown import Unknown

_FLAT = (0.6, 1.25)
"""Reading at this share of a quota is reading at the quota: sizes on disk are near those on the
wire, and quotas are means over 11 s by default."""
_LATELY_S = 60.0
"""A fetch that is held back is counted when it is answered at last, which a small quota lets happen
only now and then; so who was held back within this is (judgment)."""
_FETCH = ("consumer_byte_rate", "request_percentage")
_SLOWER = 2.0
_WAIT_MS = 500.0
"""A fetch may wait so long for records (fetch.max.wait.ms)."""
_RAISE = interface.suggest("quota.set", "Raise the quota for a time; more members share it.")
_CAUSES: Mapping[str, tuple[str, str]] = {
    "disk.slow": ("broker.slow_disk", "The disk of broker {broker} is slow."),
    "leader.overloaded": ("broker.hot", "Broker {broker} carries more than the others."),
    "client.request_flood": (
        "broker.handlers_saturated",
        "The request handlers of broker {broker} are busy with other requests.",
    ),
    "connection.storm": (
        "broker.network_saturated",
        "The network threads of broker {broker} are busy with connections.",
    ),
}
"""Cause -> the finding on a leader that it needs, and what it would mean."""


def weigh(argument: interface.Argument, group: groups.Facts, of: NDArray[np.bool_]) -> None:
    """Weighs all of them for the chosen columns of a group that falls behind."""
    _quota(argument, group, of)
    cold.weigh(argument)
    _brokers(
        argument,
        _leaders(argument, argument.about.partitions),
        _leaders(argument, group.names),
    )
    _path(argument, group)


def _members(group: groups.Facts) -> tuple[snapshot.Member, ...]:
    if isinstance(group.group, Unknown) or isinstance(group.group.members, Unknown):
        return ()
    return group.group.members


def _leaders(
    argument: interface.Argument, names: tuple[resource.TopicPartition, ...]
) -> dict[int, int]:
    """Leader -> how many of the partitions it leads."""
    table = argument.case.seen.partitions
    found: dict[int, int] = {}
    if isinstance(table, Unknown):
        return found
    for name in names:
        ordinal = table.ordinal(name)
        if ordinal is not None:
            leader = int(table.leader[ordinal])
            found[leader] = found.get(leader, 0) + 1
    return found


def _matching(
    quotas: tuple[access.Quota, ...], listed: tuple[snapshot.Member, ...]
) -> list[access.Quota]:
    """Quotas on reading that may bind the members: their users are not known."""
    ids = {member.client_id for member in listed} | {"<default>"}
    return [
        quota
        for quota in quotas
        if any(name in quota.limits for name in _FETCH)
        and "ip" not in quota.entity
        and quota.entity.get("client-id", "<default>") in ids
    ]


def _quota(argument: interface.Argument, group: groups.Facts, of: NDArray[np.bool_]) -> None:
    listed = _members(group)
    matching, limits = _limits(argument, group)
    throttled = _throttle(argument, group)
    held = argument.fact(
        "throttle", "milliseconds for which its fetches are held back", throttled, source="metrics"
    )
    flat = _at_limit(argument, group, of, matching, listed)
    pace = argument.fact(
        "bytes",
        "share of the quota at which it reads, by the size of its records",
        flat,
        source="history",
    )
    at: bool | Unknown = flat if isinstance(flat, Unknown) else _FLAT[0] <= flat <= _FLAT[1]
    # By its pace alone it is known where no metrics tell; a user's quota may bind others only.
    alone = isinstance(throttled, Unknown)
    more: list[Prediction] = []
    if not isinstance(throttled, Unknown) and throttled <= 0:
        more.append(requires("its fetches are held back", False, held))
    argument.weigh(
        "quota.throttled",
        f"A quota holds {group.id} back" + (f" ({matching[0].name})." if matching else "."),
        limits,
        *((requires("it reads as much as the quota allows", at, pace),) if alone else ()),
        decides("it reads as much as the quota allows, and no more", at, pace),
        decides(
            "its fetches are held back",
            throttled if isinstance(throttled, Unknown) else throttled > 0,
            held,
        ),
        *more,
        on=resource.Resource("quota", matching[0].name) if matching else None,
        next=[_RAISE],
    )


def held_back(argument: interface.Argument, group: groups.Facts) -> tuple[Prediction, ...]:
    """Weighs whether a quota is why a group stands still, where its clients are known to be held
    back; what that rules out for those that would stand still by themselves.
    """
    throttled = _throttle(argument, group)
    if isinstance(throttled, Unknown) or throttled <= 0:
        return ()
    fact = argument.fact(
        "throttle", "milliseconds for which its fetches are held back", throttled, source="metrics"
    )
    matching, limits = _limits(argument, group)
    argument.weigh(
        "quota.throttled",
        f"A quota holds {group.id} back" + (f" ({matching[0].name})." if matching else "."),
        limits,
        decides("its fetches are held back", True, fact),
        on=resource.Resource("quota", matching[0].name) if matching else None,
        next=[_RAISE],
    )
    return (requires("nothing holds its fetches back", False, fact),)


def _limits(
    argument: interface.Argument, group: groups.Facts
) -> tuple[list[access.Quota], Prediction]:
    """The quotas that may bind the group's members, the narrowest first, and that there is one."""
    seen = argument.case.seen
    quotas = seen.read(seen.snapshot.quotas)
    matching = [] if isinstance(quotas, Unknown) else _matching(quotas, _members(group))
    # The narrowest entity binds; one that names the client is narrower than a default.
    matching.sort(key=lambda quota: "<default>" in quota.entity.values())
    exists: bool | Unknown = (
        Unknown(f"the quotas were not read: {quotas.reason}")
        if isinstance(quotas, Unknown)
        else bool(matching)
    )
    said = argument.fact(
        "quotas",
        f"quotas that limit reading of the clients of {group.id}",
        quotas
        if isinstance(quotas, Unknown)
        else words.names(
            f"{quota.name}: {name}={quota.limits[name]:g}"
            for quota in matching
            for name in _FETCH
            if name in quota.limits
        )
        or "none",
        how="DescribeClientQuotas",
    )
    return matching, requires("a quota limits what its clients read", exists, said)


def _throttle(argument: interface.Argument, group: groups.Facts) -> float | Unknown:
    seen = argument.case.seen
    values = [
        meter.highest(_LATELY_S)
        for _, meter in clients.of_group(seen, group.id, "consumer.fetch_throttle")
    ]
    ids = {member.client_id for member in _members(group)}
    values += [
        meter.highest(_LATELY_S)
        for quota in ("fetch", "request")
        for meter in seen.meters.all("broker.throttle", quota=quota)
        if meter.labels.get("client") in ids
    ]
    known = [value for value in values if not isinstance(value, Unknown)]
    if known:
        return max(known)
    return Unknown("no metrics source tells consumer.fetch_throttle or broker.throttle of them")


def _at_limit(
    argument: interface.Argument,
    group: groups.Facts,
    of: NDArray[np.bool_],
    matching: list[access.Quota],
    listed: tuple[snapshot.Member, ...],
) -> float | Unknown:
    """Bytes that the group reads a second, as a share of what its quota lets it read."""
    seen = argument.case.seen
    limits = [q.limits["consumer_byte_rate"] for q in matching if "consumer_byte_rate" in q.limits]
    table = seen.partitions
    if not limits or not len(seen.history.times) or isinstance(table, Unknown):
        return Unknown("no quota on bytes is known to limit it")
    columns = group.columns[of]
    places = seen.history.places.partition_of[columns]
    known = places >= 0
    size = seen.observation.once(losing.partition_bytes)[places[known]]
    held = seen.history.ends[-1][places[known]] - seen.history.starts[-1][places[known]]
    each = np.divide(size, held, out=np.full(len(size), np.nan), where=held > 0)
    rate = np.nan_to_num(group.read_rate[of][known]) * each
    if not len(rate) or np.isnan(rate).all():
        return Unknown("the sizes of its logs were not read, or nobody knows how fast it reads")
    leaders = {
        int(table.leader[ordinal])
        for name in (group.names[i] for i in np.flatnonzero(of))
        if (ordinal := table.ordinal(name)) is not None
    }
    # A quota counts on each broker and for each client id; members of one id share it.
    allowed = limits[0] * max(len(leaders), 1) * max(len({m.client_id for m in listed}), 1)
    return round(float(np.nansum(rate)) / allowed, 3)


def _brokers(argument: interface.Argument, leaders: dict[int, int], every: dict[int, int]) -> None:
    """Trouble of the brokers that lead most of what lags; ``every``: of all that it reads."""
    case = argument.case
    led = argument.fact(
        "leaders",
        "brokers that lead the lagging partitions, and how many each",
        words.names(f"{one}: {count}" for one, count in sorted(leaders.items())) or "not known",
        how="Metadata",
    )
    total = sum(leaders.values())
    for cause, (code, text) in _CAUSES.items():
        hit = {
            int(item.resource.id): item
            for item in case.findings(code)
            if item.resource.kind == "broker" and int(item.resource.id) in leaders
        }
        worst = max(hit, key=lambda one: leaders[one], default=None)
        gap = next((g for g in case.detection.not_seen if g.code == code), None)
        found: bool | Unknown = worst is not None
        if worst is None and gap is not None:
            found = Unknown(gap.reason)
        if isinstance(found, Unknown) and not case.seen.meters.sources:
            continue  # without any metrics it cannot be told; the finding's own gap says so
        share = leaders.get(worst, 0) / total if worst is not None and total else 0.0
        argument.weigh(
            cause,
            text.format(broker=worst if worst is not None else "that leads it"),
            requires(
                f"a leader of what lags shows {code}",
                found,
                led,
                *(fact.id for fact in (hit[worst].evidence if worst is not None else ())),
            ),
            expects(
                "it leads most of what lags",
                share > 0.5 if worst is not None else Unknown("no leader shows it"),
                led,
            ),
            decides(
                "what others lead does not lag",
                share == 1.0 and len(every) > 1
                if worst is not None
                else Unknown("no leader shows it"),
                led,
            ),
            on=brokers.broker(worst) if worst is not None else None,
            next=[interface.suggest("owner.notify", "Relieve the broker first.")],
        )


def _path(argument: interface.Argument, group: groups.Facts) -> None:
    """The way between the clients and the brokers."""
    seen = argument.case.seen
    latencies = [
        meter.latest for _, meter in clients.of_group(seen, group.id, "consumer.fetch_latency")
    ]
    known = [value for value in latencies if not isinstance(value, Unknown)]
    if not known:
        return  # nothing tells of it at all; the clients' metrics are named where they decide
    local = [
        meter.latest
        for meter in seen.meters.all("broker.request_time_mean", request="Fetch", part="total")
    ]
    served = [value for value in local if not isinstance(value, Unknown)]
    fact = argument.fact(
        "fetch",
        "milliseconds of a fetch, as its clients and as the brokers measure it",
        f"{max(known):.0f}; {max(served):.0f}" if served else f"{max(known):.0f}; not told",
        source="metrics",
    )
    argument.weigh(
        "network.slow_path",
        "Fetches are served quickly and reach its clients late.",
        requires(
            "fetches take its clients far longer than the brokers",
            max(known) > _SLOWER * max(max(served), _WAIT_MS)
            if served
            else Unknown("no metrics source tells how long brokers take to answer fetches"),
            fact,
        ),
        next=[interface.suggest("owner.notify", "Look at the network between it and the brokers.")],
    )
