"""A fact's value is what JSON can hold, wherever it was computed."""

import json
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from headgate.domain import evidence


@pytest.mark.parametrize("value", [np.bool_(True), np.int64(7), np.float32(0.5), np.str_("x")])
def test_a_number_out_of_an_array_is_one_of_pythons(value: Any) -> None:
    made = evidence.Evidence(
        id="e1", what="a fact", value=value, source="history", at=datetime(2026, 1, 1, tzinfo=UTC)
    )
    assert type(made.value) is type(value.item())
    assert json.loads(json.dumps(made.value)) == value.item()
