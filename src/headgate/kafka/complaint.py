"""What went wrong on a connection, in words that say what, where and what to do next."""

import errno
import re
import socket
import ssl
from typing import Any

from headgate.domain import snapshot
from headgate.kafka import failure, library, tls, tokens
from headgate.kafka.address import Address
from headgate.ports import errors

_LENGTH = re.compile(r"Invalid frame length: (-?\d+)")

_GREETINGS = (
    (b"HTTP", "an HTTP server"),
    (b"SSH-", "an SSH server"),
    (b"\x15\x03", "a server that expects TLS"),
    (b"E\x00\x00", "a PostgreSQL server"),
    (b"RFB ", "a VNC server"),
    (b"220 ", "a mail or FTP server"),
    (b"-ERR", "a Redis server"),
    (b"AMQP", "an AMQP broker"),
)
"""First bytes of an answer -> who gives it."""

_TLS_STEP = "Set security.protocol to SSL or SASL_SSL for this cluster"
_PORT_STEP = "Check that the port is that of a Kafka listener, not of another service"


class Refusing(errors.Unreachable):
    """Nothing listens on the port."""

    def __init__(self, address: Address) -> None:
        super().__init__(
            "The connection was refused: nothing listens on the port",
            where=str(address),
            next_step="Check host and port, and that the broker runs",
        )


class Silent(errors.Unreachable):
    """The port does not answer, or accepts a connection and then says nothing."""

    def __init__(self, address: Address, *, accepted: bool) -> None:
        self.accepted = accepted
        what = (
            "The port accepts connections but does not answer"
            if accepted
            else "The port does not answer"
        )
        super().__init__(
            what,
            where=str(address),
            next_step="See whether the broker is frozen or overloaded, and that it is Kafka"
            if accepted
            else "Check host and port, and firewalls on the way",
        )


class Closing(errors.Unreachable):
    """The server closed the connection instead of answering the first request."""

    def __init__(self, address: Address) -> None:
        super().__init__(
            "The server closed the connection instead of answering",
            where=str(address),
            next_step="See whether the listener expects TLS, a client certificate or a login "
            "(security.protocol), the broker is just stopping, or it is not Kafka",
        )


def token_late(endpoint: str) -> tokens.NoToken:
    """The token server has not answered while a connection waited for it."""
    return tokens.NoToken(
        "The token server has not answered yet",
        where=endpoint,
        next_step="See whether it runs, and the network to it",
    )


class Late(errors.TimedOut):
    """The deadline passed before the request could be sent."""

    def __init__(self, address: Address) -> None:
        super().__init__(f"The deadline passed before {address} could be asked", where=str(address))


class Unsupported(errors.Unsupported):
    """The broker does not know the call."""


class Lost(errors.Unreachable):
    """A connection that was in use ended before the answer to a read came."""

    def __init__(self, address: Address) -> None:
        super().__init__("The connection was lost before the answer came", where=str(address))


class LoginWanted(errors.Unreachable):
    """The server was greeted, and closed the connection at the first request."""

    def __init__(self, address: Address) -> None:
        super().__init__(
            "The server closed the connection at the first request, as one does that wants a login",
            where=str(address),
            next_step="Set security.protocol to SASL_PLAINTEXT or SASL_SSL with a sasl.mechanism, "
            "or use another port; or the broker is just stopping",
        )


def of(
    error: BaseException, address: Address, *, sent: bool, certificate: bool = True
) -> errors.PortError:
    """The port's error for whatever ended a request.

    ``sent``: the request had left; ``certificate``: a client certificate could be shown.
    """
    where = str(address)
    known: Any = library.kafka.errors
    match error:
        case errors.PortError():
            if sent and isinstance(error, Silent):
                return _caused(errors.TimedOut(error.what, where=where), error)
            return error
        case socket.gaierror():
            return errors.Unreachable(
                "There is no host of that name",
                where=where,
                next_step="Check the name, and that it resolves on this machine",
            )
        case ssl.SSLError():
            return tls.complaint(error, where, certificate=certificate)
        case OSError():
            return _caused(_socket(error, address), error)
    inner = error.args[0] if error.args else None
    if isinstance(inner, ssl.SSLError):  # TLS 1.3 tells after the handshake what it refuses
        return _caused(tls.complaint(inner, where, certificate=certificate), error)
    if isinstance(error, known.IncompatibleBrokerVersion):
        return Unsupported(str(error), where=where)
    if isinstance(error, known.RequestTimedOutError | known.KafkaTimeoutError):
        return errors.TimedOut("The broker did not answer in time", where=where)
    if isinstance(error, known.KafkaProtocolError):
        return _caused(_foreign(error, address), error)
    if isinstance(error, known.UnsupportedSaslMechanismError):
        return errors.NotAllowed(
            "The listener does not offer the login that sasl.mechanism names",
            where=where,
            next_step="Use a mechanism from the broker's sasl.enabled.mechanisms, or another port",
        )
    if isinstance(error, known.IllegalSaslStateError):
        return errors.NotAllowed(
            "The listener takes no logins",
            where=where,
            next_step="Set security.protocol to PLAINTEXT or SSL, or use another port",
        )
    if isinstance(error, known.SaslAuthenticationFailedError):
        return errors.NotAllowed(
            f"The broker refused the login: {str(error).rpartition('Error: ')[2]}",
            where=where,
            next_step="Check sasl.mechanism, sasl.username and sasl.password; with OAUTHBEARER "
            "which issuer, audience and scope the broker accepts",
        )
    if not isinstance(error, known.KafkaError):
        return _caused(errors.PortError(f"Unexpected: {error!r}", where=where), error)
    if sent:
        return errors.OutcomeUnknown("The connection was lost before the answer came", where=where)
    return _caused(Closing(address), error)


def port_state(error: BaseException) -> snapshot.PortState:
    """What a failed probe says about the port."""
    match error:
        case Refusing():
            return "refuses"
        case errors.NotAllowed() | tokens.NoToken():
            return "answers"
        case Silent():
            return "accepts" if error.accepted else "silent"
        case (
            Closing()
            | LoginWanted()
            | Lost()
            | errors.Misunderstood()
            | errors.TimedOut()
            | errors.OutcomeUnknown()
        ):
            return "accepts"
        case _:
            return "silent"


def foreign(greeting: bytes, address: Address) -> errors.Misunderstood:
    """The error for a server whose answer begins with ``greeting``."""
    who = next((name for start, name in _GREETINGS if greeting.startswith(start)), "")
    what = f"This is {who}, not Kafka" if who else "This server does not speak Kafka's protocol"
    step = _PORT_STEP
    if who.endswith("TLS"):
        what, step = "The server expects TLS", _TLS_STEP
    return errors.Misunderstood(what, where=str(address), next_step=step)


def _foreign(error: BaseException, address: Address) -> errors.Misunderstood:
    length = _LENGTH.search(str(error))
    greeting = int(length[1]).to_bytes(4, "big", signed=True) if length else b""
    return foreign(greeting, address)


def _socket(error: OSError, address: Address) -> errors.PortError:
    if error.errno == errno.ECONNREFUSED:
        return Refusing(address)
    if error.errno in (errno.ECONNRESET, errno.EPIPE, errno.ECONNABORTED):
        return Closing(address)
    if error.errno == errno.ETIMEDOUT:
        return Silent(address, accepted=False)
    if isinstance(error, FileNotFoundError | PermissionError):
        return errors.PortError(
            f"A file that the client properties name cannot be read: {error.strerror}",
            where=error.filename or "client",
            next_step="Check the paths of the ssl properties",
        )
    return errors.Unreachable(
        f"The host cannot be reached: {error.strerror or error}",
        where=str(address),
        next_step="Check host and port, and the network between",
    )


def _caused(error: errors.PortError, cause: BaseException) -> errors.PortError:
    error.__cause__ = cause
    return error


def check(code: int, message: str | None, where: str, *, api: str = "", on: str = "*") -> None:
    """Nothing happens where a whole call went well.

    ``api`` and ``on`` name the call and the resource, so that a refusal tells the lacking ACL.

    Raises:
        errors.NotAllowed: the caller may not.
        errors.Refused: any other error code.
    """
    if code == 0:
        return
    failed = failure.of_code(code, message or "", name=library.error_name(code), api=api, on=on)
    what = f"{failed.name}: {failed.reason}"
    if failed.not_allowed:
        step = f"Grant {failed.needs}" if failed.needs else ""
        raise errors.NotAllowed(what, where=where, next_step=step, needs=failed.needs)
    raise errors.Refused(what, where=where)
