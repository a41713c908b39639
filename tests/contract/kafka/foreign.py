"""A client of the plainest kind: one message of kio's over one socket, for what no client library
can send. Used to arrange real clusters, never to judge them.
"""

import base64
import io
import socket
import struct
import time
import uuid
from typing import Any

from kio.serial import entity_reader, entity_writer

from headgate.kafka.address import Address


def ask(address: Address, request: Any, response: Any) -> Any:
    """The broker's answer to a kio message."""
    buffer = io.BytesIO()
    header = request.__header_schema__(
        request_api_key=request.__api_key__,
        request_api_version=request.__version__,
        correlation_id=1,
        client_id="headgate-tests",
    )
    entity_writer(type(header))(buffer, header)
    entity_writer(type(request))(buffer, request)
    frame = buffer.getvalue()
    with socket.create_connection(address, 10) as connection:
        connection.settimeout(30)
        connection.sendall(struct.pack(">i", len(frame)) + frame)
        with connection.makefile("rb") as stream:
            (size,) = struct.unpack(">i", stream.read(4))
            data = stream.read(size)
    _, skipped = entity_reader(response.__header_schema__)(data, 0)
    answer, _ = entity_reader(response)(data, skipped)
    return answer


def soon() -> float:
    """A deadline that a test can wait for."""
    return time.monotonic() + 20


def member_id() -> str:
    """An id as clients of the newer protocols choose it."""
    return base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
