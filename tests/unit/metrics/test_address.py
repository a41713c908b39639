"""Addresses of sources, as people write them."""

import pytest

from headgate.domain.resource import Resource
from headgate.metrics import address, endpoint, prometheus, source


def test_a_page_is_metrics_where_no_path_is_given() -> None:
    made = address.parse("http://broker-1:7071")
    assert (made.url, made.server, made.owner) == ("http://broker-1:7071/metrics", False, None)
    assert address.parse("https://[::1]/public_metrics").place == "[::1]:443"


def test_the_fragment_names_the_owner() -> None:
    made = address.parse("http://10.0.0.1:7071/metrics#broker=3")
    assert made.owner == Resource("broker", "3")
    assert made.url == made.name == "http://10.0.0.1:7071/metrics"


def test_credentials_are_not_in_the_name() -> None:
    made = address.parse("http://me:p%40ss@host/metrics")
    assert (made.username, made.password) == ("me", "p@ss")
    assert "p%40ss" not in made.url + made.name


@pytest.mark.parametrize(
    "given", ["prometheus+http://prom:9090", "http://prom:9090/api/v1/", "http://prom:9090/api/v1"]
)
def test_a_server_is_told_by_prefix_or_path(given: str) -> None:
    made = address.parse(given)
    assert made.server
    assert made.url == "http://prom:9090/api/v1/query"


def test_a_server_is_narrowed_by_labels() -> None:
    made = address.parse("prometheus+https://prom/mimir?cluster=prod&namespace=a%22b")
    assert made.url == "https://prom/mimir/api/v1/query"
    assert made.matchers == (("cluster", "prod"), ("namespace", 'a"b'))
    assert prometheus.query(made.matchers).endswith(',cluster="prod",namespace="a\\"b"}')


@pytest.mark.parametrize(
    "given",
    [
        "broker-1:7071",
        "ftp://x/metrics",
        "http://x:99999",
        "http://x/#leader=1",
        "http://x/#broker=one",
        "prometheus+http://x?__name__=y",
        "prometheus+http://x?a-b=y",
        "http:///metrics",
    ],
)
def test_what_is_no_address_says_so(given: str) -> None:
    with pytest.raises(ValueError, match=r"\w+ \w+"):
        address.parse(given)


def test_the_address_chooses_the_reader() -> None:
    page = source.connect("http://x:1")
    server = source.connect("prometheus+http://x:1")
    assert isinstance(page, endpoint.Endpoint)
    assert isinstance(server, prometheus.Server)
    page.close()
    server.close()
