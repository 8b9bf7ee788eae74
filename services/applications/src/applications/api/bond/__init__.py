"""Routes of the bond programme alone."""

from applications.api.bond import certificates

routers = [certificates.router]
