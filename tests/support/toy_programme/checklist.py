"""Which papers are asked for."""

from madoguchi_contracts import DocumentSlot

SLOTS = (DocumentSlot(key="sketch", label="区画の見取図", required=False),)
TOTAL_LIMIT_BYTES = 1_000_000
