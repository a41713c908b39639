"""The ACLs that Headgate asks a cluster's owner for, in words and as commands."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from headgate.domain import rights, snapshot

SCHEMA = "headgate.acls/1"
TOOL = "kafka-acls.sh"
SOMEBODY = "User:headgate"
ANONYMOUS = "User:ANONYMOUS"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """For whom, at which cluster, the ACLs are asked for."""

    bootstrap: str
    principal: str
    """As Kafka names the user, such as ``User:headgate``."""


def principal(client: Mapping[str, str]) -> str:
    """Who these client properties log in as, as far as they tell it.

    A certificate's and a token's name are made by the broker's own rules, so ``User:headgate``
    stands for them.
    """
    from headgate.kafka import properties

    held = properties.parse(client)
    user = held.values.get("sasl.username", "")
    if user:
        return f"User:{user}"
    certified = "ssl.certificate.location" in held.values
    return SOMEBODY if held.sasl or certified else ANONYMOUS


def commands(asked: Request) -> tuple[str, ...]:
    """One line for the shell per ACL; those that Headgate can do without are comments."""
    tool = f"{TOOL} --bootstrap-server {asked.bootstrap} --command-config admin.properties"
    return tuple(
        f"{'# ' if one.optional else ''}{tool} {one.command(asked.principal)}"
        for one in rights.READING
    )


def as_text(asked: Request) -> Iterator[str]:
    """A table of what is asked for and why, then the commands."""
    yield f"ACLs for {asked.principal}: the right to describe, nothing to change or to read records"
    yield ""
    width = max(len(str(one.right)) for one in rights.READING)
    for one in rights.READING:
        choice = "not needed; shows " if one.optional else ""
        yield f"  {one.right!s:<{width}}  {choice}{one.shows}"
    yield ""
    yield from commands(asked)


def as_markdown(asked: Request) -> Iterator[str]:
    """The same for a ticket to whoever keeps the cluster."""
    yield f"# ACLs for {asked.principal}"
    yield ""
    yield "| Right | Needed | What it shows |"
    yield "|---|---|---|"
    for one in rights.READING:
        yield f"| {one.right} | {'no' if one.optional else 'yes'} | {one.shows} |"
    yield ""
    yield "```sh"
    yield from commands(asked)
    yield "```"


def as_json(asked: Request) -> dict[str, object]:
    """The same for programs."""
    return {
        "schema": SCHEMA,
        "principal": asked.principal,
        "acls": [
            {
                "operation": one.right.operation,
                "resource_type": one.right.resource_type,
                "name": one.right.name,
                "needed": not one.optional,
                "shows": one.shows,
            }
            for one in rights.READING
        ],
        "commands": list(commands(asked)),
    }


def lacking(missing: Sequence[snapshot.Missing]) -> tuple[str, ...]:
    """The rights that would show what is missing, each once."""
    return tuple(sorted({one.needs for one in missing if one.needs}))
