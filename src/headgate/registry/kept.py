"""What was read of a registry's subjects, kept between reads so that little is read twice.

A version never changes, so it is read once. What does change (which versions there are, the rule,
the mode) is read again when something points at the subject, and otherwise once in a while, spread
over time by the subject's name so that thousands do not come due together.
"""

import heapq
import threading
import zlib
from collections.abc import Collection
from dataclasses import dataclass, replace

from headgate.domain import registry
from headgate.domain.unknown import Unknown

UNREAD = Unknown("not read yet: there was no time for it; it comes first the next time")


PACE_S = 1.0
"""Seconds for each subject: a registry with eight of them is asked for all within eight seconds,
one with thousands within its longest time, and no registry for more than one or two a second."""
LEAST_S = 8.0
"""No subject is asked about again sooner than within this."""


@dataclass(slots=True, kw_only=True)
class _Held:
    subject: registry.Subject
    due_at: float
    """In monotonic seconds."""


class Kept:
    """The subjects of one registry; safe for several threads."""

    def __init__(self, recheck_s: float) -> None:
        """Each subject is due again within ``recheck_s``, at the earliest after half of it; sooner
        where there are few.
        """
        self._recheck_s = recheck_s
        self._held: dict[str, _Held] = {}
        self._listed = 0
        self._lock = threading.Lock()
        self.highest_id = 0
        """The highest schema id that was seen."""

    def get(self, name: str) -> registry.Subject | None:
        """What was read of it; None: nothing yet."""
        with self._lock:
            held = self._held.get(name)
            return held.subject if held else None

    def put(self, subject: registry.Subject, now: float) -> None:
        """The subject was read now."""
        share = 0.5 + zlib.crc32(subject.name.encode("utf-8", "surrogatepass")) / 2**33
        with self._lock:
            within_s = min(self._recheck_s, max(LEAST_S, PACE_S * self._listed))
            self._held[subject.name] = _Held(subject=subject, due_at=now + share * within_s)
            if not isinstance(subject.versions, Unknown):
                ids = (one.schema_id for one in subject.versions)
                self.highest_id = max(self.highest_id, *ids, 0)

    def fail(self, subject: registry.Subject, now: float, retry_s: float) -> None:
        """What could not be read is kept with its reason and tried again after ``retry_s``."""
        with self._lock:
            self._held[subject.name] = _Held(subject=subject, due_at=now + retry_s)

    def touch(self, names: Collection[str] | None = None) -> None:
        """These are due now; all of them where none is named."""
        with self._lock:
            for name in self._held if names is None else names:
                if name in self._held:
                    self._held[name].due_at = 0.0

    def settle(self, listed: Collection[str], active: Collection[str]) -> None:
        """Subjects that are gone are forgotten; those deleted or restored since are due now."""
        with self._lock:
            self._listed = len(listed)
            for gone in self._held.keys() - set(listed):
                del self._held[gone]
            for name, held in self._held.items():
                deleted = name not in active
                if held.subject.deleted != deleted:
                    held.subject = _turned(held.subject, deleted=deleted)
                    held.due_at = 0.0

    def wanted(self, listed: Collection[str], now: float) -> list[str]:
        """Subjects to read now: those never read, by name, then those due, longest due first."""
        with self._lock:
            new = sorted(name for name in listed if name not in self._held)
            due = [(held.due_at, name) for name, held in self._held.items() if held.due_at <= now]
        return new + [name for _, name in heapq.nsmallest(len(due), due)]

    def inherit(self, rule: str | Unknown) -> None:
        """The registry's own rule is another now: subjects without one of their own follow, and
        those of which that is not known are due.
        """
        with self._lock:
            for held in self._held.values():
                if held.subject.own_compatibility is False:
                    held.subject = replace(held.subject, compatibility=rule)
                elif isinstance(held.subject.own_compatibility, Unknown):
                    held.due_at = 0.0

    def complete(self, listed: Collection[str]) -> bool:
        """Whether every subject was read at least once."""
        with self._lock:
            return all(name in self._held for name in listed)

    def subjects(
        self, listed: Collection[str], active: Collection[str]
    ) -> dict[str, registry.Subject]:
        """Every listed subject by name; one not read yet has Unknown in its places."""
        with self._lock:
            return {
                name: held.subject
                if (held := self._held.get(name))
                else registry.Subject(
                    name=name,
                    versions=UNREAD,
                    compatibility=UNREAD,
                    own_compatibility=UNREAD,
                    mode=UNREAD,
                    deleted=name not in active,
                )
                for name in sorted(listed)
            }


def _turned(subject: registry.Subject, *, deleted: bool) -> registry.Subject:
    """The subject as deleted or restored; a deletion takes all its versions with it."""
    versions = subject.versions
    if deleted and not isinstance(versions, Unknown):
        versions = tuple(replace(one, deleted=True) for one in versions)
    return replace(subject, versions=versions, deleted=deleted)
