"""One transaction over all aggregates."""

import sqlalchemy as sa

from headgate.store import (
    answers,
    audit,
    changes,
    incidents,
    leases,
    looks,
    notices,
    people,
    restore,
    series,
    switches,
    timeline,
)


class Work:
    """All aggregates on one connection."""

    def __init__(self, connection: sa.Connection) -> None:
        self.changes = changes.Changes(connection)
        self.incidents = incidents.Incidents(connection)
        self.audit = audit.Audit(connection)
        self.leases = leases.Leases(connection)
        self.people = people.People(connection)
        self.timeline = timeline.Timeline(connection)
        self.looks = looks.Looks(connection)
        self.notices = notices.Notices(connection)
        self.restore_points = restore.RestorePoints(connection)
        self.switches = switches.Switches(connection)
        self.answers = answers.Answers(connection)
        self.series = series.Series(connection)
