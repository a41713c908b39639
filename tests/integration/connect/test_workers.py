"""One Connect cluster by several addresses, on a real worker."""

import socket

import pytest

from headgate.connect import rest
from headgate.lab import lab as lab_

pytestmark = pytest.mark.lab


def test_a_dead_address_is_passed_over_and_told(lab_connect: lab_.Lab) -> None:
    assert lab_connect.connect_url
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        dead = f"127.0.0.1:{free.getsockname()[1]}"
    connect = rest.RestConnect("etl", f"http://{dead}", lab_connect.connect_url)
    try:
        found = connect.cluster(deadline_s=10)
    finally:
        connect.close()
    assert found.url == lab_connect.connect_url
    states = {one.id: one.state for one in found.workers}
    assert states[dead] == "refuses"
    assert states[found.url.removeprefix("http://")] == "answers"
    assert isinstance(found.plugins, tuple)
