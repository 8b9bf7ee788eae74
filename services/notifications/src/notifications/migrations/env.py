"""Runs this service's migrations; called by `madoguchi migrate notifications`."""

from kit.migrate import run
from notifications.models import metadata

run(metadata)
