"""When the certificates of the brokers' listeners end: a TLS handshake with each, and no request.

What is read is what a client of the same settings would verify: an expired certificate ends the
handshake, and the refusal says so.
"""

import contextlib
import socket
import ssl
import time
from collections.abc import Mapping, Sequence
from concurrent import futures
from datetime import UTC, datetime
from typing import Any

from headgate.domain import endpoints, snapshot
from headgate.domain.unknown import Unknown
from headgate.kafka import tls
from headgate.kafka.address import Address
from headgate.ports import inspection

_AT_ONCE = 8
_EXPIRED = 10
"""X509_V_ERR_CERT_HAS_EXPIRED: https://docs.openssl.org/3.0/man3/X509_STORE_CTX_get_error/"""


def read(
    addresses: Sequence[Address], contexts: tls.Contexts, *, deadline: float
) -> inspection.Read[endpoints.Endpoints]:
    """Each listener's certificate; those that could not be read are missing.

    Raises:
        errors.PortError: a file of the client's own settings cannot be used.
    """
    context = contexts.get()
    found: list[endpoints.Endpoint] = []
    missing: list[snapshot.Missing] = []
    with futures.ThreadPoolExecutor(_AT_ONCE, "certificates") as pool:
        asked = [pool.submit(_one, each, context, deadline) for each in addresses]
        for each, future in zip(addresses, asked, strict=True):
            told = future.result()
            if isinstance(told, str):
                missing.append(snapshot.Missing(what=f"endpoint:{_name(each)}", reason=told))
            else:
                found.append(told)
    return tuple(found), tuple(missing)


def _name(address: Address) -> str:
    return f"{address.host}:{address.port}"


def _one(address: Address, context: ssl.SSLContext, deadline: float) -> endpoints.Endpoint | str:
    left_s = deadline - time.monotonic()
    if left_s <= 0:
        return "no time was left"
    try:
        with contextlib.ExitStack() as ends:
            plain = socket.create_connection((address.host, address.port), timeout=left_s)
            ends.callback(plain.close)
            wrapped = context.wrap_socket(plain, server_hostname=address.host)
            ends.callback(wrapped.close)
            return _told(address, wrapped.getpeercert() or {})
    except ssl.SSLCertVerificationError as error:
        if error.verify_code == _EXPIRED:
            return endpoints.Endpoint(
                address=_name(address),
                not_after=Unknown("the handshake was refused before it could be read"),
                expired=True,
            )
        return str(tls.complaint(error, _name(address)).what)
    except ssl.SSLError as error:
        return str(tls.complaint(error, _name(address)).what)
    except OSError as error:
        return error.strerror or str(error) or "it does not answer"


def _told(address: Address, held: Mapping[str, Any]) -> endpoints.Endpoint:
    ends = held.get("notAfter")
    names = [
        value for part in held.get("subject", ()) for key, value in part if key == "commonName"
    ]
    return endpoints.Endpoint(
        address=_name(address),
        not_after=datetime.fromtimestamp(ssl.cert_time_to_seconds(ends), UTC)
        if isinstance(ends, str)
        else Unknown("the listener showed no certificate"),
        subject=names[0] if names else "",
    )
