"""Routes of the green loan alone."""

from applications.api.green_loan import certificates, income_service, rates, servicing

routers = [certificates.router, rates.router, income_service.router, servicing.router]
