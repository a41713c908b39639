"""The port to a schema registry, over Confluent's REST interface, as Apicurio serves it, too.

A read lists the subjects in two calls and then asks only about those that something points at:
new ones, those deleted or restored since, those that use a schema id not seen before, and a few
that have not been looked at for long. So 5,000 subjects that do not change cost a dozen calls.

Where Apicurio 3.3 differs from Confluent, both were allowed for: it gives the registry's rule and
mode for subjects that have none of their own; it shows no version of a subject that is deleted as a
whole; a registration that is refused uses up a schema id all the same.
"""

import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent import futures
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TypeVar
from urllib.parse import quote

from headgate.domain import registry as registry_
from headgate.domain.unknown import Unknown
from headgate.ports import errors
from headgate.registry import checking, kept, shapes, wire
from headgate.web import deadline

T = TypeVar("T")

RECHECK_S = 3600.0
"""Each subject is asked about again within an hour: no signal tells of a changed rule or mode."""

AT_ONCE = 4
"""Calls under way at a time; a registry also has producers to serve."""

PROBED_IDS = 8
"""Schema ids probed beyond the highest one known; refused registrations leave gaps in them."""

_RETRY_S = 60.0
"""When a subject that could not be read is tried again."""

_SHARE = 0.9
"""Of the deadline, for reading subjects; the rest is for putting the answer together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Listed:
    everything: frozenset[str]
    """Soft-deleted subjects included."""
    active: frozenset[str]


class RestRegistry:
    """Implements ``ports.registry.SchemaRegistry``; safe to use from several threads."""

    def __init__(
        self,
        name: str,
        url: str,
        *,
        username: str = "",
        password: str = "",
        token: str = "",
        ca_file: str = "",
        recheck_s: float = RECHECK_S,
    ) -> None:
        """Nothing is sent yet; credentials may also stand in the address.

        Raises:
            ValueError: the address is not an http or https address.
        """
        self._name = name
        self._wire = wire.Wire(
            url,
            username=username,
            password=password,
            token=token,
            ca_file=ca_file,
            at_once=AT_ONCE,
        )
        self._kept = kept.Kept(recheck_s)
        self._reading = threading.Lock()
        self._rule: str | Unknown | None = None
        self._mode: str | Unknown | None = None
        self._checked: dict[tuple[object, ...], registry_.Breaks | None] = {}
        self._tells_own = False
        """Whether the registry was seen to refuse a rule for a subject that has none of its own."""

    @property
    def name(self) -> str:
        """The name Headgate knows it by."""
        return self._name

    @property
    def url(self) -> str:
        """Its address, without credentials."""
        return self._wire.url

    def registry(self, *, deadline_s: float) -> registry_.Registry:
        """All subjects with their versions; what there was no time for is Unknown.

        Raises:
            errors.PortError: nothing there, no answer in time, not a registry, not allowed.
        """
        left = deadline.Remaining(deadline_s)
        with self._reading:
            listed = self._list(left)
            self._note(*self._own(left))
            self._kept.settle(listed.everything, listed.active)
            reading = deadline.Remaining(left.seconds * _SHARE)
            self._read_due(listed, reading)
            if self._kept.complete(listed.everything):
                self._kept.touch(self._users_of_new_ids(reading))
                self._read_due(listed, reading)
        return registry_.Registry(
            name=self._name,
            url=self.url,
            compatibility=self._rule or kept.UNREAD,
            mode=self._mode or kept.UNREAD,
            subjects=self._kept.subjects(listed.everything, listed.active),
        )

    def subject(self, name: str, *, deadline_s: float) -> registry_.Subject:
        """One subject, read now.

        Raises:
            errors.Refused: there is no such subject.
            errors.PortError: nothing there, no answer in time, not a registry, not allowed.
        """
        left = deadline.Remaining(deadline_s)
        if self._rule is None:
            self._note(*self._own(left))
        held = self._read(name, deleted=None, left=left)
        self._kept.put(held, time.monotonic())
        return held

    def schema(self, subject: str, version: int, *, deadline_s: float) -> str:
        """The text of one version, soft-deleted ones included where the registry shows them.

        Raises:
            errors.Refused: there is no such version.
            errors.PortError: nothing there, no answer in time, not a registry, not allowed.
        """
        left = deadline.Remaining(deadline_s)
        return self._version(subject, version, left).schema_

    def close(self) -> None:
        """Connections are closed."""
        self._wire.close()

    def _list(self, left: deadline.Remaining) -> _Listed:
        everything = self._wire.read("/subjects?deleted=true", shapes.NAMES, left)
        active = self._wire.read("/subjects", shapes.NAMES, left)
        return _Listed(everything=frozenset((*everything, *active)), active=frozenset(active))

    def _own(self, left: deadline.Remaining) -> tuple[str | Unknown, str | Unknown]:
        """The registry's own rule and mode."""
        rule: shapes.Config | Unknown
        mode: shapes.Mode | Unknown
        try:
            rule = _or_unknown(lambda: self._wire.read("/config", shapes.CONFIG, left))
        except wire.Missing as error:
            rule = _why(error)
        try:
            mode = _or_unknown(lambda: self._wire.read("/mode", shapes.MODE, left))
        except wire.Missing as error:
            mode = _why(error)
        return rule if isinstance(rule, Unknown) else rule.compatibilityLevel, _mode_of(mode)

    def _note(self, rule: str | Unknown, mode: str | Unknown) -> None:
        """The registry's own rule and mode; what subjects inherit of them follows."""
        if self._rule is not None and rule != self._rule:
            self._kept.inherit(rule)
        if self._mode is not None and mode != self._mode:
            self._kept.touch()
        self._rule, self._mode = rule, mode

    def _users_of_new_ids(self, left: deadline.Remaining) -> frozenset[str]:
        """Subjects with a version under a schema id beyond the highest known one."""
        found: set[str] = set()
        lowest = self._kept.highest_id + 1
        while not left.over:
            seen = 0
            for number in range(lowest, lowest + PROBED_IDS):
                path = f"/schemas/ids/{number}/versions?deleted=true"
                try:
                    uses = self._wire.read(path, shapes.USES, left)
                except wire.Missing:
                    continue
                except errors.PortError:  # one that does not answer this is looked at in turn
                    return frozenset(found)
                found |= {one.subject for one in uses}
                seen = number
            if not seen:
                break
            self._kept.highest_id = seen
            lowest = seen + 1
        return frozenset(found)

    def _read_due(self, listed: _Listed, left: deadline.Remaining) -> None:
        wanted = self._kept.wanted(listed.everything, time.monotonic())
        self._read_all(wanted, listed.active, left)

    def _read_all(
        self, names: Sequence[str], active: Collection[str], left: deadline.Remaining
    ) -> None:
        """As many as the time allows are read, in their order, a few at once."""
        queue = iter(names)
        lock = threading.Lock()
        over = threading.Event()

        def work() -> None:
            for name in _taken(queue, lock):
                if left.over or over.is_set():
                    return
                deleted = name not in active
                try:
                    self._kept.put(self._read(name, deleted=deleted, left=left), time.monotonic())
                except (errors.Unreachable, errors.TimedOut):  # the others would wait as well
                    over.set()
                except errors.PortError as error:
                    self._fail(name, error, deleted=deleted)

        workers = min(AT_ONCE, len(names))
        if workers <= 1:
            work()
            return
        with futures.ThreadPoolExecutor(workers, "headgate-registry") as pool:
            for done in [pool.submit(work) for _ in range(workers)]:
                done.result()

    def _fail(self, name: str, error: errors.PortError, *, deleted: bool) -> None:
        before = self._kept.get(name)
        why = _why(error)
        found = before or registry_.Subject(
            name=name,
            versions=why,
            compatibility=why,
            own_compatibility=why,
            mode=why,
            deleted=deleted,
        )
        self._kept.fail(found, time.monotonic(), _RETRY_S)

    def _read(
        self, name: str, *, deleted: bool | None, left: deadline.Remaining
    ) -> registry_.Subject:
        """The subject with what was known of its versions reused; None: see whether it is."""
        path = f"/subjects/{quote(name, safe='')}"
        before = self._kept.get(name)
        numbers = self._wire.read(f"{path}/versions?deleted=true", shapes.NUMBERS, left)
        active: frozenset[int] | None = None
        if deleted is None or before is not None:
            try:
                listed = self._wire.read(f"{path}/versions", shapes.NUMBERS, left)
            except wire.Missing:
                listed = []
            active = frozenset(listed)
            deleted = not active
        elif deleted:
            active = frozenset()
        rule, own = self._compatibility(name, left)
        versions = self._versions(name, sorted(numbers), active, before, left)
        return registry_.Subject(
            name=name,
            versions=versions,
            compatibility=rule,
            own_compatibility=own,
            mode=self._mode_of(name, left),
            breaks=self._breaks(name, versions, rule, left),
            deleted=deleted,
            read_at=datetime.now(UTC),
        )

    def _versions(
        self,
        name: str,
        numbers: Sequence[int],
        active: frozenset[int] | None,
        before: registry_.Subject | None,
        left: deadline.Remaining,
    ) -> tuple[registry_.Version, ...] | Unknown:
        """Every version, read only where it is not known; ``active`` None: see by reading."""
        known: dict[int, registry_.Version] = {}
        if before is not None and not isinstance(before.versions, Unknown):
            known = {one.number: one for one in before.versions}
        found = []
        for number in numbers:
            if number in known and active is not None:
                found.append(replace(known[number], deleted=number not in active))
                continue
            try:
                if active is None:
                    found.append(self._unsorted(name, number, left))
                else:
                    read = self._version(name, number, left, deleted=number not in active)
                    found.append(shapes.version(read, deleted=number not in active))
            except wire.Missing:
                if active != frozenset():
                    raise
                return Unknown(
                    "the subject is deleted, and this registry does not show what was deleted"
                )
        return tuple(found)

    def _breaks(
        self,
        name: str,
        versions: tuple[registry_.Version, ...] | Unknown,
        rule: str | Unknown,
        left: deadline.Remaining,
    ) -> registry_.Breaks | Unknown | None:
        """What the newest version breaks; versions never change, so it is asked once a rule."""
        pair = checking.against(versions, rule)
        if pair is None or isinstance(pair, Unknown):
            return pair
        key = (name, pair[0].schema_id, pair[1], str(rule))
        if key not in self._checked:
            read = self._version(name, pair[0].number, left, deleted=False)
            found = checking.breaks(
                self._wire, f"/subjects/{quote(name, safe='')}", read, pair[1], left
            )
            if isinstance(found, Unknown):
                return found
            self._checked[key] = found
        return self._checked[key]

    def _unsorted(self, name: str, number: int, left: deadline.Remaining) -> registry_.Version:
        """A version of which it is not known yet whether it is deleted."""
        try:
            return shapes.version(self._version(name, number, left, deleted=False), deleted=False)
        except wire.Missing:
            return shapes.version(self._version(name, number, left), deleted=True)

    def _version(
        self, name: str, number: int, left: deadline.Remaining, *, deleted: bool = True
    ) -> shapes.Version:
        path = f"/subjects/{quote(name, safe='')}/versions/{number}"
        return self._wire.read(f"{path}?deleted=true" if deleted else path, shapes.VERSION, left)

    def _compatibility(
        self, name: str, left: deadline.Remaining
    ) -> tuple[str | Unknown, bool | Unknown]:
        """The rule in force, and whether it is the subject's own."""
        theirs = self._rule if self._rule is not None else kept.UNREAD
        path = f"/config/{quote(name, safe='')}"
        try:
            read = _or_unknown(lambda: self._wire.read(path, shapes.CONFIG, left))
        except wire.Missing:
            self._tells_own = True
            return theirs, False
        if isinstance(read, Unknown):
            return read, read
        rule = read.compatibilityLevel
        if self._tells_own or (not isinstance(theirs, Unknown) and rule != theirs):
            return rule, True
        return rule, Unknown(
            "this registry gives its own rule for a subject that has none, and both are alike"
        )

    def _mode_of(self, name: str, left: deadline.Remaining) -> str | Unknown:
        path = f"/mode/{quote(name, safe='')}"
        try:
            return _mode_of(_or_unknown(lambda: self._wire.read(path, shapes.MODE, left)))
        except wire.Missing:
            return self._mode if self._mode is not None else kept.UNREAD


def _taken(queue: Iterator[str], lock: threading.Lock) -> Iterator[str]:
    """Names off a queue that several threads share."""
    while True:
        with lock:
            name = next(queue, None)
        if name is None:
            return
        yield name


def _or_unknown(read: Callable[[], T]) -> T | Unknown:
    """What ``read`` gives; what the registry refuses is Unknown with its words.

    Raises:
        wire.Missing: there is no such thing.
        errors.PortError: it does not answer, or not like a registry.
    """
    try:
        return read()
    except wire.Missing:
        raise
    except (errors.NotAllowed, errors.Refused) as error:
        return _why(error)


def _why(error: errors.PortError) -> Unknown:
    if isinstance(error, errors.NotAllowed):
        return Unknown(error.what, kind="not_allowed", needs=error.needs)
    return Unknown(error.what)


def _mode_of(read: shapes.Mode | Unknown) -> str | Unknown:
    return read if isinstance(read, Unknown) else read.mode
