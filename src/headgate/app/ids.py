"""Names for new things: short, without look-alike letters, and never given twice in practice."""

import secrets

_LETTERS = "abcdefghjkmnpqrstvwxyz23456789"
_LENGTH = 9
"""30 letters to the ninth: after a million names, one more is taken with 5 in 100 million."""


def new(kind: str) -> str:
    """A new name such as ``inc-k3f7q2m8p``."""
    return f"{kind}-" + "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
