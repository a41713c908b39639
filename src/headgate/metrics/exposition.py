"""Prometheus text and OpenMetrics: the samples on a page whose names are wanted.

The parser is prometheus_client's. A broker's page can hold 50,000 samples of which a few thousand
are wanted, and the parser takes 20 us for each, so a line whose name is not wanted never
reaches it.
"""

import io
import re
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from prometheus_client import parser as text_parser
from prometheus_client.openmetrics import parser as openmetrics_parser

MOST_SAMPLES = 200_000
"""Wanted samples on one page; more would take seconds to read at every look."""

_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*(?=[{ \t])")
_END = "# EOF"
_META = re.compile(rf"{_END}|# TYPE \S+ counter")
"""What the parser of OpenMetrics must see: the end, and where exemplars may stand."""

_VALUE_ENDS = frozenset("0123456789.nNfFyY")
"""The last letter of a number, NaN, Inf or Infinity."""


class Malformed(ValueError):
    """The page is not in its format; says where, and nothing of its content."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One sample; its labels' names are in lower case without underscores."""

    name: str
    labels: dict[str, str]
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What is wanted of a page."""

    samples: tuple[Sample, ...]
    names: frozenset[str]
    """Every name on it, wanted or not."""
    others: int
    """Samples that are not wanted."""


def is_openmetrics(content_type: str) -> bool:
    """Whether an answer of that type is OpenMetrics."""
    return content_type.split(";")[0].strip().lower() == "application/openmetrics-text"


def read(text: str, *, openmetrics: bool, wanted: Callable[[str], bool]) -> Page:
    """The samples on the page whose names are wanted.

    Raises:
        Malformed: it is not in its format, or holds too many samples.
    """
    taken: dict[str, list[str]] = {}
    left: set[str] = set()
    meta: set[str] = set()
    others = count = 0
    for number, line in enumerate(text.split("\n"), start=1):
        if not line or line[0] == "#" or not line.strip():
            if openmetrics and _META.fullmatch(line):
                meta.add(line)
            continue
        if line[0] == "{":  # a name in quotes, with letters that no exporter of Kafka's uses
            others += 1
            continue
        found = _NAME.match(line)
        if found is None or line.rstrip()[-1] not in _VALUE_ENDS:
            raise Malformed(f"line {number} is not of the form NAME{{LABELS}} VALUE")
        name = found[0]
        if name in taken:
            taken[name].append(line)
            count += 1
        elif name not in left and wanted(name):
            taken[name] = [line]
            count += 1
        else:
            left.add(name)
            others += 1
    if count > MOST_SAMPLES:
        raise Malformed(f"it holds more than {MOST_SAMPLES:,} samples that Headgate reads")
    samples = tuple(_parsed(_lines(taken, meta), openmetrics=openmetrics))
    return Page(samples=samples, names=frozenset(left.union(taken)), others=others)


def plain_label(name: str) -> str:
    """A label's name as it is compared: clientId, client_id and client-id are one."""
    return name.lower().replace("_", "").replace("-", "")


def _lines(taken: Mapping[str, Sequence[str]], meta: Container[str]) -> Iterator[str]:
    """The lines of each name together, as the parser of OpenMetrics demands of a family.

    On a page a summary's sum and count alternate; here they are families of their own, because
    the rest of the summary is not read.
    """
    for name, lines in taken.items():
        kind = f"# TYPE {name.removesuffix('_total')} counter"
        if kind in meta:
            yield kind
        yield from lines
    if _END in meta:
        yield _END


def _parsed(lines: Iterable[str], *, openmetrics: bool) -> Iterator[Sample]:
    parse = openmetrics_parser if openmetrics else text_parser
    plain: dict[str, str] = {}
    try:
        page = io.StringIO("\n".join(lines) + "\n")
        for family in parse.text_fd_to_metric_families(page):
            for one in family.samples:
                labels = {}
                for name, value in one.labels.items():
                    label = plain.get(name)
                    if label is None:
                        label = plain[name] = plain_label(name)
                    labels[label] = value
                yield Sample(name=one.name, labels=labels, value=float(one.value))
    except (ValueError, KeyError, IndexError) as error:
        if "Missing # EOF" in str(error):
            raise Malformed("it is cut short: its last line is missing") from error
        kind = "OpenMetrics" if openmetrics else "Prometheus text"
        raise Malformed(f"one of its samples is not {kind}") from error
