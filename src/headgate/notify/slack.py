"""Slack, through its Web API: the first notice is a message, what follows is in its thread.

A bot token with ``chat:write`` is needed; an incoming webhook knows no threads. The first message
is brought up to date as well, so that a channel shows at a glance what is over.
https://docs.slack.dev/reference/methods/chat.postMessage
"""

import json
from collections.abc import Mapping
from typing import Any

from headgate.notify import posting
from headgate.ports import channel

API = "https://slack.com/api"
_HEADER = 150
"""Letters that Slack takes in a header block."""
_SECTION = 2900
"""Letters that Slack takes in a section, with room for what escaping adds."""
_STATE = {"acknowledge": "Being looked after", "resolve": "Resolved", "return": "It is back"}
_TRANSIENT = frozenset({"ratelimited", "internal_error", "fatal_error", "service_unavailable"})


class Slack:
    """One channel of a workspace."""

    def __init__(self, name: str, *, token: str, to: str, api: str = API) -> None:
        """Nothing is sent yet. ``to``: a channel's id or ``#name``."""
        self.name = name
        self.where = f"Slack {to}"
        self._to = to
        self._api = api.rstrip("/")
        self._poster = posting.Poster(self._api, headers={"Authorization": f"Bearer {token}"})

    def send(self, letter: channel.Letter, reference: str) -> str:
        """The letter is in the channel, or in its thread; the first message tells how it stands."""
        if not reference:
            said = self._call("chat.postMessage", {"channel": self._to, **_message(letter)})
            return f"{said.get('channel', self._to)}/{said.get('ts', '')}"
        place, _slash, thread = reference.partition("/")
        text = "\n".join(_escaped(line) for line in letter.lines)[:_SECTION]
        more: dict[str, object] = {"channel": place, "thread_ts": thread, "text": text}
        if letter.kind == "return":
            more["reply_broadcast"] = True
        self._call("chat.postMessage", more)
        self._call("chat.update", {"channel": place, "ts": thread, **_message(letter)})
        return reference

    def close(self) -> None:
        """Connections are closed."""
        self._poster.close()

    def _call(self, method: str, body: Mapping[str, object]) -> Mapping[str, Any]:
        answer = self._poster.post(
            f"{self._api}/{method}", body=json.dumps(body).encode(), headers={}
        )
        said = answer.fields()
        if said.get("ok") is not True:
            error = str(said.get("error", "an answer that is not understood"))
            raise channel.ChannelError(
                f"Slack did not take it: {error}",
                where=self.where,
                next_step="Check the token's scopes (chat:write), and invite the bot"
                if error not in _TRANSIENT
                else "",
                lasting=error not in _TRANSIENT,
            )
        return said


def _message(letter: channel.Letter) -> dict[str, object]:
    state = _STATE.get(letter.kind, "")
    title = f"{state}: {letter.title}" if state else letter.title
    about = f"*{letter.severity}* on {letter.cluster} ({letter.environment})"
    lines = [about, *(_escaped(line) for line in letter.lines)]
    if letter.link:
        lines.append(f"<{letter.link}|Open in Headgate>")
    return {
        "text": _escaped(title),
        "blocks": [
            {"type": "header", "text": {"type": "plain_text", "text": title[:_HEADER]}},
            {
                "type": "section",
                "text": {"type": "mrkdwn", "text": "\n".join(lines)[:_SECTION]},
            },
        ],
        "unfurl_links": False,
    }


def _escaped(text: str) -> str:
    """Slack's three control characters, written out."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
