"""Opens the configured database, apart from ``wiring``: what needs only that starts sooner."""

from pathlib import Path

from headgate.app import configuration, translate
from headgate.ports import store as ports
from headgate.store import database


def open_store(config: Path | None = None) -> ports.Store:
    """The database that the configuration names, brought up to this version's schema.

    Raises:
        errors.AppError: the configuration or the database cannot be used.
    """
    return open_configured(configuration.load(config))


def open_configured(held: configuration.Configuration) -> ports.Store:
    """The same for a configuration that was read already."""
    with translate.translated():
        return database.open_store(held.store_url())
