"""Money in text."""

from __future__ import annotations


def format_yen(amount: int) -> str:
    """For example 1,234,567円; a negative amount as -1,234円."""
    return f"{amount:,}円"
