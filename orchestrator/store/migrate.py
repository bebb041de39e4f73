"""Bring a database to the newest shape."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING

from sqlalchemy import Engine, inspect, text

if TYPE_CHECKING:
    from alembic.config import Config


def alembic_config(engine: Engine) -> Config:
    """Alembic's configuration for this database; the scripts lie in the `migrations` package.

    It is named, not imported: the arrow goes from the migrations to the store.
    """
    from alembic.config import Config  # noqa: PLC0415 - few processes need it

    config = Config()
    config.set_main_option("script_location", "migrations:")
    config.attributes["engine"] = engine
    return config


def upgrade(engine: Engine) -> None:
    """Run what is missing. Several processes may try at once: PostgreSQL lets one at a time through.

    Alembic, 10 MB and half a second, is imported where something is missing.
    """
    if is_current(engine):
        return
    from alembic import command  # noqa: PLC0415

    command.upgrade(alembic_config(engine), "head")


def is_current(engine: Engine) -> bool:
    """Whether the database has the newest shape."""
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return False
        return list(connection.scalars(text("SELECT version_num FROM alembic_version"))) == [newest()]


def newest() -> str:
    """The newest revision; the names of the scripts begin with theirs, which are numbers in a row."""
    scripts = (resources.files("migrations") / "versions").iterdir()
    return max(name.partition("_")[0] for script in scripts if (name := script.name).endswith(".py"))
