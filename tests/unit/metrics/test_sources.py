"""Sources that lie, stop, refuse or never end: each has a clear reason."""

import gzip
import json
import re

import pytest
from tests.unit.metrics import pages

from headgate.domain import measures
from headgate.domain.resource import Resource
from headgate.domain.unknown import Unknown
from headgate.metrics import owners, source, wire
from headgate.ports import errors

GOOD = "kafka_server_replicamanager_leadercount 3\n"
ONE = Resource("broker", "1")


def read(url: str, *, deadline_s: float = 5.0) -> object:
    held = source.connect(url)
    try:
        return held.read(deadline_s=deadline_s)
    finally:
        held.close()


def page_of(
    body: str | bytes, kind: str = "text/plain", headers: dict[str, str] | None = None
) -> float | Unknown:
    with pages.serving(pages.page(body, kind=kind, headers=headers)) as url:
        held = source.connect(f"{url}/metrics#broker=1")
        try:
            return held.read(deadline_s=5).get("broker.leaders", ONE)
        finally:
            held.close()


def test_a_page_is_read_packed_or_not() -> None:
    assert page_of(GOOD) == 3
    assert page_of(gzip.compress(GOOD.encode()), headers={"Content-Encoding": "gzip"}) == 3


def test_openmetrics_is_read() -> None:
    kind = "application/openmetrics-text; version=1.0.0; charset=utf-8"
    assert page_of(GOOD + "# EOF\n", kind) == 3


def test_bytes_that_are_no_text_do_not_hide_the_rest() -> None:
    assert page_of(b'other{a="\xff"} 1\n' + GOOD.encode()) == 3


HTML = "<html><head><title>Sign in</title></head></html>"
TROUBLES: dict[str, tuple[pages.Answer, type[errors.PortError], str]] = {
    "a web page": (pages.page(HTML, kind="text/html"), errors.Misunderstood, 'title "Sign in"'),
    "a web page that says it is text": (pages.page(HTML), errors.Misunderstood, "a web page"),
    "401": (pages.page("no", status=401), errors.NotAllowed, "refuses these credentials"),
    "403": (pages.page("no", status=403), errors.NotAllowed, "HTTP 403"),
    "404": (pages.page("no", status=404), errors.Misunderstood, "HTTP 404"),
    "500": (pages.page("no", status=500), errors.Misunderstood, "HTTP 500"),
    "a proxy": (pages.page("no", status=503), errors.Unreachable, "in its place"),
    "a redirect": (
        pages.page("", status=302, headers={"Location": "http://login/?secret=x"}),
        errors.Misunderstood,
        "a redirect to http://login/",
    ),
    "nothing": (pages.page(""), errors.Misunderstood, "it is empty"),
    "no metrics": (pages.page("hello world, how are you"), errors.Misunderstood, "line 1 is not"),
    "half a line": (pages.page(GOOD + 'x{a="'), errors.Misunderstood, "cannot be read"),
    "cut short": (pages.cut_short, errors.Unreachable, "before its answer is whole"),
    "cut short, openmetrics": (
        pages.page(GOOD, kind="application/openmetrics-text"),
        errors.Misunderstood,
        "cut short",
    ),
    "not packed": (
        pages.page(GOOD, headers={"Content-Encoding": "gzip"}),
        errors.Misunderstood,
        "not packed as it says",
    ),
    "silence": (pages.silent, errors.TimedOut, "no whole answer within"),
}


@pytest.mark.parametrize("name", sorted(TROUBLES))
def test_a_trouble_is_told_in_plain_words(name: str) -> None:
    answer, kind, words = TROUBLES[name]
    with pages.serving(answer) as url, pytest.raises(kind) as caught:
        read(url, deadline_s=0.5 if name == "silence" else 5.0)
    assert words in str(caught.value)
    assert url in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_server_that_never_ends_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "LARGEST_ANSWER", 2**20)
    with pages.serving(pages.endless) as url, pytest.raises(errors.Misunderstood) as caught:
        read(url)
    assert "more than 1 MiB" in str(caught.value)


def test_a_packed_page_is_measured_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "LARGEST_ANSWER", 2**20)
    bomb = gzip.compress(b"a 1\n" * 2**20)
    answer = pages.page(bomb, headers={"Content-Encoding": "gzip"})
    with pages.serving(answer) as url, pytest.raises(errors.Misunderstood, match="more than 1 MiB"):
        read(url)


def test_nothing_listens() -> None:
    with pages.serving(pages.page(GOOD)) as url:
        pass
    with pytest.raises(errors.Unreachable, match="nothing listens"):
        read(url)


def test_a_password_is_sent_and_never_shown() -> None:
    heard: list[str] = []

    def answer(handler: pages.Handler) -> None:
        heard.append(handler.headers.get("Authorization", ""))
        pages.page("no", status=401)(handler)

    with pages.serving(answer) as url, pytest.raises(errors.NotAllowed) as caught:
        read(url.replace("http://", "http://me:hunter2@"))
    assert heard[0].startswith("Basic ")
    assert "hunter2" not in str(caught.value)


def test_a_lost_listing_of_brokers_does_not_lose_the_numbers() -> None:
    def lost(deadline_s: float) -> dict[int, str]:
        raise errors.TimedOut("no answer")

    with pages.serving(pages.page(GOOD)) as url:
        held = source.connect(url, lost)
        (one,) = held.read(deadline_s=5).measures
        held.close()
    assert one.resource.kind == "endpoint"


# ---- a Prometheus server --------------------------------------------------------------------


def vector(*series: tuple[dict[str, str], str]) -> str:
    result = [{"metric": labels, "value": [1.8e9, value]} for labels, value in series]
    data = {"resultType": "vector", "result": result}
    return json.dumps({"status": "success", "data": data})


def asked(
    answer: pages.Answer, query: str = "", hosts: owners.Hosts = owners.nobody
) -> measures.Measures:
    with pages.serving(answer) as url:
        held = source.connect(f"prometheus+{url}{query}", hosts)
        try:
            return held.read(deadline_s=5)
        finally:
            held.close()


def test_a_server_speaks_for_every_broker() -> None:
    name = "kafka_server_ReplicaManager_Value"
    body = vector(
        ({"__name__": name, "name": "LeaderCount", "instance": "k1:11001"}, "3"),
        ({"__name__": name, "name": "LeaderCount", "instance": "k2:11001"}, "NaN"),
        ({"__name__": name, "name": "LeaderCount", "instance": "k9:11001"}, "5"),
    )
    answer = pages.page(body, kind="application/json")
    seen = asked(answer, hosts=lambda _s: {1: "k1", 2: "k2"})
    assert seen.dialect == "plain"
    assert seen.get("broker.leaders", ONE) == 3
    assert "NaN" in str(seen.get("broker.leaders", Resource("broker", "2")))
    assert seen.get("broker.leaders", Resource("endpoint", "k9:11001")) == 5


def test_a_server_is_asked_once_for_all_names_and_only_for_its_labels() -> None:
    heard: list[str] = []

    def answer(handler: pages.Handler) -> None:
        heard.append(handler.path)
        length = int(handler.headers["Content-Length"])
        heard.append(handler.rfile.read(length).decode())
        pages.page(vector(), kind="application/json")(handler)

    with pytest.raises(errors.Misunderstood, match="none of the series"):
        asked(answer, "?cluster=prod")
    path, form = heard
    assert path == "/api/v1/query"
    assert "cluster%3D%22prod%22" in form
    assert re.search(r"timeout=\d+ms(&|$)", form), "Prometheus refuses a fraction of a second"


REFUSALS = [
    ('{"status":"error","errorType":"bad_data","error":"parse error"}', errors.Refused, "parse"),
    ('{"status":"error","errorType":"timeout","error":"x"}', errors.TimedOut, "did not end"),
    ('{"status":"success"}', errors.Misunderstood, "no data"),
    ('{"status":"success","data":{"resultType":"matrix","result":[]}}', errors.Misunderstood, "v"),
    ("[]", errors.Misunderstood, "not an instant vector"),
    ("{", errors.Misunderstood, "not an instant vector"),
]


@pytest.mark.parametrize(("body", "kind", "words"), REFUSALS)
def test_a_server_that_refuses_says_why(
    body: str, kind: type[errors.PortError], words: str
) -> None:
    with pytest.raises(kind, match=words):
        asked(pages.page(body, status=422 if "bad_data" in body else 200, kind="application/json"))


def test_a_page_of_metrics_is_no_server() -> None:
    with pytest.raises(errors.Misunderstood, match="not an instant vector"):
        asked(pages.page(GOOD))
