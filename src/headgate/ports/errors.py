"""Errors that every outward port may raise: what failed, where, and what to do next."""


class PortError(Exception):
    """The other side could not be asked or gave no usable answer."""

    def __init__(self, what: str, *, where: str = "", next_step: str = "") -> None:
        self.what = what
        self.where = where
        self.next_step = next_step
        super().__init__(what)

    def __str__(self) -> str:
        where = f" ({self.where})" if self.where else ""
        step = f". {self.next_step}" if self.next_step else ""
        return f"{self.what}{where}{step}"


class Unreachable(PortError):
    """Nothing answers at the address."""


class TimedOut(PortError):
    """No answer came before the deadline; whether a write happened is not known."""


class NotAllowed(PortError):
    """The caller lacks the right."""

    def __init__(self, what: str, *, where: str = "", next_step: str = "", needs: str = "") -> None:
        super().__init__(what, where=where, next_step=next_step)
        self.needs = needs
        """The ACL that would allow it, such as ``Describe on Cluster``; empty: not known."""


class Misunderstood(PortError):
    """Something answers, but not in the protocol expected there."""


class Refused(PortError):
    """The other side answered no; nothing was changed."""


class Unsupported(Refused):
    """The other side does not know the call; asking again will not help."""


class OutcomeUnknown(PortError):
    """A write was sent and its answer was lost; only reading tells whether it happened."""


class NotNow(Refused):
    """The other side cannot do it at the moment; nothing was changed, asking again may work."""
