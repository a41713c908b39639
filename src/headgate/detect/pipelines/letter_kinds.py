"""Kinds of dead letters: the class of failure that each one's headers tell of."""

from typing import Literal

from headgate.detect.pipelines import trace_rules
from headgate.domain import deadletters

Class = Literal["deserialization", "schema_mismatch", "business_rule", "transient", "unknown"]
"""The vocabulary's ``dead_letter_class``."""


def classify(kind: deadletters.Kind) -> Class:
    """What kind of failure the headers tell of."""
    if kind.stage.endswith("_CONVERTER") or kind.exception in _DECODING:
        return "schema_mismatch" if _says_schema(kind) else "deserialization"
    for rule in trace_rules.RULES:
        if rule.fits(kind.exception, kind.message):
            if rule.failure in ("transient", "downstream"):
                return "transient"
            if rule.failure == "poison":
                if rule.means == "the record cannot be decoded":
                    return "deserialization"
                return "schema_mismatch" if _says_schema(kind) else "business_rule"
            if rule.failure == "configuration":
                return "schema_mismatch"
            return "unknown"
    return "business_rule" if kind.exception and kind.exception not in _WRAPPERS else "unknown"


_DECODING = frozenset(
    {"DeserializationException", "SerializationException", "RecordDeserializationException"}
)
_WRAPPERS = frozenset(
    {"ConnectException", "ListenerExecutionFailedException", "KafkaException", "RuntimeException"}
)
_SCHEMA_WORDS = ("schema", "field", "struct", "expecting", "incompatible")


def _says_schema(kind: deadletters.Kind) -> bool:
    text = kind.message.lower()
    if "schemas.enable" in text or "deserializ" in text or "serialization error" in text:
        return False
    return any(word in text for word in _SCHEMA_WORDS)


def in_words(kind: deadletters.Kind) -> str:
    """The kind as a person reads it."""
    text = f"{kind.exception}: {kind.message}" if kind.message else kind.exception or "no words"
    where = f" at {kind.stage}" if kind.stage else ""
    return f"{text.rstrip('.')}{where}" + (f", from {kind.source}" if kind.source else "")
