"""A cluster that does not answer: the ports of the brokers that were listed last tell why."""

import dataclasses

import pytest
from tests.unit.diagnose import scenes
from tests.unit.observations import AT, Scene

from headgate import diagnose
from headgate.domain import diagnosis, incident, past, snapshot


def told(port: str | None) -> incident.Draft:
    """The incident where every port that is asked does so; None: nobody was ever listed."""
    seen = scenes.unreachable().seen()
    if port is not None:
        before = Scene().seen().snapshot.brokers
        seen = dataclasses.replace(seen, past=past.Past(parts={"brokers": (before,)}))
    examined = diagnose.Examination(seen)
    asked = [one for one in examined.questions() if isinstance(one, diagnosis.ReachQuestion)]
    assert bool(asked) is (port is not None)
    given: dict[diagnosis.Question, diagnosis.Answer] = {
        each: diagnosis.ReachAnswer(port)  # type: ignore[arg-type]  # one of its states
        for each in asked
    }
    drafts = examined.conclude(given)[2]
    [draft] = [one for one in drafts if one.findings[0].code == "cluster.unreachable"]
    return draft


@pytest.mark.parametrize(
    ("port", "cause", "verdict"),
    [
        ("refuses", "broker.crashed", "confirmed"),
        ("accepts", "broker.hung", "confirmed"),
        ("silent", "unknown", "likely"),
        (None, "unknown", "likely"),
    ],
)
def test_what_all_ports_do_is_the_answer(port: str | None, cause: str, verdict: str) -> None:
    draft = told(port)
    assert (draft.causes[0].code, draft.causes[0].verdict) == (cause, verdict)
    if port == "accepts":
        assert "stand still" in draft.title


def test_the_last_listing_is_kept_where_the_cluster_does_not_answer() -> None:
    first = Scene().seen().snapshot
    kept = past.followed(past.Past(), first)
    away = scenes.unreachable().seen().snapshot
    assert past.followed(kept, away).readings("brokers") == (first.brokers,)
    assert isinstance(first.brokers.value, snapshot.Brokers)
    assert first.brokers.at <= AT
