"""Routes of the green loan alone."""

from applications.api.green_loan import certificates, income_service, maintenance, rates, servicing

routers = [certificates.router, rates.router, income_service.router, maintenance.router, servicing.router]
