"""Reads a folder of declarations: topics, groups, ACLs, owners, marks and thresholds, in TOML.

Every ``*.toml`` in the folder and below counts; what a file holds does not depend on its name::

    complete = ["topics"]

    [[topic]]
    name = "orders"
    partitions = 6
    replicas = 3
    configs = { "retention.ms" = 604800000 }
    owner = "payments"

    [[acl]]
    principal = "User:billing"
    operations = ["READ", "DESCRIBE"]
    topic = "orders"

    [[group]]
    name = "nightly-report"
    mark = "expected-behind"
    why = "it runs at three in the morning"
"""

import dataclasses
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pydantic

from headgate.app import configuration, declarations, lines
from headgate.domain import declared as values
from headgate.domain import thresholds

_DIGITS = 5
"""Partition numbers of so many digits are covered by the mark of a topic."""
_MEANS: Mapping[tuple[str, declarations.Mark], tuple[str, ...]] = {
    ("topic", "test"): ("*",),
    ("topic", "paused"): ("topic.input_stopped", "orphan.topic"),
    ("group", "test"): ("*",),
    ("group", "paused"): ("lag.*", "group.*", "orphan.group"),
    ("group", "expected-behind"): ("lag.*",),
}
"""(Kind, mark) -> patterns of the findings that are as they should be."""


class DeclarationError(configuration.ConfigError):
    """The declarations cannot be used."""

    def __init__(self, problems: tuple[configuration.Problem, ...]) -> None:
        super().__init__(problems)
        self.what = f"The declarations cannot be used: {problems[0].reason}"
        rest = [str(one) for one in problems[1:]]
        self.next_step = (
            f"Correct it, and also: {'; '.join(rest)}" if rest else "Correct it and look again"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """What a folder says."""

    declared: values.Declared = values.NOTHING
    limits: thresholds.Thresholds = field(default_factory=thresholds.Thresholds)

    def owned_also(self, more: Sequence[values.Owned]) -> "Folder":
        """The same with owners from elsewhere behind its own."""
        if not more:
            return self
        owners = (*self.declared.owners, *more)
        return dataclasses.replace(self, declared=dataclasses.replace(self.declared, owners=owners))

    def over(self, held: thresholds.Thresholds) -> thresholds.Thresholds:
        """The folder's parameters and marks under those of the configuration, which win."""
        codes = {**self.limits.cluster, **held.cluster}
        return thresholds.Thresholds(
            cluster={
                code: {**self.limits.cluster.get(code, {}), **held.cluster.get(code, {})}
                for code in codes
            },
            rules=(*self.limits.rules, *held.rules),
            expected=(*held.expected, *self.limits.expected),
        )


NOTHING = Folder()


def load(folder: Path) -> Folder:
    """What the folder says.

    Raises:
        DeclarationError: it cannot be used; file, line, field and reason of everything.
    """
    if not folder.is_dir():
        raise DeclarationError(
            (
                configuration.Problem(
                    place=str(folder), setting="", reason="there is no such folder"
                ),
            )
        )
    read: list[tuple[Path, str, declarations.File]] = []
    problems: list[configuration.Problem] = []
    for file in sorted(folder.rglob("*.toml")):
        found = _read(folder, file)
        if isinstance(found, tuple):
            read.append((file.relative_to(folder), *found))
        else:
            problems += found
    problems += _twice(read)
    if not read and not problems:
        reason = "it holds no *.toml file"
        problems.append(configuration.Problem(place=str(folder), setting="", reason=reason))
    if problems:
        raise DeclarationError(tuple(problems))
    return Folder(declared=_declared(folder, read), limits=_limits([one for *_, one in read]))


def _read(folder: Path, file: Path) -> tuple[str, declarations.File] | list[configuration.Problem]:
    name = str(folder / file.relative_to(folder))
    try:
        text = file.read_bytes().decode("utf-8-sig")
        return text, declarations.File(**tomllib.loads(text))
    except (OSError, UnicodeDecodeError) as error:
        reason = f"it cannot be read as UTF-8 text: {error}"
        return [configuration.Problem(place=name, setting="", reason=reason)]
    except tomllib.TOMLDecodeError as error:
        line, reason = lines.of_syntax(text, error)
        reason = f"not TOML: {reason}"
        return [configuration.Problem(place=f"{name}:{line}", setting="", reason=reason)]
    except pydantic.ValidationError as error:
        return [_problem(name, text, item) for item in error.errors()]


def _problem(name: str, text: str, item: Any) -> configuration.Problem:
    path: lines.Path = tuple(item["loc"])
    reason = {
        "extra_forbidden": "there is no such field",
        "missing": "it is missing",
    }.get(item["type"], str(item["msg"]).removeprefix("Value error, "))
    return configuration.Problem(
        place=f"{name}:{lines.of(text, path)}",
        setting=configuration.dotted(path),
        reason=reason,
    )


def _twice(read: Sequence[tuple[Path, str, declarations.File]]) -> Iterator[configuration.Problem]:
    """Topics and groups that are declared twice: nobody can say which counts."""
    first: dict[tuple[str, str], str] = {}
    for file, text, held in read:
        for kind, entries in (("topic", held.topic), ("group", held.group)):
            for number, one in enumerate(entries):
                place = f"{file}:{lines.of(text, (kind, number))}"
                known = first.setdefault((kind, one.name), place)
                if known != place:
                    yield configuration.Problem(
                        place=place,
                        setting=f"{kind}[{number}].name",
                        reason=f"{kind} {one.name} is declared already ({known})",
                    )


def _declared(folder: Path, read: Sequence[tuple[Path, str, declarations.File]]) -> values.Declared:
    topics: dict[str, values.Topic] = {}
    rules: list[values.Rule] = []
    named: list[values.Owned] = []
    for file, text, held in read:
        for number, one in enumerate(held.topic):
            topics[one.name] = values.Topic(
                name=one.name,
                place=f"{file}:{lines.of(text, ('topic', number))}",
                partitions=one.partitions,
                replicas=one.replicas,
                configs={name: _text(value) for name, value in one.configs.items()},
            )
        for number, acl in enumerate(held.acl):
            place = f"{file}:{lines.of(text, ('acl', number))}"
            rules += (values.Rule(acl=rule, place=place) for rule in acl.rules())
        for kind, entries in (("topic", held.topic), ("group", held.group)):
            named += (
                values.Owned(kind=kind, pattern=_exactly(each.name), owner=each.owner)
                for each in entries
                if each.owner
            )
    return values.Declared(
        where=folder.name,
        topics=topics,
        rules=tuple(rules),
        whole=frozenset(name for *_, held in read for name in held.complete),
        ignored=tuple(pattern for *_, held in read for pattern in held.ignore),
        owners=(*named, *_owners(read)),
    )


def _owners(read: Sequence[tuple[Path, str, declarations.File]]) -> Iterator[values.Owned]:
    for *_, held in read:
        for one in held.owner:
            for pattern in one.resources:
                kind, _, rest = pattern.partition(":")
                yield values.Owned(kind=kind, pattern=rest, owner=one.name)


def _text(value: str | bool | int | float) -> str:
    """As Kafka writes it: ``true``, ``604800000``."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _exactly(name: str) -> str:
    """The pattern that only this name fits."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)


def _limits(files: Sequence[declarations.File]) -> thresholds.Thresholds:
    cluster: dict[str, dict[str, object]] = {}
    for held in files:
        for code, given in held.thresholds.items():
            cluster.setdefault(code, {}).update(given)
    return thresholds.Thresholds(
        cluster=cluster,
        rules=tuple(
            thresholds.Rule(resources=one.resources, code=one.finding, values=one.values)
            for held in files
            for one in held.thresholds_for
        ),
        expected=(
            *(
                thresholds.Expectation(
                    resources=one.resources,
                    findings=tuple(one.findings),
                    why=one.why,
                    until=one.until,
                )
                for held in files
                for one in held.expected
            ),
            *(made for held in files for one in held.topic for made in _expected("topic", one)),
            *(made for held in files for one in held.group for made in _expected("group", one)),
        ),
    )


def _expected(
    kind: str, one: declarations.Topic | declarations.Group
) -> Iterator[thresholds.Expectation]:
    """What a mark excuses: on the topic, its partitions, or the group."""
    if one.mark is None:
        return
    findings = _MEANS[kind, one.mark]
    why = f"declared as {one.mark.replace('-', ' ')}: {one.why}"
    name = _exactly(one.name)
    patterns = [f"{kind}:{name}"]
    if kind == "topic":
        patterns += [f"partition:{name}-{'[0-9]' * count}" for count in range(1, _DIGITS + 1)]
    for pattern in patterns:
        yield thresholds.Expectation(resources=pattern, findings=findings, why=why, until=one.until)
