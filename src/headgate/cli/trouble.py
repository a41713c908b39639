"""Errors on the command line: what, where and what next on standard error, and the exit code.

Exit codes: 0 done; 1 the answer is "no"; 2 wrong usage; 3 the cluster or server could not be
reached; 70 a defect of Headgate.
"""

import os
import traceback

import typer

from headgate.app import errors
from headgate.ports import errors as port_errors
from headgate.ports import store

NO = 1
USAGE = 2
UNREACHABLE = 3
DEFECT = 70


def tell(error: Exception) -> int:
    """The error stands on standard error in words; the exit code that it means."""
    if isinstance(error, errors.AppError):
        _say(error.what or error.title, error.where, error.next_step)
        if isinstance(error, errors.Invalid):
            return USAGE
        return UNREACHABLE if isinstance(error, errors.Unavailable) else NO
    if isinstance(error, port_errors.PortError | store.StoreError):
        _say(error.what, error.where, error.next_step)
        return UNREACHABLE
    if hasattr(error, "what") and hasattr(error, "next_step"):
        # The lab's and the demo's own errors, which are not imported here for their weight.
        _say(str(error.what), str(getattr(error, "where", "")), str(error.next_step))
        return UNREACHABLE
    if os.environ.get("HEADGATE_DEBUG"):
        traceback.print_exception(error)
    frame = traceback.extract_tb(error.__traceback__)[-1]
    _say(
        f"A defect in Headgate: {type(error).__name__}: {error}",
        f"{os.path.basename(frame.filename)}:{frame.lineno}",  # noqa: PTH119 - only for show
        "Run it again with HEADGATE_DEBUG=1 and report what it prints",
    )
    return DEFECT


def _say(what: str, where: str, next_step: str) -> None:
    typer.echo(f"error   {what}", err=True)
    if where:
        typer.echo(f"  where {where}", err=True)
    if next_step:
        typer.echo(f"  next  {next_step}", err=True)
