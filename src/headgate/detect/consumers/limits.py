"""Limits by group: a finding's parameter for every group at once, overrides by resource applied."""

import numpy as np
from numpy.typing import NDArray

from headgate.detect import view
from headgate.detect.consumers import lags
from headgate.domain import resource


def seconds(seen: view.View, now: lags.Lags, code: str, name: str) -> NDArray[np.float64]:
    """The duration parameter of each of ``now.groups``, cut in a one-shot look."""
    held = seen.observation
    if not held.thresholds.varied(code, name):
        return np.full(len(now.groups), held.seconds(code, name))
    return np.array([held.seconds(code, name, _about(each)) for each in now.groups], np.float64)


def numbers(seen: view.View, now: lags.Lags, code: str, name: str) -> NDArray[np.float64]:
    """The numeric parameter of each of ``now.groups``."""
    held = seen.observation
    if not held.thresholds.varied(code, name):
        return np.full(len(now.groups), held.number(code, name))
    return np.array([held.number(code, name, _about(each)) for each in now.groups], np.float64)


def _about(group_id: str) -> resource.Resource:
    return resource.Resource("group", group_id)
