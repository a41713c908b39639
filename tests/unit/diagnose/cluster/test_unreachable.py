"""A cluster that does not answer: the ports of the brokers that were listed last tell why."""

import dataclasses
import itertools

import pytest
from tests.unit.diagnose import scenes
from tests.unit.observations import AT, Scene

from headgate import diagnose
from headgate.domain import diagnosis, incident, past, snapshot


def told(port: str | None, *others: str, accepted: bool = False) -> incident.Draft:
    """The incident where every port that is asked does so, or this and ``others`` in turn; None:
    nobody was ever listed. ``accepted``: they accepted connections when they were tried first.
    """
    seen = scenes.unreachable().seen()
    if port is not None:
        before = Scene().seen().snapshot.brokers
        seen = dataclasses.replace(seen, past=past.Past(parts={"brokers": (before,)}))
    examined = diagnose.Examination(seen)
    asked = [one for one in examined.questions() if isinstance(one, diagnosis.ReachQuestion)]
    assert bool(asked) is (port is not None)
    given: dict[diagnosis.Question, diagnosis.Answer] = {
        each: diagnosis.ReachAnswer(state, accepted)  # type: ignore[arg-type]  # one of its states
        for each, state in zip(asked, itertools.cycle((port, *others)), strict=False)
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


def test_who_hangs_accepts_no_more_connections_once_it_has_too_many() -> None:
    for draft in (told("accepts", "silent"), told("silent", accepted=True)):
        assert (draft.causes[0].code, draft.causes[0].verdict) == ("broker.hung", "likely")
        assert not any(one.code == "unknown" for one in draft.causes)
    assert told("silent", "refuses", accepted=True).causes[0].code == "unknown"


def test_the_last_listing_is_kept_where_the_cluster_does_not_answer() -> None:
    first = Scene().seen().snapshot
    kept = past.followed(past.Past(), first)
    away = scenes.unreachable().seen().snapshot
    assert past.followed(kept, away).readings("brokers") == (first.brokers,)
    assert isinstance(first.brokers.value, snapshot.Brokers)
    assert first.brokers.at <= AT
