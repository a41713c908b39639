"""What librdkafka says went wrong, as the port's errors: it only times out by itself."""

import confluent_kafka

from headgate.ports import errors

_KINDS: dict[int, tuple[type[errors.PortError], str, str]] = {
    confluent_kafka.KafkaError._AUTHENTICATION: (
        errors.NotAllowed,
        "The broker refused the login",
        "Check sasl.mechanism, sasl.username and sasl.password",
    ),
    confluent_kafka.KafkaError._SSL: (
        errors.Misunderstood,
        "No TLS connection came about",
        "Check the ssl properties, and the client certificate if the broker wants one",
    ),
    confluent_kafka.KafkaError._RESOLVE: (
        errors.Unreachable,
        "A broker's name is not known here",
        "Check advertised.listeners, and that the name resolves on this machine",
    ),
}


class Troubles:
    """Hears what a client reports; the first cause counts, not the time-outs that follow."""

    def __init__(self) -> None:
        self._heard: list[confluent_kafka.KafkaError] = []

    def __call__(self, error: confluent_kafka.KafkaError) -> None:
        """One report is kept; the client's ``error_cb``."""
        self._heard.append(error)

    def told(self, where: str) -> errors.PortError | None:
        """Why nothing came; None: nothing was reported that explains it."""
        for error in self._heard:
            if error.code() in _KINDS:
                kind, what, step = _KINDS[error.code()]
                return kind(f"{what}: {_plain(error.str())}", where=where, next_step=step)
        return None


def _plain(text: str) -> str:
    """Without the client's own address of the broker and its timing."""
    start = text.rfind(": ", 0, text.find("(after")) if "(after" in text else -1
    return text[start + 2 : text.find(" (after")] if start >= 0 else text
