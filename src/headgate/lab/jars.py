"""Fetches the lab's Java archives: exactly those that the lock names, checked by SHA-256.

A file enters the cache by a rename after its hash was checked, so a cut download leaves nothing
that could be taken for a whole one. What was unpacked is checked against a manifest each time.
"""

import concurrent.futures
import contextlib
import dataclasses
import hashlib
import json
import os
import shutil
import tarfile
import tempfile
import threading
import time
import tomllib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NewType

from headgate.lab import errors, progress, settings

LOCK = Path(__file__).parent / "jars.lock.toml"

Set = NewType("Set", str)
KAFKA = Set("kafka")
"""Broker, tools, Connect and its file connectors: one class path."""
SINK = Set("sink")
"""Debezium's JDBC sink, a plugin archive with its own jars."""
EXPORTER = Set("exporter")
"""Prometheus' JMX exporter, a Java agent."""
REGISTRY = Set("registry")
"""Apicurio Registry, an archive with its own jars."""

_AT_ONCE = 8
_TRIES = 3
_ANSWER_WITHIN_S = 60
_TELL_EVERY_S = 0.1
_MANIFEST = "manifest.json"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """One file of the lock."""

    set: Set
    group: str
    name: str
    version: str
    classifier: str
    packaging: str
    bytes: int
    sha256: str

    @property
    def filename(self) -> str:
        """The name of the file in the cache."""
        tail = f"-{self.classifier}" if self.classifier else ""
        return f"{self.name}-{self.version}{tail}.{self.packaging}"

    @property
    def coordinate(self) -> str:
        """The Maven coordinate, for messages."""
        return ":".join(
            each for each in (self.group, self.name, self.version, self.classifier) if each
        )


def lock() -> tuple[Locked, ...]:
    """Return all files of the lock."""
    document = tomllib.loads(LOCK.read_text(encoding="utf-8"))
    return tuple(Locked(**entry) for entry in document["file"])


def digest(name: Set) -> str:
    """Return a short name for this version of a set; it changes when any of its files does."""
    hashes = sorted(each.sha256 for each in lock() if each.set == name)
    return hashlib.sha256("".join(hashes).encode()).hexdigest()[:16]


def fetch(names: Sequence[Set], report: progress.Report = progress.silent) -> None:
    """Bring the sets into the cache, whole and checked.

    Raises JarsUnavailable when a file cannot be had, JarSpoiled when it is not the locked one.
    """
    folder = _folder()
    folder.mkdir(parents=True, exist_ok=True)
    wanted = [each for each in lock() if each.set in names]
    missing = [each for each in wanted if not _is_whole(each)]
    if missing:
        _download(missing, folder, report)
    for each in wanted:
        if each.packaging == "tar.gz" and not _is_unpacked(each):
            _unpack(each, report)


def class_path() -> str:
    """Return Kafka's class path; a shared archive fits one order of it only."""
    files = sorted((each for each in lock() if each.set == KAFKA), key=lambda each: each.filename)
    return os.pathsep.join(str(_folder() / each.filename) for each in files)


def path(name: Set) -> Path:
    """Return the file of a set of one; for an archive, the folder that it was unpacked to."""
    [locked] = [each for each in lock() if each.set == name]
    return _unpacked(locked) if locked.packaging == "tar.gz" else _folder() / locked.filename


def _folder() -> Path:
    return settings.cache_folder() / "jars"


def _unpacked(locked: Locked) -> Path:
    return settings.cache_folder() / "unpacked" / f"{locked.set}-{locked.sha256[:16]}"


def _is_whole(locked: Locked) -> bool:
    if locked.packaging == "tar.gz" and _is_unpacked(locked):
        return True
    file = _folder() / locked.filename
    try:
        whole = file.stat().st_size == locked.bytes and _sha256(file) == locked.sha256
    except FileNotFoundError:
        return False
    if not whole:
        file.unlink(missing_ok=True)
    return whole


def _sha256(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


class _Count:
    """Adds up the bytes of all downloads and reports the sum, one thread at a time."""

    def __init__(self, total: int, report: progress.Report) -> None:
        self._step = progress.Step(what="Fetching Java archives", total=total, unit="B")
        self._report = report
        self._lock = threading.Lock()
        self._told = 0.0

    def add(self, count: int) -> None:
        with self._lock:
            self._step = dataclasses.replace(self._step, done=self._step.done + count)
            if time.monotonic() - self._told > _TELL_EVERY_S:
                self._told = time.monotonic()
                self._report(self._step)

    def finish(self) -> None:
        self._report(dataclasses.replace(self._step, finished=True))


def _download(missing: list[Locked], folder: Path, report: progress.Report) -> None:
    count = _Count(sum(each.bytes for each in missing), report)
    with (
        tempfile.TemporaryDirectory(prefix=".fetching-", dir=folder) as staging,
        concurrent.futures.ThreadPoolExecutor(_AT_ONCE) as pool,
    ):
        running = [pool.submit(_fetch_one, each, Path(staging), count.add) for each in missing]
        try:
            for future in concurrent.futures.as_completed(running):
                future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    count.finish()


def _fetch_one(locked: Locked, staging: Path, count: Callable[[int], None]) -> None:
    import jgo.maven
    import requests

    @contextlib.contextmanager
    def counted(_name: str, _total: int) -> Iterator[Callable[[int], None]]:
        yield count

    cause: Exception | None = None
    for attempt in range(_TRIES):
        context = jgo.maven.MavenContext(
            resolver=jgo.maven.PythonResolver(progress_callback=counted),
            repo_cache=staging / f"{attempt}",
            local_repos=[],
            timeout=_ANSWER_WITHIN_S,
        )
        component = context.project(locked.group, locked.name).at_version(locked.version)
        artifact = component.artifact(classifier=locked.classifier, packaging=locked.packaging)
        try:
            _admit(locked, artifact.resolve())
        except (requests.RequestException, RuntimeError, OSError) as error:
            cause = error
        else:
            return
    raise errors.JarsUnavailable(
        f"{locked.coordinate} could not be fetched: {cause}",
        where=f"Maven repository, {_TRIES} tries",
        next_step=(
            "Check the network and the proxy settings, then run the command again: what was "
            f"fetched already is kept in {_folder()}."
        ),
    ) from cause


def _admit(locked: Locked, file: Path) -> None:
    found = _sha256(file)
    if found != locked.sha256:
        raise errors.JarSpoiled(
            f"{locked.coordinate} is not the file that the lock names: its SHA-256 is {found}, "
            f"not {locked.sha256}.",
            where=str(file.name),
            next_step=(
                "Something between here and the Maven repository changes files: ask who runs the "
                "network. Nothing was kept."
            ),
        )
    file.replace(_folder() / locked.filename)


def _is_unpacked(locked: Locked) -> bool:
    folder = _unpacked(locked)
    try:
        manifest = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return False
    for name, sha256 in manifest.items():
        file = folder / name
        if not file.is_file() or _sha256(file) != sha256:
            shutil.rmtree(folder)
            return False
    return True


def _unpack(locked: Locked, report: progress.Report) -> None:
    step = progress.Step(what=f"Unpacking {locked.name}")
    report(step)
    folder = _unpacked(locked)
    archive = _folder() / locked.filename
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".unpacking-", dir=folder.parent) as staging:
        inside = Path(staging) / "content"
        with tarfile.open(archive) as content:
            content.extractall(inside, filter="data")
        manifest = {
            str(file.relative_to(inside)): _sha256(file)
            for file in sorted(inside.rglob("*"))
            if file.is_file()
        }
        (inside / _MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(folder)
        inside.rename(folder)
    archive.unlink()
    report(dataclasses.replace(step, finished=True))
