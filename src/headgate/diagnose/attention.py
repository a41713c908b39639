"""What people say of an incident: that they look after it, and that nobody is to be told of it.

Each is on the incident's timeline. An acknowledgement ends when the incident comes back; a silence
ends by its time or by a person.
"""

import dataclasses
from datetime import datetime

from headgate.diagnose import story
from headgate.domain import incident

OVER = ("merged", "closed")
"""States in which nobody needs to be told anything any more."""


def acknowledged(item: incident.Incident, *, by: str, now: datetime) -> incident.Incident:
    """The incident with who looks after it."""
    noted = story.note(item, now=now, what=f"{by} looks after it.", kind="acknowledged")
    return dataclasses.replace(noted, acknowledged_by=by, acknowledged_at=now)


def silenced(
    item: incident.Incident, *, by: str, why: str, until: datetime, now: datetime
) -> incident.Incident:
    """The incident of which nobody is told before ``until``."""
    when = until.strftime("%Y-%m-%d %H:%M UTC")
    noted = story.note(item, now=now, what=f"{by} silenced it until {when}: {why}", kind="silenced")
    return dataclasses.replace(noted, silenced_until=until, silenced_by=by, silenced_why=why)


def unsilenced(item: incident.Incident, *, by: str, now: datetime) -> incident.Incident:
    """The incident of which people are told again."""
    noted = story.note(item, now=now, what=f"{by} ended its silence.", kind="unsilenced")
    return dataclasses.replace(noted, silenced_until=None, silenced_by="", silenced_why="")
