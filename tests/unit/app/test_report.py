"""The doctor's report in its three forms, of incidents that the diagnosis really makes."""

import dataclasses
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from tests.unit.diagnose import scenes
from tests.unit.observations import Scene

from headgate import diagnose
from headgate.app import advice, doctor, report, report_text
from headgate.app.capabilities import matrix
from headgate.domain import snapshot
from headgate.domain.unknown import Unknown

BEGUN = datetime(2026, 3, 1, 14, 0, tzinfo=UTC)
FINDING = {"code", "state", "severity", "resource", "since", "summary", "evidence"}
CAUSE = {"code", "resource", "verdict", "summary", "for", "against", "not_looked_at"}


def of(
    scene: Scene, *, missing: Sequence[snapshot.Missing] = (), steps: bool = True
) -> doctor.Report:
    """What the doctor would report of the scene."""
    _found, _diagnoses, drafts, hazards = diagnose.look(scene.seen(), {})
    cases = [
        doctor.Case(
            draft=draft,
            steps=tuple(
                advice.Step(
                    suggestion=one, lane="approve", why="a person does it", in_catalogue=bool(n)
                )
                for n, one in enumerate(draft.causes[0].next if steps else ())
            ),
        )
        for draft in drafts
    ]
    return doctor.Report(
        cluster_id="abc",
        version=Unknown("no broker told it"),
        matrix=matrix.of(scene.seen().snapshot, {}, matrix.Told(flavour="msk")),
        brokers=3,
        topics=4,
        groups=Unknown("groups were not read: timed out"),
        begun=BEGUN,
        ended=BEGUN + timedelta(seconds=10),
        sweeps=6,
        cases=tuple(cases),
        hazards=hazards,
        unknown=tuple(missing),
    )


SCENES = [scenes.hung, scenes.crashed(), scenes.single_copy, scenes.strict, scenes.storm]


@pytest.mark.parametrize("scene", SCENES, ids=lambda made: made.__name__)
def test_the_json_has_every_field_that_was_promised(scene: object) -> None:
    made = report.as_json(of(scene()))  # type: ignore[operator]  # a function
    read = json.loads(json.dumps(made, allow_nan=False))
    assert read["schema"] == "headgate.doctor/1"
    assert {"id", "flavour", "version", "architecture", "brokers"} <= read["cluster"].keys()
    assert read["cluster"]["flavour"] == "msk"
    assert {"code", "verdict", "why", "needs"} <= read["cluster"]["capabilities"][0].keys()
    assert {"from", "to", "sweeps", "unknown"} <= read["observed"].keys()
    for item in read["incidents"]:
        assert {"title", "severity", "resource", "findings", "causes", "next"} <= item.keys()
        assert {"groups", "connectors", "owners"} <= item["blast_radius"].keys()
        assert "deadline" in item
        known = {one["id"] for one in item["evidence"]}
        for found in item["findings"]:
            assert found.keys() >= FINDING
            assert found["since"].endswith("Z")
            known |= {one["id"] for one in found["evidence"]}
            for one in found["evidence"]:
                assert {"id", "what", "value", "source", "at"} <= one.keys()
        for cause in item["causes"]:
            assert cause.keys() >= CAUSE
            assert {*cause["for"], *cause["against"]} <= known, "evidence that is not there"
        for step in item["next"]:
            assert {"action", "parameters", "lane", "why"} <= step.keys()
    for hazard in read["hazards"]:
        assert {"code", "severity", "resource", "summary", "evidence"} <= hazard.keys()


def test_what_is_not_known_is_said_with_its_reason() -> None:
    lost = snapshot.Missing(
        what="log_dirs", reason="DescribeLogDirs is not allowed", needs="Describe on Cluster"
    )
    held = of(scenes.hung(), missing=[lost])
    made = report.as_json(held)
    assert made["cluster"]["version"] == {"unknown": "no broker told it"}  # type: ignore[index]  # a table
    assert made["observed"]["unknown"] == [  # type: ignore[index]  # a table
        {
            "what": "log_dirs",
            "why": "DescribeLogDirs is not allowed",
            "needs": "Describe on Cluster",
        }
    ]
    text = "\n".join(report_text.as_text(held, "UTC"))
    assert "groups (not known: groups were not read: timed out)" in text or "timed out" in text
    assert "not seen  log_dirs: DescribeLogDirs is not allowed" in text
    assert "lacking   the right to Describe on Cluster" in text
    assert "headgate doctor --acls" in text


def test_the_text_begins_with_the_answer() -> None:
    held = of(scenes.hung())
    lines = list(report_text.as_text(held, "UTC"))
    draft = held.cases[0].draft
    assert lines[0] == f"{draft.title}  [{draft.severity}]"
    assert lines[1].startswith("  since ")
    assert "because" in lines[2]
    assert draft.causes[0].summary in lines[2]
    assert "0 records" not in lines[-1]
    assert lines[-1].startswith("looked 10 s at 3 brokers, 4 topics")
    assert "flavour msk, version not known" in lines[-1]


def test_nothing_wrong_is_not_a_claim_of_health() -> None:
    scene = Scene()
    scene.topic("orders", 3, rate=50)
    scene.follow("billing", "orders")
    held = of(scene)
    assert held.worst is None
    assert next(report_text.as_text(held, "UTC")).startswith("Nothing is going wrong, as far")


def test_what_one_missing_thing_keeps_from_view_is_said_once() -> None:
    lost = [snapshot.Missing(what=f"topic:t{n}", reason="gone") for n in range(14)]
    lines = list(report_text.as_text(of(scenes.hung(), missing=lost), "UTC"))
    assert (
        lines[-1] == "  not seen  topic:t0, topic:t1, topic:t2, topic:t3, topic:t4 and 9 more: gone"
    )


def test_many_reasons_for_what_was_not_seen_are_counted() -> None:
    lost = [snapshot.Missing(what=f"topic:t{n}", reason=f"gone {n}") for n in range(14)]
    lines = list(report_text.as_text(of(scenes.hung(), missing=lost), "UTC"))
    assert lines[-1] == "  not seen  4 more reasons: use -o json"


def test_markdown_holds_the_same_under_headings() -> None:
    held = of(scenes.single_copy(), missing=[snapshot.Missing(what="x", reason="y")])
    text = "\n".join(report_text.as_markdown(held, "UTC"))
    assert text.startswith("# What Headgate found")
    for case in held.cases:
        assert f"## {case.draft.title}" in text
    assert "## Hazards" in text
    assert "- x: y" in text
    because = text.index("\n- because ")
    assert text[because:].splitlines()[2].startswith("  - "), "what shows it stands under it"
    assert "- - " not in text


def test_one_reason_too_many_is_one() -> None:
    lost = [snapshot.Missing(what=f"topic:t{n}", reason=f"gone {n}") for n in range(11)]
    lines = list(report_text.as_text(of(scenes.hung(), missing=lost), "UTC"))
    assert lines[-1] == "  not seen  1 more reason: use -o json"


def test_the_worst_of_all_decides_on_the_exit_code() -> None:
    held = of(scenes.single_copy())
    assert held.worst == "critical"


def test_all_that_metrics_would_tell_is_one_line() -> None:
    found = diagnose.look(scenes.hung().seen(), {})[0]
    held = dataclasses.replace(of(scenes.hung()), not_judged=found.not_seen)
    lines = list(report_text.as_text(held, "UTC"))
    assert sum("no metrics told what would show it" in line for line in lines) == 1
    unseen = [line for line in lines if line.startswith("  not seen")]
    assert not [line for line in unseen if "no metrics source" in line]


def test_a_hazard_says_where_it_comes_from() -> None:
    scene = scenes.strict_alone()
    diagnoses = diagnose.look(scene.seen(), {})[1]
    made = report.as_json(dataclasses.replace(of(scene), diagnoses=diagnoses))
    read = json.loads(json.dumps(made, allow_nan=False))
    found = {one["code"]: one for one in read["hazards"]}
    assert found["config.min_isr_ge_rf"]["causes"][0]["code"]
