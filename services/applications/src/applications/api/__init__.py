"""HTTP: parse, call one command or query, answer."""

from applications.api import applications, certificates, directories, rates, reviews

routers = [
    applications.router,
    reviews.router,
    reviews.notes_router,
    directories.router,
    certificates.router,
    rates.router,
]
