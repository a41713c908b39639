"""Where a broker listens."""

from typing import NamedTuple

from headgate.ports import errors


class Address(NamedTuple):
    """A host and a port."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse(bootstrap: str) -> tuple[Address, ...]:
    """The addresses of a bootstrap setting: HOST:PORT, several separated by commas.

    Raises:
        errors.PortError: it holds none, or one that is not HOST:PORT.
    """
    found = tuple(_one(part.strip()) for part in bootstrap.split(",") if part.strip())
    if not found:
        raise _wrong(bootstrap)
    return found


def _one(text: str) -> Address:
    host, colon, port = text.rpartition(":")
    host = host.rpartition("://")[2].strip("[]")
    if not colon or not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise _wrong(text)
    return Address(host, int(port))


def _wrong(text: str) -> errors.PortError:
    return errors.PortError(
        f"{text!r} is not the address of a broker",
        where="bootstrap",
        next_step="Write HOST:PORT, several separated by commas",
    )
