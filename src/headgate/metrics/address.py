"""The address of a source of metrics, taken apart.

::

    http://broker-1:7071/metrics            one program's page
    http://10.0.0.1:7071/metrics#broker=1   the same; it sits in broker 1
    prometheus+http://prom:9090?cluster=a   a Prometheus server, only series with cluster="a"
    http://prom:9090/api/v1                 the same kind, by its path
"""

from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urlsplit, urlunsplit

from headgate.domain import resource

PROMETHEUS = "prometheus+"
API = "/api/v1"
_OWNERS = ("broker", "worker", "client", "connect", "controller")


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where to ask, and what is known of whose numbers come."""

    server: bool
    """Whether it is a Prometheus server and not one program's page."""
    url: str
    """What is asked, without credentials."""
    name: str
    """The same as people gave it, without credentials."""
    place: str
    """``host:port``."""
    username: str
    password: str
    owner: resource.Resource | None
    """None: the address does not say."""
    matchers: tuple[tuple[str, str], ...] = ()
    """Labels that each series must have; of a server."""


def parse(given: str) -> Address:
    """The address that ``given`` writes.

    Raises:
        ValueError: it is none; says why.
    """
    text = given.strip()
    server = text.startswith(PROMETHEUS)
    try:
        parts = urlsplit(text.removeprefix(PROMETHEUS))
        port = parts.port
    except ValueError as error:
        raise ValueError("the address cannot be read") from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("an address of metrics begins with http://, https:// or prometheus+http")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    place = f"{host}:{port or (443 if parts.scheme == 'https' else 80)}"
    shown = host if port is None else f"{host}:{port}"
    path = parts.path.rstrip("/")
    server = server or path.endswith(API)
    if server:
        path = path.removesuffix(API) + API
        asked = urlunsplit((parts.scheme, shown, path + "/query", "", ""))
        query = parts.query
        name = urlunsplit((parts.scheme, shown, path, query, ""))
    else:
        path = parts.path if path else "/metrics"
        asked = name = urlunsplit((parts.scheme, shown, path, parts.query, ""))
    return Address(
        server=server,
        url=asked,
        name=name,
        place=place,
        username=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        owner=_owner(parts.fragment),
        matchers=tuple(_matchers(parts.query)) if server else (),
    )


def _owner(fragment: str) -> resource.Resource | None:
    if not fragment:
        return None
    kind, sign, name = fragment.partition("=")
    if kind not in _OWNERS or not sign or not name:
        raise ValueError(f"after # stands whose numbers they are: one of {', '.join(_OWNERS)}=ID")
    if kind == "broker" and not name.isdecimal():
        raise ValueError("a broker's id is a number: #broker=1")
    return resource.parse(f"{kind}:{unquote(name)}")


def _matchers(query: str) -> list[tuple[str, str]]:
    found = parse_qsl(query, keep_blank_values=True)
    for name, _value in found:
        if not name.isidentifier() or name.startswith("__"):
            raise ValueError(f"{name!r} is no label's name")
    return found
