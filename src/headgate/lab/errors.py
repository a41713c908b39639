"""What can go wrong with the lab, in words for the person who runs it."""


class LabError(Exception):
    """The lab could not do what was asked."""

    def __init__(self, what: str = "", *, where: str = "", next_step: str = "") -> None:
        """Keep what went wrong, where, and what to do next."""
        super().__init__(what or type(self).__doc__)
        self.what = what or str(type(self).__doc__)
        self.where = where
        self.next_step = next_step


class JavaMissing(LabError):
    """No Java that can run this was found."""


class JarsUnavailable(LabError):
    """The Java archives of the lab could not be fetched."""


class JarSpoiled(LabError):
    """A Java archive is not the one that the lock names."""


class AlreadyUp(LabError):
    """A lab is already up in this folder."""


class NotUp(LabError):
    """No lab is up in this folder."""


class NoSuchComponent(LabError):
    """The lab has no component of that name."""


class StartFailed(LabError):
    """A component of the lab did not become ready."""
