"""HTTP: parse, call one command or query, answer."""

from applications.api import (
    applications,
    certificates,
    directories,
    disclosure,
    econtract,
    loan_certificates,
    messages,
    providers,
    provisions,
    rates,
    reviews,
    servicing,
    tasks,
)

routers = [
    applications.router,
    reviews.router,
    reviews.notes_router,
    directories.router,
    certificates.router,
    loan_certificates.router,
    rates.router,
    servicing.router,
    messages.router,
    tasks.router,
    provisions.router,
    disclosure.router,
    providers.router,
    econtract.router,
]
