"""An address as a person writes it, apart from the credentials in it."""

from dataclasses import dataclass, field

import httpx2


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a server is."""

    url: str
    """Without credentials, query, fragment and the slash at its end."""
    username: str
    password: str = field(repr=False)


def parsed(text: str) -> Address | None:
    """The address; None: it is no http or https address."""
    try:
        found = httpx2.URL(text.strip().rstrip("/"))
    except (httpx2.InvalidURL, ValueError):
        return None
    if found.scheme not in ("http", "https") or not found.host:
        return None
    bare = found.copy_with(username=None, password=None, query=None, fragment=None)
    return Address(url=str(bare).rstrip("/"), username=found.username, password=found.password)
