"""The address of anything Headgate talks about, such as ``group:billing``."""

from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

Kind = Literal[
    "cluster",
    "broker",
    "controller",
    "log_dir",
    "endpoint",
    "topic",
    "partition",
    "group",
    "member",
    "client",
    "principal",
    "quota",
    "producer",
    "transaction",
    "connect",
    "worker",
    "connector",
    "task",
    "registry",
    "subject",
    "schema",
    "link",
    "workload",
    "runbook",
]
KINDS: tuple[str, ...] = get_args(Kind)


class TopicPartition(NamedTuple):
    """One partition of one topic."""

    topic: str
    partition: int

    def __str__(self) -> str:
        return f"{self.topic}-{self.partition}"


@dataclass(frozen=True, slots=True, order=True)
class Resource:
    """One thing in or around a cluster; ``str()`` gives ``kind:id`` and ``parse`` reads it back."""

    kind: Kind
    id: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"


def parse(text: str) -> Resource:
    """The resource that ``text`` names; the kind ends at the first colon, the rest is literal.

    Raises:
        ValueError: there is no colon, the kind is not one of ``KINDS``, or the id is empty.
    """
    kind, colon, rest = text.partition(":")
    for known in get_args(Kind):
        if kind == known and colon and rest:
            return Resource(known, rest)
    raise ValueError(f"not a resource: {text!r} (write KIND:ID, KIND one of {', '.join(KINDS)})")


def partition(name: TopicPartition) -> Resource:
    """The resource of one partition: ``partition:orders-3``."""
    return Resource("partition", str(name))


def partition_of(resource: Resource) -> TopicPartition:
    """The partition that a ``partition:`` resource names; its number follows the last dash.

    Raises:
        ValueError: the resource is not a partition, or ends in no number.
    """
    topic, dash, number = resource.id.rpartition("-")
    if resource.kind != "partition" or not dash or not number.isdecimal():
        raise ValueError(f"not a partition: {resource}")
    return TopicPartition(topic, int(number))


def member(group_id: str, member_id: str) -> Resource:
    """The resource of one member: ``member:GROUP/MEMBER``, with / and % written %2F and %25."""
    return Resource("member", f"{escape(group_id)}/{escape(member_id)}")


def task(connector: str, number: int) -> Resource:
    """The resource of one connector task: ``task:NAME-N``."""
    return Resource("task", f"{connector}-{number}")


def escape(part: str) -> str:
    """The part of an id that stands beside a slash, with its own slashes and percents escaped."""
    return part.replace("%", "%25").replace("/", "%2F")


def unescape(part: str) -> str:
    """The text that ``escape`` was given."""
    return part.replace("%2F", "/").replace("%25", "%")
