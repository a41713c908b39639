"""The cache of Java archives: whole, checked, and never half-made."""

import hashlib
import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path

import jgo.maven
import pytest
import requests
import tomli_w

from headgate.lab import errors, jars, progress, settings

JAR = b"a jar of the lab" * 1000
Download = Callable[[jgo.maven.PythonResolver, jgo.maven.Artifact], Path]


def archive() -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as file:
        info = tarfile.TarInfo("plugin/sink.jar")
        info.size = len(JAR)
        file.addfile(info, io.BytesIO(JAR))
    return content.getvalue()


ARCHIVE = archive()
CONTENT = {"clients-1.jar": JAR, "sink-1-plugin.tar.gz": ARCHIVE}


def entry(name: str, kind: str, packaging: str, classifier: str = "") -> dict[str, object]:
    content = CONTENT[f"{name}-1{'-' + classifier if classifier else ''}.{packaging}"]
    return {
        "set": kind,
        "group": "org.example",
        "name": name,
        "version": "1",
        "classifier": classifier,
        "packaging": packaging,
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }


class Repository:
    """Stands in for the network: counts what is fetched, and can be told to misbehave."""

    def __init__(self) -> None:
        self.fetched: list[str] = []
        self.content = dict(CONTENT)
        self.cut = 0
        """So many downloads break off in the middle."""

    def download(self, _resolver: object, artifact: jgo.maven.Artifact) -> Path:
        self.fetched.append(artifact.filename)
        file = artifact.cached_path
        assert file is not None
        file.parent.mkdir(parents=True, exist_ok=True)
        content = self.content[artifact.filename]
        if self.cut:
            self.cut -= 1
            file.write_bytes(content[: len(content) // 2])
            raise requests.ConnectionError("connection broken in the middle")
        file.write_bytes(content)
        return file


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    monkeypatch.setenv("HEADGATE_LAB_CACHE", str(tmp_path / "cache"))
    lock = tmp_path / "lock.toml"
    lock.write_text(
        tomli_w.dumps(
            {"file": [entry("clients", "kafka", "jar"), entry("sink", "sink", "tar.gz", "plugin")]}
        )
    )
    monkeypatch.setattr(jars, "LOCK", lock)
    found = Repository()
    monkeypatch.setattr(jgo.maven.PythonResolver, "download", found.download.__get__(found))
    monkeypatch.setattr(
        jgo.maven.PythonResolver, "download", lambda self, artifact: found.download(self, artifact)
    )
    return found


def cached() -> set[str]:
    folder = settings.cache_folder()
    return {
        str(file.relative_to(folder))
        for file in folder.rglob("*")
        if file.is_file() and file.name != "manifest.json"
    }


def test_what_was_fetched_once_is_not_fetched_again(repository: Repository) -> None:
    seen: list[progress.Step] = []
    jars.fetch([jars.KAFKA], seen.append)
    jars.fetch([jars.KAFKA])
    assert repository.fetched == ["clients-1.jar"]
    assert seen[-1].finished
    assert jars.class_path() == str(settings.cache_folder() / "jars" / "clients-1.jar")
    assert Path(jars.class_path()).read_bytes() == JAR


def test_a_spoiled_jar_in_the_cache_is_fetched_anew(repository: Repository) -> None:
    jars.fetch([jars.KAFKA])
    file = Path(jars.class_path())
    file.write_bytes(JAR[:-1] + b"!")  # same size
    jars.fetch([jars.KAFKA])
    assert len(repository.fetched) == 2
    assert file.read_bytes() == JAR


def test_a_cut_download_is_tried_again(repository: Repository) -> None:
    repository.cut = 2
    jars.fetch([jars.KAFKA])
    assert Path(jars.class_path()).read_bytes() == JAR


def test_a_download_that_stays_cut_leaves_nothing_half_made(repository: Repository) -> None:
    repository.cut = 99
    with pytest.raises(errors.JarsUnavailable) as failed:
        jars.fetch([jars.KAFKA])
    assert "org.example:clients:1" in failed.value.what
    assert "run the command again" in failed.value.next_step
    assert isinstance(failed.value.__cause__, requests.ConnectionError)
    assert cached() == set()
    repository.cut = 0
    jars.fetch([jars.KAFKA])
    assert Path(jars.class_path()).read_bytes() == JAR


def test_another_file_than_the_locked_one_is_refused(repository: Repository) -> None:
    repository.content["clients-1.jar"] = b"something else"
    with pytest.raises(errors.JarSpoiled, match="SHA-256"):
        jars.fetch([jars.KAFKA])
    assert cached() == set()
    assert len(repository.fetched) == 1, "a wrong file is no reason to ask again"


def test_an_archive_is_unpacked_and_what_was_spoiled_in_it_is_found(
    repository: Repository,
) -> None:
    jars.fetch([jars.SINK])
    inside = jars.path(jars.SINK) / "plugin" / "sink.jar"
    assert inside.read_bytes() == JAR
    jars.fetch([jars.SINK])
    assert len(repository.fetched) == 1
    inside.write_bytes(b"spoiled")
    jars.fetch([jars.SINK])
    assert len(repository.fetched) == 2
    assert inside.read_bytes() == JAR
    (jars.path(jars.SINK) / "manifest.json").write_text(json.dumps({}))
    inside.unlink()
    jars.fetch([jars.SINK])


def test_the_committed_lock_is_whole() -> None:
    locked = jars.lock()
    assert {each.set for each in locked} == {
        jars.KAFKA,
        jars.SINK,
        jars.EXPORTER,
        jars.REGISTRY,
    }
    names = [each.filename for each in locked]
    assert len(set(names)) == len(names)
    assert all(len(each.sha256) == 64 and each.bytes > 0 for each in locked)
    kafka = {each.name: each.version for each in locked if each.group == "org.apache.kafka"}
    assert set(kafka.values()) == {"4.3.1"}, "one version of Kafka, clients included"
    assert {"kafka_2.13", "kafka-clients", "connect-runtime", "connect-file"} <= kafka.keys()
    assert "://" not in jars.LOCK.read_text()
