"""Names the fixture modules; helpers are imported from `support`, never from here."""

pytest_plugins = ["support.servers"]
