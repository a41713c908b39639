"""Makes the lock of the lab's Java archives anew: `python -m headgate.lab.locking`.

Run by a developer who changes a version below. The lab itself only reads the lock, so that it
always fetches exactly the files that were tried.
"""

import hashlib
import sys
import tempfile
from pathlib import Path

import jgo.maven
import tomli_w

from headgate.lab import jars

KAFKA = "4.3.1"
LOG4J = "2.25.4"
DEBEZIUM = "3.6.0.Final"
EXPORTER = "1.0.1"
APICURIO = "3.3.3"

KAFKA_ROOTS = (
    ("org.apache.kafka", "kafka-clients", KAFKA),  # named, or an older one is chosen
    ("org.apache.kafka", "kafka_2.13", KAFKA),
    ("org.apache.kafka", "kafka-tools", KAFKA),
    ("org.apache.kafka", "connect-runtime", KAFKA),
    ("org.apache.kafka", "connect-file", KAFKA),
)
LOG_ROOTS = (("org.apache.logging.log4j", "log4j-slf4j-impl", LOG4J),)
"""Without it there is no log at all. Resolved apart: the versions that its parent manages would
otherwise be forced on Kafka's own dependencies."""
ARCHIVES = (
    (jars.SINK, "io.debezium", "debezium-connector-jdbc", DEBEZIUM, "plugin", "tar.gz"),
    (jars.EXPORTER, "io.prometheus.jmx", "jmx_prometheus_javaagent", EXPORTER, "", "jar"),
    (jars.REGISTRY, "io.apicurio", "apicurio-registry-app", APICURIO, "all", "tar.gz"),
)


def main() -> int:
    """Resolve, fetch and hash everything, and write the lock."""
    with tempfile.TemporaryDirectory() as folder:
        context = jgo.maven.MavenContext(repo_cache=Path(folder), local_repos=[], timeout=120)
        found = [*_kafka(context), *_archives(context)]
    document = {"file": sorted(found, key=lambda each: (each["set"], each["name"]))}
    with jars.LOCK.open("wb") as file:
        file.write(b"# Made by `python -m headgate.lab.locking`; do not edit.\n\n")
        tomli_w.dump(document, file)
    print(f"{jars.LOCK.name}: {len(found)} files")
    return 0


def _kafka(context: jgo.maven.MavenContext) -> list[dict[str, str | int]]:
    chosen: dict[tuple[str, str], jgo.maven.Artifact] = {}
    for roots in (KAFKA_ROOTS, LOG_ROOTS):
        inputs, others = context.resolver.resolve(
            [
                jgo.maven.Dependency(context.project(group, name).at_version(version).artifact())
                for group, name, version in roots
            ]
        )
        for each in (*inputs, *others):
            artifact = each.artifact
            chosen.setdefault((artifact.groupId, artifact.artifactId), artifact)
    return [_entry(jars.KAFKA, artifact) for artifact in chosen.values()]


def _archives(context: jgo.maven.MavenContext) -> list[dict[str, str | int]]:
    return [
        _entry(
            name,
            context.project(group, artifact)
            .at_version(version)
            .artifact(classifier=classifier, packaging=packaging),
        )
        for name, group, artifact, version, classifier, packaging in ARCHIVES
    ]


def _entry(name: str, artifact: jgo.maven.Artifact) -> dict[str, str | int]:
    content = artifact.resolve().read_bytes()
    return {
        "set": name,
        "group": artifact.groupId,
        "name": artifact.artifactId,
        "version": artifact.version,
        "classifier": artifact.classifier,
        "packaging": artifact.packaging,
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }


if __name__ == "__main__":
    sys.exit(main())
