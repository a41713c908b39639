"""What the names on metrics endpoints mean, read from ``names.toml`` and checked once.

A name there may hold alternatives in braces and one word in angle brackets; here every spelling
is a rule of its own, found by the name in lower case without ``_total``.
"""

import functools
import itertools
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Literal

import pydantic

Unit = Literal["ratio", "ms", "s", "bytes", "count", "flag", "id", "time"]
Kind = Literal["gauge", "counter"]
About = Literal["broker", "client", "connector", "task", "process"]

_BRACES = re.compile(r"\{([^{}]*)\}")
_WORD = re.compile(r"<(\w+)>")


class _Strict(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)


class _Spelling(_Strict):
    dialect: str = pydantic.Field(alias="in")
    metric: str = pydantic.Field(pattern=r"^[a-z0-9_:{},<>-]+$")
    where: dict[str, str] = {}
    labels: dict[str, str] = {}
    set: dict[str, str] = {}
    lacks: tuple[str, ...] = ()
    factor: float = pydantic.Field(default=1.0, gt=0)


class _Named(_Strict):
    means: str = pydantic.Field(min_length=5)
    unit: Unit
    kind: Kind
    about: About
    least: float = 0.0
    minute: bool = False
    needs: tuple[str, ...] = ()
    names: tuple[_Spelling, ...] = pydantic.Field(min_length=1)


class _Dialect(_Strict):
    means: str
    signs: tuple[str, ...] = pydantic.Field(min_length=1)


class _Told(_Strict):
    metric: str
    label: str


class _Owners(_Strict):
    broker: tuple[str, ...]
    host: tuple[str, ...]
    told: tuple[_Told, ...]


class _File(_Strict):
    dialects: dict[str, _Dialect]
    owners: _Owners
    words: dict[str, dict[str, str]]
    measures: dict[str, _Named]


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """One of Headgate's measures."""

    name: str
    means: str
    unit: Unit
    kind: Kind
    about: About
    least: float
    """Values below it stand for "not known"."""
    minute: bool
    """Whether it is a one-minute meter, which reads 0 right after a start."""
    needs: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One spelling of one measure in one dialect."""

    meaning: Meaning
    dialect: str
    rank: int
    """Where two spellings give the same measure, the lower rank counts."""
    where: Mapping[str, str]
    labels: tuple[tuple[str, str], ...]
    """(Headgate's label, the sample's label)."""
    fixed: Mapping[str, str]
    lacks: tuple[str, ...]
    factor: float

    def fits(self, labels: Mapping[str, str]) -> bool:
        """Whether a sample with these labels is spelled so."""
        return all(_same(labels.get(name), value) for name, value in self.where.items()) and not (
            any(labels.get(name) for name in self.lacks)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """Every spelling, by the name that ``key`` makes of a sample's name."""

    meanings: Mapping[str, Meaning]
    rules: Mapping[str, tuple[Rule, ...]]
    signs: tuple[tuple[str, str], ...]
    """(How a name begins, the dialect that shows in it); the longest first."""
    dialects: Mapping[str, str]
    """Dialect -> what it is."""
    broker_labels: tuple[str, ...]
    host_labels: tuple[str, ...]
    told: Mapping[str, str]
    """Name -> the label in which a broker tells its own id."""
    spellings: Mapping[str, tuple[str, ...]]
    """Measure -> the names it may have, for documents and queries."""

    def dialect_of(self, name: str) -> str | None:
        """The dialect that shows in a sample's name; None: none does."""
        lowered = name.lower()
        return next((dialect for sign, dialect in self.signs if lowered.startswith(sign)), None)


def key(name: str) -> str:
    """The name as spellings are looked up by."""
    return name.lower().removesuffix("_total")


@functools.cache
def load() -> Catalogue:
    """The catalogue that ships with Headgate.

    Raises:
        ValueError: ``names.toml`` contradicts itself; says where.
    """
    text = resources.files("headgate.metrics").joinpath("names.toml").read_text(encoding="utf-8")
    return parse(text)


def parse(text: str) -> Catalogue:
    """The catalogue that such a text describes.

    Raises:
        ValueError: the text is not of the form or contradicts itself; says where.
    """
    held = _File.model_validate(tomllib.loads(text))
    rules: dict[str, list[Rule]] = {}
    meanings: dict[str, Meaning] = {}
    spellings: dict[str, list[str]] = {}
    for name, named in held.measures.items():
        meaning = meanings[name] = Meaning(
            name=name,
            means=named.means,
            unit=named.unit,
            kind=named.kind,
            about=named.about,
            least=named.least,
            minute=named.minute,
            needs=frozenset(named.needs),
        )
        for rank, spelling in enumerate(named.names):
            if spelling.dialect not in held.dialects:
                raise ValueError(f"{name}: there is no dialect {spelling.dialect}")
            for metric, rule in _expanded(meaning, rank, spelling, held.words):
                rules.setdefault(key(metric), []).append(rule)
                spellings.setdefault(name, []).append(metric)
    return Catalogue(
        meanings=meanings,
        rules={name: tuple(held) for name, held in rules.items()},
        signs=tuple(
            sorted(
                ((sign, name) for name, one in held.dialects.items() for sign in one.signs),
                key=lambda pair: -len(pair[0]),
            )
        ),
        dialects={name: one.means for name, one in held.dialects.items()},
        broker_labels=held.owners.broker,
        host_labels=held.owners.host,
        told={key(metric): one.label for one in held.owners.told for metric in _braces(one.metric)},
        spellings={name: tuple(names) for name, names in spellings.items()},
    )


def _expanded(
    meaning: Meaning, rank: int, spelling: _Spelling, words: Mapping[str, Mapping[str, str]]
) -> Iterator[tuple[str, Rule]]:
    used = sorted(
        {*_WORD.findall(spelling.metric), *_WORD.findall(" ".join(spelling.where.values()))}
    )
    unknown = [word for word in used if word not in words]
    if unknown:
        raise ValueError(f"{meaning.name}: there is no word {unknown[0]}")
    lacking = meaning.needs - {*spelling.labels, *spelling.set, *used}
    if lacking:
        raise ValueError(f"{meaning.name}: {spelling.metric} gives no {', '.join(sorted(lacking))}")
    for chosen in itertools.product(*(words[word].items() for word in used)):
        spelled = {f"<{word}>": theirs for word, (theirs, _ours) in zip(used, chosen, strict=True)}
        rule = Rule(
            meaning=meaning,
            dialect=spelling.dialect,
            rank=rank,
            where={name: _spelled(value, spelled) for name, value in spelling.where.items()},
            labels=tuple(spelling.labels.items()),
            fixed={
                **spelling.set,
                **{word: ours for word, (_theirs, ours) in zip(used, chosen, strict=True)},
            },
            lacks=spelling.lacks,
            factor=spelling.factor,
        )
        for metric in _braces(_spelled(spelling.metric, spelled)):
            yield metric, rule


def _spelled(text: str, spelled: Mapping[str, str]) -> str:
    for word, value in spelled.items():
        text = text.replace(word, value)
    return text


def _braces(text: str) -> Iterator[str]:
    found = _BRACES.search(text)
    if found is None:
        yield text
        return
    for choice in found[1].split(","):
        yield from _braces(text[: found.start()] + choice + text[found.end() :])


def _same(held: str | None, wanted: str) -> bool:
    """Equal as text in any case, or as numbers (a quantile of 0.5 is also written 0.50)."""
    if held is None:
        return False
    if held.lower() == wanted.lower():
        return True
    try:
        return float(held) == float(wanted)
    except ValueError:
        return False
