"""Finds the line of a setting in a TOML text; the parser itself tells lines of bad syntax only."""

import re
import tomllib
from collections.abc import Iterator

Path = tuple[str | int, ...]

_HEADER = re.compile(r"^\s*(\[\[?)\s*(.+?)\s*\]\]?\s*(#.*)?$")
_KEY = re.compile(
    r"""^\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*'))*)\s*="""
)
_PART = re.compile(r"""[A-Za-z0-9_-]+|"[^"]*"|'[^']*'""")
_SYNTAX = re.compile(r"\(at (?:line (\d+), column \d+|end of document)\)")


def of(text: str, path: Path) -> int:
    """The line of the setting at ``path``, or of the nearest table around it; 0: none is there."""
    best, depth = 0, 0
    for number, found in _settings(text):
        shared = _shared(found, path)
        # a table's own line stands for what is missing in it
        if shared == len(found) and shared > depth:
            best, depth = number, shared
    return best


def of_syntax(text: str, error: tomllib.TOMLDecodeError) -> tuple[int, str]:
    """(Line, reason) of what the parser refused."""
    said = str(error)
    found = _SYNTAX.search(said)
    reason = _SYNTAX.sub("", said).strip()
    if found is None or found[1] is None:
        return len(text.splitlines()), reason
    return int(found[1]), reason


def _settings(text: str) -> Iterator[tuple[int, Path]]:
    """(Line, path) of every table head and every key, as far as lines alone can tell."""
    table: Path = ()
    counts: dict[Path, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        head = _HEADER.match(line)
        if head is not None and "=" not in head[2]:
            names = _names(head[2])
            if head[1] == "[[":
                counts[names] = counts.get(names, -1) + 1
            table = _indexed(names, counts)
            yield number, table
            continue
        key = _KEY.match(line)
        if key is None:
            continue
        here = (*table, *_names(key[1]))
        yield number, here
        rest = line[key.end() :]
        # keys of an inline table stand on the line of the table
        if rest.lstrip().startswith("{"):
            for inner in re.finditer(r"""([A-Za-z0-9_.-]+|"[^"]*"|'[^']*')\s*=""", rest):
                yield number, (*here, inner[1].strip("\"'"))


def _names(dotted: str) -> Path:
    return tuple(part.strip("\"'") for part in _PART.findall(dotted))


def _indexed(names: Path, counts: dict[Path, int]) -> Path:
    made: list[str | int] = []
    for end in range(1, len(names) + 1):
        made.append(names[end - 1])
        if names[:end] in counts:
            made.append(counts[names[:end]])
    return tuple(made)


def _shared(one: Path, other: Path) -> int:
    count = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        count += 1
    return count
