"""The areas of applications, programme by programme."""

from __future__ import annotations

from applications.programmes.bond.areas import AREAS as BOND_AREAS

AREAS = [*BOND_AREAS]
