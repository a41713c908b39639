"""What the suite's exporter reads from a broker's page of metrics."""

import socket
import threading

from incidents import gauges

PAGE = """\
# TYPE kafka_server_kafkarequesthandlerpool_requesthandleravgidle_percent gauge
kafka_server_kafkarequesthandlerpool_requesthandleravgidle_percent 0.25
kafka_server_kafkarequesthandlerpool_requesthandleravgidlepercent_mean 0.9
kafka_controller_kafkacontroller_activecontrollercount 1.0
kafka_log_logmanager_offlinelogdirectorycount 0.0
kafka_server_replicamanager_isrshrinks_total 7.0
kafka_server_replicamanager_underminisrpartitioncount 2.0
kafka_server_fetch_throttle_time{client_id="Billing-0"} 784.0
kafka_server_fetch_throttle_time{client_id="idle"} NaN
kafka_server_replicamanager_partitioncount 12.0
"""


def test_the_few_samples_that_rules_look_at_are_read() -> None:
    assert sorted(gauges._samples(PAGE, "broker:2")) == [
        ("controllers", "broker:2", 1.0),
        ("handler_idle", "broker:2", 0.25),
        ("isr_shrinks", "broker:2", 7.0),
        ("offline_dirs", "broker:2", 0.0),
        ("throttle_ms", "client:billing-0", 784.0),
        ("under_min_isr", "broker:2", 2.0),
    ]


def test_a_broker_that_takes_connections_and_says_nothing_does_not_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as line:
        port = line.getsockname()[1]
        assert not gauges.answers("127.0.0.1", port, within_s=0.2)
        line.accept()[0].close()  # the one of before
        broker = threading.Thread(target=_answer, args=(line,))
        broker.start()
        assert gauges.answers("127.0.0.1", port, within_s=10)
        broker.join()
    assert not gauges.answers("127.0.0.1", port, within_s=0.2), "nobody listens"


def _answer(line: socket.socket) -> None:
    with line.accept()[0] as client:
        client.recv(100)
        client.sendall(b"\x00")
