"""One tab of a cluster's page: what it needs and what it gives.

Adding a tab means a module with a ``fill``, a template ``tabs/KEY.html`` and a line in
``pages.clusters.TABS``.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from fastapi import Request
from fastapi.responses import Response

from headgate.console import desk, render
from headgate.domain import observation


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Who asks for a tab of which cluster, and what was seen there."""

    request: Request
    front: desk.Desk
    viewer: render.Viewer
    cluster: str
    seen: observation.Observation
    values: dict[str, object] = field(default_factory=dict)
    """What the template gets; ``fill`` puts it here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tab:
    """One tab; its key is in the address and names its template."""

    key: str
    name: str
    fill: Callable[[Asked], Response | None]
    """Fills ``values``; an answer of its own (such as CSV) takes the page's place."""
