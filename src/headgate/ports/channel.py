"""Channels: where people are told of incidents."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from headgate.domain import notices, vocabulary


class ChannelError(Exception):
    """A channel did not take a notice; says what, where and what to do."""

    def __init__(
        self, what: str, *, where: str, next_step: str = "", lasting: bool = False
    ) -> None:
        """``lasting``: it will not take it later either, until somebody mends the settings."""
        self.what = what
        self.where = where
        self.next_step = next_step
        self.lasting = lasting
        super().__init__(". ".join(part for part in (what, next_step) if part))


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One notice as people read it; the same words in every channel."""

    incident: str
    """Its id: the key under which a channel keeps one thread."""
    cluster: str
    environment: str
    kind: notices.Kind
    severity: vocabulary.Severity
    title: str
    """The incident's answer, in one sentence."""
    lines: tuple[str, ...]
    """What is new, or for the first one: why, who is hit, and until when."""
    resource: str
    cause: str
    """Code of the first cause; empty: none is likely yet."""
    opened_at: datetime
    at: datetime
    link: str
    """Address of the incident's page; empty where the server's own address is not set."""
    deadline: datetime | None = None
    by: str = ""
    """Who acknowledged it."""


class Channel(Protocol):
    """One place where people are told."""

    @property
    def name(self) -> str:
        """What the settings call it."""

    @property
    def where(self) -> str:
        """Its address, without secrets."""

    def send(self, letter: Letter, reference: str) -> str:
        """The letter is delivered; the reference for what follows in its thread.

        ``reference`` is that of the thread so far, empty for the first. Sending the same letter
        twice does no harm beyond a line that is there twice.

        Raises:
            ChannelError: it was not delivered, or nobody knows.
        """

    def close(self) -> None:
        """Connections are closed."""
