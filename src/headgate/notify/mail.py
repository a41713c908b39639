"""E-mail over SMTP: one thread per incident, as mail programs group it by its references."""

import smtplib
import ssl
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid

from headgate.ports import channel

DEADLINE_S = 20.0
"""One step of the conversation may take so long; SMTP servers that check senders are slow."""
_LASTING = 500
"""SMTP codes from here on are final (RFC 5321, 4.2.1)."""


class Mail:
    """One list of receivers behind one server."""

    def __init__(
        self,
        name: str,
        *,
        server: str,
        sender: str,
        to: tuple[str, ...],
        username: str = "",
        password: str = "",
        tls: str = "starttls",
    ) -> None:
        """Nothing is sent yet. ``server``: ``HOST:PORT``; ``tls``: starttls, tls, or none."""
        self.name = name
        self.where = f"{', '.join(to)} through {server}"
        host, _colon, port = server.rpartition(":")
        self._host, self._port = host, int(port)
        self._sender, self._to = sender, to
        self._username, self._password = username, password
        self._tls = tls

    def send(self, letter: channel.Letter, reference: str) -> str:
        """The letter is with the mail server."""
        mail = self._written(letter, reference)
        try:
            with self._connected() as server:
                if self._username:
                    server.login(self._username, self._password)
                refused = server.send_message(mail)
        except smtplib.SMTPResponseException as error:
            raise channel.ChannelError(
                f"The mail server answered {error.smtp_code}",
                where=self.where,
                next_step="Check sender, user and password" if error.smtp_code >= _LASTING else "",
                lasting=error.smtp_code >= _LASTING,
            ) from error
        except (OSError, smtplib.SMTPException) as error:
            raise channel.ChannelError(
                f"The mail server could not be used: {error}",
                where=self.where,
                next_step="Check the address and whether it speaks TLS",
            ) from error
        if refused:
            raise channel.ChannelError(
                f"The mail server refused {', '.join(sorted(refused))}", where=self.where
            )
        return reference or str(mail["Message-ID"])

    def close(self) -> None:
        """Nothing is kept open between two letters."""

    def _connected(self) -> smtplib.SMTP:
        context = ssl.create_default_context()
        if self._tls == "tls":
            return smtplib.SMTP_SSL(self._host, self._port, timeout=DEADLINE_S, context=context)
        server = smtplib.SMTP(self._host, self._port, timeout=DEADLINE_S)
        if self._tls == "starttls":
            server.starttls(context=context)
        return server

    def _written(self, letter: channel.Letter, reference: str) -> EmailMessage:
        mail = EmailMessage()
        mail["Subject"] = f"{'Re: ' if reference else ''}[{letter.severity}] {letter.title}"[:200]
        mail["From"] = self._sender
        mail["To"] = ", ".join(self._to)
        mail["Date"] = format_datetime(letter.at)
        mail["Message-ID"] = make_msgid(
            idstring=letter.incident, domain=self._sender.rpartition("@")[2] or None
        )
        mail["Auto-Submitted"] = "auto-generated"
        if reference:
            mail["In-Reply-To"] = reference
            mail["References"] = reference
        where = f"{letter.severity} on {letter.cluster} ({letter.environment})"
        mail.set_content("\n".join([letter.title, where, "", *letter.lines, "", letter.link]))
        return mail
