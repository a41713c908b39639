"""Errors that a face may show: what is wrong, where, and what to do next."""


class AppError(Exception):
    """Headgate cannot do what was asked."""

    status = 500
    """The HTTP status that stands for it."""
    title = "Headgate cannot do that"

    def __init__(
        self, what: str, *, where: str = "", next_step: str = "", fields: tuple[str, ...] = ()
    ) -> None:
        self.what = what
        self.where = where
        self.next_step = next_step
        self.fields = fields
        """Names of what was sent wrongly, where it is about fields."""
        super().__init__(what)


class Invalid(AppError):
    """What was sent does not make sense."""

    status = 422
    title = "Not valid"


class NotFound(AppError):
    """There is no such thing, or the caller may not know of it."""

    status = 404
    title = "Not found"


class NotLoggedIn(AppError):
    """Who asks is not known."""

    status = 401
    title = "Log in first"


class NotPermitted(AppError):
    """Who asks may not do that."""

    status = 403
    title = "Not permitted"


class Refused(AppError):
    """Headgate never does that, whoever asks."""

    status = 403
    title = "Refused"


class Stale(AppError):
    """What it was bound to has changed since it was shown."""

    status = 409
    title = "It has changed since"


class Conflict(AppError):
    """It is not in a state that allows that."""

    status = 409
    title = "Not possible now"


class Unavailable(AppError):
    """Something that Headgate needs cannot be reached or used."""

    status = 503
    title = "Not available"


class TooMany(AppError):
    """It was tried too often in too short a time."""

    status = 429
    title = "Too many tries"
