"""Logs: one line each on standard error, a sentence with an event and ids, never a secret.

A terminal gets readable lines, anything else JSON. What failed is named in one line; the stack
is added with ``HEADGATE_DEBUG=1``.
"""

import logging
import os
import sys
import traceback
from typing import Any

import structlog


def configure(least: int = logging.INFO) -> None:
    """Every log line of this process from that level on goes to standard error in that form."""
    person = sys.stderr.isatty()
    renderer: Any = (
        structlog.dev.ConsoleRenderer(
            colors=person, exception_formatter=structlog.dev.plain_traceback
        )
        if person
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _short,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    # libraries speak only when something is wrong, and in their own form
    logging.basicConfig(level=logging.ERROR, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("kafka").setLevel(logging.CRITICAL)


def _short(_logger: Any, _method: str, line: Any) -> Any:
    """An exception becomes one line."""
    held = line.pop("exc_info", None)
    if held is None or held is False:
        return line
    error = held if isinstance(held, BaseException) else sys.exc_info()[1]
    if error is None:
        return line
    line["error"] = f"{type(error).__name__}: {error}"
    frames = traceback.extract_tb(error.__traceback__)
    if frames:
        line["at"] = f"{os.path.basename(frames[-1].filename)}:{frames[-1].lineno}"  # noqa: PTH119
    if os.environ.get("HEADGATE_DEBUG"):
        line["stack"] = "".join(traceback.format_exception(error))
    return line
