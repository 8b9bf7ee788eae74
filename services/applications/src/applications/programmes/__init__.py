"""The programmes on offer. A programme is a folder with the same files as its neighbours, and one line here."""

from __future__ import annotations

from applications.programme import registered

PROGRAMMES = registered(
    "applications.programmes.bond",
    "applications.programmes.green_loan",
)
