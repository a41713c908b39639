"""What hangs is told only where every coordinator told all it holds."""

from headgate.domain import transactions


def test_what_hangs_is_not_known_where_a_coordinator_told_less_than_all() -> None:
    whole = transactions.Transactions(transactions=(), open_producers=())
    part = transactions.Transactions(transactions=(), open_producers=(), complete=False)
    assert whole.unsure is None
    assert part.unsure is not None
    assert "less than all" in part.unsure.reason
