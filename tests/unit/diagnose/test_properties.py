"""Whatever was read, nothing raises, nothing is invented, and the order of things is no matter."""

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.diagnose import scenes
from tests.unit.observations import START, Scene

from headgate import detect, diagnose
from headgate.domain import diagnosis, history, observation, snapshot, vocabulary
from headgate.domain.unknown import Unknown

PARTS = ("brokers", "partitions", "offsets", "configs", "groups", "commits")
SCENES: tuple[Callable[[], Scene], ...] = (
    scenes.stopped,
    scenes.hung,
    scenes.crashing,
    scenes.hot_key,
    scenes.slow,
    scenes.deleted,
    scenes.crashed(),
    scenes.single_copy,
    scenes.strict,
    scenes.outage,
    scenes.silent_connect,
    scenes.blocked,
    scenes.drain,
    scenes.set_back,
    scenes.storm,
    scenes.idle,
)

offsets = st.integers(min_value=-1, max_value=START * 3)


@st.composite
def chaos(draw: st.DrawFn) -> observation.Observation:
    """A cluster of which nothing makes sense: any offset, owner, state and gap."""
    w = draw(st.integers(min_value=1, max_value=12))
    scene = Scene(brokers=draw(st.integers(1, 3)), samples=w)
    for name, partitions in (("orders", 3), ("clicks", 1)):
        topic = scene.topic(
            name, partitions, rf=len(scene.brokers), min_isr=draw(st.integers(0, 4))
        )
        for p in range(partitions):
            ends = draw(st.lists(offsets, min_size=w, max_size=w))
            starts = draw(st.lists(offsets, min_size=w, max_size=w))
            topic.ends[p], topic.starts[p] = ends.__getitem__, starts.__getitem__
            topic.leader[p] = draw(st.integers(-1, 3))
            topic.isr[p] = tuple(draw(st.sets(st.integers(1, 3))))
    for group in ("billing", "connect-sink"):
        scene.group(
            group,
            *draw(st.sets(st.sampled_from(["m1", "m2"]))),
            state=draw(st.sampled_from(["Stable", "Empty", "PreparingRebalance", "Dead"])),
        )
        for p in range(draw(st.integers(0, 3))):
            commits = draw(st.lists(offsets, min_size=w, max_size=w))
            owners = draw(
                st.lists(st.sampled_from(["", "?", "m1", "m2", "m3"]), min_size=w, max_size=w)
            )
            scene.read(group, "orders", p, commits.__getitem__, owners.__getitem__)
    scene.connector(
        "sink",
        (draw(st.sampled_from(["RUNNING", "FAILED", "PAUSED"])), draw(st.text())),
        failed_at=draw(st.integers(0, w)),
    )
    scene.broker(
        1,
        listed=draw(st.booleans()),
        fenced=draw(st.booleans()),
        port=draw(st.sampled_from(["answers", "accepts", "refuses", "silent", "not_probed"])),
    )
    for part in draw(st.sets(st.sampled_from(PARTS), max_size=3)):
        scene.unknown[part] = "not read"
    scene.cut_s = draw(st.sampled_from([None, 5.0, 10.0]))
    return scene.seen()


@given(seen=chaos(), answer=st.sampled_from([None, True, False, "keys"]))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_input_makes_it_fail(seen: observation.Observation, answer: object) -> None:
    detection = detect.run(seen)
    assert not [item.reason for item in detection.not_seen if "the detector failed" in item.reason]
    given_answer: diagnosis.Answer = (
        diagnosis.KeyAnswer(sampled=10, keyed_share=1.0, top_key_share=0.5)
        if answer == "keys"
        else diagnosis.RecordAnswer(exists=True, decodes=bool(answer), format="json", neighbours=1)
        if answer is not None
        else Unknown("not allowed")
    )
    answers = dict.fromkeys(diagnose.Examination(seen, detection).questions(), given_answer)
    detection, diagnoses, drafts, hazards = diagnose.look(seen, answers)
    assert [item.finding for item in diagnoses] == [item.key for item in detection.findings]
    assert len({item.key for item in detection.findings}) == len(detection.findings)
    folded = [item.key for draft in drafts for item in draft.findings]
    assert sorted(folded + [item.key for item in hazards]) == sorted(
        item.key for item in detection.findings
    )
    assert len({draft.key for draft in drafts}) == len(drafts)


@pytest.mark.parametrize("scene", SCENES, ids=lambda each: each.__name__)
def test_codes_are_those_of_the_vocabulary(scene: Callable[[], Scene]) -> None:
    seen = scene().seen()
    detection, diagnoses, drafts, _ = diagnose.look(seen, {})
    for item in detection.findings:
        code = vocabulary.findings()[item.code]
        assert item.resource.kind in code.kinds or "any" in code.kinds
    for each in diagnoses:
        finding = each.finding.partition("@")[0]
        for cause in each.causes:
            meaning = vocabulary.causes()[cause.code]
            assert cause.verdict == "ruled_out" or cause.code == "unknown" or finding or meaning
            for step in cause.next:
                assert step.action in vocabulary.actions()
    assert [draft.title for draft in drafts if not draft.title or draft.title.endswith(".")] == []


def shuffled(seen: observation.Observation, seed: int) -> observation.Observation:
    """The same observation with the columns of its history in another order."""
    rng, past = np.random.default_rng(seed), seen.history
    p, c = rng.permutation(len(past.partitions)), rng.permutation(len(past.commit_keys))
    return dataclasses.replace(
        seen,
        history=dataclasses.replace(
            past,
            partitions=tuple(past.partitions[i] for i in p),
            ends=past.ends[:, p],
            starts=past.starts[:, p],
            leaders=past.leaders[:, p],
            isr_sizes=past.isr_sizes[:, p],
            commit_keys=tuple(past.commit_keys[i] for i in c),
            commits=past.commits[:, c],
            owners=past.owners[:, c],
        ),
    )


@pytest.mark.parametrize("scene", SCENES, ids=lambda each: each.__name__)
@pytest.mark.parametrize("seed", [1, 2])
def test_the_order_of_columns_is_no_matter(scene: Callable[[], Scene], seed: int) -> None:
    seen = scene().seen()
    one, other = diagnose.look(seen, {})[2], diagnose.look(shuffled(seen, seed), {})[2]
    assert [draft.title for draft in one] == [draft.title for draft in other]
    for mine, theirs in zip(one, other, strict=True):
        assert {(f.key, f.state, f.summary, f.partitions) for f in mine.findings} == {
            (f.key, f.state, f.summary, f.partitions) for f in theirs.findings
        }
        assert [(c.code, c.verdict, c.resource) for c in mine.causes] == [
            (c.code, c.verdict, c.resource) for c in theirs.causes
        ]


def test_an_empty_history_is_unknown() -> None:
    scene = scenes.shop()
    seen = scene.seen()
    none = history.History(
        times=np.zeros(0),
        ends=np.zeros((0, 0), dtype=np.int64),
        starts=np.zeros((0, 0), dtype=np.int64),
        leaders=np.zeros((0, 0), dtype=np.int32),
        isr_sizes=np.zeros((0, 0), dtype=np.int16),
        commits=np.zeros((0, 0), dtype=np.int64),
        owners=np.zeros((0, 0), dtype=np.int32),
    )
    detection, _, drafts, _ = diagnose.look(dataclasses.replace(seen, history=none), {})
    assert not drafts
    assert {item.code for item in detection.not_seen} >= {"lag.growing", "lag.stalled"}
    assert not [item.reason for item in detection.not_seen if "the detector failed" in item.reason]
    assert isinstance(seen.snapshot, snapshot.Snapshot)
