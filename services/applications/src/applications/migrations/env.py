"""Alembic's entry: the connection and the lock are the kit's business."""

from applications.models import metadata
from kit.migrate import run

run(metadata)
