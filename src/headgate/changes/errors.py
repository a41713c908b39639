"""What keeps a person from doing something with a change."""

from typing import Any


class ChangeError(Exception):
    """That cannot be done with this change."""

    def __init__(self, what: str = "", *, where: str = "", next_step: str = "") -> None:
        self.what = what or (type(self).__doc__ or "").strip()
        self.where = where
        self.next_step = next_step
        super().__init__(". ".join(part for part in (self.what, next_step) if part))


class WrongState(ChangeError):
    """The change is not in a state that allows it."""


class Stale(ChangeError):
    """What was shown has changed since; the change has a new preview."""


class Expired(ChangeError):
    """The change was not decided in time."""


class NotEntitled(ChangeError):
    """This person may not decide on this change."""


class OwnRequest(NotEntitled):
    """Nobody decides on a change that they asked for."""


class NotAPerson(NotEntitled):
    """Headgate proposes and runs; only people approve."""


class CommentNeeded(ChangeError):
    """A review ends with its exit written down."""


class BadParameters(ChangeError):
    """The parameters are not those of the action."""

    def __init__(self, what: str, *, fields: tuple[str, ...] = (), **details: Any) -> None:
        self.fields = fields
        """Names of the parameters that are wrong."""
        super().__init__(what, **details)


class UnknownAction(ChangeError):
    """The catalogue has no such action."""
