"""Break and heal by name: what the command line, the demo and the tests call.

Keeps the book of injected faults around the faults themselves, which know nothing of it.
"""

import dataclasses
from collections.abc import Mapping, Sequence

from headgate.lab import errors
from headgate.lab import lab as lab_
from headgate.lab.faults import book, interface


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What breaking or healing one fault did."""

    name: str
    target: str
    did: interface.Sentences
    changed: bool
    """False: nothing was done, and `did` says why."""
    seen: str = ""
    """What can be expected to be seen now."""


def break_(lab: lab_.Lab, fault: interface.Fault) -> Outcome:
    """Inject the fault once per target; a second time says since when it is there."""
    holder = book.claim(lab.folder, fault)
    if holder is not None and not _present(lab, type(fault), holder):
        book.forget(lab.folder, fault.name, fault.target)
        holder = book.claim(lab.folder, fault)
    if holder is not None:
        return Outcome(
            name=fault.name,
            target=fault.target,
            changed=False,
            did=(f"{fault.name} on {fault.target} is there already, since {holder.since}.",),
        )
    try:
        broken = fault.break_(lab)
    except BaseException:
        book.forget(lab.folder, fault.name, fault.target)
        raise
    if broken.over:
        book.forget(lab.folder, fault.name, fault.target)
    else:
        book.keep(lab.folder, fault, broken.saved)
    return Outcome(
        name=fault.name, target=fault.target, changed=True, did=broken.did, seen=fault.seen
    )


def heal(
    lab: lab_.Lab,
    faults: Mapping[str, type[interface.Fault]],
    name: str,
    target: str | None = None,
) -> tuple[Outcome, ...]:
    """Heal the fault of that name on one target, or on all of them."""
    kind = find(faults, name)
    chosen = [
        each
        for each in book.active(lab.folder)
        if each.name == name and target in (None, each.target)
    ]
    if not chosen:
        on = f" on {target}" if target else ""
        return (
            Outcome(
                name=name,
                target=target or "",
                changed=False,
                did=(f"{name} is not injected{on}: nothing to heal.",),
            ),
        )
    return tuple(_heal(lab, kind, each) for each in chosen)


def heal_all(lab: lab_.Lab, faults: Mapping[str, type[interface.Fault]]) -> tuple[Outcome, ...]:
    """Heal everything that is injected, the newest first."""
    chosen = reversed(book.active(lab.folder))
    return tuple(_heal(lab, find(faults, each.name), each) for each in chosen)


def injected(lab: lab_.Lab, faults: Mapping[str, type[interface.Fault]]) -> tuple[book.Active, ...]:
    """Return the faults that are injected now and not repaired by somebody else, oldest first."""
    return tuple(
        each
        for each in book.active(lab.folder)
        if each.name in faults and _present(lab, faults[each.name], each)
    )


def find(faults: Mapping[str, type[interface.Fault]], name: str) -> type[interface.Fault]:
    """Return the fault of that name; raises NoSuchFault with the names there are."""
    if name not in faults:
        raise interface.NoSuchFault(
            f"There is no fault {name!r}.", next_step=f"Use one of: {', '.join(faults)}."
        )
    return faults[name]


def index(members: Sequence[type[interface.Fault]]) -> dict[str, type[interface.Fault]]:
    """Return the faults by name; raises ValueError when two share one."""
    by_name = {member.name: member for member in members}
    if len(by_name) != len(members):
        raise ValueError("two faults have the same name")
    return by_name


def _present(lab: lab_.Lab, kind: type[interface.Fault], active: book.Active) -> bool:
    try:
        return interface.build(kind, active.parameters).present(lab, active.saved)
    except errors.LabError:  # nobody can tell now: the book counts
        return True


def _heal(lab: lab_.Lab, kind: type[interface.Fault], active: book.Active) -> Outcome:
    fault = interface.build(kind, active.parameters)
    did = fault.heal(lab, active.saved)
    book.forget(lab.folder, active.name, active.target)
    return Outcome(name=active.name, target=active.target, did=did, changed=True)
