"""How faults reach the applications: change settings, remember the old, restore them."""

import contextlib
import dataclasses
import json
from collections.abc import Iterator
from typing import Any

from headgate.lab import lab as lab_
from headgate.lab.faults import interface
from headgate.lab.workloads import control
from headgate.lab.workloads import interface as workloads


def group(lab: lab_.Lab, name: str) -> workloads.Consumer:
    """Return the application whose consumer group has this name; raises BadParameter."""
    found = [each for each in groups(lab) if name in (each.group, each.name)]
    if not found:
        names = ", ".join(each.group for each in groups(lab)) or "none"
        raise interface.BadParameter(
            f"No application of the lab reads as group {name!r}.",
            next_step=f"Use one of: {names}.",
        )
    return found[0]


def groups(lab: lab_.Lab) -> tuple[workloads.Consumer, ...]:
    """Return all consuming applications."""
    found = control.read_all(lab.folder / control.FOLDER).values()
    return tuple(each for each in found if isinstance(each, workloads.Consumer))


def producer(lab: lab_.Lab, name: str) -> workloads.Producer:
    """Return the producing application of that name; raises BadParameter."""
    for each in producers(lab):
        if each.name == name:
            return each
    names = ", ".join(each.name for each in producers(lab)) or "none"
    raise interface.BadParameter(
        f"No application of the lab writes as {name!r}.", next_step=f"Use one of: {names}."
    )


def producers(lab: lab_.Lab) -> tuple[workloads.Producer, ...]:
    """Return all producing applications."""
    found = control.read_all(lab.folder / control.FOLDER).values()
    return tuple(each for each in found if isinstance(each, workloads.Producer))


def writer(lab: lab_.Lab, topic: str) -> workloads.Producer:
    """Return the application that writes to the topic; raises BadParameter."""
    for each in producers(lab):
        if each.topic == topic:
            return each
    names = ", ".join(each.topic for each in producers(lab)) or "none"
    raise interface.BadParameter(
        f"No application of the lab writes to topic {topic!r}.", next_step=f"Use one of: {names}."
    )


def change(lab: lab_.Lab, workload: workloads.Workload, **settings: Any) -> interface.Saved:
    """Change settings of a running application and return the old ones as texts."""
    saved = {name: json.dumps(getattr(workload, name)) for name in settings}
    control.write(lab.folder / control.FOLDER, dataclasses.replace(workload, **settings))
    return saved


@contextlib.contextmanager
def changed(
    lab: lab_.Lab, workload: workloads.Workload, **settings: Any
) -> Iterator[interface.Saved]:
    """Change settings for good, unless what follows fails: then they are as before."""
    saved = change(lab, workload, **settings)
    try:
        yield saved
    except BaseException:
        restore(lab, workload.name, saved)
        raise


def restore(lab: lab_.Lab, name: str, saved: interface.Saved) -> None:
    """Put saved settings of an application back, and leave its others as they are now."""
    folder = lab.folder / control.FOLDER
    workload = control.read(folder, name)
    for setting, text in saved.items():
        workload = workloads.change(workload, setting, text)
    control.write(folder, workload)
