"""Names the fixture modules; helpers are imported from `support`, never from here."""

import structlog
from hypothesis import settings

pytest_plugins = ["support.servers"]

# A property that is slow on a busy machine is not wrong; what it found is shown again from the seed.
settings.register_profile("madoguchi", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("madoguchi")

# Left to itself, structlog draws every logged exception with its local variables, which takes longer than most tests.
structlog.configure(
    processors=[
        structlog.stdlib.add_log_level,
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
    ]
)
