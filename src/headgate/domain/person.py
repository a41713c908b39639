"""Who asks: a person, a program with a token, or Headgate itself."""

from dataclasses import dataclass, field
from typing import Literal

Role = Literal["viewer", "operator", "approver", "admin"]
ROLES: tuple[Role, ...] = ("viewer", "operator", "approver", "admin")


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """The one on whose behalf something is asked or done."""

    name: str
    kind: Literal["user", "token", "headgate"]
    roles: frozenset[Role]
    teams: frozenset[str] = field(default_factory=frozenset)
    token: str = ""
    """The token's label where the actor came with a token; its owner is ``name``."""


HEADGATE = Actor(name="headgate", kind="headgate", roles=frozenset({"operator"}))
"""Headgate proposing by itself; it may propose and run what a lane allows, never approve."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """The team or person behind a resource."""

    name: str
    contact: str = ""


NOBODY = Owner(name="")
"""No owner is registered."""
