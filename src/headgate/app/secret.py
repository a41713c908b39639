"""Secrets: configuration names them by reference and never holds them.

A reference is ``env:NAME`` (an environment variable) or ``file:PATH`` (a file's content without
its last line end). A raw secret is refused, because configuration is copied, committed and shown.
"""

import os
import re
from pathlib import Path
from urllib.parse import urlsplit

from headgate.app import errors

_SECRET_NAME = re.compile(
    r"passw|passphrase|secret|credential|jaas|private|keystore\.key$|key\.pem$|(^|[._-])token$",
    re.IGNORECASE,
)
MASK = "********"


def is_reference(value: str) -> bool:
    """Whether it names a secret rather than being one."""
    return value.startswith(("env:", "file:"))


def names_secret(setting: str) -> bool:
    """Whether a client setting of that name holds a secret."""
    return _SECRET_NAME.search(setting) is not None


def has_password(url: str) -> bool:
    """Whether an address carries a password."""
    try:
        return bool(urlsplit(url).password)
    except ValueError:
        return "@" in url


def masked(url: str) -> str:
    """The address with its password hidden."""
    return re.sub(r"(://[^/\s:@]*:)[^/\s]*(?=@)", rf"\1{MASK}", url)


def resolve(value: str, *, where: str, folder: Path | None = None) -> str:
    """What the reference stands for; a value that is none stands for itself.

    Raises:
        errors.Unavailable: the variable is not set, or the file cannot be read.
    """
    kind, colon, name = value.partition(":")
    if not colon or kind not in ("env", "file"):
        return value
    if kind == "env":
        held = os.environ.get(name)
        if held is None:
            raise errors.Unavailable(
                f"The environment variable {name} is not set",
                where=where,
                next_step=f"Set {name}, or name another source",
            )
        return held
    path = Path(name) if folder is None else folder / name
    try:
        return path.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise errors.Unavailable(
            f"The secret's file cannot be read: {error}",
            where=where,
            next_step="Check the path and that Headgate's user may read it",
        ) from error
