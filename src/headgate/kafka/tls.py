"""TLS as the client properties ask for it, with files that may change while Headgate runs.

A context is made anew when one of its files has changed, so that a renewed certificate or
authority is used by the next connection without a restart. Connections that are open go on.
"""

import ssl
from collections.abc import Mapping
from pathlib import Path

from headgate.ports import errors

CA, CERTIFICATE, KEY = "ssl.ca.location", "ssl.certificate.location", "ssl.key.location"
PASSWORD = "ssl.key.password"  # noqa: S105 - the setting's name

_EXPIRED, _NOT_YET, _HOST, _ADDRESS = 10, 9, 62, 64
_UNTRUSTED = (2, 18, 19, 20, 21)
"""X509_V_ERR_*: https://docs.openssl.org/3.0/man3/X509_STORE_CTX_get_error/"""

_WANTED = ("CERTIFICATE_REQUIRED",)
_REFUSED = (
    "BAD_CERTIFICATE",
    "UNKNOWN_CA",
    "CERTIFICATE_UNKNOWN",
    "CERTIFICATE_EXPIRED",
    "CERTIFICATE_REVOKED",
    "UNSUPPORTED_CERTIFICATE",
    "ACCESS_DENIED",
)
_NOT_TLS = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST", "UNKNOWN_PROTOCOL")
_NOTHING_SHARED = ("PROTOCOL_VERSION", "HANDSHAKE_FAILURE", "NO_SHARED_CIPHER")

_PLAIN_STEP = (
    "If the listener is one without TLS, set security.protocol to PLAINTEXT or SASL_PLAINTEXT; "
    "else check the port"
)

Signature = tuple[tuple[str, int, int, int], ...]


class Contexts:
    """The TLS context for the next connection."""

    def __init__(self, values: Mapping[str, str], *, verify_host: bool) -> None:
        self._values = values
        self._verify_host = verify_host
        self._signature: Signature | None = None
        self._made: ssl.SSLContext | None = None

    def get(self) -> ssl.SSLContext:
        """A context with the files as they are now.

        Raises:
            errors.PortError: a file cannot be used; names the property and the file.
        """
        signature = _signature(self._values)
        if self._made is None or signature != self._signature:
            self._made = _context(self._values, self._verify_host)
            self._signature = signature
        return self._made


def _signature(values: Mapping[str, str]) -> Signature:
    """What changes when a file is replaced or written to."""
    found = []
    for name in (CA, CERTIFICATE, KEY):
        if name in values:
            try:
                state = Path(values[name]).stat()
            except OSError as error:
                raise _unusable(name, values[name], error.strerror or str(error)) from error
            found.append((name, state.st_ino, state.st_mtime_ns, state.st_size))
    return tuple(found)


def _context(values: Mapping[str, str], verify_host: bool) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    made.check_hostname = verify_host
    if CA not in values:
        made.load_default_certs()
    else:
        try:
            made.load_verify_locations(values[CA])
        except (ssl.SSLError, OSError) as error:
            raise _unusable(CA, values[CA], "it holds no certificate in PEM form") from error
    if CERTIFICATE in values:
        key = values.get(KEY)
        try:
            # An empty password: OpenSSL would ask for one on the terminal and wait.
            made.load_cert_chain(values[CERTIFICATE], key, values.get(PASSWORD, ""))
        except (ssl.SSLError, OSError) as error:
            name = KEY if key else CERTIFICATE
            raise _unusable(name, values[name], _key_reason(error, Path(values[name]))) from error
    return made


def _key_reason(error: OSError, key: Path) -> str:
    if "KEY_VALUES_MISMATCH" in str(error):
        return "key and certificate do not belong together"
    if b"ENCRYPTED" in key.read_bytes():  # OpenSSL says no more than "PEM lib"
        return f"the key is encrypted, and {PASSWORD} is missing or wrong"
    return "it does not hold a certificate and its key in PEM form"


def _unusable(name: str, path: str, reason: str) -> errors.PortError:
    return errors.PortError(
        f"The file of {name} cannot be used: {reason}",
        where=path,
        next_step="Check the path, that Headgate's user may read it, and that it is whole",
    )


def complaint(error: ssl.SSLError, where: str, *, certificate: bool = True) -> errors.PortError:
    """What ended a TLS handshake, in words; ``certificate``: a client certificate was shown.

    A Java server calls a missing client certificate a bad one.
    """
    if isinstance(error, ssl.SSLCertVerificationError):
        return _verification(error, where)
    reason = (error.reason or "").upper()
    refused = any(word in reason for word in _REFUSED)
    if any(word in reason for word in _WANTED) or (refused and not certificate):
        return errors.NotAllowed(
            "The broker wants a client certificate and got none",
            where=where,
            next_step=f"Set {CERTIFICATE} and {KEY}, or use another listener",
        )
    if refused:
        return errors.NotAllowed(
            f"The broker refused the client certificate: {_lower(reason)}",
            where=where,
            next_step=f"Check that {CERTIFICATE} is valid and signed by an authority that the "
            "broker trusts",
        )
    if any(word in reason for word in _NOT_TLS):
        return errors.Misunderstood(
            "The server does not speak TLS", where=where, next_step=_PLAIN_STEP
        )
    if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return errors.Misunderstood(
            "The server closed the connection instead of answering with TLS",
            where=where,
            next_step=_PLAIN_STEP,
        )
    if any(word in reason for word in _NOTHING_SHARED):
        return errors.Misunderstood(
            f"No TLS connection came about: {_lower(reason)}",
            where=where,
            next_step="The broker must offer TLS 1.2 or 1.3; if it wants a client certificate, "
            f"set {CERTIFICATE} and {KEY}",
        )
    return errors.Misunderstood(
        f"No TLS connection came about: {error.reason or error}",
        where=where,
        next_step="Check security.protocol, and the client certificate if the broker wants one",
    )


def _verification(error: ssl.SSLCertVerificationError, where: str) -> errors.PortError:
    """Which of the reasons not to trust the server's certificate it was."""
    what = f"The server's certificate is not trusted: {error.verify_message}"
    step = f"Set {CA} to the authority that signed it"
    if error.verify_code in (_EXPIRED, _NOT_YET):
        past = error.verify_code == _EXPIRED
        what = f"The server's certificate {'has expired' if past else 'is not valid yet'}"
        step = "Renew the broker's certificate; or correct this machine's clock if that is wrong"
    elif error.verify_code in (_HOST, _ADDRESS):
        what = f"The server's certificate is for another name: {error.verify_message}"
        step = (
            "Use a name that is in the certificate, in bootstrap and in the broker's "
            "advertised.listeners"
        )
    elif error.verify_code in _UNTRUSTED:
        what = f"The server's certificate is signed by an unknown authority: {error.verify_message}"
    return errors.Misunderstood(what, where=where, next_step=step)


def _lower(reason: str) -> str:
    """``SSLV3_ALERT_BAD_CERTIFICATE`` -> ``bad certificate``."""
    return reason.rpartition("ALERT_")[2].replace("_", " ").lower()
