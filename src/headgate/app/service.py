"""The use cases as one: what ``interface.Headgate`` promises, put together from its parts."""

from headgate.app import (
    attending,
    context,
    deciding,
    interface,
    looking,
    operating,
    recalling,
    schemas,
    telling,
    translate,
)
from headgate.domain import person


class Service:
    """Implements ``interface.Headgate``; any thread may use it."""

    def __init__(self, running: context.Context) -> None:
        look = looking.Looking(running)
        decide = deciding.Deciding(running)
        operate = operating.Operating(running)
        recall = recalling.Recalling(running)
        self._auth = running.auth

        self.clusters = look.clusters
        self.cluster = look.cluster
        self.observation = look.observation
        self.detection = look.detection
        self.capabilities = look.capabilities
        self.chart = look.chart
        self.filling = look.filling
        schema = schemas.Schemas(running)
        self.subject = schema.subject
        self.schema = schema.schema
        self.inbox = look.inbox
        self.incidents = look.incidents
        self.show_incident = look.show_incident
        self.changes = look.changes
        self.show_change = look.show_change
        self.may_decide = look.may_decide
        self.actions = look.actions
        self.audit = look.audit
        self.verify_audit = look.verify_audit
        self.export_audit = look.export_audit
        self.notices = look.notices
        self.kill_switch = look.kill_switch

        self.propose = decide.propose
        self.approve = decide.approve
        self.reject = decide.reject
        self.cancel = decide.cancel
        self.conclude_review = decide.conclude_review

        self.timeline = recall.timeline
        self.restore_points = recall.restore_points
        self.restore_point = recall.restore_point
        self.compare_restore_points = recall.compare_restore_points

        attend = attending.Attending(running)
        self.acknowledge = attend.acknowledge
        self.silence = attend.silence
        self.unsilence = attend.unsilence

        tell = telling.Telling(running)
        self.channels = tell.channels
        self.told = tell.told
        self.test_channel = tell.test_channel

        self.post_timeline = operate.post_timeline
        self.set_kill_switch = operate.set_kill_switch

    def login(self, name: str, password: str, *, source: str) -> interface.Login:
        """A session has begun."""
        with translate.translated():
            return self._auth.login(name, password, source=source)

    def logout(self, secret: str) -> None:
        """The session is over."""
        with translate.translated():
            self._auth.logout(secret)

    def actor_of_session(self, secret: str) -> tuple[person.Actor, str] | None:
        """(Who holds the session, its CSRF token)."""
        with translate.translated():
            return self._auth.of_session(secret)

    def actor_of_token(self, secret: str) -> person.Actor | None:
        """Who holds the token."""
        with translate.translated():
            return self._auth.of_token(secret)


def checked(running: context.Context) -> interface.Headgate:
    """The use cases of a running Headgate."""
    return Service(running)
