"""Turns what the rooms and adapters raise into errors that a face may show."""

import contextlib
from collections.abc import Iterator

from headgate.actions import interface as actions
from headgate.app import errors
from headgate.changes import errors as change_errors
from headgate.ports import errors as port_errors
from headgate.ports import store

_CHANGE: tuple[tuple[type[change_errors.ChangeError], type[errors.AppError]], ...] = (
    (change_errors.NotEntitled, errors.NotPermitted),
    (change_errors.Stale, errors.Stale),
    (change_errors.WrongState, errors.Conflict),
    (change_errors.Expired, errors.Conflict),
    (change_errors.BadParameters, errors.Invalid),
    (change_errors.CommentNeeded, errors.Invalid),
    (change_errors.UnknownAction, errors.Invalid),
)


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """Whatever a room raises inside comes out as an ``errors.AppError`` with its cause kept."""
    try:
        yield
    except change_errors.ChangeError as error:
        kind = next((to for of, to in _CHANGE if isinstance(error, of)), errors.Conflict)
        fields = error.fields if isinstance(error, change_errors.BadParameters) else ()
        raise kind(
            error.what, where=error.where, next_step=error.next_step, fields=fields
        ) from error
    except actions.CannotPlan as error:
        raise errors.Invalid(error.what, where=error.where, next_step=error.next_step) from error
    except port_errors.PortError as error:
        raise errors.Unavailable(
            error.what, where=error.where, next_step=error.next_step
        ) from error
    except store.StoreError as error:
        raise of_store(error) from error


def of_store(error: store.StoreError) -> errors.AppError:
    """The store's error as one that a face may show."""
    if isinstance(error, store.Conflict):
        return errors.Conflict(
            error.what, where=error.where, next_step=error.next_step or "Look at it again"
        )
    if isinstance(error, store.BadCursor):
        return errors.Invalid(
            error.what, where=error.where, next_step=error.next_step, fields=("cursor",)
        )
    return errors.Unavailable(error.what, where=error.where, next_step=error.next_step)
