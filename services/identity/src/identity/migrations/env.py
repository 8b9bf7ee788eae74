"""Alembic's entry point."""

from identity.models import metadata
from kit.migrate import run

run(metadata)
