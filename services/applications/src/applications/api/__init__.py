"""HTTP: parse, call one command or query, answer. Routes of one programme alone are in a folder of its name."""

from applications.api import (
    applications,
    bond,
    directories,
    disclosure,
    econtract,
    green_loan,
    messages,
    programmes,
    providers,
    provisions,
    reviews,
    tasks,
)

routers = [
    programmes.router,
    applications.router,
    reviews.router,
    reviews.notes_router,
    directories.router,
    *bond.routers,
    *green_loan.routers,
    messages.router,
    tasks.router,
    provisions.router,
    disclosure.router,
    providers.router,
    econtract.router,
]
