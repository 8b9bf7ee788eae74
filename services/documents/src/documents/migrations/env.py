"""Runs this service's migrations; called by `madoguchi migrate documents`."""

from documents.models import metadata
from kit.migrate import run

run(metadata)
