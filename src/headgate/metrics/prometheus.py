"""A Prometheus server, asked by PromQL for every name that means something here."""

import re
import time
from typing import Literal

import pydantic

from headgate.domain import measures
from headgate.metrics import address, catalogue, exposition, meaning, owners, wire
from headgate.ports import errors


class _Series(pydantic.BaseModel):
    metric: dict[str, str]
    value: tuple[float, float] | None = None
    """None: a native histogram, which means nothing here."""


class _Vector(pydantic.BaseModel):
    resultType: Literal["vector"]
    result: list[_Series]


class _Answer(pydantic.BaseModel):
    status: Literal["success", "error"]
    data: _Vector | None = None
    errorType: str = ""
    error: str = ""


class Server:
    """Implements ``ports.metrics.Metrics`` for one server; one thread at a time may read."""

    def __init__(self, where: address.Address, hosts: owners.Hosts = owners.nobody) -> None:
        """Nothing is sent yet."""
        self._where = where
        self._listing = owners.Listing(hosts)
        self._query = query(where.matchers)
        self._wire = wire.Wire(
            where.url, username=where.username, password=where.password, what="a Prometheus server"
        )

    @property
    def url(self) -> str:
        """Its address, without credentials; also its name."""
        return self._where.name

    def read(self, *, deadline_s: float) -> measures.Measures:
        """What it holds now, under Headgate's own names.

        Raises:
            ports.errors.PortError: nothing there, no answer in time, not Prometheus, not allowed.
        """
        patience_ms = max(int(deadline_s * 900), 100)  # Prometheus takes no fractions
        form = {"query": self._query, "timeout": f"{patience_ms}ms"}
        answer = self._wire.call(
            "POST", {"Accept": "application/json"}, form, deadline_s=deadline_s
        )
        try:
            held = _Answer.model_validate_json(answer.body)
        except pydantic.ValidationError as error:
            raise self._wire.misread("it is not an instant vector of Prometheus") from error
        if held.status == "error":
            raise self._refused(held, deadline_s)
        if held.data is None:
            raise self._wire.misread("it holds no data")
        if not held.data.result:
            raise self._wire.misread(
                "it holds none of the series that Headgate knows, or none with these labels"
            )
        if len(held.data.result) > exposition.MOST_SAMPLES:
            raise self._wire.misread(f"it holds more than {exposition.MOST_SAMPLES:,} series")
        plain = exposition.plain_label
        samples = [
            exposition.Sample(
                name=one.metric.get("__name__", ""),
                labels={plain(k): v for k, v in one.metric.items() if k != "__name__"},
                value=one.value[1],
            )
            for one in held.data.result
            if one.value is not None
        ]
        whose = owners.Owners(
            catalogue.load(),
            brokers=self._listing.brokers(deadline_s),
            configured=self._where.owner,
            address="",
        )
        names = {sample.name for sample in samples}
        return meaning.measured(samples, names, whose, source=self.url, now=time.time())

    def close(self) -> None:
        """Connections are closed."""
        self._wire.close()

    def _refused(self, held: _Answer, deadline_s: float) -> errors.PortError:
        if held.errorType in ("timeout", "canceled"):
            return errors.TimedOut(
                f"the server did not end the query within {deadline_s:g} s",
                where=self.url,
                next_step="Narrow it by labels in the address: prometheus+http://HOST?cluster=NAME",
            )
        return errors.Refused(
            f"Prometheus refuses the query: {held.error[:200] or held.errorType}",
            where=self.url,
            next_step="Check the labels in the address",
        )


def query(matchers: tuple[tuple[str, str], ...]) -> str:
    """The selector of every series that means something and has these labels."""
    held = catalogue.load()
    names = "|".join(
        re.escape(name) for name in sorted({*held.rules, *held.told}) if ":" not in name
    )
    labels = "".join(f',{name}="{_quoted(value)}"' for name, value in matchers)
    # names in any case (MSK keeps capitals), with and without what client_java 1.x drops
    return f'{{__name__=~"(?i:{_quoted(names)})(?:_total)?"{labels}}}'


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
