"""One stand on the session's lab per module of tests."""

from collections.abc import Iterator

import pytest
from tests.integration.actions import stands

from headgate.connect import rest
from headgate.kafka import cluster
from headgate.lab import lab as lab_


@pytest.fixture(scope="module")
def stand(lab_cluster: lab_.Lab) -> Iterator[stands.Stand]:
    """The lab's brokers."""
    port = cluster.connect("lab", lab_cluster.bootstrap)
    yield stands.Stand(lab=lab_cluster, kafka=port)
    port.close()


@pytest.fixture(scope="module")
def stand_with_connect(lab_connect: lab_.Lab) -> Iterator[stands.Stand]:
    """The same lab with its Connect worker, known as ``main``."""
    assert lab_connect.connect_url
    port = cluster.connect("lab", lab_connect.bootstrap)
    connect = rest.RestConnect("main", lab_connect.connect_url)
    yield stands.Stand(lab=lab_connect, kafka=port, connects={"main": connect})
    connect.close()
    port.close()
