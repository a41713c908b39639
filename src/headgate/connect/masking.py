"""Hides secrets in connector settings and stack traces, so that none is shown, stored or logged.

Connect's REST interface gives connector configurations in the clear, passwords included, and a
trace may repeat them. What is hidden here never enters a snapshot.
"""

import re
from collections.abc import Collection, Mapping

MASK = "********"

_SECRET_NAME = re.compile(
    r"passw|passphrase|passwd|\bpwd\b|secret|token|credential|sasl\.jaas|jaas\.config"
    r"|user\.?info|private|signature|bearer|\bsas\b"
    r"|(?:api|access|account|shared|encryption|master|signing|auth|license)[._-]?key"
    r"|keystore\.key|(?:^|[._-])auth(?:orization)?$|headers?$|(?:^|[._-])license$",
    re.IGNORECASE,
)
"""Names whose values are hidden whatever they hold. ``key.converter`` and ``primary.key.mode`` do
not match; ``ssl.keystore.key`` (a PEM private key) does."""

_REFERENCE = re.compile(r"^\s*\$\{[^${}]+\}\s*$")
"""A config provider's reference such as ``${file:/run/db.properties:password}``: it names a secret
and is none."""

_USER_INFO = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.:-]*://)[^\s/?#@'\"]*(?P<at>@)")
"""``user:password@`` in an address."""

_ORACLE = re.compile(r"(jdbc:oracle:[a-z]+:)[^\s/@]+/[^\s@]+@", re.IGNORECASE)
"""Oracle's own way to write user and password into an address."""

_ASSIGNMENT = re.compile(
    r"(?P<name>[A-Za-z0-9_.\-]*(?:passw(?:or)?d|passphrase|\bpwd|secret|token|credentials?"
    r"|api[._-]?key|access[._-]?key)[A-Za-z0-9_.\-]*)"
    r"(?P<sign>[\"']?\s*[=:]\s*)(?P<value>\"[^\"]*\"|'[^']*'|[^\s&;,\"'})\]]+)",
    re.IGNORECASE,
)
"""``password=...`` and its like, in an address or a message."""

_SHORTEST = 4
"""A shorter secret is not searched for in traces: hiding every "a" would hide the trace."""


def is_secret(name: str) -> bool:
    """Whether a setting of that name may hold a secret."""
    return _SECRET_NAME.search(name) is not None


def text(value: str, secrets: Collection[str] = ()) -> str:
    """The text without credentials in addresses, ``password=`` values, and the given secrets."""
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= _SHORTEST:
            value = value.replace(secret, MASK)
    value = _USER_INFO.sub(rf"\g<scheme>{MASK}\g<at>", value)
    value = _ORACLE.sub(rf"\1{MASK}@", value)
    return _ASSIGNMENT.sub(rf"\g<name>\g<sign>{MASK}", value)


def secrets_of(config: Mapping[str, str], secret_names: Collection[str] = ()) -> frozenset[str]:
    """The secret values of a configuration, to be hidden wherever else they appear."""
    return frozenset(
        value.strip()
        for name, value in config.items()
        if (name in secret_names or is_secret(name))
        and value.strip()
        and not _REFERENCE.match(value)
    )


def config(values: Mapping[str, str], secret_names: Collection[str] = ()) -> dict[str, str]:
    """The configuration with secrets hidden.

    ``secret_names`` are settings that the plugin itself declares as passwords. References of config
    providers stay readable, for they are what a person needs to find the secret.
    """
    found = secrets_of(values, secret_names)
    shown = {}
    for name, value in values.items():
        if (name in secret_names or is_secret(name)) and value and not _REFERENCE.match(value):
            shown[name] = MASK
        else:
            shown[name] = text(value, found)
    return shown
