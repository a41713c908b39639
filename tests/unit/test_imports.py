"""Imports point one way: faces -> app -> rooms of the loop -> ports -> domain."""

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "headgate"
CORE = {"domain"}
PORTS = CORE | {"ports"}
LOOP = {"observe", "detect", "diagnose", "actions", "boundary", "changes", "audit"}
ADAPTERS = {"kafka", "connect", "store", "metrics", "registry", "notify"}
FACES = {"api", "console"}

ALLOWED: dict[str, set[str]] = {
    "domain": CORE,
    "ports": PORTS,
    "kafka": PORTS | {"kafka"},
    "web": PORTS | {"web"},
    "connect": PORTS | {"connect", "web"},
    "metrics": PORTS | {"metrics", "web"},
    "registry": PORTS | {"registry", "web"},
    "notify": PORTS | {"notify", "web"},
    "store": PORTS | {"store"},
    "observe": PORTS | {"observe"},
    "detect": CORE | {"detect"},
    "diagnose": CORE | {"diagnose", "detect"},
    "actions": PORTS | {"actions"},
    "boundary": PORTS | {"boundary"},
    "audit": PORTS | {"audit"},
    "changes": PORTS | {"changes", "actions", "boundary", "audit"},
    "app": PORTS | LOOP | ADAPTERS | {"app"},
    "api": PORTS | {"app", "api"},
    "console": PORTS | {"app", "console"},
    "cli": PORTS | {"app", "cli", "lab", "api", "console", "demo", "audit"},
    "lab": CORE | {"lab"},
    "demo": PORTS | {"demo", "lab", "app", "api", "console"},
}
"""Room -> rooms that it may import. The contract of ``actions`` and ``boundary`` is theirs to
publish; ``changes`` runs what they plan."""

OWNED_PACKAGES = {
    "kafka": {"kafka"},  # kafka-python: its untyped values stay in the adapter
    "confluent_kafka": {"kafka", "lab"},
    "cedarpy": {"boundary"},
    "sqlalchemy": {"store"},
    "alembic": {"store"},
    "fastapi": {"api", "console"},
    "jinja2": {"console"},
    "typer": {"cli"},
    "prometheus_client": {"metrics"},
}
"""Third-party packages that would leak -> the rooms that own them."""

PURE = {"domain", "detect", "diagnose"}
IMPURE_MODULES = {"socket", "time", "random", "threading", "subprocess", "sqlite3", "os", "urllib"}


def modules() -> list[Path]:
    return sorted(path for path in SOURCE.rglob("*.py") if "static" not in path.parts)


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import; write the whole name"
            base = node.module or ""
            names |= {f"{base}.{alias.name}" for alias in node.names}
    return names


def room(path: Path) -> str:
    parts = path.relative_to(SOURCE).parts
    return parts[0] if len(parts) > 1 else ""


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(SOURCE)))
def test_imports_point_one_way(path: Path) -> None:
    here = room(path)
    if not here:
        return
    wrong = sorted(
        name
        for name in imported(path)
        if name.startswith("headgate.")
        and name.split(".")[1] not in ALLOWED[here]
        and name != "headgate.__version__"
    )
    assert not wrong, f"{here} may not import {wrong}"


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(SOURCE)))
def test_third_party_packages_stay_in_their_room(path: Path) -> None:
    tops = {name.split(".")[0] for name in imported(path)}
    leaked = {
        top for top in tops if top in OWNED_PACKAGES and room(path) not in OWNED_PACKAGES[top]
    }
    assert not leaked, f"{room(path)} may not use {sorted(leaked)}"


@pytest.mark.parametrize(
    "path",
    [p for p in modules() if room(p) in PURE],
    ids=lambda path: str(path.relative_to(SOURCE)),
)
def test_the_core_is_pure(path: Path) -> None:
    impure = {name.split(".")[0] for name in imported(path)} & IMPURE_MODULES
    assert not impure, f"{path} does input, output, time or chance through {sorted(impure)}"


def test_modules_hold_one_idea() -> None:
    long = {
        str(path.relative_to(SOURCE)): lines
        for path in modules()
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > 400
    }
    assert not long, f"over 400 lines: {long}"
