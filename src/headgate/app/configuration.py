"""Reads the configuration: the file, then the environment over it, then every complaint at once.

Each setting keeps its origin, so that a person can see why it is what it is.
"""

import json
import os
import re
import tomllib
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pydantic

from headgate.app import errors, lines, secret, settings

FILE = "headgate.toml"
PREFIX = "HEADGATE_"
LISTED = ("cluster", "notify")
"""Sections of which there are several, each with a name."""
OTHER_VARIABLES = frozenset({"HEADGATE_CONFIG", "HEADGATE_URL", "HEADGATE_TOKEN", "HEADGATE_DEBUG"})
"""Variables that are no settings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing wrong with the configuration."""

    place: str
    """``headgate.toml:12``, or the environment variable."""
    setting: str
    reason: str

    def __str__(self) -> str:
        return ": ".join(part for part in (self.place, self.setting, self.reason) if part)


class ConfigError(errors.Invalid):
    """The configuration cannot be used."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        first = problems[0]
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        super().__init__(
            f"The configuration cannot be used: {first.reason}{more}",
            where=": ".join(part for part in (first.place, first.setting) if part),
            next_step="Correct it; headgate config check lists everything that is wrong",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """The effective settings with their origins."""

    settings: settings.Settings
    file: Path | None
    """None: there is no file."""
    origins: Mapping[lines.Path, str] = field(default_factory=dict)
    """Where each setting that is not a default comes from."""

    @property
    def folder(self) -> Path:
        """Relative paths in the configuration start here."""
        return self.file.parent if self.file is not None else Path.cwd()

    def path(self, given: Path | None) -> Path | None:
        """A configured path, made absolute."""
        return None if given is None else (self.folder / given).absolute()

    def store_url(self) -> str:
        """The database's address with its reference resolved and its file made absolute."""
        url = secret.resolve(self.settings.store.url, where="[store] url", folder=self.folder)
        name = url.removeprefix("sqlite:///")
        if name == url or name.startswith(("/", ":memory:")) or not name:
            return url
        return f"sqlite:///{(self.folder / name).absolute()}"


def load(path: Path | None = None, environment: Mapping[str, str] | None = None) -> Configuration:
    """The configuration in ``path``, or in ``headgate.toml`` here, or the defaults.

    Raises:
        ConfigError: it cannot be read or does not make sense; lists everything that is wrong.
    """
    around = os.environ if environment is None else environment
    file = _file(path)
    text, given = _read(file)
    origins: dict[lines.Path, str] = {}
    _note(origins, given, (), lambda at: f"{file}:{lines.of(text, at)}" if file else "")
    problems = _overlay(given, around, origins)
    try:
        made = settings.Settings(**given)
    except pydantic.ValidationError as error:
        problems += [_problem(item, origins, file, text) for item in error.errors()]
        raise ConfigError(tuple(problems)) from error
    problems += _raw_secrets(made, origins)
    problems += _missing_paths(made, origins, file)
    if problems:
        raise ConfigError(tuple(problems))
    return Configuration(settings=made, file=file, origins=origins)


def _file(path: Path | None) -> Path | None:
    if path is not None:
        if not path.is_file():
            raise ConfigError(
                (Problem(place=str(path), setting="", reason="there is no such file"),)
            )
        return path
    here = Path(FILE)
    return here if here.is_file() else None


def _read(file: Path | None) -> tuple[str, dict[str, Any]]:
    if file is None:
        return "", {}
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = f"it cannot be read as UTF-8 text: {error}"
        raise ConfigError((Problem(place=str(file), setting="", reason=reason),)) from error
    try:
        return text, tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line, reason = lines.of_syntax(text, error)
        problem = Problem(place=f"{file}:{line}", setting="", reason=f"not TOML: {reason}")
        raise ConfigError((problem,)) from error


def _overlay(
    given: dict[str, Any], around: Mapping[str, str], origins: dict[lines.Path, str]
) -> list[Problem]:
    """The environment's settings are laid over ``given``; what cannot be is told."""
    problems = []
    for name in sorted(around):
        if not name.startswith(PREFIX) or name in OTHER_VARIABLES:
            continue
        parts = name.removeprefix(PREFIX).lower().split("__")
        try:
            listed = parts[0] in LISTED
            if listed and len(parts) == 1:
                given[parts[0]] = _parsed(around[name])
                _forget(origins, (parts[0],))
                _note(origins, {parts[0]: given[parts[0]]}, (), lambda _at, n=name: f"${n}")
            elif listed and len(parts) >= 3:
                items = given.get(parts[0], [])
                place = _place(items, parts[0], parts[1])
                _set(items[place], parts[2:], around[name])
                origins[(parts[0], place, *parts[2:])] = f"${name}"
            elif len(parts) >= 2 and parts[0] in settings.Settings.model_fields:
                _set(given.setdefault(parts[0], {}), parts[1:], around[name])
                origins[tuple(parts)] = f"${name}"
        except ValueError as error:
            problems.append(Problem(place=f"${name}", setting="", reason=str(error)))
    return problems


def _place(items: object, section: str, name: str) -> int:
    if not isinstance(items, list):
        raise ValueError(f"{section} is not a list")
    for place, item in enumerate(items):
        held = str(item.get("name", "")) if isinstance(item, dict) else ""
        if name in (str(place), re.sub(r"[^a-z0-9]", "_", held.lower())):
            return place
    noun = "cluster" if section == "cluster" else f"entry of {section}"
    raise ValueError(f"no {noun} is called {name!r} in the file")


def _set(table: object, names: list[str], value: str) -> None:
    for name in names[:-1]:
        if not isinstance(table, dict):
            break
        table = table.setdefault(name, {})
    if not isinstance(table, dict):
        raise ValueError("the setting around it is not a table")
    table[names[-1]] = _parsed(value)


def _parsed(value: str) -> Any:
    """JSON where it looks like a list or table, else the text itself."""
    if not value.lstrip().startswith(("[", "{")):
        return value
    try:
        return json.loads(value)
    except ValueError as error:
        raise ValueError(f"not JSON: {error}") from error


def _note(origins: dict[lines.Path, str], value: Any, at: lines.Path, origin: Any) -> None:
    """Every leaf of ``value`` has its origin."""
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            _note(origins, inner, (*at, name), origin)
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for place, inner in enumerate(value):
            _note(origins, inner, (*at, place), origin)
    else:
        origins[at] = origin(at)


def _forget(origins: dict[lines.Path, str], prefix: lines.Path) -> None:
    for path in [p for p in origins if p[: len(prefix)] == prefix]:
        del origins[path]


def origin_of(origins: Mapping[lines.Path, str], path: lines.Path) -> str:
    """Where a setting, or the nearest one around it, comes from; empty: a default."""
    for end in range(len(path), 0, -1):
        if path[:end] in origins:
            return origins[path[:end]]
    return ""


def dotted(path: lines.Path) -> str:
    """The setting's name for people: ``cluster[0].bootstrap``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def _problem(item: Any, origins: Mapping[lines.Path, str], file: Path | None, text: str) -> Problem:
    path: lines.Path = tuple(item["loc"])
    reason = {
        "extra_forbidden": "there is no such setting",
        "missing": "it is missing",
    }.get(item["type"], str(item["msg"]).removeprefix("Value error, "))
    if item["type"] == "extra_forbidden":
        reason += _did_you_mean(path)
    place = origin_of(origins, path)
    if not place and file is not None:
        place = f"{file}:{lines.of(text, path)}"
    return Problem(place=place, setting=dotted(path), reason=reason)


def _did_you_mean(path: lines.Path) -> str:
    import difflib  # only where something is wrong

    model: Any = settings.Settings
    for part in path[:-1]:
        if isinstance(part, int):
            continue
        kind = model.model_fields[part].annotation
        # a list of sections: each entry is one of them
        model = kind if typing.get_origin(kind) is None else typing.get_args(kind)[0]
        if not hasattr(model, "model_fields"):
            return ""
    near = difflib.get_close_matches(str(path[-1]), list(model.model_fields), n=1)
    return f"; did you mean {near[0]}?" if near else ""


def _raw_secrets(made: settings.Settings, origins: Mapping[lines.Path, str]) -> list[Problem]:
    problems = []
    for path, value in _secret_places(made):
        origin = origin_of(origins, path)
        if not secret.is_reference(value) and not origin.startswith("$"):
            problems.append(
                Problem(
                    place=origin,
                    setting=dotted(path),
                    reason="a raw secret is refused here: write env:NAME or file:PATH, and keep "
                    "the secret in that variable or file",
                )
            )
    return problems


def _secret_places(made: settings.Settings) -> list[tuple[lines.Path, str]]:
    found: list[tuple[lines.Path, str]] = []
    if secret.has_password(made.store.url):
        found.append((("store", "url"), made.store.url))
    for place, told in enumerate(made.notify):
        found += [
            (("notify", place, name), value)
            for name in ("secret", "password")
            if (value := getattr(told, name))
        ]
        if secret.has_password(told.url):
            found.append((("notify", place, "url"), told.url))
    for place, cluster in enumerate(made.cluster):
        at: lines.Path = ("cluster", place)
        found += [
            ((*at, "client", name), value)
            for name, value in cluster.client.items()
            if secret.names_secret(name)
        ]
        found += [
            ((*at, "connect"), url)
            for entry in cluster.connect
            for url in entry.split(",")
            if secret.has_password(url.strip())
        ]
        found += [((*at, "metrics"), url) for url in cluster.metrics if secret.has_password(url)]
        if secret.has_password(cluster.registry):
            found.append(((*at, "registry"), cluster.registry))
        found += [
            ((*at, name), value)
            for name in ("registry_password", "registry_token")
            if (value := getattr(cluster, name))
        ]
    return found


def _missing_paths(
    made: settings.Settings, origins: Mapping[lines.Path, str], file: Path | None
) -> list[Problem]:
    folder = file.parent if file is not None else Path.cwd()
    problems = []
    for name, given, kind in (
        ("policies", made.boundary.policies, "folder"),
        ("owners", made.boundary.owners, "file"),
    ):
        if given is None:
            continue
        path = folder / given
        if not (path.is_dir() if kind == "folder" else path.is_file()):
            at = ("boundary", name)
            reason = f"there is no {kind} {path}"
            problems.append(
                Problem(place=origin_of(origins, at), setting=dotted(at), reason=reason)
            )
    return problems
