"""What `make run` runs, on a folder and ports of a test: `python run.py FOLDER [CASE]`."""

import sys
from pathlib import Path

from madoguchi_stack.cli import until_stopped
from madoguchi_stack.layout import free_ports
from madoguchi_stack.up import Case, up

folder, *case = sys.argv[1:]
until_stopped(up(Path(folder), free_ports(), case=Case(case[0]) if case else None, logs=False))
