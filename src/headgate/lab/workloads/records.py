"""The records that the shop writes and reads: what they look like, and the strict decoder.

Pure: the same seed gives the same records. The values are plain JSON, except those of
`enriched`, which carry their schema, as the JDBC sink needs it.
"""

import dataclasses
import json
import random
from collections.abc import Callable, Mapping

CURRENCIES = ("EUR", "USD", "GBP")
COUNTRIES = ("DE", "FR", "US", "GB", "NL")
PAGES = ("/", "/search", "/product", "/cart", "/checkout")
CARRIERS = ("dhl", "ups", "fedex")


class Undecodable(ValueError):
    """The value of a record is not what its reader understands."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One record to write."""

    key: bytes | None
    value: bytes
    headers: tuple[tuple[str, bytes], ...] = ()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """What a kind of record is made from."""

    number: int
    """Serial number of the record at its producer."""
    key: str
    at_ms: int
    """The record's time, in ms since the epoch."""
    chance: random.Random


Body = dict[str, object]


def order(draw: Draw) -> Body:
    """Return an order of a customer."""
    return {
        "order_id": f"o-{draw.at_ms:x}-{draw.number}",
        "customer": draw.key,
        "amount_cents": draw.chance.randint(199, 49_900),
        "currency": draw.chance.choice(CURRENCIES),
        "items": draw.chance.randint(1, 7),
        "placed_at_ms": draw.at_ms,
    }


def payment(draw: Draw) -> Body:
    """Return a payment of a customer."""
    return {
        "payment_id": f"p-{draw.at_ms:x}-{draw.number}",
        "customer": draw.key,
        "amount_cents": draw.chance.randint(199, 49_900),
        "method": draw.chance.choice(("card", "transfer", "wallet")),
        "at_ms": draw.at_ms,
    }


def click(draw: Draw) -> Body:
    """Return a page view of a session."""
    return {
        "session": draw.key,
        "page": draw.chance.choice(PAGES),
        "ms_on_page": draw.chance.randint(300, 60_000),
        "at_ms": draw.at_ms,
    }


def shipment(draw: Draw) -> Body:
    """Return a parcel that left the warehouse."""
    return {
        "shipment_id": f"s-{draw.at_ms:x}-{draw.number}",
        "customer": draw.key,
        "carrier": draw.chance.choice(CARRIERS),
        "parcels": draw.chance.randint(1, 3),
        "at_ms": draw.at_ms,
    }


def audit(draw: Draw) -> Body:
    """Return a line of the old audit log."""
    return {"actor": draw.key, "did": draw.chance.choice(("login", "export")), "at_ms": draw.at_ms}


ENRICHED_SCHEMA: Mapping[str, object] = {
    "type": "struct",
    "name": "shop.orders.Enriched",
    "optional": False,
    "fields": [
        {"field": "order_id", "type": "string", "optional": False},
        {"field": "customer", "type": "string", "optional": False},
        {"field": "country", "type": "string", "optional": False},
        {"field": "amount_cents", "type": "int64", "optional": False},
        {"field": "placed_at_ms", "type": "int64", "optional": False},
    ],
}


def enriched(draw: Draw) -> Body:
    """Return an order with its customer's country, together with its schema."""
    body: Body = {
        "order_id": f"o-{draw.at_ms:x}-{draw.number}",
        "customer": draw.key,
        "country": draw.chance.choice(COUNTRIES),
        "amount_cents": draw.chance.randint(199, 49_900),
        "placed_at_ms": draw.at_ms,
    }
    return {"schema": ENRICHED_SCHEMA, "payload": body}


KINDS: Mapping[str, Callable[[Draw], Body]] = {
    "order": order,
    "payment": payment,
    "click": click,
    "shipment": shipment,
    "audit": audit,
    "enriched": enriched,
}
"""The kinds of record by the name that a producer's settings use."""

JSON_HEADERS = (("content-type", b"application/json"),)


def make(kind: str, draw: Draw, *, source: str, keyed: bool) -> Record:
    """Return the next record of a kind; `source` is the writing application."""
    value = json.dumps(KINDS[kind](draw), separators=(",", ":")).encode()
    key = draw.key.encode() if keyed else None
    return Record(key=key, value=value, headers=(*JSON_HEADERS, ("source", source.encode())))


def choose_key(chance: random.Random, *, keys: int, hot_share: float) -> str:
    """Return a customer: the best one with the hot share, else any of them alike."""
    if hot_share > 0 and chance.random() < hot_share:
        return "customer-7"
    return f"customer-{chance.randrange(max(keys, 1))}"


def undecodable(kind: str, draw: Draw, *, source: str) -> Record:
    """Return a record as a wrongly configured serializer writes it: framed Avro, not JSON.

    The first five bytes are the usual frame with schema id 999; the rest starts with a byte that
    is no valid UTF-8, so that no lenient reader takes it for text.
    """
    body = json.dumps(KINDS[kind](draw), separators=(",", ":")).encode()
    value = b"\x00\x00\x00\x03\xe7\xb8" + body[: len(body) // 2]
    return Record(key=draw.key.encode(), value=value, headers=(("source", source.encode()),))


def decode(value: bytes | None) -> Body:
    """Return the JSON object in a record's value; raises Undecodable for anything else.

    Strict as a real handler: UTF-8, JSON without NaN, an object at the top.
    """
    if value is None:
        raise Undecodable("the value is null")
    try:
        body = json.loads(value.decode("utf-8"), parse_constant=_refuse_constant)
    except (UnicodeDecodeError, ValueError) as error:
        raise Undecodable(f"the value is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise Undecodable(f"the value is JSON but no object: {type(body).__name__}")
    return body


def _refuse_constant(name: str) -> object:
    raise Undecodable(f"{name} is no JSON value")
