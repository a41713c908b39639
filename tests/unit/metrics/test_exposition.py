"""Both text forms, and pages that are not what they say."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.metrics import exposition

ALL = lambda _name: True  # noqa: E731


def read(text: str, *, openmetrics: bool = False) -> exposition.Page:
    return exposition.read(text, openmetrics=openmetrics, wanted=lambda n: not n.startswith("no_"))


def test_only_what_is_wanted_is_kept_and_the_rest_counted() -> None:
    page = read('# HELP a x\n# TYPE a gauge\na{b="c"} 1\nno_thing 2\n\na{b="d"} 3 1700000000000\n')
    assert [(s.labels, s.value) for s in page.samples] == [({"b": "c"}, 1.0), ({"b": "d"}, 3.0)]
    assert page.others == 1
    assert page.names == {"a", "no_thing"}


def test_labels_are_unescaped_and_their_names_made_plain() -> None:
    (sample,) = read('a{clientId="x\\"y\\\\z\\n",network_Processor="}{ 1"} 1\n').samples
    assert sample.labels == {"clientid": 'x"y\\z\n', "networkprocessor": "}{ 1"}


def test_openmetrics_is_read_with_exemplars_and_ends_where_it_says() -> None:
    text = '# TYPE a counter\na_total{b="c"} 5 1700000000.5 # {trace="x"} 1\nno_b 1\n# EOF\n'
    (sample,) = read(text, openmetrics=True).samples
    assert (sample.name, sample.value) == ("a_total", 5.0)
    with pytest.raises(exposition.Malformed, match="cut short"):
        read(text.replace("# EOF\n", ""), openmetrics=True)


def test_a_summary_whose_lines_alternate_is_read() -> None:
    lines = [f'gc_{what}{{gc="{gc}"}} 1' for gc in "ab" for what in ("count", "sum")]
    page = read("\n".join(["# TYPE gc summary", *lines, "# EOF", ""]), openmetrics=True)
    assert len(page.samples) == 4


@pytest.mark.parametrize(
    "line", ["<html>", "a{b=c} 1", 'a{b="c" 1', "a one", "{}", "a", "\x00\x01", '{"status":"ok"}']
)
def test_what_is_no_page_is_refused_without_showing_it(line: str) -> None:
    if line in ("{}", '{"status":"ok"}'):
        assert read(line).samples == ()
        return
    with pytest.raises(exposition.Malformed) as caught:
        read(f"good 1\n{line}\n")
    assert line not in str(caught.value) or len(line) < 3


def test_too_many_samples_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exposition, "MOST_SAMPLES", 10)
    with pytest.raises(exposition.Malformed, match="more than 10"):
        read("a 1\n" * 11)
    assert len(read("a 1\n" * 5 + "no_b 1\n" * 20).samples) == 5


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    for openmetrics in (False, True):
        try:
            exposition.read(text, openmetrics=openmetrics, wanted=ALL)
        except exposition.Malformed:
            continue


@given(st.floats(), st.text(max_size=20))
def test_what_was_written_is_read(value: float, label: str) -> None:
    escaped = label.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    (sample,) = read(f'a{{b="{escaped}"}} {value!r}\n').samples
    assert sample.labels == {"b": label}
    assert sample.value == value or math.isnan(value)
