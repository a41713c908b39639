"""The three acts: a repair that runs alone, one that waits for a person, one that is not an
operation at all.
"""

import textwrap
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx2

from headgate.demo import api
from headgate.lab import errors as lab_errors
from headgate.lab import faults, lab

ENDED = ("succeeded", "failed", "rolled_back", "rejected", "refused", "cancelled", "expired")
LOOK_S = 0.5


class Stuck(Exception):
    """What the story waits for did not come."""


class Over(Exception):
    """Somebody stopped the demo."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What the story plays on."""

    lab: lab.Lab
    cluster: str
    address: str
    operator: api.Api
    """mira: may propose."""
    approver: api.Api
    """jonas: may approve."""
    say: Callable[[str], None]
    stop: threading.Event
    hands_free: bool
    """Whether the story approves by itself, as jonas."""

    def wait(self, what: str, look: Callable[[], Any], within_s: float) -> Any:
        """What ``look`` gives once it gives something.

        Raises:
            Stuck: it gave nothing in time.
            Over: the demo is stopped.
        """
        end = time.monotonic() + within_s
        while time.monotonic() < end:
            if self.stop.is_set():
                raise Over
            try:
                seen = look()
            except (api.NoAnswer, httpx2.HTTPError):
                seen = None
            if seen:
                return seen
            self.stop.wait(LOOK_S)
        raise Stuck(f"waited {within_s:.0f} s for {what}")

    def change(self, action: str, known: set[str]) -> Any:
        """The newest change of that action that was not known before."""
        for item in self.operator.items("/changes"):
            if item["action"] == action and item["id"] not in known:
                return self.operator.get(f"/changes/{item['id']}")
        return None

    def known(self) -> set[str]:
        """The ids of all changes there are now."""
        return {item["id"] for item in self.operator.items("/changes", limit="200")}

    def follow(self, change_id: str, within_s: float) -> Any:
        """The change once it has ended."""

        def look() -> Any:
            item = self.operator.get(f"/changes/{change_id}")
            return item if item["state"] in ENDED else None

        return self.wait(f"change {change_id} to end", look, within_s)

    def break_(self, name: str, **parameters: str) -> None:
        """The fault is injected and told of."""
        kind = faults.catalogue.find(faults.ALL, name)
        outcome = faults.catalogue.break_(self.lab, faults.interface.build(kind, parameters))
        for sentence in outcome.did:
            self.say(f"  broken    {sentence}")

    def heal(self, name: str) -> None:
        """The fault is healed, if it is there."""
        for outcome in faults.catalogue.heal(self.lab, faults.ALL, name):
            if outcome.changed:
                for sentence in outcome.did:
                    self.say(f"  healed    {sentence}")


def tell_decision(stage: Stage, item: Any) -> None:
    """Says what is proposed, in which lane, and why."""
    decision = item["decision"]
    stage.say(f"  proposes  {item['plan']['summary']}")
    stage.say(f"  lane      {decision['lane']}")
    for reason in decision["reasons"][:3]:
        stage.say(f"            {reason['text']} ({reason['code']})")


def tell_cause(stage: Stage, item: Any) -> None:
    """Says what Headgate found out, where the change answers an incident."""
    if not item["incident"]:
        return
    incident = stage.operator.get(f"/incidents/{item['incident']}")
    stage.say(f"  found     {incident['draft']['title']}")
    if incident["draft"]["causes"]:
        cause = incident["draft"]["causes"][0]
        why = textwrap.shorten(cause["summary"], 150, placeholder=" ...")
        stage.say(f"  because   {why} ({cause['verdict']}: {cause['code']})")


def tell_seen(stage: Stage) -> None:
    """Says which incidents are open and which changes wait, or that Headgate does not answer."""
    try:
        incidents = stage.operator.items("/incidents", limit="5")
        changes = [one for one in stage.operator.items("/changes") if one["state"] not in ENDED]
    except (api.NoAnswer, httpx2.HTTPError) as failed:
        stage.say(f"            {failed}")
        return
    for each in incidents:
        causes = each["draft"]["causes"]
        because = f": {causes[0]['code']}, {causes[0]['verdict']}" if causes else ""
        stage.say(f"            incident: {each['draft']['title']} ({each['state']}{because})")
    for each in changes:
        stage.say(f"            change: {each['plan']['summary']} ({each['state']})")
    if not incidents and not changes:
        stage.say("            Headgate sees no incident and no change.")


def act_one(stage: Stage) -> None:
    """A failed task is repaired alone and verified."""
    stage.say("Act 1: a repair that needs nobody")
    known = stage.known()
    stage.break_("sink-database-restart", seconds="2")
    ended: Any = None
    while ended is None or ended["state"] == "failed":
        if ended is not None:
            stage.say("  tries     once more: the task failed again before it could be verified")
        item = stage.wait(
            "Headgate to repair the failed task",
            lambda: stage.change("connector.restart_failed_tasks", known),
            90,
        )
        if ended is None:
            tell_cause(stage, item)
            tell_decision(stage, item)
        known.add(item["id"])
        ended = stage.follow(item["id"], 120)
    word = "verified" if ended["state"] == "succeeded" else ended["state"]
    stage.say(f"  {word:<9} {ended['outcome']}")
    stage.say(f"  page      {stage.address}/changes/{ended['id']}")


def act_two(stage: Stage) -> str:
    """A poison record waits for the approval of a second person; the id of its change."""
    stage.say("Act 2: a repair that waits for somebody")
    known = stage.known()
    stage.break_("poison-record")
    item = stage.wait(
        "Headgate to find the record",
        lambda: stage.change("group.quarantine_record", known),
        120,
    )
    tell_cause(stage, item)
    tell_decision(stage, item)
    stage.say(f"  waits     log in as jonas and decide: {stage.address}/changes/{item['id']}")
    return str(item["id"])


def act_three(stage: Stage) -> None:
    """A request that ends in architecture review."""
    stage.say("Act 3: a request that is not an operation")
    item = stage.operator.post(
        "/changes",
        {
            "action": "topic.add_partitions",
            "cluster": stage.cluster,
            "parameters": {"topic": "orders", "total": 12},
            "rationale": "The sale on Friday will double the orders.",
        },
    )
    stage.say("  asks      mira asks for 12 partitions on orders instead of 6")
    tell_decision(stage, item)
    stage.say(f"  page      {stage.address}/changes/{item['id']}")


def approval(stage: Stage, change_id: str) -> None:
    """The second act's end: somebody decides, and Headgate does what was decided."""
    if stage.hands_free:
        item = stage.approver.get(f"/changes/{change_id}")
        stage.approver.post(
            f"/changes/{change_id}/approve",
            {"digest": item["digest"], "comment": "The copy is kept; go on."},
        )
        stage.say("  approves  jonas approves exactly this preview")
    ended = stage.follow(change_id, 24 * 3600.0)
    stage.say(f"Act 2 ends: {ended['state']}. {ended['outcome']}")


def play(stage: Stage) -> None:
    """All acts are played; one that gets stuck is told of and does not stop the next."""
    waiting = ""
    for act in (act_one, act_two, act_three):
        try:
            waiting = act(stage) or waiting
        except Stuck as stuck:
            stage.say(f"  stuck     {stuck}. What Headgate sees:")
            tell_seen(stage)
        except (lab_errors.LabError, faults.interface.FaultError) as failed:
            stage.say(f"  stuck     {failed} {failed.next_step}")
        except (api.NoAnswer, httpx2.HTTPError) as failed:
            stage.say(f"  stuck     {failed}")
        stage.say("")
    stage.say("Break things yourself from another terminal: headgate lab faults")
    stage.say("Ctrl-C stops everything.")
    if waiting:
        approval(stage, waiting)
