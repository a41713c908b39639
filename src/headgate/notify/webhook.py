"""Any service that takes JSON: one POST per notice, signed where a secret is set.

``X-Headgate-Signature`` is ``sha256=`` and the HMAC of the header ``X-Headgate-Time``, a dot and
the body, so that a receiver can refuse what is forged or old. The document is
``headgate.notice/1``.
"""

import hashlib
import hmac
import json
from urllib.parse import urlsplit

from headgate.notify import posting
from headgate.ports import channel

SCHEMA = "headgate.notice/1"


class Webhook:
    """One address."""

    def __init__(self, name: str, url: str, *, secret: str = "") -> None:
        """Nothing is sent yet."""
        self.name = name
        parts = urlsplit(url)
        self.where = (
            f"{parts.scheme}://{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}"
        )
        self._url = url
        self._secret = secret.encode()
        self._poster = posting.Poster(self.where)

    def send(self, letter: channel.Letter, reference: str) -> str:  # noqa: ARG002 - it keeps none
        """The letter is delivered."""
        body = json.dumps(document(letter), ensure_ascii=False).encode()
        at = str(int(letter.at.timestamp()))
        headers = {
            "X-Headgate-Time": at,
            "X-Headgate-Delivery": f"{letter.incident}/{letter.kind}/{at}",
        }
        if self._secret:
            signed = hmac.new(self._secret, at.encode() + b"." + body, hashlib.sha256)
            headers["X-Headgate-Signature"] = f"sha256={signed.hexdigest()}"
        self._poster.post(self._url, body=body, headers=headers)
        return letter.incident

    def close(self) -> None:
        """Connections are closed."""
        self._poster.close()


def document(letter: channel.Letter) -> dict[str, object]:
    """The notice as programs read it."""
    return {
        "schema": SCHEMA,
        "kind": letter.kind,
        "incident": letter.incident,
        "cluster": letter.cluster,
        "environment": letter.environment,
        "severity": letter.severity,
        "title": letter.title,
        "lines": list(letter.lines),
        "resource": letter.resource,
        "cause": letter.cause,
        "opened_at": letter.opened_at.isoformat(),
        "at": letter.at.isoformat(),
        "deadline": letter.deadline.isoformat() if letter.deadline else None,
        "acknowledged_by": letter.by or None,
        "link": letter.link,
    }
