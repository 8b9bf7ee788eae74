"""What can be asked of the green loan's rules, part by part."""

from __future__ import annotations

from kit.areas import Area

from applications.programmes.green_loan.areas import (
    access,
    danshin,
    money_limit,
    money_ratio,
    money_repayment,
    money_servicing,
    papers,
    people,
    procedure,
    readings,
    states,
    works,
)

AREAS: list[Area] = [
    *procedure.AREAS,
    *states.AREAS,
    *danshin.AREAS,
    *access.AREAS,
    *people.AREAS,
    *works.AREAS,
    *papers.AREAS,
    *readings.AREAS,
    *money_limit.AREAS,
    *money_repayment.AREAS,
    *money_ratio.AREAS,
    *money_servicing.AREAS,
]
