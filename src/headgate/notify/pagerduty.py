"""PagerDuty, through Events API v2: one alert per incident, by its deduplication key.

A further ``trigger`` under the same key is noted in the alert and pages nobody again.
https://developer.pagerduty.com/docs/events-api-v2/trigger-events/
"""

import json

from headgate.notify import posting
from headgate.ports import channel

API = "https://events.pagerduty.com"
_SUMMARY = 1024
"""Letters that PagerDuty takes in a summary."""
_ACTION = {"acknowledge": "acknowledge", "resolve": "resolve"}


class PagerDuty:
    """One integration of a service."""

    def __init__(self, name: str, *, key: str, api: str = API) -> None:
        """Nothing is sent yet. ``key``: the integration's routing key."""
        self.name = name
        self.where = "PagerDuty"
        self._key = key
        self._url = f"{api.rstrip('/')}/v2/enqueue"
        self._poster = posting.Poster(api)

    def send(self, letter: channel.Letter, reference: str) -> str:
        """The alert is opened, noted in, acknowledged or resolved."""
        dedup = reference or f"headgate-{letter.incident}"
        event: dict[str, object] = {
            "routing_key": self._key,
            "event_action": _ACTION.get(letter.kind, "trigger"),
            "dedup_key": dedup,
        }
        if letter.kind not in _ACTION:
            event |= {
                "client": "Headgate",
                "payload": {
                    "summary": letter.title[:_SUMMARY],
                    "source": letter.cluster,
                    "severity": letter.severity,
                    "timestamp": letter.at.isoformat(),
                    "component": letter.resource,
                    "class": letter.cause or "unknown",
                    "custom_details": {
                        "environment": letter.environment,
                        "news": list(letter.lines),
                        "deadline": letter.deadline.isoformat() if letter.deadline else None,
                    },
                },
            }
            if letter.link:
                event |= {
                    "client_url": letter.link,
                    "links": [{"href": letter.link, "text": "Open in Headgate"}],
                }
        said = self._poster.post(self._url, body=json.dumps(event).encode(), headers={}).fields()
        if said.get("status") != "success":
            raise channel.ChannelError(
                f"PagerDuty did not take it: {said.get('message', 'an answer not understood')}",
                where=self.where,
                next_step="Check the routing key",
            )
        return str(said.get("dedup_key", dedup))

    def close(self) -> None:
        """Connections are closed."""
        self._poster.close()
