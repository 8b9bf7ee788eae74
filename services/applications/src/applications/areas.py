"""The areas of applications, programme by programme."""

from __future__ import annotations

from applications.programmes.bond.areas import AREAS as BOND_AREAS
from applications.programmes.green_loan.areas import AREAS as GREEN_LOAN_AREAS

AREAS = [*BOND_AREAS, *GREEN_LOAN_AREAS]
