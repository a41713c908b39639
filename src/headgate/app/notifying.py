"""Tells people of incidents: one thread of this process for each channel, so that none waits for
another.

What was told is kept after each notice, so that a restart tells nothing twice but what was on its
way. What a channel does not take is tried again, later each time, and said on the incident's page.
Where too many open at once, the most urgent are told one by one and the rest in sum (``storms``).
"""

import dataclasses
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

import structlog

from headgate.app import errors, hub, words
from headgate.domain import incident, notices, storms
from headgate.ports import channel, clock
from headgate.ports import store as ports

_log = structlog.get_logger(__name__)

RETRY_S = (5.0, 15.0, 60.0, 300.0, 900.0)
"""Seconds before the next attempt, by how many failed."""
LASTING_S = 900.0
"""The same where the channel will not take it until its settings are mended."""
KEPT = timedelta(days=90)
"""What channels were told stays so long after an incident is over."""
_APART_S = 0.5
"""Between two passes, so that a burst of looks is one pass."""
_NAMED = 5


class Teller:
    """Tells one channel; ``run`` is its thread."""

    def __init__(
        self,
        told: channel.Channel,
        route: notices.Route,
        *,
        store: ports.Store,
        ticks: clock.Clock,
        environment: Callable[[str], str],
        link: str,
    ) -> None:
        """Nothing is sent yet. ``link``: address of the console, empty where it is not known."""
        self._channel = told
        self.route = route
        """What it wants to hear of."""
        self._store = store
        self._clock = ticks
        self._environment = environment
        self._link = link.rstrip("/")
        self._again: datetime | None = None
        self._pruned: datetime | None = None

    @property
    def name(self) -> str:
        """What the settings call the channel."""
        return self._channel.name

    @property
    def where(self) -> str:
        """The channel's address, without secrets."""
        return self._channel.where

    def test(self, by: str) -> str:
        """A test notice is in the channel, and resolved; the channel's address.

        Raises:
            ChannelError: it was not taken.
        """
        now = self._clock.now()
        letter = channel.Letter(
            incident=f"test-{int(now.timestamp())}",
            cluster="none",
            environment="lab",
            kind="open",
            severity="info",
            title="A test of Headgate's notices: they arrive here",
            lines=(f"{by} asked for it. Nothing is wrong.",),
            resource="cluster:none",
            cause="",
            opened_at=now,
            at=now,
            link=self._link,
        )
        reference = self._channel.send(letter, "")
        over = dataclasses.replace(letter, kind="resolve", lines=("The test is over.",))
        self._channel.send(over, reference)
        return self._channel.where

    def run(self, stop: threading.Event, heard: hub.Hub) -> None:
        """The channel hears of each incident until ``stop``."""
        while not stop.is_set():
            try:
                with heard.listen() as stream:
                    self._pass()
                    for notice in stream:
                        if stop.is_set():
                            return
                        if notice is None or notice.kind == "incident" or self._is_due():
                            self._pass()
                            stop.wait(_APART_S)
            except errors.Unavailable:
                stop.wait(5.0)

    def close(self) -> None:
        """Connections are closed."""
        self._channel.close()

    def tell(self) -> int:
        """The channel was told of all that is due; how many notices it took.

        Raises:
            StoreError: the database cannot be used.
        """
        now = self._clock.now()
        known, recent, storm = self._known(now)
        plan = storms.plan(known, recent, storm, self.route, now)
        self._again = plan.again
        self._hold(plan, now)
        sent = 0
        for page in plan.send:
            letter = self._letter(page.item, page.what, now)
            sent += self._send(letter, page.thread, page.what)
        if plan.summary is not None:
            letter = self._in_sum(plan, storm, plan.summary, now)
            sent += self._send(letter, storm, plan.summary)
        elif not plan.held and storm.told is None and storm.failures:
            # it was over before the channel took a word of it
            self._keep(notices.Thread(incident=storm.incident, channel=self.name))
        self._prune(now)
        return sent

    def _pass(self) -> None:
        try:
            self.tell()
        except Exception as error:  # noqa: BLE001 - the next pass tells what this one did not
            _log.error(
                "A channel could not be told",
                event_key="notify.failed",
                channel=self.name,
                exc_info=error,
            )

    def _is_due(self) -> bool:
        return self._again is not None and self._clock.now() >= self._again

    def _known(
        self, now: datetime
    ) -> tuple[list[storms.Known], list[notices.Thread], notices.Thread]:
        """Incidents that live, or that the channel was told of and that are over; its threads in
        which something was sent within the window; and the storm's.
        """
        own = storms.thread_id(self.name)
        with self._store.read() as work:
            threads = {one.incident: one for one in work.notices.open() if one.channel == self.name}
            storm = threads.pop(own, notices.Thread(incident=own, channel=self.name))
            recent = [
                one
                for one in work.notices.since(now - self.route.window)
                if one.channel == self.name and one.incident != own
            ]
            living = list(_living(work))
            over = [work.incidents.get(one) for one in set(threads) - {o.id for o in living}]
            found = []
            for item in (*living, *(one for one in over if one is not None)):
                thread = threads.get(item.id)
                if thread is None:  # never told, or told that it was over and now it is back
                    kept = [one for one in work.notices.of(item.id) if one.channel == self.name]
                    thread = kept[0] if kept else None
                found.append((item, thread or notices.Thread(incident=item.id, channel=self.name)))
        return found, recent, storm

    def _hold(self, plan: storms.Plan, now: datetime) -> None:
        """What is held back from now on is kept and in the audit."""
        fresh = [(item, thread) for item, thread in plan.held if storms.is_new(thread)]
        if not fresh and not plan.missed:
            return
        window = words.duration(self.route.window.total_seconds())
        why = f"more than {self.route.limit} incidents in {window}"
        with self._store.begin() as work:
            for thread in plan.missed:
                work.notices.put(thread)
            for item, thread in fresh:
                work.notices.put(dataclasses.replace(thread, held_at=now))
                work.audit.append(
                    ports.Event(
                        at=now,
                        actor="headgate",
                        what="notice.held",
                        target=item.id,
                        text=f"{self._channel.where} is told of it in sum only ({why}): "
                        f"{item.draft.title}",
                    )
                )

    def _send(self, letter: channel.Letter, thread: notices.Thread, what: notices.Notice) -> int:
        try:
            reference = self._channel.send(letter, thread.reference)
        except channel.ChannelError as error:
            wait_s = LASTING_S if error.lasting else RETRY_S[min(thread.failures, 4)]
            after = dataclasses.replace(
                thread,
                failures=thread.failures + 1,
                retry_at=letter.at + timedelta(seconds=wait_s),
                reason=str(error),
            )
            self._again = min(self._again or after.retry_at, after.retry_at)  # type: ignore[type-var]  # set above
            _log.warning(
                "A channel did not take a notice",
                event_key="notify.refused",
                channel=self.name,
                incident=thread.incident,
                reason=str(error),
            )
            self._keep(after)
            return 0
        pages = what.kind in notices.PAGES
        self._keep(
            notices.Thread(
                incident=thread.incident,
                channel=self.name,
                told=what.told,
                sent_at=letter.at,
                reference=reference,
                paged_at=letter.at if pages else thread.paged_at,
                paged_as=letter.severity if pages else thread.paged_as,
            ),
            event=ports.Event(
                at=letter.at,
                actor="headgate",
                what="notice.sent",
                target=thread.incident,
                text=f"{self._channel.where} was told ({what.kind}): {letter.title}",
            ),
        )
        return 1

    def _keep(self, thread: notices.Thread, event: ports.Event | None = None) -> None:
        with self._store.begin() as work:
            work.notices.put(thread)
            if event is not None:
                work.audit.append(event)

    def _letter(
        self, item: incident.Incident, what: notices.Notice, now: datetime
    ) -> channel.Letter:
        draft = item.draft
        return channel.Letter(
            incident=item.id,
            cluster=item.cluster,
            environment=self._environment(item.cluster),
            kind=what.kind,
            severity=draft.severity,
            title=draft.title,
            lines=what.news or tuple(_first_lines(item, now)),
            resource=str(draft.resource),
            cause=what.told.cause,
            opened_at=item.opened_at,
            at=now,
            link=f"{self._link}/incidents/{item.id}" if self._link else "",
            deadline=draft.deadline,
            by=item.acknowledged_by,
        )

    def _in_sum(
        self,
        plan: storms.Plan,
        thread: notices.Thread,
        what: notices.Notice,
        now: datetime,
    ) -> channel.Letter:
        """The storm in words; once it is over, of the clusters that were told last."""
        clusters = sorted({one.cluster for one in what.told.held})
        over = what.kind == "resolve"
        return channel.Letter(
            incident=thread.incident,
            cluster=", ".join(clusters),
            environment=", ".join(sorted({self._environment(name) for name in clusters})),
            kind=what.kind,
            severity=what.told.severity,
            title="Many incidents opened at once" if over else _title(what.told.held),
            lines=what.news if over else (*what.news, *_lines(plan, self.route)),
            resource=", ".join(f"cluster:{name}" for name in clusters),
            cause="",
            opened_at=thread.paged_at or now,
            at=now,
            link=f"{self._link}/incidents" if self._link else "",
        )

    def _prune(self, now: datetime) -> None:
        if self._pruned is not None and now - self._pruned < timedelta(hours=6):
            return
        self._pruned = now
        with self._store.begin() as work:
            work.notices.prune(before=now - KEPT)


def _living(work: ports.Work) -> Iterator[incident.Incident]:
    cursor = ""
    while True:
        page = work.incidents.page(states=tuple(notices.LIVE), cursor=cursor, limit=500)
        yield from page.items
        cursor = page.next_cursor
        if not cursor:
            return


def _title(held: Sequence[notices.Held]) -> str:
    number = sum(one.number for one in held)
    more = words.plural(number, "more incident is open", "more incidents are open")
    return f"{more}: {storms.in_words(held)}"


def _lines(plan: storms.Plan, route: notices.Route) -> list[str]:
    """Why they are told in sum, where they are, and what is most urgent among them."""
    items = [item for item, _thread in plan.held]
    window = words.duration(route.window.total_seconds())
    lines = [f"More than {route.limit} opened within {window}, so these are told in sum."]
    places = Counter(item.cluster for item in items).most_common()
    if len(places) > 1:
        more = f" and {len(places) - _NAMED} more" if len(places) > _NAMED else ""
        listed = ", ".join(f"{name} ({number})" for name, number in places[:_NAMED])
        lines.append(f"On {listed}{more}.")
    lines += [f"Among them ({one.draft.severity}): {one.draft.title}" for one in items[:3]]
    lines.append(
        "The list of incidents shows all. Those that still live are told one by one as the limit "
        "allows, the most urgent first."
    )
    return lines


def _first_lines(item: incident.Incident, now: datetime) -> list[str]:
    """Why, who is hit, until when, and what to do: what the person who is paged needs first."""
    draft = item.draft
    lines = []
    if draft.causes:
        first = draft.causes[0]
        lines.append(f"Why: {first.summary} ({first.verdict})")
    hit = (*draft.blast_radius.groups, *draft.blast_radius.connectors)
    if hit:
        more = f" and {len(hit) - _NAMED} more" if len(hit) > _NAMED else ""
        lines.append(f"Hits {', '.join(hit[:_NAMED])}{more}.")
    if draft.deadline is not None:
        left = words.duration(max(0.0, (draft.deadline - now).total_seconds()))
        then = draft.deadline_what or "data is lost"
        lines.append(f"{draft.deadline:%Y-%m-%d %H:%M} UTC (in {left}): {then}.")
    if draft.causes and draft.causes[0].next:
        lines.append(f"Next: {draft.causes[0].next[0].why}")
    return lines
