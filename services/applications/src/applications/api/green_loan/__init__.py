"""Routes of the green loan alone."""

from applications.api.green_loan import certificates, rates, servicing

routers = [certificates.router, rates.router, servicing.router]
