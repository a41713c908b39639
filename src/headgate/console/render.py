"""Templates, filters and the frame that every page stands in."""

import dataclasses
import functools
import hashlib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote, unquote
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import jinja2
from fastapi import Request
from fastapi.responses import HTMLResponse

from headgate.app import words
from headgate.domain import person, resource, vocabulary
from headgate.domain.unknown import Unknown

HERE = Path(__file__).parent
STATIC = HERE / "static"

DEFAULTS: Mapping[str, object] = {
    "twin": "",
    "query": "",
    "flash": None,
    "live": "",
    "cluster_name": "",
    "ref": "",
    "ref_kind": "",
}
"""What a page has where it says nothing else: its JSON twin, the words searched for, a line about
what was just done, and which notices make it read itself anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """Who looks, and how they want to see it."""

    actor: person.Actor
    csrf: str
    zone: str
    theme: str
    """``light``, ``dark``, or empty: as the system has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flash:
    """One line about what the reader just did."""

    text: str
    kind: str = ""


@functools.cache
def asset(name: str) -> str:
    """The address of a static file with its digest, so that it can be cached for ever."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?v={digest}"


def meaning(code: str) -> str:
    """What a code of the vocabulary means; empty for one it does not hold."""
    try:
        return vocabulary.meaning(code)
    except KeyError:
        return ""


def place_of(item: resource.Resource, cluster: str) -> str:
    """The address of a resource's page; empty where it has none."""
    root = f"/clusters/{quote(cluster, safe='')}"
    match item.kind:
        case "cluster" | "broker":
            return root
        case "topic":
            return f"{root}/topics/{quote(item.id, safe='')}"
        case "partition":
            topic = resource.partition_of(item).topic
            return f"{root}/topics/{quote(topic, safe='')}"
        case "group":
            return f"{root}/groups/{quote(item.id, safe='')}"
        case "member":
            group = resource.unescape(item.id.split("/")[0])
            return f"{root}/groups/{quote(group, safe='')}"
        case "connector":
            return f"{root}/connectors/{quote(item.id, safe='')}"
        case "task":
            return f"{root}/connectors/{quote(item.id.rpartition('-')[0], safe='')}"
        case "connect":
            return f"{root}/connect/{quote(item.id, safe='')}"
        case "worker":
            return f"{root}?tab=connectors"
        case "subject":
            return f"{root}/subjects/{quote(item.id, safe='')}"
        case _:
            return ""


def plain(value: object) -> str:
    """A value of evidence for people: numbers with thousands separated, yes and no in words."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return words.count(value)
    if isinstance(value, float):
        return f"{value:,.2f}".rstrip("0").rstrip(".")
    return str(value)


def short(value: Unknown) -> str:
    """An unknown in a cell; its reason stands below the table."""
    return "never" if value.reason.startswith("never") else "not known"


def reasons(rows: Sequence[object]) -> list[str]:
    """Why cells of these rows are not known, each reason once, the most frequent first.

    What follows a colon differs from row to row and is left out.
    """
    found = Counter(
        value.reason.partition(":")[0]
        for row in rows
        for entry in dataclasses.fields(row)  # type: ignore[arg-type]  # rows are dataclasses
        if isinstance(value := getattr(row, entry.name), Unknown) and short(value) == "not known"
    )
    return [reason for reason, _ in found.most_common()]


def sentence(text: str) -> str:
    """The text with its first letter large."""
    return text[:1].upper() + text[1:]


_NUMBERED = re.compile(r"(?<![\w.-])[\w.-]{0,28}-\d+(?![\w.-])")
"""A partition, a task or a member, short enough to stand on one line of a phone."""


def pieces(text: str) -> list[tuple[str, bool]]:
    """The text in pieces, each with whether it is a name such as ``orders-0`` that no line should
    end within.
    """
    made: list[tuple[str, bool]] = []
    at = 0
    for found in _NUMBERED.finditer(text):
        made += [(text[at : found.start()], False), (found.group(), True)]
        at = found.end()
    return [*made, (text[at:], False)]


def _environment() -> jinja2.Environment:
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(asset=asset, meaning=meaning)
    made.filters.update(
        count=words.count,
        duration=words.duration,
        size=words.size,
        rate=words.rate,
        instant=words.instant,
        place_of=place_of,
        plain=plain,
        sentence=sentence,
        short=short,
        reasons=reasons,
        pieces=pieces,
        quote=lambda text: quote(str(text), safe=""),
    )
    made.filters["from_ms"] = lambda ms: datetime.fromtimestamp(ms / 1000, UTC)
    made.filters["ago"] = lambda at: words.ago(at, datetime.now(UTC))
    made.filters["clock"] = jinja2.pass_context(_clock)
    made.tests["unknown"] = lambda value: isinstance(value, Unknown)
    return made


def _clock(context: jinja2.runtime.Context, at: datetime) -> str:
    return words.clock(at, str(context.get("zone", "UTC")))


@functools.cache
def environment() -> jinja2.Environment:
    """The template environment, made once."""
    return _environment()


def zone_of(request: Request) -> str:
    """The reader's time zone as the browser names it; UTC where it named none we know."""
    name = unquote(request.cookies.get("headgate_zone", "UTC"))
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return "UTC"
    return name


def theme_of(request: Request) -> str:
    """The look that the reader chose; empty: as the system has it."""
    chosen = request.cookies.get("headgate_theme", "")
    return chosen if chosen in ("light", "dark") else ""


def bare(request: Request, template: str, *, status: int = 200, **values: object) -> HTMLResponse:
    """A page without the frame: log-in and errors for somebody not known."""
    text = (
        environment()
        .get_template(f"pages/{template}.html")
        .render({**DEFAULTS, "theme": theme_of(request), "zone": zone_of(request), **values})
    )
    return HTMLResponse(text, status_code=status)


def page(
    viewer: Viewer,
    template: str,
    frame: Mapping[str, object],
    *,
    status: int = 200,
    **values: object,
) -> HTMLResponse:
    """A page in the frame; ``frame`` holds the places of the rail and what every page shows."""
    context: dict[str, object] = {
        **DEFAULTS,
        "theme": viewer.theme,
        "zone": viewer.zone,
        "actor": viewer.actor,
        "csrf": viewer.csrf,
        **frame,
        **values,
    }
    text = environment().get_template(f"pages/{template}.html").render(context)
    return HTMLResponse(text, status_code=status)
