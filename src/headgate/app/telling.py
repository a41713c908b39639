"""Use cases around channels: how they are, what they were told, and whether they work."""

from collections.abc import Sequence

from headgate.app import context, errors, interface, notifying, permissions, translate
from headgate.domain import notices, person, storms
from headgate.ports import channel, store


class Telling:
    """What people ask of the channels."""

    def __init__(self, running: context.Context) -> None:
        self._running = running

    def channels(self, actor: person.Actor) -> tuple[interface.ChannelInfo, ...]:
        """Every channel that is configured."""
        permissions.demand(actor, "look", "channels")
        with translate.translated(), self._running.store.read() as work:
            threads = work.notices.open()
        return tuple(_info(one, threads) for one in self._running.tellers)

    def told(self, actor: person.Actor, incident_id: str) -> tuple[notices.Thread, ...]:
        """What channels were told of an incident."""
        permissions.demand(actor, "look", incident_id)
        with translate.translated(), self._running.store.read() as work:
            return tuple(work.notices.of(incident_id))

    def test_channel(self, actor: person.Actor, name: str) -> str:
        """A test notice is in the channel, and resolved; the channel's address.

        Raises:
            errors.NotFound: no channel has that name.
            errors.Unavailable: it did not take it; says why.
        """
        permissions.demand(actor, "test_channel", name)
        found = [one for one in self._running.tellers if one.name == name]
        if not found:
            known = ", ".join(one.name for one in self._running.tellers)
            raise errors.NotFound(
                f"There is no channel {name}",
                where=name,
                next_step=f"Known: {known}" if known else "Add one: [[notify]] in headgate.toml",
            )
        by = permissions.describe(actor)
        now = self._running.clock.now()
        try:
            where = found[0].test(by)
        except channel.ChannelError as error:
            raise errors.Unavailable(
                error.what, where=error.where, next_step=error.next_step
            ) from error
        with translate.translated(), self._running.store.begin() as work:
            work.audit.append(
                store.Event(
                    at=now,
                    actor=permissions.signature(actor),
                    what="notice.tested",
                    target=name,
                    text=f"{by} sent a test notice to {where}.",
                )
            )
        return where


def _info(one: notifying.Teller, threads: Sequence[notices.Thread]) -> interface.ChannelInfo:
    storm = storms.thread_id(one.name)
    mine = [each for each in threads if each.channel == one.name]
    own = [each for each in mine if each.incident != storm]
    failing = [each for each in mine if each.failures]
    return interface.ChannelInfo(
        name=one.name,
        where=one.where,
        severity=one.route.least,
        clusters=one.route.clusters,
        threads=sum(each.told is not None for each in own),
        sent_at=max((each.sent_at for each in mine if each.sent_at), default=None),
        reason=failing[-1].reason if failing else "",
        retry_at=min((each.retry_at for each in failing if each.retry_at), default=None),
        held=sum(each.held_at is not None for each in own),
    )
